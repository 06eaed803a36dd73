package workflows

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// histories are the recorded runs (see internal/record). They are added to and never edited: each stands for cases that
// are open out there.
func histories(t *testing.T) map[string]*historypb.History {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded histories: %v", err)
	}
	out := map[string]*historypb.History{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		h, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
		f.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[strings.TrimSuffix(filepath.Base(name), ".json")] = h
	}
	return out
}

func testCodec(t *testing.T) *Codec {
	t.Helper()
	text, err := os.ReadFile("testdata/key.txt")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ParseKeys(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCodec(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The workflow of today goes the way of every recorded history.
func TestReplay(t *testing.T) {
	codec := testCodec(t)
	for name, h := range histories(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
				DataConverter:               DataConverter(codec),
				FailureConverter:            FailureConverter(codec),
				DisableRegistrationAliasing: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			r.RegisterWorkflowWithOptions(Review, workflow.RegisterOptions{Name: reviewName})
			r.RegisterWorkflowWithOptions(Exception, workflow.RegisterOptions{Name: exceptionName})
			r.RegisterWorkflowWithOptions(Notify, workflow.RegisterOptions{Name: notifyName})
			began := h.Events[0].GetWorkflowExecutionStartedEventAttributes()
			err = r.ReplayWorkflowHistoryWithOptions(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), h, worker.ReplayWorkflowHistoryOptions{
				OriginalExecution: workflow.Execution{ID: began.GetWorkflowId(), RunID: began.GetOriginalExecutionRunId()},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// Every timer that was started has fired or was taken back, but the one that a running case waits for.
func TestNoTimerLeftBehind(t *testing.T) {
	for name, h := range histories(t) {
		open, want := 0, 0
		for _, e := range h.Events {
			switch e.GetEventType() {
			case enumspb.EVENT_TYPE_TIMER_STARTED:
				open++
			case enumspb.EVENT_TYPE_TIMER_FIRED, enumspb.EVENT_TYPE_TIMER_CANCELED:
				open--
			}
		}
		if last := h.Events[len(h.Events)-1].GetEventType(); last == enumspb.EVENT_TYPE_TIMER_STARTED {
			want = 1
		}
		if open != want {
			t.Errorf("%s: %d clocks are running, want %d", name, open, want)
		}
	}
}

// What an act costs is fixed: six events in its one workflow task, and one more when Temporal's index is told (see desk). A
// change of these numbers is a decision.
func TestEventsPerLife(t *testing.T) {
	want := map[string]int{
		"department-pass.1.run1":    41, // six acts
		"department-amend.1.run1":   41, // six, carried over
		"department-amend.1.run2":   35, // five
		"government-amend.1.run1":   148,
		"government-amend.1.run2":   16,
		"correction-running.1.run1": 47, // seven and the clock
		"exception-running.1.run1":  41,
		"exception-running.1.run2":  5,
		"existing-kept.1.run1":      28,
		"withdrawn.1.run1":          28,

		"r2-department-pass.1.run1":             54, // eight acts: the legality review has two
		"r2-department-amend.1.run1":            41,
		"r2-department-amend.1.run2":            48,
		"r2-government-amend.1.run1":            160, // one act more than the first revision's (the middle step), and three timers of the regulator's own period
		"r2-government-amend.1.run2":            28,  // delivery and the result of the legality review
		"r2-correction-running.1.run1":          49,
		"r2-correction-missed.1.run1":           56, // seven acts, and the return by the timer
		"r2-correction-missed.1.run2":           31,
		"r2-correction-missed.1.run3":           18,  // with a workflow task of its own: the act came as the run began
		"r2-undo.1.run1":                        116, // fifteen acts and seven timers
		"r2-undo.1.run2":                        15,
		"r2-exception-running.1.run1":           54,
		"r2-exception-running.1.run2":           5, // the hand-over to Exception
		"r2-exception-life.1.run1":              54,
		"r2-exception-life.1.run2":              41,
		"r2-exception-life.1.run3":              9,
		"r2-existing-exception-extended.1.run1": 28,
		"r2-existing-exception-extended.1.run2": 11,
		"r2-existing-kept.1.run1":               28,
		"r2-reclock.1.run1":                     53,

		"notify.1.run1": 149, // a day: 24 runs of Drain at six events, start and end
	}
	have := histories(t)
	for name, n := range want {
		if got := len(have[name].GetEvents()); got != n {
			t.Errorf("%s: %d events, want %d", name, got, n)
		}
	}
}

// Nothing of a case is readable in a history but the search attributes.
func TestHistoriesAreEncrypted(t *testing.T) {
	for name, h := range histories(t) {
		seen := 0
		err := proxy.VisitPayloads(t.Context(), h, proxy.VisitPayloadsOptions{
			SkipSearchAttributes: true,
			Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
				for _, p := range payloads {
					seen++
					if got := string(p.GetMetadata()[converter.MetadataEncoding]); got != encodingEncrypted {
						t.Errorf("%s: a payload is %s", name, got)
					}
				}
				return payloads, nil
			},
		})
		if err != nil || seen == 0 {
			t.Errorf("%s: %d payloads, %v", name, seen, err)
		}
	}
}
