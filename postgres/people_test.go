package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/schema"
)

func (d *desk) password(person, password string) {
	d.Helper()
	d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: person, Login: person, Name: "姓名" + person, Password: password,
		Memberships: []Membership{{Unit: "housing", Role: review.Handler, Post: "科员"}}}))
}

func (d *desk) signIn(login, password, from string) (Entry, error) {
	d.Helper()
	return d.db.SignIn(d.ctx, Credentials{Login: login, Password: password, Address: from, Browser: "Firefox"})
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	e, err := d.signIn(" LIN ", "correct horse", "10.0.0.1")
	d.must(err)
	token, p := e.Session, e.Person
	want := Person{ID: "lin", Login: "lin", Name: "姓名lin", Memberships: []Membership{
		{Unit: "housing", UnitName: "住房和城乡建设局", UnitKind: "department", Role: review.Handler}}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	again, csrf, err := d.db.PersonBySession(d.ctx, token)
	d.must(err)
	if diff := cmp.Diff(want, again); diff != "" || len(csrf) != 64 || strings.Contains(csrf, token) {
		t.Errorf("%s, form token %q", diff, csrf)
	}
	var kept [][]byte
	d.must(d.db.sql.Select(&kept, `SELECT token_hash FROM sessions`))
	if len(kept) != 1 || bytes.Contains(kept[0], []byte(token)) {
		t.Error("the token itself is stored")
	}
	for _, tt := range []struct{ name, login, password string }{
		{"a wrong password", "lin", "battery staple"},
		{"an unknown login", "nobody", "correct horse"},
		{"somebody without a password", "zhou", ""},
		{"NUL", "lin\x00", "correct horse"},
		{"no UTF-8", "\xff", "correct horse"},
		{"an endless login", strings.Repeat("x", 5000), "correct horse"},
	} {
		_, err := d.signIn(tt.login, tt.password, "10.0.0.1")
		if review.CodeOf(err) != review.Unauthenticated {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	d.must(d.db.SignOut(d.ctx, token, "10.0.0.1"))
	_, _, err = d.db.PersonBySession(d.ctx, token)
	d.refused(err, review.Unauthenticated)
	d.must(d.db.SignOut(d.ctx, token, "10.0.0.1"))
}

func TestASessionEndsWhenIdleAndAfterTwelveHours(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	e, err := d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
	token := e.Session
	for i := range 24 { // 24 × 29 minutes, never idle for half an hour
		d.later(29 * time.Minute)
		if _, _, err := d.db.PersonBySession(d.ctx, token); err != nil {
			t.Fatalf("after %d minutes: %v", 29*(i+1), err)
		}
	}
	d.later(25 * time.Minute)
	_, _, err = d.db.PersonBySession(d.ctx, token)
	d.refused(err, review.Unauthenticated)

	e, err = d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
	token = e.Session
	d.later(30*time.Minute + time.Second)
	_, _, err = d.db.PersonBySession(d.ctx, token)
	d.refused(err, review.Unauthenticated)
}

func TestGuessingIsThrottledWithoutLockingTheOwnerOut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	var refused, throttled atomic.Int32
	d.atOnce(12, func(i int) error { // all together: none finds the count low
		_, err := d.signIn("lin", fmt.Sprint("guess ", i), "6.6.6.6")
		switch review.CodeOf(err) {
		case review.Unauthenticated:
			refused.Add(1)
		case review.TooMany:
			throttled.Add(1)
		default:
			return err
		}
		return nil
	})
	if refused.Load() != attemptsPerPair || throttled.Load() != 12-attemptsPerPair {
		t.Errorf("%d refused, %d throttled", refused.Load(), throttled.Load())
	}
	_, err := d.signIn("lin", "correct horse", "6.6.6.6")
	d.refused(err, review.TooMany)
	if _, err := d.signIn("lin", "correct horse", "10.0.0.1"); err != nil {
		t.Errorf("the owner, from their own desk: %v", err)
	}
	d.later(attemptWindow + time.Second)
	if _, err := d.signIn("lin", "correct horse", "6.6.6.6"); err != nil {
		t.Errorf("after the window: %v", err)
	}
}

func TestSigningInRightAgainAndAgainIsNotThrottled(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	for range attemptsPerPair + 2 {
		_, err := d.signIn("lin", "correct horse", "10.0.0.1")
		d.must(err)
	}
}

func TestAPITokens(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	token, err := d.db.CreateToken(d.ctx, "lin", "脚本", time.Hour)
	d.must(err)
	p, err := d.db.PersonByToken(d.ctx, token)
	d.must(err)
	if p.ID != "lin" || len(p.Memberships) != 1 {
		t.Errorf("%+v", p)
	}
	for _, wrong := range []string{"", "fr_", token + "x", strings.ToUpper(token)} {
		_, err := d.db.PersonByToken(d.ctx, wrong)
		d.refused(err, review.Unauthenticated)
	}
	_, _, err = d.db.PersonBySession(d.ctx, token)
	d.refused(err, review.Unauthenticated)
	d.later(time.Hour)
	_, err = d.db.PersonByToken(d.ctx, token)
	d.refused(err, review.Unauthenticated)
	_, err = d.db.CreateToken(d.ctx, "nobody", "x", time.Hour)
	d.refused(err, review.NotFound)
}

func TestMembershipsAreThoseOfTheDayInChina(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	token, err := d.db.CreateToken(d.ctx, "lin", "脚本", 1000*time.Hour)
	d.must(err)
	_, err = d.db.sql.Exec(`UPDATE memberships SET valid_to = '2026-03-04' WHERE person = 'lin'`)
	d.must(err)
	d.mu.Lock()
	d.now = time.Date(2026, 3, 3, 15, 59, 59, 0, time.UTC) // still the 3rd
	d.mu.Unlock()
	p, err := d.db.PersonByToken(d.ctx, token)
	d.must(err)
	if len(p.Memberships) != 1 {
		t.Errorf("on the last day: %+v", p.Memberships)
	}
	d.later(time.Second) // the 4th, in China
	if p, err = d.db.PersonByToken(d.ctx, token); err != nil || len(p.Memberships) != 0 {
		t.Errorf("the day after: %+v, %v", p.Memberships, err)
	}
}

func TestPeopleAndUnits(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	expert := NewPerson{ID: "gu", Login: "gu", Name: "顾老师", Memberships: []Membership{{Unit: "bureau", Role: review.Expert, Post: "教授"}}}
	d.must(d.db.CreatePerson(d.ctx, expert))
	d.must(d.db.CreatePerson(d.ctx, expert)) // again, and nothing changes
	got, err := d.db.People(d.ctx, PeopleFilter{Role: review.Expert})
	d.must(err)
	want := []Person{{ID: "gu", Login: "gu", Name: "顾老师", Memberships: []Membership{
		{Unit: "bureau", UnitName: "市场监督管理局", UnitKind: "regulator", Role: review.Expert, Post: "教授"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if v := got[0].Viewer(); v.Person != "gu" || len(v.Units) != 0 {
		t.Errorf("an expert has the eyes of the unit that keeps the pool: %+v", v)
	}
	expert.Memberships = []Membership{{Unit: "housing", Role: review.Handler}}
	d.must(d.db.CreatePerson(d.ctx, expert))
	if got, err = d.db.People(d.ctx, PeopleFilter{Unit: "bureau"}); err != nil || len(got) != 1 || got[0].ID != "shen" {
		t.Errorf("who stayed in the bureau: %+v, %v", got, err)
	}
	expert.Memberships = []Membership{{Unit: "bureau", Role: review.Expert}}
	d.must(d.db.CreatePerson(d.ctx, expert)) // and back on the same day
	if got, err = d.db.People(d.ctx, PeopleFilter{Role: review.Expert}); err != nil || len(got) != 1 {
		t.Errorf("back as an expert: %+v, %v", got, err)
	}
	names, err := d.db.Names(d.ctx, []string{"gu", "bureau", "nobody"})
	d.must(err)
	if diff := cmp.Diff(map[string]string{"gu": "顾老师", "bureau": "市场监督管理局"}, names); diff != "" {
		t.Error(diff)
	}
	units, err := d.db.Units(d.ctx)
	d.must(err)
	unit, err := d.db.Unit(d.ctx, "housing")
	d.must(err)
	if len(units) != 4 || units[2] != unit || unit.Regulator != "bureau" || unit.Parent != "city" || !unit.Active {
		t.Errorf("%+v among %+v", unit, units)
	}
	_, err = d.db.Unit(d.ctx, "nowhere")
	d.refused(err, review.NotFound)
	d.refused(d.db.CreateUnit(d.ctx, Unit{ID: "x", Name: "x", Parent: "nowhere"}), review.Invalid)
	d.refused(d.db.CreatePerson(d.ctx, NewPerson{ID: "y", Login: "LIN", Name: "y"}), review.Invalid)
	d.refused(d.db.CreatePerson(d.ctx, NewPerson{ID: "y", Login: "y", Name: "y", Memberships: []Membership{{Unit: "housing", Role: "king"}}}), review.Invalid)
}

func TestTextsAreReadByTheirHolderOrThroughACase(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	text := d.put(handlerA, "第一条 草案。")
	if again := d.put(handlerA, "第一条 草案。"); again.Hash != text.Hash || text.Hash != sha("第一条 草案。") {
		t.Errorf("%s, then %s", text.Hash, again.Hash)
	}
	if body, err := d.db.Text(d.ctx, text.Hash, review.Viewer{Person: "lin"}); err != nil || body != "第一条 草案。" {
		t.Errorf("%q, %v", body, err)
	}
	colleague := review.Viewer{Person: "zhou", Units: []string{"housing"}}
	_, err := d.db.Text(d.ctx, text.Hash, colleague)
	d.refused(err, review.NotFound)
	if clauses, err := d.db.TextClauses(d.ctx, text.Hash, "zhou"); err != nil || !cmp.Equal(clauses, []string{"第一条"}) {
		t.Errorf("a colleague puts it forward: %v, %v", clauses, err)
	}
	_, err = d.db.TextClauses(d.ctx, text.Hash, "shen")
	d.refused(err, review.NotFound)
	// Whoever only knows the hash cannot pull the text into a case of their own.
	theirs := d.register(handlerB, review.Department, "别人的办法")
	_, err = d.db.Save(d.ctx, d.step(theirs, handlerB, review.StartReview, review.Details{Heard: heard, Text: &text}))
	d.refused(err, review.Missing)

	d.act(d.register(handlerA, review.Department, "办法"), handlerA, review.StartReview, review.Details{Heard: heard, Text: &text})
	for _, v := range []review.Viewer{colleague, viewBureau} {
		if body, err := d.db.Text(d.ctx, text.Hash, v); err != nil || body != "第一条 草案。" {
			t.Errorf("%+v: %q, %v", v, body, err)
		}
	}
	if _, err := d.db.TextClauses(d.ctx, text.Hash, "shen"); err != nil {
		t.Errorf("a reader of the case: %v", err)
	}
	_, err = d.db.Text(d.ctx, text.Hash, viewB)
	d.refused(err, review.NotFound)
	_, err = d.db.Text(d.ctx, "\x00", viewA)
	d.refused(err, review.NotFound)
	for bad, want := range map[string]review.Code{"": review.Missing, " \n": review.Missing, "a\x00": review.BadCharacters, "\xff": review.BadCharacters,
		strings.Repeat("a", review.TextLimit+1): review.TooLarge} {
		_, err := d.db.PutText(d.ctx, "lin", bad)
		d.refused(err, want)
	}
}

func TestAWriteWithAKeyHappensOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var done atomic.Int32
	put := func(digest string) (json.RawMessage, error) {
		return d.db.Idempotent(d.ctx, "lin", "key", digest, func(tx *Tx) (any, error) {
			done.Add(1)
			return tx.PutText(d.ctx, "lin", "第一条 草案。")
		})
	}
	failure := errors.New("no luck")
	if _, err := d.db.Idempotent(d.ctx, "lin", "key", "a", func(*Tx) (any, error) { return nil, failure }); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	d.atOnce(10, func(int) error {
		answer, err := put("a")
		if err == nil && string(answer) != `"`+sha("第一条 草案。")+`"` {
			return fmt.Errorf("answer %s", answer)
		}
		return err
	})
	if done.Load() != 1 {
		t.Errorf("done %d times", done.Load())
	}
	_, err := put("b")
	d.refused(err, review.KeyReused)
	if _, err := d.db.Idempotent(d.ctx, "zhou", "key", "b", func(*Tx) (any, error) { return 1, nil }); err != nil {
		t.Errorf("the key is another person's: %v", err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, want := range []string{"", "true", "false"} {
		if want != "" {
			d.must(d.db.SetSetting(d.ctx, "demo", want))
		}
		if got, err := d.db.Setting(d.ctx, "demo"); err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"postgres://%zz", "postgres:///nothing?host=/nonexistent"} {
		if _, err := Open(context.Background(), dsn, 1); err == nil {
			t.Errorf("%s opened", dsn)
		}
	}
	if n := len(schema.Invariants()); n < 12 {
		t.Errorf("%d invariants", n)
	}
}
