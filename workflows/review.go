// Package workflows is Temporal and nothing else: one workflow, Review, is one case from opening to archive. The rules
// are in package review, the record is in PostgreSQL; here is only who waits for whom, which clock runs, and the order
// of events. The one rule: the case changes only after its record was saved.
package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/fairreview/fairreview/review"
)

// Input is what a run of Review starts from: at first the case's id alone, later the case as the last run left it.
type Input struct {
	Case review.Case `json:"case"`
	Seen []Answered  `json:"seen,omitempty"`
}

// openingWait is how long a workflow waits for the action that opens its case. The action comes with the start; a
// workflow without it belongs to an opening that was refused or lost. Unless the record knows better, it fails, so that
// it can be started again.
const openingWait = 10 * time.Second

// Review is one case from opening to archive. People act through the update in update.go; here is whose turn it is
// and which period ends by itself. A case ends by an act of the procedure and in no other way, so a request to
// cancel the workflow is not heard.
func Review(ctx workflow.Context, in Input) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	p := &process{Case: in.Case, Seen: in.Seen, began: in.Case.Version, lock: workflow.NewMutex(ctx)}
	if err := p.listen(ctx); err != nil {
		return err
	}
	if err := p.opening(ctx); err != nil {
		return err
	}
	return p.live(ctx, p.stage)
}

// live runs stage after stage until the case is closed, and carries it on in a fresh run where one is due.
func (p *process) live(ctx workflow.Context, stage func(workflow.Context) error) error {
	for !p.Case.Status.Closed() {
		if p.restful(ctx) {
			p.halt()
			if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
				return err
			}
			if p.restful(ctx) { // still, after what came in meanwhile
				return workflow.NewContinueAsNewError(ctx, p.next(), Input{Case: p.Case, Seen: p.Seen})
			}
			continue
		}
		if err := stage(ctx); err != nil {
			return err
		}
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// next is the workflow that carries the case on: an exception in force has its own.
func (p *process) next() string {
	if p.Case.Sunset != nil {
		return exceptionName
	}
	return reviewName
}

// stage runs the stage that the case is in until the case moves on.
func (p *process) stage(ctx workflow.Context) error {
	switch p.Case.Status {
	case review.Drafting, review.SelfReview, review.UnitCheck:
		return p.selfReview(ctx)
	case review.UnitSign:
		return p.unitSignature(ctx)
	case review.PrelimDone, review.Submitted:
		return p.submission(ctx)
	case review.CorrectionAsked:
		return p.correction(ctx)
	case review.Suspended:
		return p.suspension(ctx)
	case review.Returned:
		return p.returned(ctx)
	case review.RegReview:
		return p.regulatorReview(ctx)
	case review.JointReview:
		return p.jointReview(ctx)
	case review.ExpertReview:
		return p.expertPanel(ctx)
	case review.ConsultUnit:
		return p.consultation(ctx)
	case review.RegCheck, review.RegSign:
		return p.signing(ctx)
	case review.Revising, review.ConcludedFail:
		return p.revising(ctx)
	case review.ConcludedPass, review.ConcludedException, review.Legality:
		return p.afterConclusion(ctx)
	case review.IssuedException, review.KeptException:
		return p.sunset(ctx)
	case review.ExceptionDue:
		return p.stopping(ctx)
	case review.Inventoried, review.StockReview, review.StockSign, review.StockConfirm:
		return p.stock(ctx)
	case review.ToRevise, review.ToRepeal, review.SuspendedExec:
		return p.stockDecided(ctx)
	}
	return temporal.NewNonRetryableApplicationError("no stage for status "+string(p.Case.Status), "stage", nil)
}

// opening waits for the action that opens the case. It comes with the start, so nearly always it is there already and
// no timer is needed.
func (p *process) opening(ctx workflow.Context) error {
	err := workflow.Await(ctx, func() bool { return p.Case.Version > 0 || workflow.AllHandlersFinished(ctx) })
	if err != nil || p.Case.Version > 0 {
		return err
	}
	timer, stop := p.timer(ctx, openingWait, "等待立案")
	defer stop()
	err = workflow.Await(ctx, func() bool {
		return p.Case.Version > 0 || timer.IsReady() && workflow.AllHandlersFinished(ctx)
	})
	if err != nil || p.Case.Version > 0 {
		return err
	}
	if _, err := p.catchUp(ctx, ""); err != nil {
		return err
	}
	if p.Case.Version == 0 {
		return temporal.NewNonRetryableApplicationError("the case was never opened", "unopened", nil)
	}
	return nil
}

// selfReview: the handler drafts, hears opinions and answers the items, the review body checks (条例 8-13, 16; 办法 5,
// 27, 28). The unit's own pace; no period runs.
func (p *process) selfReview(ctx workflow.Context) error { return p.wait(ctx) }

// unitSignature: the head of the review body concludes on the department route, signs the preliminary opinion on the
// government route, or sends back (条例 13, 14; 办法 5).
func (p *process) unitSignature(ctx workflow.Context) error { return p.wait(ctx) }

// submission: the handler submits, the regulator's officer accepts, asks for a correction or suspends (办法 30, 31).
func (p *process) submission(ctx workflow.Context) error { return p.wait(ctx) }

// correction: the handler brings what was asked for within the period; not done in time, the case is returned (办法 31).
func (p *process) correction(ctx workflow.Context) error { return p.wait(ctx) }

// suspension: the handler hears opinions or reopens; with a period set, the case is returned at its end (办法 31).
func (p *process) suspension(ctx workflow.Context) error { return p.wait(ctx) }

// returned: the handler submits again or reopens the self-review.
func (p *process) returned(ctx workflow.Context) error { return p.wait(ctx) }

// regulatorReview: the officer reviews, and convenes, calls a panel, puts a breach to the unit or drafts (办法 33).
func (p *process) regulatorReview(ctx workflow.Context) error { return p.wait(ctx) }

// jointReview: every seat answers for itself; at the end of the period silence is recorded as silence and late answers
// are still taken, until the officer closes (条例 15; local rule).
func (p *process) jointReview(ctx workflow.Context) error { return p.wait(ctx) }

// expertPanel: experts give sealed opinions; at the end of the period the officer may open what there is, if the quorum
// has answered (办法 35; local rule).
func (p *process) expertPanel(ctx workflow.Context) error { return p.wait(ctx) }

// consultation: the handler answers the breach that was put, or the officer ends the talks (办法 33).
func (p *process) consultation(ctx workflow.Context) error { return p.wait(ctx) }

// signing: where the local rule has the step, another officer checks; the approver signs the officer's draft or sends it back (办法 33).
func (p *process) signing(ctx workflow.Context) error { return p.wait(ctx) }

// revising: after a failing conclusion, or by its own decision, the unit revises or gives the measure up (条例 18).
func (p *process) revising(ctx workflow.Context) error { return p.wait(ctx) }

// afterConclusion: legality review, then issue, or a material change, or nothing issued (条例 18; 办法 34).
func (p *process) afterConclusion(ctx workflow.Context) error { return p.wait(ctx) }

// sunset: an exception ends at 24:00 of its last day; with an end condition instead, the issuer says so (条例 12; 办法 25).
func (p *process) sunset(ctx workflow.Context) error { return p.wait(ctx) }

// stopping: the issuer registers that the measure is no longer applied (办法 25).
func (p *process) stopping(ctx workflow.Context) error { return p.wait(ctx) }

// stock: an existing measure is reviewed by its unit, signed by the head and, where the local rule says so, confirmed
// by the regulator.
func (p *process) stock(ctx workflow.Context) error { return p.wait(ctx) }

// stockDecided: the amending or repealing document is awaited; execution may be stopped meanwhile.
func (p *process) stockDecided(ctx workflow.Context) error { return p.wait(ctx) }

// place is where a case stands, as far as waiting goes: a seat's answer does not move it, the end of a period does.
type place struct {
	status review.Status
	round  int
	clock  review.Clock
	next   review.Checkpoint
}

func (p *process) place() place {
	at := place{status: p.Case.Status, round: p.Case.Round}
	if p.Case.Clock != nil {
		at.clock = *p.Case.Clock
	}
	at.next, _ = p.checkpoint()
	return at
}

// checkpoint is what time does next to the case; what was refused once is not tried again.
func (p *process) checkpoint() (review.Checkpoint, bool) {
	for _, c := range review.Checkpoints(p.Case) {
		if c != p.deaf {
			return c, true
		}
	}
	return review.Checkpoint{}, false
}

// wait returns when the case has moved, or when the next checkpoint has come and its act was done. One timer at a time: the
// one for the next checkpoint. It is taken back as soon as that is another one, so none outlives its round; the regulator's
// own period goes from desk to desk with one timer.
func (p *process) wait(ctx workflow.Context) error {
	here := p.place()
	over := func() bool { return p.place() != here || p.suggested(ctx) }
	next, pending := p.checkpoint()
	if !pending {
		return workflow.Await(ctx, over)
	}
	p.wind(ctx, next)
	defer p.unwind()
	if err := workflow.Await(ctx, func() bool { return over() || p.alarm.IsReady() }); err != nil {
		return err
	}
	if over() || !p.alarm.IsReady() {
		return nil
	}
	return p.expire(ctx, next)
}

// wind starts the timer for a checkpoint, unless it runs.
func (p *process) wind(ctx workflow.Context, due review.Checkpoint) {
	if p.alarm == nil {
		p.alarm, p.stop = p.timer(ctx, due.At.Sub(workflow.Now(ctx)), clockNames[due.Act])
		p.due = due
	}
}

// unwind takes the timer back, unless it runs for what is still the next checkpoint.
func (p *process) unwind() {
	if p.alarm == nil {
		return
	}
	if next, pending := p.checkpoint(); pending && next == p.due && !p.alarm.IsReady() {
		return
	}
	p.halt()
}

func (p *process) halt() {
	if p.alarm != nil {
		p.stop()
		p.alarm = nil
	}
}

// clockNames is what an operator reads beside a running timer.
var clockNames = map[review.ActionKind]string{
	review.ReturnOverdue:   "补正或中止期限",
	review.JointDue:        "会审期限",
	review.PanelDue:        "专家论证期限",
	review.ExceptionEnds:   "例外规定期限",
	review.Escalate:        "市场监管部门审查期限",
	review.ExceptionNotice: "例外到期提醒",
	review.EvaluationDue:   "例外实施评估",
}

func (p *process) timer(ctx workflow.Context, d time.Duration, summary string) (workflow.Future, workflow.CancelFunc) {
	ctx, stop := workflow.WithCancel(ctx)
	return workflow.NewTimerWithOptions(ctx, max(d, 0), workflow.TimerOptions{Summary: summary}), stop
}

// expire does the timer's act by the same path as a person's. What is due is looked at again under the lock: a person may
// have been faster. A refusal that is not merely too early is left to people and not tried again.
func (p *process) expire(ctx workflow.Context, due review.Checkpoint) error {
	if err := p.lock.Lock(ctx); err != nil {
		return err
	}
	defer p.lock.Unlock()
	if now, pending := p.checkpoint(); !pending || now != due {
		return nil
	}
	if workflow.Now(ctx).Before(due.At) {
		return nil // the timer was a little early; wait on
	}
	_, err := p.step(ctx, timerAct(&p.Case, due))
	var refusal *temporal.ApplicationError
	if errors.As(err, &refusal) {
		workflow.GetLogger(ctx).Error("a period ended and its act was refused", "case", p.Case.ID, "act", due.Act, "refusal", refusal.Type())
		p.deaf = due
		return nil
	}
	return err
}

// restful says whether this run should end here and a fresh one carry the case on. A fresh run replays only from here,
// so code may change while a case waits. It costs about one and a half state writes and four events, so only waits
// earn it that are long beside the work already done in the run; afterActs says how much that is. A short run is
// cheap to replay and goes on.
func (p *process) restful(ctx workflow.Context) bool {
	acts := p.Case.Version - p.began
	if acts == 0 {
		return false
	}
	if p.Case.Sunset != nil { // years: a run for every few acts, and the first takes the case over from Review
		return !p.excepted || acts >= 4 || p.suggested(ctx)
	}
	if p.turned == p.Case.Version && acts >= 4 {
		return true // the round that ended is frozen: nothing needs its history any more
	}
	return p.suggested(ctx) || acts >= afterActs(p.Case.Status)
}

// afterActs is how many acts a run holds before entering a status is worth a new run.
func afterActs(s review.Status) int {
	switch s {
	case review.IssuedException, review.KeptException:
		return 1 // years
	case review.Revising, review.Returned, review.Suspended, review.ToRevise, review.ToRepeal:
		return 4 // months, and only the unit can end them
	case review.ConcludedPass, review.ConcludedException, review.ConcludedFail, review.Legality:
		return 12 // weeks: the common short review goes on, one with seats and experts behind it is cut off
	}
	return 1 << 30
}

func (p *process) suggested(ctx workflow.Context) bool {
	return p.Case.Version > p.began && workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}
