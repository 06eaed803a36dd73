package workflows

import (
	"slices"
	"testing"
	"time"

	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/workflows/internal/lives"
)

// today's lives have every overlay and step on.
var today = lives.NewToday()

// calendar2026 is the year's, with its holidays and make-up days.
func calendar2026() review.Calendar {
	cal := review.Calendar{Years: map[int]bool{2026: true}, Days: map[review.Date]bool{}}
	for _, span := range [][2]review.Date{{"2026-01-01", "2026-01-03"}, {"2026-02-15", "2026-02-23"}, {"2026-04-04", "2026-04-06"}, {"2026-05-01", "2026-05-05"},
		{"2026-06-19", "2026-06-21"}, {"2026-09-25", "2026-09-27"}, {"2026-10-01", "2026-10-07"}} {
		for d := span[0]; d <= span[1]; d = d.AddDays(1) {
			cal.Days[d] = false
		}
	}
	for _, d := range []review.Date{"2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"} {
		cal.Days[d] = true
	}
	return cal
}

// keeper2026 keeps records by that calendar.
func keeper2026() *lives.Keeper {
	k := lives.NewKeeper()
	k.Calendar = calendar2026()
	return k
}

// startOf is 0:00 of a day in China.
func startOf(d review.Date) time.Time { return d.AddDays(-1).End() }

// at fails the test unless the timer did these acts, at these instants exactly, and no others.
func (c *chain) at(want ...stroke) {
	c.t.Helper()
	var got []stroke
	for _, r := range c.keeper.Records(caseID) {
		if r.Event.Action.Actor.Role == review.Timer {
			got = append(got, stroke{r.Event.Action.Kind, r.Event.At})
		}
	}
	if !slices.EqualFunc(got, want, func(a, b stroke) bool { return a.act == b.act && a.at.Equal(b.at) }) {
		c.t.Errorf("time did\n%v\nwant\n%v", got, want)
	}
}

// stroke is something that time did.
type stroke struct {
	act review.ActionKind
	at  time.Time
}

func (s stroke) String() string {
	return string(s.act) + " " + review.In(s.at).Format("2006-01-02 15:04:05.000000")
}

func TestLivesOfToday(t *testing.T) {
	condition := lives.NewToday()
	condition.Exception.Until, condition.Exception.Condition = "", "应急状态解除"
	for _, tt := range []struct {
		name    string
		life    []review.Action
		end     review.Status
		outcome review.Outcome
		types   []string
	}{
		{"a department concludes and issues in one run", today.DepartmentPass(), review.Issued, review.Keep, []string{"Review"}},
		{"a failed review goes on in a second run", today.DepartmentAmend(), review.Issued, review.Amend, []string{"Review", "Review"}},
		{"joint review, panel and amendment are cut off at the conclusion", today.GovernmentAmend(), review.Issued, review.Amend, []string{"Review", "Review"}},
		{"an existing measure is kept", today.ExistingKept(), review.Kept, review.Keep, []string{"Review"}},
		{"what was done by mistake is taken back", today.Undone(), review.RegReview, "", []string{"Review"}},
		{"a condition is met and the measure stopped", append(condition.ExceptionIssued(), lives.ConditionMet(), lives.Stop()), review.Ceased, review.Keep, []string{"Review", "Exception"}},
		{"an exception is carried on by another case", append(today.ExceptionIssued(), lives.Extend()), review.Extended, review.Keep, []string{"Review", "Exception"}},
		{"an existing measure is kept under an exception and stopped", append(condition.ExistingByException(), lives.ConditionMet(), lives.Stop()), review.Ceased, review.Keep, []string{"Review", "Exception"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := playUntil(t, keeper2026(), opened.AddDate(0, 0, 2), steps(tt.life)...)
			c.done(tt.end)
			if got := c.keeper.Last(caseID); got.Outcome != tt.outcome || got.Version != len(tt.life) {
				t.Errorf("outcome %s, version %d; want %s, %d: %v", got.Outcome, got.Version, tt.outcome, len(tt.life), c.events())
			}
			if !slices.Equal(c.types, tt.types) {
				t.Errorf("runs %v, want %v", c.types, tt.types)
			}
			c.at()
		})
	}
}

// A correction that is not brought by 24:00 of its last working day returns the case, at that instant and not a
// microsecond earlier; it can be submitted again. The case opens on Monday 2 March 2026, 9:00.
func TestCorrectionMissed(t *testing.T) {
	t.Parallel()
	due := endOf("2026-03-05") // the third working day is a Thursday
	accept := lives.Act(lives.Officer, review.Accept, review.Details{})
	t.Run("returned, and submitted again", func(t *testing.T) {
		t.Parallel()
		c := playUntil(t, keeper2026(), opened.AddDate(0, 0, 20), append(steps(today.CorrectionAsked(3)),
			say{on: due.Add(time.Hour), act: lives.Submit()}, say{after: time.Hour, act: accept})...)
		c.done(review.RegReview)
		c.at(stroke{review.ReturnOverdue, due})
	})
	// A second, not less: the test's clock runs on while the workflow works. The bound itself is tested in package review.
	t.Run("too late by a second", func(t *testing.T) {
		t.Parallel()
		c := playUntil(t, keeper2026(), opened.AddDate(0, 0, 20), append(steps(today.CorrectionAsked(3)),
			say{on: due.Add(time.Second), act: lives.Correct("1")})...)
		if got := c.codes()[7]; got != review.Conflict && got != review.NotYourTurn {
			t.Errorf("refused %q", got)
		}
		c.at(stroke{review.ReturnOverdue, due})
	})
	for _, before := range []time.Duration{time.Minute, time.Second} {
		t.Run(before.String()+" before the end", func(t *testing.T) {
			t.Parallel()
			c := playUntil(t, keeper2026(), opened.AddDate(0, 0, 20), append(steps(today.CorrectionAsked(3)),
				say{on: due.Add(-before), act: lives.Correct("1")})...)
			c.done(review.Submitted)
			c.at()
		})
	}
}

// Seven working days from 13 February 2026: a nine-day holiday and two Saturdays that are worked lie between.
func TestSpringFestival(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 2, 13, 1, 0, 0, 0, time.UTC)
	c := playFrom(t, keeper2026(), from, from.AddDate(0, 1, 0), steps(today.CorrectionAsked(7))...)
	c.done(review.Returned)
	c.at(stroke{review.ReturnOverdue, endOf("2026-03-02")})
}

// The regulator's own period: it stands still while the packet is with the unit, ends in a mark and nothing else, once.
func TestOwnPeriod(t *testing.T) {
	ten := lives.NewToday()
	ten.Rules.ReviewDays, ten.Rules.Joint, ten.Rules.Panel = 10, false, false
	accept := lives.Act(lives.Officer, review.Accept, review.Details{})
	k := lives.Conclusion("1", review.Meets)
	conclude := []say{{after: time.Hour, act: lives.Act(lives.Officer, review.DraftOpinion, review.Details{Conclusion: k})},
		{after: time.Hour, act: lives.Act(lives.Middle, review.SendSign, review.Details{})},
		{after: time.Hour, act: lives.Act(lives.Approver, review.ApprovePass, review.Details{Conclusion: k})}}
	breach := lives.Act(lives.Officer, review.PutBreach, review.Details{Findings: []review.Finding{lives.Finding()}})
	paused := ten
	paused.Rules.PauseTalks = true
	submitted := steps(ten.Submitted()) // on Monday 2 March
	for _, tt := range []struct {
		name   string
		keeper *lives.Keeper
		script []say
		at     review.Status
		want   []stroke
	}{
		{"nobody does anything", keeper2026(), submitted, review.Submitted, []stroke{{review.Escalate, endOf("2026-03-16")}}},
		{"accepted, it goes on", keeper2026(), append(steps(ten.Submitted()), say{after: day, act: accept}), review.RegReview, []stroke{{review.Escalate, endOf("2026-03-16")}}},
		// Two days run, then a correction from Wednesday the 4th to Friday the 6th, then the eight days that are left.
		{"it stands still during a correction", keeper2026(), append(steps(ten.Submitted()),
			say{on: startOf("2026-03-04").Add(10 * time.Hour), act: lives.AskCorrection(5)},
			say{on: startOf("2026-03-06").Add(10 * time.Hour), act: lives.Correct("1")},
			say{after: time.Hour, act: accept}), review.RegReview, []stroke{{review.Escalate, endOf("2026-03-18")}}},
		{"it runs on while the unit is talked to", keeper2026(), append(steps(ten.Accepted()), say{after: day, act: breach}), review.ConsultUnit,
			[]stroke{{review.Escalate, endOf("2026-03-16")}}},
		{"by the local rule it stands still while the unit is talked to", keeper2026(), append(steps(paused.Accepted()), say{after: day, act: breach}), review.ConsultUnit, nil},
		{"overdue, and concluded after all", keeper2026(), append(append(steps(ten.Accepted()), say{on: endOf("2026-03-20"), act: lives.Urge(lives.Handler)}), conclude...),
			review.ConcludedPass, []stroke{{review.Escalate, endOf("2026-03-16")}}},
		{"overdue is said once, whatever comes after", keeper2026(), append(steps(ten.Submitted()),
			say{on: endOf("2026-03-20"), act: lives.AskCorrection(5)},
			say{after: day, act: lives.Correct("1")}), review.Submitted, []stroke{{review.Escalate, endOf("2026-03-16")}}},
		{"concluded in time", keeper2026(), append(steps(ten.Accepted()), conclude...), review.ConcludedPass, nil},
		{"a provisional end says nothing", lives.NewKeeper(2025), submitted, review.Submitted, nil},
		{"returned, and a new period with the new submission", keeper2026(), append(steps(ten.CorrectionAsked(2)), say{on: startOf("2026-03-10"), act: lives.Submit()}), review.Submitted,
			[]stroke{{review.ReturnOverdue, endOf("2026-03-04")}, {review.Escalate, endOf("2026-03-24")}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := playUntil(t, tt.keeper, opened.AddDate(0, 2, 0), tt.script...)
			c.done(tt.at)
			c.at(tt.want...)
			if c.timers != 0 {
				t.Errorf("%d timers left running", c.timers)
			}
		})
	}
}

// What is taken back takes its period with it, and brings back the one that ran before.
func TestUndoOfPeriods(t *testing.T) {
	t.Parallel()
	undoAsked := append(steps(today.CorrectionAsked(3)), say{after: time.Hour, act: lives.Undo(lives.Officer)})
	undoBrought := append(steps(today.CorrectionAsked(3)),
		say{after: time.Hour, act: lives.Correct("1")}, say{after: time.Hour, act: lives.Undo(lives.Handler)})
	undoConvened := append(steps(today.Convened(2)), say{after: time.Hour, act: lives.Undo(lives.Officer)})
	for _, tt := range []struct {
		name   string
		script []say
		at     review.Status
		want   []stroke
	}{
		{"a correction that was asked for", undoAsked, review.Submitted, []stroke{{review.Escalate, endOf("2026-03-30")}}},
		{"a correction that was brought", undoBrought, review.Returned, []stroke{{review.ReturnOverdue, endOf("2026-03-05")}}},
		{"a joint review that was convened", undoConvened, review.RegReview, []stroke{{review.Escalate, endOf("2026-03-30")}}},
		{"the next day nothing is taken back", append(steps(today.CorrectionAsked(3)), say{after: day, act: lives.Undo(lives.Officer)}), review.Returned,
			[]stroke{{review.ReturnOverdue, endOf("2026-03-05")}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := playUntil(t, keeper2026(), opened.AddDate(0, 1, 5), tt.script...)
			if got := c.keeper.Last(caseID).Status; got != tt.at {
				t.Errorf("the case stands at %s, want %s: %v", got, tt.at, c.events())
			}
			c.at(tt.want...)
			if c.timers != 0 {
				t.Errorf("%d timers left running", c.timers)
			}
		})
	}
}

// One timer serves the regulator's own period from desk to desk.
func TestOneTimerForOnePeriod(t *testing.T) {
	t.Parallel()
	k := lives.Conclusion("1", review.Meets)
	life := append(today.Accepted(),
		lives.Act(lives.Officer, review.DraftOpinion, review.Details{Conclusion: k}),
		lives.Act(lives.Middle, review.SendSign, review.Details{}))
	c := playUntil(t, keeper2026(), opened.AddDate(0, 0, 5), steps(life)...)
	c.done(review.RegSign)
	if c.began != 1 { // from submission to signature
		t.Errorf("%d timers started, want 1", c.began)
	}
}

// A calendar that makes a period shorter ends it earlier: the timer for its old end is no longer the one that counts.
func TestReclockEarlier(t *testing.T) {
	t.Parallel()
	k := keeper2026()
	k.Fail = func(_ int, r review.Record) error {
		if r.Event.Action.Kind == review.Reclock {
			k.Calendar.Days["2026-03-07"] = true // a Saturday
		}
		return nil
	}
	c := playUntil(t, k, opened.AddDate(0, 0, 20), append(steps(today.CorrectionAsked(5)), say{after: day, reclock: true})...)
	c.done(review.Returned)
	c.at(stroke{review.Reclock, c.event(review.Reclock).At}, stroke{review.ReturnOverdue, endOf("2026-03-07")})
}

// A provisional end that is known too late to be kept ends the period as soon as it is known.
func TestReclockLate(t *testing.T) {
	t.Parallel()
	k := loading(2025)
	late := startOf("2026-03-12").Add(9 * time.Hour)
	c := playUntil(t, k, opened.AddDate(0, 0, 20), append(steps(today.CorrectionAsked(3)), say{on: late, reclock: true})...)
	c.done(review.Returned)
	if e := c.event(review.ReturnOverdue); e.At.Before(late) || e.At.After(late.Add(time.Second)) {
		t.Errorf("returned at %s, want at once", e.At)
	}
}

// An urging moves nothing: the period that runs ends as it would have.
func TestUrgeMovesNothing(t *testing.T) {
	t.Parallel()
	c := playUntil(t, keeper2026(), opened.AddDate(0, 0, 20), append(steps(today.CorrectionAsked(3)),
		say{after: time.Hour, act: lives.Urge(lives.Officer)},
		say{after: 2 * time.Hour, act: lives.Urge(lives.Officer)},
		say{after: 30 * time.Hour, act: lives.Urge(lives.Officer)})...)
	if got, want := c.codes()[7:], []review.Code{"", review.TooSoon, ""}; !slices.Equal(got, want) {
		t.Errorf("codes %q, want %q", got, want)
	}
	c.at(stroke{review.ReturnOverdue, endOf("2026-03-05")})
}
