package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fairreview/fairreview/internal/pgtest"
	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/schema"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// desk is a bureau with two departments, and a clock that the test moves. Its record is checked when the test ends.
type desk struct {
	testing.TB
	db       *DB
	ctx      context.Context
	rules    review.Rules
	tampered bool // the test broke the record on purpose

	mu  sync.Mutex
	now time.Time
}

var (
	handlerA = review.Actor{Person: "lin", Unit: "housing", Role: review.Handler}
	checkerA = review.Actor{Person: "qian", Unit: "housing", Role: review.ReviewBody}
	headA    = review.Actor{Person: "zhou", Unit: "housing", Role: review.UnitHead}
	handlerB = review.Actor{Person: "he", Unit: "transport", Role: review.Handler}
	headB    = review.Actor{Person: "bao", Unit: "transport", Role: review.UnitHead}
	officer  = review.Actor{Person: "shen", Unit: "bureau", Role: review.Officer}

	viewA      = review.Viewer{Person: "lin", Units: []string{"housing"}}
	viewB      = review.Viewer{Person: "he", Units: []string{"transport"}}
	viewBureau = review.Viewer{Person: "shen", Units: []string{"bureau"}}
)

func newDesk(t testing.TB) *desk {
	t.Helper()
	ctx := context.Background()
	db, err := Open(ctx, pgtest.New(t, schema.Migrate), 24)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	d := &desk{TB: t, db: db, ctx: ctx, now: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}
	t.Cleanup(d.checkInvariants)
	db.now = func() time.Time {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.now
	}
	for _, u := range []Unit{
		{ID: "bureau", Name: "市场监督管理局", NameEN: "Market Regulation Bureau", Kind: "regulator", Regulator: "bureau", Active: true},
		{ID: "city", Name: "市人民政府", Kind: "government", Regulator: "bureau", Active: true},
		{ID: "housing", Name: "住房和城乡建设局", Parent: "city", Kind: "department", Regulator: "bureau", Active: true},
		{ID: "transport", Name: "交通运输局", Parent: "city", Kind: "department", Regulator: "bureau", Active: true},
	} {
		d.must(db.CreateUnit(ctx, u))
	}
	for _, a := range []review.Actor{handlerA, checkerA, headA, handlerB, headB, officer} {
		d.must(db.CreatePerson(ctx, NewPerson{ID: a.Person, Login: a.Person, Name: "姓名" + a.Person,
			Memberships: []Membership{{Unit: a.Unit, Role: a.Role}}}))
	}
	if d.rules, err = db.Rules(ctx); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) checkInvariants() {
	if d.tampered {
		return
	}
	for _, check := range schema.Invariants() {
		rows, err := d.db.sql.Queryx(check.SQL)
		if err != nil {
			d.Errorf("invariant %q: %v", check.Name, err)
			continue
		}
		for rows.Next() {
			row, err := rows.SliceScan()
			d.Errorf("invariant %q does not hold: %s (%v)", check.Name, row, err)
		}
		if err := rows.Err(); err != nil {
			d.Errorf("invariant %q: %v", check.Name, err)
		}
	}
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) refused(err error, want review.Code) {
	d.Helper()
	if got := review.CodeOf(err); got != want {
		d.Fatalf("got %q (%v), want %q", got, err, want)
	}
}

// on moves the clock to noon of a day in China.
func (d *desk) on(day review.Date) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = day.End().Add(-12 * time.Hour)
}

func (d *desk) later(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

// put stores a text that the person holds.
func (d *desk) put(who review.Actor, text string) review.Text {
	d.Helper()
	hash, err := d.db.PutText(d.ctx, who.Person, text)
	d.must(err)
	return review.Text{Hash: hash, Clauses: review.Clauses(text)}
}

// step applies the action as the workflow does and returns what is to be saved.
func (d *desk) step(c review.Case, who review.Actor, kind review.ActionKind, det review.Details) review.Record {
	d.Helper()
	d.later(time.Second)
	next, event, err := review.Apply(c, review.Action{Kind: kind, Actor: who, Seen: c.Version, Details: det}, d.db.now())
	if err != nil {
		d.Fatalf("%s: %v", kind, err)
	}
	return review.Record{Case: next, Event: event, Request: review.Request{
		ID: fmt.Sprintf("%s/%d", c.ID, next.Version), Digest: "digest"}}
}

// act does the action and returns the case with what Save assigned.
func (d *desk) act(c review.Case, who review.Actor, kind review.ActionKind, det review.Details) review.Case {
	d.Helper()
	r := d.step(c, who, kind, det)
	a, err := d.db.Save(d.ctx, r)
	if err != nil {
		d.Fatalf("save %s: %v", kind, err)
	}
	r.Case.Assign(a)
	return r.Case
}

func (d *desk) opening(who review.Actor, route review.Route, title string) *review.Opening {
	kind := review.New
	return &review.Opening{Kind: kind, Route: route, RouteArticle: "条例 13", Unit: who.Unit, Regulator: "bureau", Rules: d.rules,
		Measure: review.Measure{ID: uuid.NewString(), Title: title, Nature: "normative_document", Issuer: who.Unit, MadeUp: true, Label: "演示"}}
}

func newCase() review.Case { return review.Case{ID: uuid.NewString()} }

// register opens a case of a new measure.
func (d *desk) register(who review.Actor, route review.Route, title string) review.Case {
	d.Helper()
	return d.act(newCase(), who, review.Register, review.Details{Opening: d.opening(who, route, title)})
}

var (
	heard     = &review.Consultation{Whom: "企业和行业协会", How: "座谈", From: "2024-01-02", To: "2024-01-05", Said: "没有不同意见"}
	allClear  = clearList()
	standards = review.StandardsOn("2026-01-01").Version
)

func clearList() []string {
	var ids []string
	for _, item := range review.StandardsOn("2026-01-01").Items {
		ids = append(ids, item.ID)
	}
	return ids
}

// toSign brings a registered case of housing to the head's desk, with a text of its own.
func (d *desk) toSign(c review.Case) review.Case {
	d.Helper()
	c = d.act(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 "+c.ID+"\n第二条 本办法自公布之日起施行。"))})
	return d.signAgain(c)
}

// signAgain sends the present text through check to the head.
func (d *desk) signAgain(c review.Case) review.Case {
	d.Helper()
	c = d.act(c, handlerA, review.SendCheck, review.Details{Checklist: &review.Checklist{Standards: standards, TextHash: c.Text.Hash, Clear: allClear}})
	return d.act(c, checkerA, review.SendSign, review.Details{})
}

// pass concludes a case on the head's desk.
func (d *desk) pass(c review.Case) review.Case {
	d.Helper()
	written := d.put(headA, "审查结论 "+c.ID+fmt.Sprint(c.Version))
	return d.act(c, headA, review.ConcludePass, review.Details{Conclusion: &review.Conclusion{Result: review.Meets, TextHash: c.Text.Hash,
		Standards: standards, Written: written.Hash, HowHeard: "已听取", DocNo: "建〔2026〕1号"}})
}

// issue registers the issue of a concluded case.
func (d *desk) issue(c review.Case) review.Case {
	d.Helper()
	return d.act(c, handlerA, review.RegisterIssue, review.Details{Issue: &review.Issue{DocNo: "建〔2026〕2号", On: review.DateOf(d.db.now()), TextHash: c.Text.Hash}})
}

// issued walks a case of housing from opening to issue.
func (d *desk) issued(title string) review.Case {
	d.Helper()
	return d.issue(d.pass(d.toSign(d.register(handlerA, review.Department, title))))
}

func ref[T any](v T) *T { return &v }

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
