package workflows

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/fairreview/fairreview/activities"
	"github.com/fairreview/fairreview/review"
)

// TaskQueue is where the workers look for work.
const TaskQueue = "fairreview"

// The names under which histories know the workflow and the activities; they outlive the functions' own names.
const (
	reviewName    = "Review"
	exceptionName = "Exception"
	saveName      = "Save"
	loadName      = "Load"
)

// The labels by which Temporal's own tools find a case. They are not encrypted: numbers and codes only.
var (
	numberKey  = temporal.NewSearchAttributeKeyKeyword("FairreviewNumber")
	statusKey  = temporal.NewSearchAttributeKeyKeyword("FairreviewStatus")
	unitKey    = temporal.NewSearchAttributeKeyKeyword("FairreviewUnit")
	routeKey   = temporal.NewSearchAttributeKeyKeyword("FairreviewRoute")
	outcomeKey = temporal.NewSearchAttributeKeyKeyword("FairreviewOutcome")
)

// SearchAttributes is what the namespace must know before a worker starts.
var SearchAttributes = map[string]enumspb.IndexedValueType{
	numberKey.GetName():  numberKey.GetValueType(),
	statusKey.GetName():  statusKey.GetValueType(),
	unitKey.GetName():    unitKey.GetValueType(),
	routeKey.GetName():   routeKey.GetValueType(),
	outcomeKey.GetName(): outcomeKey.GetValueType(),
}

type label struct {
	key   temporal.SearchAttributeKeyKeyword
	value string
}

// desk is the status that Temporal's tools are told: DRAFTING and INVENTORIED stand for every step inside the unit, and
// REG_REVIEW for the regulator's signature too. A label costs a write of its own in Temporal's index, a fifth of the
// throughput when each step had one; the exact status is in the record.
func desk(s review.Status) review.Status {
	switch s {
	case review.SelfReview, review.UnitCheck, review.UnitSign, review.PrelimDone:
		return review.Drafting
	case review.StockReview, review.StockSign:
		return review.Inventoried
	case review.RegCheck, review.RegSign:
		return review.RegReview
	}
	return s
}

func labels(c *review.Case) []label {
	return []label{{numberKey, c.Number}, {statusKey, string(desk(c.Status))}, {unitKey, c.Unit}, {routeKey, string(c.Route)}, {outcomeKey, string(c.Outcome)}}
}

// Register tells a worker what it can run.
func Register(w worker.Registry, a *activities.Activities) {
	w.RegisterWorkflowWithOptions(Review, workflow.RegisterOptions{Name: reviewName})
	w.RegisterWorkflowWithOptions(Exception, workflow.RegisterOptions{Name: exceptionName})
	w.RegisterActivityWithOptions(a.Save, activity.RegisterOptions{Name: saveName})
	w.RegisterActivityWithOptions(a.Load, activity.RegisterOptions{Name: loadName})
}

// saves is how many records one worker writes at once; more would only queue for the database's connections.
const saves = 16

// WorkerOptions are the same for every worker. Pollers follow the load; a worker told to stop finishes what it holds.
func WorkerOptions() worker.Options {
	return worker.Options{
		DisableRegistrationAliasing:             true,
		MaxConcurrentLocalActivityExecutionSize: saves,
		MaxConcurrentActivityExecutionSize:      saves,
		WorkflowTaskPollerBehavior:              worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		ActivityTaskPollerBehavior:              worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		WorkerStopTimeout:                       10 * time.Second,
	}
}

// EnsureSearchAttributes adds to the namespace the search attributes that it lacks. A cluster that lets only its
// operators do so (Temporal Cloud) must have them already.
func EnsureSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("list search attributes of namespace %s: %w", namespace, err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, want := range SearchAttributes {
		switch got, ok := have.GetCustomAttributes()[name]; {
		case !ok:
			missing[name] = want
		case got != want:
			return fmt.Errorf("search attribute %s of namespace %s is %s, not %s", name, namespace, got, want)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	if err != nil {
		return fmt.Errorf("add search attributes to namespace %s: %w", namespace, err)
	}
	return nil
}

// CountOutcomes counts the cases by outcome as Temporal sees them, to be held against the record. A case that was
// carried over into a new run counts by its last run. The index lags behind by about a second, and closed cases leave it
// when the namespace's retention ends.
func CountOutcomes(ctx context.Context, c client.Client) (map[review.Outcome]int, error) {
	counts := map[review.Outcome]int{}
	for _, o := range review.Outcomes() {
		query := fmt.Sprintf("WorkflowType IN ('%s', '%s') AND %s = '%s' AND ExecutionStatus != 'ContinuedAsNew'", reviewName, exceptionName, outcomeKey.GetName(), o)
		got, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
		if err != nil {
			return nil, fmt.Errorf("count cases with outcome %s: %w", o, err)
		}
		counts[o] = int(got.GetCount())
	}
	return counts, nil
}
