package postgres

import (
	"strings"
	"testing"
	"time"

	"github.com/fairreview/fairreview/review"
)

// verified gives a person an address that is in use.
func (d *desk) verified(who, address string) {
	d.Helper()
	d.must(d.db.SetMailAddress(d.ctx, who, address))
	m := d.nextMail()
	if m == nil || m.Verify == "" || m.Address != address {
		d.Fatalf("%+v", m)
	}
	d.must(d.db.MailSent(d.ctx, m))
	d.must(d.db.VerifyMail(d.ctx, who, m.Verify))
}

func (d *desk) nextMail() *Mail {
	d.Helper()
	m, err := d.db.NextMail(d.ctx, d.db.now().Add(time.Minute))
	d.must(err)
	return m
}

func (d *desk) choose(who string, k review.NoticeKind, c MailChoice) {
	d.Helper()
	d.must(d.db.SetMailChoices(d.ctx, who, map[review.NoticeKind]MailChoice{k: c}))
}

func TestMailGoesToWhoAskedForItAndShowedTheAddressTheirs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.verified("qian", "qian@example.com")
	d.must(d.db.SetMailAddress(d.ctx, "zhou", "zhou@example.com")) // and never follows the link
	c := d.toSign(d.register(handlerA, review.Department, "办法"))
	d.fan(true)
	var got []*Mail
	for m := d.nextMail(); m != nil; m = d.nextMail() {
		got = append(got, m)
	}
	if len(got) != 2 || got[0].Address != "zhou@example.com" || got[0].Verify == "" {
		t.Fatalf("%+v", got)
	}
	if m := got[1]; m.Address != "qian@example.com" || len(m.Items) != 1 || m.Items[0] != (MailItem{c.ID, c.Number, review.NoticeTurn}) || m.Attempts != 1 {
		t.Errorf("%+v", m)
	}
}

func TestADayOfMailIsOneMailWithoutWhatWasRead(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.verified("qian", "qian@example.com")
	d.choose("qian", review.NoticeTurn, MailDigest)
	for range 3 {
		d.toSign(d.register(handlerA, review.Department, "办法"))
	}
	d.fan(true)
	if m := d.nextMail(); m != nil {
		t.Fatalf("before its hour: %+v", m)
	}
	rows, err := d.db.Notices(d.ctx, d.addressee("qian"), true, 0, 10)
	d.must(err)
	d.must(d.db.ReadNotice(d.ctx, d.addressee("qian"), rows[0].ID))
	d.later(2 * time.Hour)
	m := d.nextMail()
	if m == nil || len(m.Items) != 2 || len(m.IDs) != 2 {
		t.Fatalf("%+v", m)
	}
	d.must(d.db.MailFailed(d.ctx, m, "smtp 450", d.db.now().Add(time.Minute)))
	if early := d.nextMail(); early != nil {
		t.Errorf("before it is tried again: %+v", early)
	}
	d.later(2 * time.Minute)
	if again := d.nextMail(); again == nil || len(again.Items) != 2 || again.Attempts != 2 || again.Key != m.Key {
		t.Errorf("%+v", again)
	}
	d.choose("qian", review.NoticeTurn, MailOff)
	d.toSign(d.register(handlerA, review.Department, "办法"))
	d.fan(true)
	d.later(48 * time.Hour)
	if m := d.nextMail(); m == nil || len(m.Items) != 2 { // the claim that ran out, and nothing new
		t.Errorf("%+v", m)
	}
}

func TestWhoMayNoLongerBeToldGetsNoMail(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*desk){
		"left the post": func(d *desk) {
			d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: "qian", Login: "qian", Name: "姓名", Memberships: []Membership{{Unit: "transport", Role: review.ReviewBody}}}))
		},
		"lost the right": func(d *desk) {
			d.tampered = true
			d.db.sql.MustExec(`DELETE FROM case_readers WHERE unit = 'housing'`)
		},
		"deactivated":           func(d *desk) { d.db.sql.MustExec(`UPDATE people SET active = false WHERE id = 'qian'`) },
		"took the address away": func(d *desk) { d.must(d.db.SetMailAddress(d.ctx, "qian", "")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.verified("qian", "qian@example.com")
			d.toSign(d.register(handlerA, review.Department, "办法"))
			d.fan(true)
			change(d)
			if m := d.nextMail(); m != nil {
				t.Errorf("%+v", m)
			}
			var n int
			d.must(d.db.sql.Get(&n, `SELECT count(*) FROM mail_queue WHERE sent_at IS NULL`))
			if n != 0 {
				t.Errorf("%d still queued", n)
			}
		})
	}
}

func TestNobodyIsMailedAboutTheirOwnAct(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.verified("lin", "lin@example.com")
	c := d.register(handlerA, review.Department, "办法")
	c = d.act(c, handlerA, review.AskWithdraw, review.Details{Reason: "不再推进"})
	d.act(c, review.Actor{Person: "zhou", Unit: "housing", Role: review.UnitHead}, review.Withdraw, review.Details{})
	d.fan(true)
	d.later(2 * time.Hour)
	m := d.nextMail()
	if m == nil || len(m.Items) != 1 || m.Items[0].Kind != review.NoticeWithdrawn {
		t.Errorf("%+v", m)
	}
}

func TestWithoutAMailServerNothingPilesUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.verified("qian", "qian@example.com")
	d.toSign(d.register(handlerA, review.Department, "办法"))
	d.fan(false)
	d.fan(true)
	if m := d.nextMail(); m != nil {
		t.Errorf("%+v", m)
	}
}

func TestAnAddressIsVerifiedByItsOwnLinkOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.must(d.db.SetMailAddress(d.ctx, "qian", " qian@example.com "))
	d.refused(d.db.SetMailAddress(d.ctx, "qian", "other@example.com"), review.TooMany)
	first := d.nextMail()
	d.must(d.db.MailFailed(d.ctx, first, "timeout", d.db.now()))
	second := d.nextMail()
	if first.Verify == second.Verify || first.Address != "qian@example.com" {
		t.Errorf("%+v %+v", first, second)
	}
	d.refused(d.db.VerifyMail(d.ctx, "qian", first.Verify), review.NotFound) // replaced
	d.refused(d.db.VerifyMail(d.ctx, "zhou", second.Verify), review.NotFound)
	d.refused(d.db.VerifyMail(d.ctx, "qian", ""), review.NotFound)
	d.must(d.db.VerifyMail(d.ctx, "qian", second.Verify))
	d.refused(d.db.VerifyMail(d.ctx, "qian", second.Verify), review.NotFound)
	if got, err := d.db.MailSettings(d.ctx, "qian"); err != nil || !got.Verified || got.Address != "qian@example.com" || got.Choices[review.NoticeTurn] != MailNow {
		t.Errorf("%+v %v", got, err)
	}
	d.later(mailAskPause)
	d.must(d.db.SetMailAddress(d.ctx, "qian", "new@example.com"))
	if got, err := d.db.MailSettings(d.ctx, "qian"); err != nil || got.Verified {
		t.Errorf("another address is taken for verified: %+v %v", got, err)
	}
	m := d.nextMail()
	d.later(mailLinkLife + time.Second)
	d.refused(d.db.VerifyMail(d.ctx, "qian", m.Verify), review.NotFound)
}

func TestChoicesAreOfKnownKinds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.refused(d.db.SetMailChoices(d.ctx, "qian", map[review.NoticeKind]MailChoice{"gossip": MailNow}), review.Invalid)
	d.refused(d.db.SetMailChoices(d.ctx, "qian", map[review.NoticeKind]MailChoice{review.NoticeTurn: "hourly"}), review.Invalid)
	d.choose("qian", review.NoticeTurn, MailOff)
	d.choose("qian", review.NoticeTurn, MailDigest)
	got, err := d.db.MailSettings(d.ctx, "qian")
	d.must(err)
	if got.Choices[review.NoticeTurn] != MailDigest || len(got.Choices) != len(review.NoticeKinds()) || got.Address != "" {
		t.Errorf("%+v", got)
	}
}

func TestCleanAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"a@example.com": "a@example.com", " a.b+c@sub.example.com ": "a.b+c@sub.example.com",
		"a@example.com\r\nBcc: b@example.com": "", "a@example.com\nx": "", "a b@example.com": "", "a@localhost": "", "a@b@c.com": "", "<a@example.com>": "",
		"a,b@example.com": "", "张三@example.com": "", "@example.com": "", "": "", strings.Repeat("a", 65) + "@example.com": "", "a@" + strings.Repeat("b", 260) + ".com": "",
	} {
		if got := CleanAddress(address); got != want {
			t.Errorf("%q: %q", address, got)
		}
	}
}
