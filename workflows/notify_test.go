package workflows

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/fairreview/fairreview/activities"
)

// drained runs Notify with a Drain that takes an hour.
func drained(t *testing.T, drain func(context.Context) error) (*testsuite.TestWorkflowEnvironment, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	RegisterNotify(env, nil) // the workflow alone
	env.RegisterActivityWithOptions(drain, activity.RegisterOptions{Name: drainName})
	env.ExecuteWorkflow(notifyName)
	if !env.IsWorkflowCompleted() {
		t.Fatal("it goes on")
	}
	return env, env.GetWorkflowError()
}

func TestNotifyGoesOnAsNewAfterADay(t *testing.T) {
	t.Parallel()
	runs := 0
	_, err := drained(t, func(ctx context.Context) error {
		runs++
		if i := activity.GetInfo(ctx); i.HeartbeatTimeout != activities.DrainHeartbeat || i.StartToCloseTimeout < time.Hour {
			t.Errorf("%+v", i)
		}
		return nil
	})
	var next *workflow.ContinueAsNewError
	if !errors.As(err, &next) || next.WorkflowType.Name != notifyName || runs != drains {
		t.Errorf("%d runs, %v", runs, err)
	}
}

func TestADrainThatFailsIsRunAgain(t *testing.T) {
	t.Parallel()
	runs := 0
	_, err := drained(t, func(context.Context) error {
		if runs++; runs < 8 {
			return errors.New("the worker died")
		}
		return nil
	})
	var next *workflow.ContinueAsNewError
	if !errors.As(err, &next) || runs != drains+7 {
		t.Errorf("%d runs, %v", runs, err)
	}
}

func TestNotifyEndsWhenSomebodyCancelsIt(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	RegisterNotify(env, nil)
	env.RegisterActivityWithOptions(func(context.Context) error {
		env.CancelWorkflow()
		return nil
	}, activity.RegisterOptions{Name: drainName})
	env.ExecuteWorkflow(notifyName)
	var cancelled *temporal.CanceledError
	if err := env.GetWorkflowError(); !errors.As(err, &cancelled) {
		t.Errorf("%v", err)
	}
}
