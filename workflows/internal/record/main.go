// Record runs lives of cases against a real Temporal and writes their histories, one file a run, for the replay tests
// of package workflows. It starts fairreview-local in a folder of its own, unless it is given an address.
//
//	go run ./workflows/internal/record -out workflows/testdata
//
// A history that has landed is never recorded again or edited: it stands for the cases that are open out there. After a
// change of the workflow, record under a new -label beside the old ones; -lives chooses by name.
//
//	go run ./workflows/internal/record -lives '^r2-'
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/workflows"
	"github.com/fairreview/fairreview/workflows/internal/lives"
)

func main() {
	address := flag.String("address", "", "address of a Temporal; empty: start one")
	namespace := flag.String("namespace", "fairreview", "namespace")
	local := flag.String("local", "bin/fairreview-local", "program that starts one")
	out := flag.String("out", "workflows/testdata", "folder to write to; holds key.txt")
	label := flag.String("label", "1", "goes into the file names; a new one for every change of the workflow")
	which := flag.String("lives", ".", "regular expression: the lives to record")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if err := run(ctx, *address, *namespace, *local, *out, *label, *which); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address, namespace, local, out, label, which string) error {
	chosen, err := regexp.Compile(which)
	if err != nil {
		return err
	}
	if address == "" {
		var stop func()
		var err error
		if address, stop, err = start(local); err != nil {
			return err
		}
		defer stop()
	}
	text, err := os.ReadFile(filepath.Join(out, "key.txt"))
	if err != nil {
		return err
	}
	keys, err := workflows.ParseKeys(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	codec, err := workflows.NewCodec(keys...)
	if err != nil {
		return err
	}
	temporal, err := client.DialContext(ctx, client.Options{HostPort: address, Namespace: namespace,
		Logger:        log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		DataConverter: workflows.DataConverter(codec), FailureConverter: workflows.FailureConverter(codec)})
	if err != nil {
		return err
	}
	defer temporal.Close()
	if err := workflows.EnsureSearchAttributes(ctx, temporal, namespace); err != nil {
		return err
	}
	keeper := lives.NewKeeper(time.Now().Year(), time.Now().Year()+1)
	w := worker.New(temporal, workflows.TaskQueue, workflows.WorkerOptions())
	w.RegisterWorkflowWithOptions(workflows.Review, workflow.RegisterOptions{Name: "Review"})
	w.RegisterWorkflowWithOptions(workflows.Exception, workflow.RegisterOptions{Name: "Exception"})
	w.RegisterActivityWithOptions(keeper.Save, activity.RegisterOptions{Name: "Save"})
	w.RegisterActivityWithOptions(keeper.Load, activity.RegisterOptions{Name: "Load"})
	workflows.RegisterNotify(w, nil)
	w.RegisterActivityWithOptions(func(context.Context) error { return nil }, activity.RegisterOptions{Name: "Drain"})
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()

	c := &workflows.Client{Temporal: temporal}
	for i, life := range append(first(), second()...) {
		if !chosen.MatchString(life.name) {
			continue
		}
		id := fmt.Sprintf("00000000-0000-4000-8000-%012d", time.Now().Unix()%1e9*1000+int64(i))
		if err := life.play(ctx, c, keeper, id); err != nil {
			return fmt.Errorf("%s: %w", life.name, err)
		}
		if err := write(ctx, temporal, id, life.running, filepath.Join(out, life.name+"."+label)); err != nil {
			return fmt.Errorf("%s: %w", life.name, err)
		}
	}
	if !chosen.MatchString("notify") {
		return nil
	}
	return notify(ctx, temporal, filepath.Join(out, "notify."+label))
}

// notify records one run of the workflow that delivers notices, from its start to the next run.
func notify(ctx context.Context, temporal client.Client, path string) error {
	if err := workflows.StartNotify(ctx, temporal); err != nil {
		return err
	}
	h := &historypb.History{}
	for events := temporal.GetWorkflowHistory(ctx, workflows.NotifyID, "", true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		e, err := events.Next()
		if err != nil {
			return err
		}
		if h.Events = append(h.Events, e); e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW {
			break
		}
	}
	if err := temporal.TerminateWorkflow(ctx, workflows.NotifyID, "", "recorded"); err != nil {
		return err
	}
	return put(h, path+".run1.json")
}

// first are lives of cases that opened under the procedure's first revision.
func first() []life {
	return []life{
		{name: "department-pass", acts: lives.DepartmentPass()},
		{name: "department-amend", acts: lives.DepartmentAmend()},
		{name: "government-amend", acts: lives.GovernmentAmend()},
		{name: "correction-running", acts: lives.CorrectionAsked(5), running: 1},
		{name: "exception-running", acts: lives.ExceptionIssued(), running: 1},
		{name: "existing-kept", acts: lives.ExistingKept()},
		{name: "withdrawn", acts: lives.Withdrawn()},
		{name: "act-forgotten", acts: lives.DepartmentPass(), forgotten: 3},
		{name: "record-away", acts: lives.DepartmentPass(), away: 3},
	}
}

// second are lives of cases that opened under its second.
func second() []life {
	today := lives.NewToday()
	away := []review.Action{
		lives.Act(lives.Handler, review.AskWithdraw, review.Details{Reason: "上级统一出台"}),
		lives.Act(lives.Head, review.Withdraw, review.Details{}),
	}
	escalated := func(c review.Case) bool { return c.Review != nil && c.Review.Past }
	missed := append(today.CorrectionAsked(3), lives.Submit(), lives.Urge(lives.Handler), lives.Act(lives.Handler, review.Recall, review.Details{}))
	undone := append(today.Undone(), lives.Act(lives.Handler, review.AskRecall, review.Details{Reason: "内容需要调整"}),
		lives.Act(lives.Officer, review.AgreeRecall, review.Details{}))
	return []life{
		{name: "r2-department-pass", acts: today.DepartmentPass()},
		{name: "r2-department-amend", acts: today.DepartmentAmend()},
		{name: "r2-government-amend", acts: today.GovernmentAmend()},
		{name: "r2-correction-running", acts: today.CorrectionAsked(5), running: 2},
		// The correction's period ends, then the regulator's own.
		{name: "r2-correction-missed", acts: append(missed, away...), short: 2 * time.Second, after: map[int]func(review.Case) bool{
			7: func(c review.Case) bool { return c.Status == review.Returned }, 9: escalated}},
		{name: "r2-undo", acts: append(undone, away...)},
		{name: "r2-exception-running", acts: today.ExceptionIssued(), running: 1},
		{name: "r2-exception-life", acts: append(today.ExceptionIssued(), lives.Evaluate(), lives.Evaluate(), lives.Evaluate(), lives.Evaluate(), lives.Evaluate(),
			lives.ConditionMet(), lives.Stop())},
		{name: "r2-existing-exception-extended", acts: append(today.ExistingByException(), lives.Extend())},
		{name: "r2-existing-kept", acts: today.ExistingKept()},
		{name: "r2-reclock", acts: today.CorrectionAsked(5), running: 1, reclocked: true},
	}
}

// life is what happens to one case.
type life struct {
	name      string
	acts      []review.Action
	running   int  // the timer that runs at the end, counted in its run from 1; 0: the case is closed then
	forgotten int  // act that reaches the record and not the workflow; 0: none
	away      int  // act at which the record is away for longer than a local activity waits; 0: none
	reclocked bool // the calendar is there only after the last act

	short time.Duration                  // how long periods are; 0: as the calendar says
	after map[int]func(review.Case) bool // what time has to have done before an act
}

// play does the acts one after another, as people would.
func (l life) play(ctx context.Context, c *workflows.Client, keeper *lives.Keeper, id string) error {
	seen := 0
	keeper.Short = l.short
	years := keeper.Calendar.Years
	if l.reclocked {
		keeper.Calendar.Years = map[int]bool{}
	}
	for i, a := range l.acts {
		if done := l.after[i]; done != nil {
			for !done(keeper.Last(id)) {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(20 * time.Millisecond):
				}
			}
			seen = keeper.Last(id).Version
		}
		request := review.Request{ID: lives.Hash(fmt.Sprint(id, "/", i))}
		request.Digest = request.ID
		a = lives.At(a, seen, time.Now())
		do := c.Act
		switch i {
		case 0:
			do = c.Open
		case l.forgotten:
			do = func(ctx context.Context, _ string, r review.Request, a review.Action) (review.Receipt, error) {
				next, e, err := review.Apply(keeper.Last(id), a, time.Now())
				if err == nil {
					_, err = keeper.Save(ctx, review.Record{Case: next, Event: e, Request: r})
				}
				return review.Receipt{Version: next.Version}, err
			}
		case l.away:
			back := time.Now().Add(2500 * time.Millisecond)
			keeper.Fail = func(int, review.Record) error {
				if time.Now().Before(back) {
					return errors.New("the record is away")
				}
				return nil
			}
		}
		got, err := do(ctx, id, request, a)
		if err != nil {
			return fmt.Errorf("act %d (%s): %w", i, a.Kind, err)
		}
		seen = got.Version
	}
	if !l.reclocked {
		return nil
	}
	keeper.Calendar.Years = years
	_, err := c.Reclock(ctx, id, seen)
	return err
}

// write saves the history of every run of a case, the first run first; of a running one up to the start of its
// n-th timer.
func write(ctx context.Context, temporal client.Client, id string, running int, path string) error {
	var runs []*historypb.History
	for run := ""; ; {
		h := &historypb.History{}
		events := temporal.GetWorkflowHistory(ctx, workflows.WorkflowID(id), run, running > 0, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			e, err := events.Next()
			if err != nil {
				return err
			}
			h.Events = append(h.Events, e)
			if e.GetEventType() == enumspb.EVENT_TYPE_TIMER_STARTED && running > 0 {
				if running--; running == 0 {
					break
				}
			}
		}
		running = 0
		runs = append([]*historypb.History{h}, runs...)
		if run = h.Events[0].GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId(); run == "" {
			break
		}
	}
	for i, h := range runs {
		if err := put(h, fmt.Sprintf("%s.run%d.json", path, i+1)); err != nil {
			return err
		}
	}
	return nil
}

// put writes one history.
func put(h *historypb.History, name string) error {
	text, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(h)
	if err != nil {
		return err
	}
	if err := os.WriteFile(name, append(text, '\n'), 0o600); err != nil {
		return err
	}
	fmt.Printf("%s: %d events\n", name, len(h.Events))
	return nil
}

// start runs the local services in a folder that goes away with them.
func start(program string) (address string, stop func(), err error) {
	dir, err := os.MkdirTemp("", "record")
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command(program, "-data", dir, "-with-parent")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = in.Close()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	var ready struct{ TemporalAddress string }
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err = errors.Join(err, json.Unmarshal(line, &ready)); err != nil {
		stop()
		return "", nil, err
	}
	return ready.TemporalAddress, stop, nil
}
