package workflows

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/workflows/internal/lives"
)

// yearly is an exception until the end of 2028 that is evaluated once a year; it is issued on 2 March 2026.
func yearly() []say { return steps(today.ExceptionIssued()) }

var notices = []stroke{
	{review.ExceptionNotice, startOf("2028-10-02")}, // 90 days before 31 December
	{review.ExceptionNotice, startOf("2028-12-01")},
	{review.ExceptionNotice, startOf("2028-12-24")},
}

// The whole life of an exception, over years and runs: evaluations as planned, notices, the end, the stop.
func TestExceptionLife(t *testing.T) {
	evaluations := []say{{on: startOf("2027-03-15").Add(9 * time.Hour), act: lives.Evaluate()}, {on: startOf("2028-03-20").Add(9 * time.Hour), act: lives.Evaluate()}}
	stop := say{on: endOf("2028-12-31").Add(10 * time.Hour), act: lives.Stop()}
	evaluated := []stroke{{review.EvaluationDue, startOf("2027-03-02")}, {review.EvaluationDue, startOf("2028-03-15")}}
	end := stroke{review.ExceptionEnds, endOf("2028-12-31")}
	fortnight := lives.NewToday()
	fortnight.Exception.Until = "2026-03-20"
	condition := lives.NewToday()
	condition.Exception.Until, condition.Exception.Condition = "", "应急状态解除"
	script := func(parts ...[]say) []say { return slices.Concat(parts...) }
	for _, tt := range []struct {
		name   string
		script []say
		at     review.Status
		want   []stroke
	}{
		{"evaluated, noticed, ended, stopped", script(yearly(), evaluations, []say{stop}), review.Ceased, strokes(evaluated, notices, []stroke{end})},
		{"an evaluation that nobody makes is asked for once", script(yearly(), []say{stop}), review.Ceased, strokes(evaluated[:1], notices, []stroke{end})},
		{"ended, and nobody registers the stop", script(yearly(), evaluations), review.ExceptionDue, strokes(evaluated, notices, []stroke{end})},
		{"an early evaluation moves the next", script(yearly(), []say{{on: startOf("2026-10-01"), act: lives.Evaluate()}, evaluations[1]}), review.ExceptionDue,
			strokes([]stroke{{review.EvaluationDue, startOf("2027-10-01")}}, notices, []stroke{end})}, // from 20 March 2028 on the next would come after the end
		{"carried on before the end", script(yearly(), evaluations, []say{{on: startOf("2028-12-10"), act: lives.Extend()}}), review.Extended, strokes(evaluated, notices[:2])},
		{"the issuer stops earlier", script(yearly(), []say{{on: startOf("2026-12-10"), act: lives.ConditionMet()}, {after: day, act: lives.Stop()}}), review.Ceased, nil},
		{"what lies before the issue needs no notice", steps(fortnight.ExceptionIssued()), review.ExceptionDue,
			[]stroke{{review.ExceptionNotice, startOf("2026-03-13")}, {review.ExceptionEnds, endOf("2026-03-20")}}},
		{"a condition has no end of its own", script(steps(condition.ExceptionIssued()), evaluations[:1]), review.IssuedException,
			[]stroke{{review.EvaluationDue, startOf("2027-03-02")}, {review.EvaluationDue, startOf("2028-03-15")}}},
		{"a condition that is met", script(steps(condition.ExceptionIssued()), []say{{on: startOf("2026-08-10"), act: lives.ConditionMet()}, {after: day, act: lives.Stop()}}), review.Ceased, nil},
		{"an existing measure kept under it", script(steps(today.ExistingByException()), evaluations, []say{stop}), review.Ceased, strokes(evaluated, notices, []stroke{end})},
	} {
		for _, often := range []bool{false, true} { // a new run whenever one can be
			t.Run(fmt.Sprint(tt.name, " ", often), func(t *testing.T) {
				t.Parallel()
				c := &chain{t: t, keeper: keeper2026(), script: slices.Clone(tt.script), now: opened, until: opened.AddDate(4, 0, 0), input: Input{Case: review.Case{ID: caseID}}}
				c.prepare = func(env *testsuite.TestWorkflowEnvironment) { env.SetContinueAsNewSuggested(often) }
				c.run()
				c.done(tt.at)
				c.at(tt.want...)
				if c.timers != 0 {
					t.Errorf("%d timers left running", c.timers)
				}
				i := slices.Index(c.types, "Exception")
				if i < 1 || slices.Contains(c.types[i:], "Review") {
					t.Errorf("runs %v: Review does not hand over to Exception for good", c.types)
				}
				if !often && i != 1 {
					t.Errorf("runs %v, want one Review", c.types)
				}
				if often && len(c.types) < len(c.keeper.Records(caseID))-1 {
					t.Errorf("%d runs for %d acts", len(c.types), len(c.keeper.Records(caseID)))
				}
			})
		}
	}
}

func strokes(parts ...[]stroke) []stroke { return slices.Concat(parts...) }

// The case goes from Review to Exception with all it knows: a request that was done before is answered again and not done
// again, and so on from run to run.
func TestExceptionTakesOver(t *testing.T) {
	t.Parallel()
	script := yearly()
	issue := len(script) - 1
	script[issue].request = "the issue"
	script = append(script,
		say{after: day, act: script[issue].act, request: "the issue"},
		say{after: day, act: lives.Evaluate(), request: "an evaluation"},
		say{after: day, act: lives.Evaluate()}, say{after: day, act: lives.Evaluate()}, say{after: day, act: lives.Evaluate()},
		say{after: day, act: lives.Evaluate(), request: "an evaluation"},
		say{after: day, act: script[issue].act, request: "the issue", digest: "another content"},
		say{after: day, act: lives.Evaluate()})
	c := playUntil(t, keeper2026(), opened.AddDate(0, 6, 0), script...)
	c.done(review.IssuedException)
	if want := []string{"Review", "Exception", "Exception"}; !slices.Equal(c.types, want) { // after four acts
		t.Fatalf("runs %v, want %v", c.types, want)
	}
	if n := len(c.inputs[0].Seen); n != issue+1 {
		t.Errorf("%d requests handed over, want %d", n, issue+1)
	}
	if c.answers[issue+1].receipt != c.answers[issue].receipt || c.answers[issue+6].receipt != c.answers[issue+2].receipt {
		t.Error("a request that came again got another answer")
	}
	if got := c.answers[issue+7].receipt.Digest; got != lives.Hash("the issue") {
		t.Errorf("the other content got digest %s", got)
	}
	if got := len(c.keeper.Last(caseID).Sunset.Done); got != 5 {
		t.Errorf("%d evaluations, want 5", got)
	}
}

// What Exception forgot it takes over from the record, as Review does.
func TestExceptionForgets(t *testing.T) {
	t.Parallel()
	k := keeper2026()
	script := append(yearly(), say{after: day, look: forget(t, k, "lost", lives.Evaluate(), opened.AddDate(0, 0, 1))},
		say{after: day, act: lives.Evaluate(), request: "lost", seen: 8},
		say{after: day, sync: true},
		say{after: day, act: lives.Evaluate()})
	c := playUntil(t, k, opened.AddDate(0, 6, 0), script...)
	c.done(review.IssuedException)
	if got := len(k.Last(caseID).Sunset.Done); got != 2 {
		t.Errorf("%d evaluations, want 2: %v", got, c.events())
	}
}

// An exception of the first revision stays in Review, without notices.
func TestOldExceptionStays(t *testing.T) {
	t.Parallel()
	c := play(t, lives.NewKeeper(2026), append(steps(lives.ExceptionIssued()), say{on: endOf("2029-01-10"), act: lives.Stop()})...)
	c.done(review.Ceased)
	if want := []string{"Review", "Review"}; !slices.Equal(c.types, want) {
		t.Errorf("runs %v, want %v", c.types, want)
	}
	c.at(stroke{review.ExceptionEnds, endOf("2028-12-31")})
}
