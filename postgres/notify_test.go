package postgres

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairreview/fairreview/review"
)

// told are the notices of somebody, oldest first, as kind and whether it was read.
func (d *desk) told(who string, onlyUnread bool) []string {
	d.Helper()
	rows, err := d.db.Notices(d.ctx, d.addressee(who), onlyUnread, 0, 100)
	d.must(err)
	out := []string{}
	for _, r := range slices.Backward(rows) {
		k := string(r.Kind)
		if r.Read {
			k += ", read"
		}
		out = append(out, k)
	}
	n, err := d.db.UnreadNotices(d.ctx, d.addressee(who))
	d.must(err)
	if onlyUnread && n != len(rows) {
		d.Errorf("%s: the count says %d, the list has %d", who, n, len(rows))
	}
	return out
}

func (d *desk) addressee(who string) Addressee {
	d.Helper()
	people, err := d.db.People(d.ctx, PeopleFilter{})
	d.must(err)
	for _, p := range people {
		if p.ID == who {
			return p.Addressee()
		}
	}
	return Addressee{Viewer: review.Viewer{Person: who}}
}

func (d *desk) same(what string, got, want []string) {
	d.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("%s: %s", what, diff)
	}
}

func TestATurnIsToldOfWhenItBeginsAndOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.toSign(d.register(handlerA, review.Department, "办法"))
	d.same("the review body", d.told("qian", true), []string{"turn"})
	d.same("the head", d.told("zhou", true), []string{"turn"})
	d.same("the handler, whose own acts began every turn of theirs", d.told("lin", true), []string{})
	d.pass(c)
	d.same("the handler", d.told("lin", true), []string{"concluded"})
	d.same("the head, who concluded", d.told("zhou", true), []string{"turn"})
	d.same("another unit's handler", d.told("he", true), []string{})
	d.same("the regulator, which has no part in it", d.told("shen", true), []string{})
}

func TestARepeatedSaveTellsOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.toSign(d.register(handlerA, review.Department, "办法"))
	r := d.step(c, headA, review.SendBack, review.Details{Reason: "补充说明"})
	for range 3 {
		_, err := d.db.Save(d.ctx, r)
		d.must(err)
	}
	d.same("the handler", d.told("lin", true), []string{"sent_back"})
}

func TestNoticesAreReadOneByOneOrAllUpToOne(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for range 3 {
		d.toSign(d.register(handlerA, review.Department, "办法"))
	}
	rows, err := d.db.Notices(d.ctx, d.addressee("qian"), false, 0, 2)
	d.must(err)
	if len(rows) != 2 || rows[0].ID <= rows[1].ID || rows[0].Number == "" || rows[0].Title != "办法" {
		t.Fatalf("%+v", rows)
	}
	older, err := d.db.Notices(d.ctx, d.addressee("qian"), false, rows[1].ID, 2)
	d.must(err)
	if len(older) != 1 || older[0].ID >= rows[1].ID {
		t.Fatalf("%+v", older)
	}
	d.refused(d.db.ReadNotice(d.ctx, d.addressee("lin"), rows[0].ID), review.NotFound)
	d.refused(d.db.ReadNotice(d.ctx, d.addressee("qian"), 1<<40), review.NotFound)
	for range 2 { // twice is no error
		d.must(d.db.ReadNotice(d.ctx, d.addressee("qian"), rows[1].ID))
	}
	d.same("one is read", d.told("qian", false), []string{"turn", "turn, read", "turn"})
	d.same("unread", d.told("qian", true), []string{"turn", "turn"})
	// All that were shown; the newest came afterwards.
	d.must(d.db.ReadNotices(d.ctx, d.addressee("qian"), rows[1].ID))
	d.same("up to the second", d.told("qian", false), []string{"turn, read", "turn, read", "turn"})
	// What is old enough is covered by the mark alone.
	if _, err := d.db.sql.Exec(`UPDATE notices SET recorded_at = recorded_at - interval '1 hour'`); err != nil {
		t.Fatal(err)
	}
	d.must(d.db.ReadNotices(d.ctx, d.addressee("qian"), rows[0].ID))
	d.same("all", d.told("qian", true), []string{})
	var single, upto int64
	d.must(d.db.sql.Get(&single, `SELECT count(*) FROM notice_reads WHERE person = 'qian'`))
	d.must(d.db.sql.Get(&upto, `SELECT upto FROM notice_marks WHERE person = 'qian'`))
	if single != 2 || upto != rows[0].ID {
		t.Errorf("%d single reads, mark %d", single, upto)
	}
	d.same("another of the desk has read nothing", d.told("zhou", true), []string{"turn", "turn", "turn"})
	d.later(noticeLife + time.Hour)
	d.same("after three months it is past", d.told("zhou", true), []string{})
	d.same("but still there", d.told("zhou", false), []string{"turn, read", "turn, read", "turn, read"})
}

func TestWhoLostTheRightToACaseIsToldNothingOfIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.toSign(d.register(handlerA, review.Department, "办法"))
	d.same("before", d.told("zhou", true), []string{"turn"})
	d.tampered = true
	if _, err := d.db.sql.Exec(`DELETE FROM case_readers WHERE unit = 'housing'`); err != nil {
		t.Fatal(err)
	}
	d.same("after", d.told("zhou", false), []string{})
	if _, err := d.db.sql.Exec(`INSERT INTO case_readers SELECT id, '', 'zhou' FROM cases`); err != nil {
		t.Fatal(err)
	}
	d.same("named by themselves", d.told("zhou", true), []string{"turn"})
}

func TestWhoLeftThePostIsToldNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.toSign(d.register(handlerA, review.Department, "办法"))
	d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: "zhou", Login: "zhou", Name: "姓名",
		Memberships: []Membership{{Unit: "transport", Role: review.UnitHead}}}))
	d.same("elsewhere now", d.told("zhou", false), []string{})
	d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: "root", Login: "root", Name: "管理员",
		Memberships: []Membership{{Unit: "housing", Role: review.Admin}}}))
	d.same("an administrator kept under the unit", d.told("root", false), []string{})
}

func TestAnUrgingIsToldWithItsReasonToWhomItConcerns(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	opening := d.opening(handlerA, review.Department, "办法")
	opening.Procedure, opening.Measure.PublicInterest, opening.RouteDerived = review.Procedure, "none", review.Department
	c := d.act(newCase(), handlerA, review.Register, review.Details{Opening: opening})
	d.act(c, headA, review.Urge, review.Details{Reason: "请抓紧报送"})
	rows, err := d.db.Notices(d.ctx, d.addressee("lin"), true, 0, 10)
	d.must(err)
	if len(rows) != 1 || rows[0].Kind != review.NoticeUrged || rows[0].Reason != "请抓紧报送" {
		t.Errorf("%+v", rows)
	}
}

// BenchmarkUnreadNotices is what the badge costs: of 100,000 notices a thousand unread, fifty, none.
func BenchmarkUnreadNotices(b *testing.B) {
	d := newDesk(b)
	d.tampered = true
	c := d.toSign(d.register(handlerA, review.Department, "办法"))
	if _, err := d.db.sql.Exec(`
		INSERT INTO notices (case_id, version, kind, unit, role, person, actor, made_at, recorded_at)
		SELECT $1, 2, 'turn', 'housing', 'unit_head', '', 'lin', $2, now() - interval '1 hour' FROM generate_series(1, 100000)`, c.ID, d.db.now()); err != nil {
		b.Fatal(err)
	}
	if _, err := d.db.sql.Exec(`ANALYZE notices`); err != nil {
		b.Fatal(err)
	}
	a := d.addressee("zhou")
	b.Run("nothing ever read", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.db.UnreadNotices(d.ctx, a); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("a page", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.db.Notices(d.ctx, a, false, 50000, 50); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, unread := range []int64{1000, 50, 0} {
		var upto int64
		d.must(d.db.sql.Get(&upto, `SELECT max(id) - $1 FROM notices`, unread))
		d.must(d.db.ReadNotices(d.ctx, a, upto))
		b.Run(fmt.Sprint(unread), func(b *testing.B) {
			for b.Loop() {
				if _, err := d.db.UnreadNotices(d.ctx, a); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
