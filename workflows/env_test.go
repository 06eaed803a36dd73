package workflows

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/workflows/internal/lives"
)

// opened is when the cases of these tests open: a Monday, 9:00 in China.
var opened = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// caseID is the case of these tests; each has an environment of its own.
const caseID = "5d1f7c3e-0000-4000-8000-000000000001"

// say is one thing that happens in a test: after a while, somebody acts, or something is looked at.
type say struct {
	after   time.Duration
	on      time.Time // instead of after
	act     review.Action
	request string // "": one of its own
	digest  string
	seen    int    // 0: the version last saved
	look    func() // instead of an act
	sync    bool   // instead of an act
	reclock bool   // instead of an act
	at      []say  // more acts, at the same moment
}

// answer is how an act went.
type answer struct {
	receipt review.Receipt
	err     error
	refused bool // by the validator
	at      time.Time
}

// tester is what a chain needs of a *testing.T or a *rapid.T.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// chain plays a script through one case, in skipped time and through as many runs as the case takes, each started from
// what the run before carried over.
type chain struct {
	t       tester
	keeper  *lives.Keeper
	script  []say
	input   Input
	now     time.Time
	runs    int
	types   []string // of workflow, run by run
	started []alarm  // in this run
	began   int      // timers of periods, in all runs together
	timers  int      // started and neither fired nor taken back, in all runs together
	answers []answer
	err     error
	inputs  []Input // that later runs started from
	until   time.Time
	prepare func(*testsuite.TestWorkflowEnvironment) // may be nil
}

// play plays the script and returns when the case has closed, or after a hundred years.
func play(t tester, k *lives.Keeper, script ...say) *chain {
	t.Helper()
	return playUntil(t, k, opened.AddDate(100, 0, 0), script...)
}

// playUntil stops at an instant, whatever the case is doing.
func playUntil(t tester, k *lives.Keeper, until time.Time, script ...say) *chain {
	t.Helper()
	return playFrom(t, k, opened, until, script...)
}

// playFrom starts at an instant.
func playFrom(t tester, k *lives.Keeper, from, until time.Time, script ...say) *chain {
	t.Helper()
	c := &chain{t: t, keeper: k, script: script, now: from, until: until, input: Input{Case: review.Case{ID: caseID}}}
	c.run()
	return c
}

// steps makes a script of a life's acts: the first opens the case, the others follow an hour apart.
func steps(life []review.Action) []say {
	var out []say
	for i, a := range life {
		out = append(out, say{after: time.Duration(min(i, 1)) * time.Hour, act: a})
	}
	return out
}

func (c *chain) run() {
	c.t.Helper()
	name := reviewName
	for {
		c.runs++
		c.types = append(c.types, name)
		env := c.env()
		c.next(env)
		env.ExecuteWorkflow(name, c.input)
		c.now = env.Now()
		c.timers += len(c.running())
		c.started = nil
		if !env.IsWorkflowCompleted() {
			c.t.Fatal("the workflow did not end")
		}
		c.err = env.GetWorkflowError()
		var again *workflow.ContinueAsNewError
		if !errors.As(c.err, &again) {
			return
		}
		var in Input
		if err := converter.GetDefaultDataConverter().FromPayloads(again.Input, &in); err != nil {
			c.t.Fatal(err)
		}
		c.input, name = in, again.WorkflowType.Name
		c.inputs = append(c.inputs, in)
	}
}

func (c *chain) env() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(c.now)
	env.SetTestTimeout(30 * time.Second)
	env.SetWorkflowRunTimeout(c.until.Sub(c.now))
	env.RegisterWorkflowWithOptions(Review, workflow.RegisterOptions{Name: reviewName})
	env.RegisterWorkflowWithOptions(Exception, workflow.RegisterOptions{Name: exceptionName})
	env.RegisterActivityWithOptions(c.keeper.Save, activity.RegisterOptions{Name: saveName})
	env.RegisterActivityWithOptions(c.keeper.Load, activity.RegisterOptions{Name: loadName})
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&watch{c: c}}})
	if c.prepare != nil {
		c.prepare(env)
	}
	return env
}

// alarm is a timer that a workflow started.
type alarm struct {
	ctx workflow.Context
	workflow.Future
}

// running are the timers of this run that have neither fired nor been taken back.
func (c *chain) running() []alarm {
	return slices.DeleteFunc(slices.Clone(c.started), func(a alarm) bool { return a.IsReady() || a.ctx.Err() != nil })
}

// watch sees every timer start. The environment itself tells of none that is taken back as the run ends.
type watch struct {
	interceptor.WorkerInterceptorBase
	c *chain
}

func (w *watch) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &inbound{c: w.c}
	in.Next = next
	return in
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
	c *chain
}

func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	out := &outbound{c: i.c}
	out.Next = next
	return i.Next.Init(out)
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	c *chain
}

func (o *outbound) NewTimerWithOptions(ctx workflow.Context, d time.Duration, opts workflow.TimerOptions) workflow.Future {
	f := o.Next.NewTimerWithOptions(ctx, d, opts)
	o.c.started = append(o.c.started, alarm{ctx, f})
	if d > openingWait {
		o.c.began++
	}
	return f
}

// next sends the next thing of the script when its time has come, and then the one after it.
func (c *chain) next(env *testsuite.TestWorkflowEnvironment) {
	if len(c.script) == 0 {
		return
	}
	s := c.script[0]
	if !s.on.IsZero() {
		s.after = s.on.Sub(env.Now())
	}
	env.RegisterDelayedCallback(func() {
		if len(c.script) == 0 || env.IsWorkflowCompleted() {
			return
		}
		c.script = c.script[1:]
		if s.look != nil {
			s.look()
			c.next(env)
			return
		}
		if s.sync {
			env.UpdateWorkflow(syncName, "sync", &testsuite.TestUpdateCallback{OnAccept: func() {}, OnReject: func(err error) { c.t.Fatal(err) },
				OnComplete: func(any, error) { c.next(env) }}, 1000) // whatever it knows, the record may know more
			return
		}
		all := append([]say{}, s.at...)
		if s.act.Kind != "" || s.reclock {
			all = append(all, s)
		}
		left := len(all)
		for _, one := range all {
			c.send(env, one, func() {
				if left--; left == 0 {
					c.next(env)
				}
			})
		}
	}, max(s.after, time.Millisecond))
}

func (c *chain) send(env *testsuite.TestWorkflowEnvironment, s say, done func()) {
	req := review.Request{ID: s.request, Digest: s.digest}
	if req.ID == "" {
		req.ID = fmt.Sprintf("request-%d", len(c.answers))
	}
	if req.Digest == "" {
		req.Digest = lives.Hash(req.ID)
	}
	seen := s.seen
	if seen == 0 {
		seen = c.keeper.Last(caseID).Version
	}
	i := len(c.answers)
	c.answers = append(c.answers, answer{})
	back := &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) {
			c.answers[i] = answer{err: err, refused: true, at: env.Now()}
			done()
		},
		OnComplete: func(v any, err error) {
			c.answers[i] = answer{err: err, at: env.Now()}
			if r, ok := v.(review.Receipt); ok {
				c.answers[i].receipt = r
			}
			done()
		},
	}
	if s.reclock {
		env.UpdateWorkflow(reclockName, req.ID, back, seen)
		return
	}
	env.UpdateWorkflow(actName, req.ID, back, Act{Request: req, Action: lives.At(s.act, seen, env.Now())})
}

// codes are the refusals in the order of the acts; "" is an act that was done.
func (c *chain) codes() []review.Code {
	var out []review.Code
	for _, a := range c.answers {
		var app *temporal.ApplicationError
		switch {
		case a.err == nil:
			out = append(out, "")
		case errors.As(a.err, &app):
			out = append(out, review.Code(app.Type()))
		default:
			out = append(out, review.Code(a.err.Error()))
		}
	}
	return out
}

// done fails the test unless every act of the script was done, the case stands where it should, and no timer is left
// running but the one it waits for.
func (c *chain) done(want review.Status) {
	c.t.Helper()
	for i, code := range c.codes() {
		if code != "" {
			c.t.Fatalf("act %d was refused: %v", i, c.answers[i].err)
		}
	}
	c.once()
	var late *temporal.TimeoutError
	if c.err != nil && (!errors.As(c.err, &late) || want.Closed()) {
		c.t.Fatalf("workflow: %v", c.err)
	}
	if got := c.keeper.Last(caseID).Status; got != want {
		c.t.Fatalf("the case stands at %s, want %s", got, want)
	}
	if want.Closed() && c.timers != 0 {
		c.t.Errorf("%d timers left behind", c.timers)
	}
}

// once fails the test when two records have one request: the record keeper would refuse the second as a key used again.
func (c *chain) once() {
	c.t.Helper()
	seen := map[string]review.ActionKind{}
	for _, r := range c.keeper.Records(caseID) {
		if kind, again := seen[r.Request.ID]; again {
			c.t.Errorf("%s has the request of %s", r.Event.Action.Kind, kind)
		}
		seen[r.Request.ID] = r.Event.Action.Kind
	}
}

// events are what was recorded, as "kind status".
func (c *chain) events() []string {
	var out []string
	for _, r := range c.keeper.Records(caseID) {
		out = append(out, string(r.Event.Action.Kind)+" "+string(r.Event.To))
	}
	return out
}

// all are the records of a kind.
func (c *chain) all(kind review.ActionKind) []review.Event {
	var found []review.Event
	for _, r := range c.keeper.Records(caseID) {
		if r.Event.Action.Kind == kind {
			found = append(found, r.Event)
		}
	}
	return found
}

// event is the only record of a kind; the test fails when there is none or more than one.
func (c *chain) event(kind review.ActionKind) review.Event {
	c.t.Helper()
	found := c.all(kind)
	if len(found) != 1 {
		c.t.Fatalf("%d records of %s, want 1: %v", len(found), kind, c.events())
	}
	return found[0]
}
