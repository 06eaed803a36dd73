package workflows

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/fairreview/fairreview/activities"
	"github.com/fairreview/fairreview/review"
)

// The updates: everything that is done to a case, catching up with the record, and periods that end anew.
const (
	actName     = "act"
	syncName    = "sync"
	reclockName = "reclock"
)

// Act is the argument of the update.
type Act struct {
	Request review.Request `json:"request"`
	Action  review.Action  `json:"action"`
}

// Answered remembers a request that was done, so that it is done once even when it comes again in a later run.
type Answered struct {
	Request string        `json:"request"`
	Digest  string        `json:"digest"`
	Version int           `json:"version"`
	Status  review.Status `json:"status"`
}

// seenLimit bounds what is remembered; a joint review of a hundred seats and a panel of thirty fit. Older requests are
// found in the record, where the server looks first.
const seenLimit = 500

// process is a case under way: its state and what a run needs beside it.
type process struct {
	Case review.Case
	Seen []Answered

	lock     workflow.Mutex // held from Apply to saved
	began    int            // version that this run started from
	turned   int            // version of the last act that opened a new round
	excepted bool           // this run is Exception's

	alarm workflow.Future // the timer that runs; nil: none does
	stop  workflow.CancelFunc
	due   review.Checkpoint // that it runs for
	deaf  review.Checkpoint // whose act was refused
}

// listen registers the updates. It must come before anything that blocks, or the action that opens the case is lost.
func (p *process) listen(ctx workflow.Context) error {
	err := workflow.SetUpdateHandlerWithOptions(ctx, actName, p.act,
		workflow.UpdateHandlerOptions{Validator: p.check, Description: "对案件采取行动"})
	if err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, syncName, p.sync,
		workflow.UpdateHandlerOptions{Validator: p.behindOf, Description: "与案卷核对"}); err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, reclockName, p.reclock,
		workflow.UpdateHandlerOptions{Validator: p.mayReclock, Description: "按现行工作日历重新计算期限"})
}

// check is the validator: a refusal here never enters history. A request that was done already passes, to be answered
// again. So does one by somebody who has seen a later version than ours: the record is ahead, and only the handler can
// catch up. The timer acts from within only.
func (p *process) check(ctx workflow.Context, a Act) error {
	if a.Action.Actor.Role == review.Timer {
		return activities.Refusal(review.Refuse(review.NotYourRole, "action", string(a.Action.Kind)))
	}
	if p.seen(a.Request.ID) != nil || a.Action.Seen > p.Case.Version {
		return nil
	}
	_, _, err := review.Apply(p.Case, a.Action, workflow.Now(ctx))
	return activities.Refusal(err)
}

// act is the handler. What check saw may have changed while it waited for the lock, so step asks again. The context
// is the handler's own, and detached: an accepted action is completed whatever is asked of the workflow.
func (p *process) act(ctx workflow.Context, a Act) (review.Receipt, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if err := p.lock.Lock(ctx); err != nil {
		return review.Receipt{}, err
	}
	defer p.lock.Unlock()
	if done := p.seen(a.Request.ID); done != nil {
		return p.receipt(*done), nil
	}
	if a.Action.Seen > p.Case.Version {
		if done, err := p.catchUp(ctx, a.Request.ID); done != nil || err != nil {
			return p.result(done), err
		}
	}
	return p.step(ctx, a)
}

// currentType says that a case is not behind what was recorded.
const currentType = "current"

// behindOf is the validator of sync: a case that is not behind leaves nothing in history.
func (p *process) behindOf(_ workflow.Context, recorded int) error {
	if p.Case.Version >= recorded {
		return temporal.NewApplicationError("the case is not behind its record", currentType)
	}
	return nil
}

// sync catches up with the record without doing anything.
func (p *process) sync(ctx workflow.Context, _ int) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if err := p.lock.Lock(ctx); err != nil {
		return err
	}
	defer p.lock.Unlock()
	_, err := p.catchUp(ctx, "")
	return err
}

// mayReclock is the validator of reclock: nothing that would be refused enters history. seen is the version of the case whose
// periods were found to end elsewhere; when somebody has acted since, that has to be found again. A record that is ahead
// of us passes: the handler catches up.
func (p *process) mayReclock(ctx workflow.Context, seen int) error {
	if seen > p.Case.Version {
		return nil
	}
	return p.reclockable(ctx, seen)
}

func (p *process) reclockable(ctx workflow.Context, seen int) error {
	if seen != p.Case.Version {
		return activities.Refusal(review.Refuse(review.Conflict, "action", string(review.Reclock)))
	}
	_, _, err := review.Apply(p.Case, p.reclocking().Action, workflow.Now(ctx))
	return activities.Refusal(err)
}

// reclocking is the act of a calendar that changed. Its request is the version at which the periods were found, so that two
// processes that found them do it once.
func (p *process) reclocking() Act {
	return timerAct(&p.Case, review.Checkpoint{Act: review.Reclock, Clock: p.Case.Version})
}

// reclock has the running periods end by the calendar that the record keeper has now; no calendar is read here.
func (p *process) reclock(ctx workflow.Context, seen int) (review.Receipt, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if err := p.lock.Lock(ctx); err != nil {
		return review.Receipt{}, err
	}
	defer p.lock.Unlock()
	if seen > p.Case.Version {
		if _, err := p.catchUp(ctx, ""); err != nil {
			return review.Receipt{}, err
		}
	}
	if err := p.reclockable(ctx, seen); err != nil {
		return review.Receipt{}, err
	}
	return p.step(ctx, p.reclocking())
}

// step applies one action, saves it, and only then lets the case be what it has become. The caller holds the lock. An
// error is always a refusal, and then nothing has changed.
func (p *process) step(ctx workflow.Context, a Act) (review.Receipt, error) {
	for {
		next, event, err := review.Apply(p.Case, a.Action, workflow.Now(ctx))
		if err != nil {
			return review.Receipt{}, activities.Refusal(err)
		}
		var got review.Assigned
		err = reliably(ctx, saveName, "存入案卷", &got, review.Record{Case: next, Event: event, Request: a.Request})
		if behind(err) {
			before := p.Case.Version
			if done, err := p.catchUp(ctx, a.Request.ID); done != nil || err != nil {
				return p.result(done), err
			}
			if p.Case.Version > before {
				continue // somebody's act came first; ask again about the case as it is
			}
			return review.Receipt{}, activities.Refusal(review.Refuse(review.Forked))
		}
		if err != nil {
			return review.Receipt{}, err
		}
		next.Assign(got)
		done := Answered{Request: a.Request.ID, Digest: a.Request.Digest, Version: next.Version, Status: next.Status}
		err = p.become(ctx, next, &done)
		return p.result(&done), err
	}
}

// catchUp takes over what the record has beyond what we know. The record is written before our own history is: when the
// machine dies in between, the act is recorded and we have forgotten it. It returns how the request was answered, if
// it was done that way.
func (p *process) catchUp(ctx workflow.Context, request string) (*Answered, error) {
	var got activities.Loaded
	if err := reliably(ctx, loadName, "与案卷核对", &got, p.Case.ID, request); err != nil {
		return nil, err
	}
	if got.Case == nil || got.Case.Version <= p.Case.Version {
		return nil, nil
	}
	workflow.GetLogger(ctx).Warn("the record was ahead", "case", p.Case.ID, "known", p.Case.Version, "recorded", got.Case.Version)
	var done *Answered
	if r := got.Receipt; r != nil {
		done = &Answered{Request: request, Digest: r.Digest, Version: r.Version, Status: r.Status}
	}
	return done, p.become(ctx, *got.Case, done)
}

// become makes the case what the record says that it is, and remembers the request that was answered.
func (p *process) become(ctx workflow.Context, next review.Case, done *Answered) error {
	if next.Round > p.Case.Round && p.Case.Version > 0 {
		p.turned = next.Version
	}
	p.Case = next
	if done != nil {
		p.Seen = append(p.Seen, *done)
		p.Seen = slices.Delete(p.Seen, 0, max(0, len(p.Seen)-seenLimit))
	}
	return p.label(ctx)
}

func (p *process) seen(request string) *Answered {
	i := slices.IndexFunc(p.Seen, func(a Answered) bool { return a.Request == request })
	if i < 0 {
		return nil
	}
	return &p.Seen[i]
}

// result is the receipt of a request that was done; none was, none is.
func (p *process) result(done *Answered) review.Receipt {
	if done == nil {
		return review.Receipt{}
	}
	return p.receipt(*done)
}

func (p *process) receipt(a Answered) review.Receipt {
	return review.Receipt{Case: p.Case.ID, Number: p.Case.Number, Version: a.Version, Status: a.Status, Digest: a.Digest}
}

// timerAct is what time does at a checkpoint. Its request is the checkpoint, so it too is done once.
func timerAct(c *review.Case, due review.Checkpoint) Act {
	name := fmt.Appendf(nil, "timer/%s/%d/%s", c.ID, due.Clock, due.Act)
	if due.Mark != "" {
		name = append(name, "/"+due.Mark...)
	}
	sum := sha256.Sum256(name)
	id := hex.EncodeToString(sum[:])
	return Act{
		Request: review.Request{ID: id, Digest: id},
		Action:  review.Action{Kind: due.Act, Actor: review.Actor{Role: review.Timer}, Seen: c.Version},
	}
}

// reliably runs an activity on the record: as a local one, which costs no extra state writes, as long as the database
// answers within two seconds; otherwise as an ordinary one, which is tried until it answers. It returns an error only
// when the record refuses. The two are not interchangeable once histories exist.
func reliably(ctx workflow.Context, name, summary string, out any, args ...any) error {
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: 2 * time.Second,
		StartToCloseTimeout:    2 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 50 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 500 * time.Millisecond},
	})
	err := workflow.ExecuteLocalActivity(local, name, args...).Get(ctx, out)
	if err == nil || refusal(err) != nil {
		return refusal(err)
	}
	ordinary := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 5 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 5 * time.Second},
		Summary:             summary,
	})
	for {
		err := workflow.ExecuteActivity(ordinary, name, args...).Get(ctx, out)
		if err == nil || refusal(err) != nil {
			return refusal(err)
		}
		// Tried without limit, it does not end like this. If it does, an accepted action is still not to be lost.
	}
}

func behind(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && app.Type() == activities.BehindType
}

// refusal returns the final refusal in err's chain, or nil. An error of the second kind, such as a timeout, is none.
func refusal(err error) error {
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.NonRetryable() {
		return app
	}
	return nil
}

// label keeps the search attributes as the case is: what changed, in the workflow task that the action had anyway.
func (p *process) label(ctx workflow.Context) error {
	had := workflow.GetTypedSearchAttributes(ctx)
	var change []temporal.SearchAttributeUpdate
	for _, l := range labels(&p.Case) {
		if value, _ := had.GetKeyword(l.key); l.value != "" && value != l.value {
			change = append(change, l.key.ValueSet(l.value))
		}
	}
	if len(change) == 0 {
		return nil
	}
	return workflow.UpsertTypedSearchAttributes(ctx, change...)
}
