package workflows

import (
	"go.temporal.io/sdk/workflow"
)

// Exception is one exception in force, from the day of issue (or of the decision to keep) until its end: it tells the unit 90,
// 30 and 7 days before, asks for an evaluation at the local interval, and at 24:00 of the last day the measure is due to
// stop (条例 12; 办法 25). Then it waits until the issuer has registered the stop. Review hands the case over to it under the
// same workflow id, so that there is one writer of the case at any time and an action needs no second address.
//
// It lives for years: it continues as new every few acts, and what it waits for is in the case, not in its history.
func Exception(ctx workflow.Context, in Input) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	p := &process{Case: in.Case, Seen: in.Seen, began: in.Case.Version, lock: workflow.NewMutex(ctx), excepted: true}
	if err := p.listen(ctx); err != nil {
		return err
	}
	return p.live(ctx, p.wait)
}
