package workflows

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/fairreview/fairreview/activities"
)

// NotifyID is the one workflow that delivers notices.
const NotifyID = "notify/drain"

const (
	notifyName = "Notify"
	drainName  = "Drain"
)

// drains is how many runs of Drain one run of the workflow has: a day of them.
const drains = 24

// Notify delivers notices for ever: one long activity after the other, continued as new each day. A run of Drain is an hour and six
// events of history, so a day without a notice costs 144, and a day full of them no more; how messages are tried again is
// in the record. A worker that dies is missed when its heartbeat is, and another goes on.
func Notify(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: activities.DrainTimeout,
		HeartbeatTimeout:    activities.DrainHeartbeat,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second},
		Summary:             "发送提醒",
	})
	for range drains {
		if err := workflow.ExecuteActivity(ctx, drainName).Get(ctx, nil); err != nil {
			return err // tried without limit: somebody cancelled it
		}
	}
	return workflow.NewContinueAsNewError(ctx, notifyName)
}

// RegisterNotify tells a worker how to deliver. One that is not to (nil) keeps the workflow going and leaves Drain to others.
func RegisterNotify(w worker.Registry, n *activities.Notifier) {
	w.RegisterWorkflowWithOptions(Notify, workflow.RegisterOptions{Name: notifyName})
	if n != nil {
		w.RegisterActivityWithOptions(n.Drain, activity.RegisterOptions{Name: drainName})
	}
}

// StartNotify has notices delivered, if they are not already.
func StartNotify(ctx context.Context, c client.Client) error {
	_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: NotifyID, TaskQueue: TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:            "提醒：站内消息之外的邮件和网络回调",
	}, notifyName)
	if err != nil {
		return fmt.Errorf("start delivering notices: %w", err)
	}
	return nil
}
