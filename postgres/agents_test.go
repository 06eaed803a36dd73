package postgres

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairreview/fairreview/review"
)

// lent is what somebody can act by beside their own today: role, unit and for whom.
func (d *desk) lent(id string) []string {
	d.Helper()
	people, err := d.db.People(d.ctx, PeopleFilter{})
	d.must(err)
	i := slices.IndexFunc(people, func(p Person) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	taken, lent, err := d.db.Standing(d.ctx, people[i])
	d.must(err)
	out := []string{}
	for _, m := range taken {
		out = append(out, string(m.Role)+" "+m.Unit)
	}
	for _, l := range lent {
		out = append(out, string(l.Role)+" "+l.Unit+" "+l.For+" "+l.ForName)
	}
	return out
}

func (d *desk) agent(principal, agent string, role review.Role, days int) (Agent, error) {
	first := review.DateOf(d.db.now())
	return d.db.MakeAgent(d.ctx, principal, Agent{Principal: principal, Agent: agent, Unit: "housing", Role: role, First: first, Last: first.AddDays(days - 1), Reason: "出差"}, "10.0.0.1")
}

// TestAnAgentsDays: from the first day to the last, in China, and by itself no longer.
func TestAnAgentsDays(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.on("2026-03-02")
	for days, want := range map[int]review.Code{91: AgentDays, 0: review.Invalid, 90: ""} {
		_, err := d.agent("zhou", "lin", review.UnitHead, days)
		d.refused(err, want)
	}
	for _, tt := range []struct {
		at   time.Time
		acts bool
	}{
		{review.Date("2026-03-02").End().Add(-time.Second), true},
		{review.Date("2026-05-30").End().Add(-time.Microsecond), true}, // the ninetieth day
		{review.Date("2026-05-30").End(), false},
	} {
		d.mu.Lock()
		d.now = tt.at
		d.mu.Unlock()
		want := []string{}
		if tt.acts {
			want = []string{"unit_head housing zhou 姓名zhou"}
		}
		if diff := cmp.Diff(want, d.lent("lin")); diff != "" {
			t.Errorf("at %s: %s", tt.at, diff)
		}
		if got := d.lent("qian"); len(got) != 0 {
			t.Errorf("a colleague acts by %v", got)
		}
	}
}

// TestAnAgencyHangsOnThePost: it ends with the principal's role, with the agent's place in the unit, and with either's account.
func TestAnAgencyHangsOnThePost(t *testing.T) {
	t.Parallel()
	person := func(id string, unit string, role review.Role) NewPerson {
		return NewPerson{ID: id, Login: id, Name: "姓名" + id, Memberships: []Membership{{Unit: unit, Role: role}}}
	}
	for name, end := range map[string]func(*desk){
		"the principal's role ends": func(d *desk) { d.must(d.db.CreatePerson(d.ctx, person("zhou", "housing", review.Handler))) },
		"the principal leaves":      func(d *desk) { d.must(d.db.CreatePerson(d.ctx, person("zhou", "transport", review.UnitHead))) },
		"the agent leaves":          func(d *desk) { d.must(d.db.CreatePerson(d.ctx, person("lin", "transport", review.Handler))) },
		"the principal is kept out": func(d *desk) { d.must(d.db.SetActive(d.ctx, "shen", "zhou", false, "")) },
		"and does not come back by being let in again": func(d *desk) {
			d.must(d.db.SetActive(d.ctx, "shen", "zhou", false, ""))
			d.must(d.db.SetActive(d.ctx, "shen", "zhou", true, ""))
		},
		"it is ended": func(d *desk) {
			list, err := d.db.Agents(d.ctx, "lin", nil)
			d.must(err)
			d.must(d.db.EndAgent(d.ctx, "zhou", list[0].ID, ""))
			d.refused(d.db.EndAgent(d.ctx, "zhou", list[0].ID, ""), review.NotFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			_, err := d.agent("zhou", "lin", review.UnitHead, 10)
			d.must(err)
			if len(d.lent("lin")) != 1 {
				t.Fatal("no agent to begin with")
			}
			end(d)
			if got := d.lent("lin"); len(got) != 0 {
				t.Errorf("acts by %v", got)
			}
		})
	}
}

// TestNobodyLendsWhatIsLent, nor what cannot be lent.
func TestNobodyLendsWhatIsLent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, err := d.agent("zhou", "lin", review.UnitHead, 10)
	d.must(err)
	again, err := d.agent("zhou", "lin", review.UnitHead, 10)
	d.must(err)
	if list, err := d.db.Agents(d.ctx, "lin", nil); err != nil || len(list) != 1 || list[0].ID != again.ID {
		t.Errorf("asked for twice: %v %v", list, err)
	}
	_, err = d.agent("lin", "qian", review.UnitHead, 10)
	d.refused(err, AgentOutside)
	_, err = d.agent("zhou", "he", review.UnitHead, 10) // of transport
	d.refused(err, AgentOutside)
	_, err = d.agent("zhou", "nobody", review.UnitHead, 10)
	d.refused(err, AgentOutside)
	for _, role := range []review.Role{review.Expert, review.Admin, review.SecurityAdmin, review.AuditAdmin, review.Timer, "issuer", ""} {
		_, err = d.agent("zhou", "lin", role, 10)
		d.refused(err, AgentRole)
	}
	if _, err := d.db.sql.Exec(`INSERT INTO agents (principal, agent, unit, role, first_day, last_day, reason, made_by, made_at)
		VALUES ('zhou', 'lin', 'housing', 'unit_head', '2026-03-01', '2026-06-01', 'x', 'zhou', now())`); err == nil || !strings.Contains(err.Error(), "agent_days_fit") {
		t.Errorf("the table takes 93 days: %v", err)
	}
	// A token for another unit lends nothing of this one.
	_, lent, err := d.db.Standing(d.ctx, Person{ID: "lin", Memberships: []Membership{{Unit: "transport", Role: review.Handler}}})
	if err != nil || len(lent) != 0 {
		t.Errorf("%v %v", lent, err)
	}
}

// TestUnitsTakenOver: those that were merged, and into those; an expert's or an administrator's post takes nothing over.
func TestUnitsTakenOver(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, id := range []string{"old", "older", "elsewhere"} {
		d.must(d.db.CreateUnit(d.ctx, Unit{ID: id, Name: id, Kind: "department", Regulator: "bureau", Active: true}))
	}
	_, err := d.agent("zhou", "lin", review.UnitHead, 10)
	d.must(err)
	d.must(d.db.MergeUnits(d.ctx, "shen", "older", "old", ""))
	d.must(d.db.MergeUnits(d.ctx, "shen", "old", "housing", ""))
	want := []string{"handler old", "handler older", "unit_head housing zhou 姓名zhou", "unit_head old zhou 姓名zhou", "unit_head older zhou 姓名zhou"}
	if diff := cmp.Diff(want, d.lent("lin")); diff != "" {
		t.Error(diff)
	}
	for _, role := range []review.Role{review.Expert, review.Admin} {
		taken, _, err := d.db.Standing(d.ctx, Person{ID: "x", Memberships: []Membership{{Unit: "housing", Role: role}}})
		if err != nil || len(taken) != 0 {
			t.Errorf("%s: %v %v", role, taken, err)
		}
	}
	d.refused(d.db.MergeUnits(d.ctx, "shen", "elsewhere", "old", ""), UnitMerged)
	d.refused(d.db.MergeUnits(d.ctx, "shen", "elsewhere", "bureau", ""), review.Invalid)
}

// TestARestrictedCaseHasNoUnitAmongItsReaders: desks and chairs, kept in step by Save; the invariants look as well.
func TestARestrictedCaseHasNoUnitAmongItsReaders(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	o := d.opening(handlerA, review.Department, "限制阅读的办法")
	o.Procedure, o.Secrecy, o.Readers, o.Measure.PublicInterest = review.Procedure, review.Restricted, []string{"qian"}, "none"
	r := d.step(newCase(), handlerA, review.Register, review.Details{Opening: o})
	got, err := d.db.Save(d.ctx, r)
	d.must(err)
	c := r.Case
	c.Assign(got)
	readers := func() []string {
		var out []string
		d.must(d.db.sql.Select(&out, `SELECT unit || person FROM case_readers WHERE case_id = $1 ORDER BY 1`, c.ID))
		return out
	}
	want := []string{"bureau/@qian", "bureau/approver", "housing/@lin", "housing/@qian", "housing/handler", "housing/unit_head"}
	if diff := cmp.Diff(want, slices.DeleteFunc(readers(), func(s string) bool { return strings.HasPrefix(s, "city/") })); diff != "" {
		t.Error(diff)
	}
	for name, v := range map[string]review.Viewer{"the unit as such": viewA, "the regulator as such": viewBureau} {
		v.Person = "x"
		_, err := d.db.Case(d.ctx, c.ID, v)
		if review.CodeOf(err) != review.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = d.db.Case(d.ctx, c.ID, review.Viewer{Person: "qian", Units: []string{review.Chair("housing", "qian")}})
	d.must(err)
	r = d.step(c, headA, review.SetSecrecy, review.Details{Reason: "可以公开", Secrecy: review.Public})
	_, err = d.db.Save(d.ctx, r)
	d.must(err)
	if got := readers(); slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "/") }) || !slices.Contains(got, "housing") {
		t.Errorf("readers %v", got)
	}
}

func TestReadsAreCountedByTheDay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.issued("办法")
	at := review.Date("2026-03-05").End()
	for _, when := range []time.Time{at.Add(-2 * time.Minute), at.Add(-time.Minute), at.Add(-90 * time.Second), at} {
		d.must(d.db.NoteRead(d.ctx, "zhou", c.ID, when))
	}
	got, err := d.db.CaseReads(d.ctx, c.ID, 10)
	d.must(err)
	if len(got) != 2 || got[0].Day != "2026-03-06" || got[0].Times != 1 || got[1].Day != "2026-03-05" || got[1].Times != 3 || !got[1].Last.Equal(at.Add(-time.Minute)) || got[1].Name != "姓名zhou" {
		t.Errorf("%+v", got)
	}
	if got, err := d.db.CaseReads(d.ctx, "", 1); err != nil || len(got) != 1 {
		t.Errorf("%v %v", got, err)
	}
	_, err = d.db.CaseReads(d.ctx, "x", 1)
	d.refused(err, review.NotFound)
}
