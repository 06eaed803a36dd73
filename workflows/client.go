package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/fairreview/fairreview/review"
)

// patience is how long a person is kept waiting. Whatever happens to the action afterwards, they are told where it is.
const patience = 5 * time.Second

// Client acts on cases, in the domain's words: its errors are refusals (*review.Error) wherever a person can do
// something about them.
type Client struct {
	Temporal client.Client
}

// WorkflowID is the name under which Temporal runs a case.
func WorkflowID(caseID string) string { return "case/" + caseID }

// Open opens a case and returns when its record is saved. The same request opens one case however often it comes. An
// opening that would be refused is refused here, before anything is started.
func (c *Client) Open(ctx context.Context, caseID string, req review.Request, a review.Action) (review.Receipt, error) {
	empty := review.Case{ID: caseID}
	opened, _, err := review.Apply(empty, a, time.Now())
	if err != nil {
		return review.Receipt{}, err
	}
	var known []temporal.SearchAttributeUpdate
	for _, l := range labels(&opened) {
		if l.value != "" {
			known = append(known, l.key.ValueSet(l.value))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	start := c.Temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID:        WorkflowID(caseID),
		TaskQueue: TaskQueue,
		// The second of two equal requests joins the first. Only a workflow that never opened its case has failed, and
		// may be started again.
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		TypedSearchAttributes:    temporal.NewSearchAttributes(known...),
		StaticSummary:            "公平竞争审查",
	}, reviewName, Input{Case: empty})
	handle, err := c.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions:          update(caseID, req, a),
	})
	return c.result(ctx, caseID, req, handle, err)
}

// Act does one thing to a case and returns when its record is saved. Besides the refusals of review.Apply and of the
// record: NotFound, AlreadyDone, KeyReused (the key was used for something else), UnderWay (accepted, will be done,
// not done yet) and Unavailable (perhaps not accepted: to be repeated with the same key).
func (c *Client) Act(ctx context.Context, caseID string, req review.Request, a review.Action) (review.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	handle, err := c.Temporal.UpdateWorkflow(ctx, update(caseID, req, a))
	return c.result(ctx, caseID, req, handle, err)
}

// Sync makes a running case catch up with the record, which holds the version recorded. A case that is not behind costs
// nothing. People need not call it: whoever acts on a case that fell behind brings it up. It is for the cases that were
// being saved when the machine died, whose clocks may wait for nobody. A case that is closed or unknown returns
// AlreadyDone or NotFound.
func (c *Client) Sync(ctx context.Context, caseID string, recorded int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	handle, err := c.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   WorkflowID(caseID),
		UpdateName:   syncName,
		Args:         []any{recorded},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, nil)
	}
	var app *temporal.ApplicationError
	switch {
	case errors.As(err, &app) && app.Type() == currentType, err == nil:
		return nil
	}
	return c.refused(ctx, caseID, err)
}

// Reclock has the running periods of a case end by today's calendar, as far as the case still stands at the version seen, and
// returns when that is saved. Besides the refusals of Act: Conflict when the case has moved on, NotYourTurn when no period
// of working days runs. What is refused leaves nothing in the case's history.
func (c *Client) Reclock(ctx context.Context, caseID string, seen int) (review.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	handle, err := c.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   WorkflowID(caseID),
		UpdateName:   reclockName,
		Args:         []any{seen},
		WaitForStage: client.WorkflowUpdateStageAccepted,
	})
	if err != nil {
		return review.Receipt{}, c.refused(ctx, caseID, err)
	}
	return received(ctx, handle)
}

// update waits for accepted, not for completed: an action that is accepted and saved in one workflow task, as nearly
// all are, comes back completed from the same call, and one that is not can be told from one that was never accepted.
func update(caseID string, req review.Request, a review.Action) client.UpdateWorkflowOptions {
	return client.UpdateWorkflowOptions{
		WorkflowID:   WorkflowID(caseID),
		UpdateID:     req.ID,
		UpdateName:   actName,
		Args:         []any{Act{Request: req, Action: a}},
		WaitForStage: client.WorkflowUpdateStageAccepted,
	}
}

func (c *Client) result(ctx context.Context, caseID string, req review.Request, handle client.WorkflowUpdateHandle, err error) (review.Receipt, error) {
	if err != nil {
		return review.Receipt{}, c.refused(ctx, caseID, err)
	}
	got, err := received(ctx, handle)
	if err != nil {
		return review.Receipt{}, err
	}
	if got.Digest != req.Digest {
		return review.Receipt{}, review.Refuse(review.KeyReused)
	}
	return got, nil
}

// received is the result of an update that was accepted.
func received(ctx context.Context, handle client.WorkflowUpdateHandle) (review.Receipt, error) {
	var got review.Receipt
	if err := handle.Get(ctx, &got); err != nil {
		var app *temporal.ApplicationError
		if errors.As(err, &app) {
			return review.Receipt{}, domain(app)
		}
		// Accepted is final. That nobody can tell us the result now does not undo it.
		return review.Receipt{}, review.Refuse(review.UnderWay)
	}
	return got, nil
}

// refused says why an action was not accepted. Anything that is not known to be final is Unavailable: repeated with the
// same key it is done once, whatever became of the first attempt.
func (c *Client) refused(ctx context.Context, caseID string, err error) error {
	var (
		app     *temporal.ApplicationError
		missing *serviceerror.NotFound
		exists  *serviceerror.WorkflowExecutionAlreadyStarted
		invalid *serviceerror.InvalidArgument
	)
	switch {
	case errors.As(err, &app):
		return domain(app)
	case errors.As(err, &exists):
		return review.Refuse(review.AlreadyDone)
	case errors.As(err, &missing):
		return c.missing(ctx, caseID)
	case errors.As(err, &invalid):
		return fmt.Errorf("case %s: %w", caseID, err)
	}
	return review.Refuse(review.Unavailable)
}

// missing tells a case that is closed from one that never was: Temporal answers both alike.
func (c *Client) missing(ctx context.Context, caseID string) error {
	got, err := c.Temporal.DescribeWorkflowExecution(ctx, WorkflowID(caseID), "")
	var none *serviceerror.NotFound
	switch {
	case errors.As(err, &none):
		return review.Refuse(review.NotFound)
	case err != nil:
		return review.Refuse(review.Unavailable)
	}
	switch got.GetWorkflowExecutionInfo().GetStatus() {
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		return review.Refuse(review.AlreadyDone)
	case enumspb.WORKFLOW_EXECUTION_STATUS_FAILED: // it was never opened
		return review.Refuse(review.NotFound)
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING: // between two runs
		return review.Refuse(review.Unavailable)
	}
	return review.Refuse(review.AlreadyDone)
}

// domain turns an error that crossed Temporal back into the refusal it was. One that is none of ours is internal.
func domain(app *temporal.ApplicationError) error {
	var e review.Error
	if app.HasDetails() && app.Details(&e) == nil && e.Code != "" && string(e.Code) == app.Type() {
		return &e
	}
	return fmt.Errorf("workflow: %w", app)
}
