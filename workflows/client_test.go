package workflows

import (
	"context"
	"errors"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/fairreview/fairreview/activities"
	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/workflows/internal/lives"
)

// engine answers as Temporal would; what a test does not need is left nil.
type engine struct {
	client.Client
	accept  error // before acceptance
	result  error // after it
	receipt review.Receipt
	status  enumspb.WorkflowExecutionStatus // of the workflow, when it is asked for; 0: there is none
	start   client.StartWorkflowOptions
	calls   int
}

func (e *engine) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	e.calls++
	if e.accept != nil {
		return nil, e.accept
	}
	return handle{e: e}, nil
}

func (e *engine) NewWithStartWorkflowOperation(o client.StartWorkflowOptions, _ any, _ ...any) client.WithStartWorkflowOperation {
	e.start = o
	return nil
}

func (e *engine) UpdateWithStartWorkflow(ctx context.Context, o client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return e.UpdateWorkflow(ctx, o.UpdateOptions)
}

func (e *engine) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if e.status == 0 {
		return nil, serviceerror.NewNotFound("workflow not found")
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{}, Status: e.status}}, nil
}

type handle struct {
	client.WorkflowUpdateHandle
	e *engine
}

func (h handle) Get(_ context.Context, out any) error {
	if h.e.result == nil {
		*out.(*review.Receipt) = h.e.receipt
	}
	return h.e.result
}

// crossed is an error as it arrives from the other side.
func crossed(t *testing.T, err error) error {
	fc := FailureConverter(testCodec(t))
	return fc.FailureToError(fc.ErrorToFailure(err))
}

func TestClientErrors(t *testing.T) {
	refusal := crossed(t, activities.Refusal(review.Refuse(review.Conflict, "who", "p-1")))
	for _, tt := range []struct {
		name string
		e    engine
		want review.Code // "": done; "internal": an error without a code
	}{
		{"done", engine{receipt: review.Receipt{Version: 3, Digest: "d"}}, ""},
		{"the key was used for something else", engine{receipt: review.Receipt{Version: 3, Digest: "other"}}, review.KeyReused},
		{"refused before acceptance", engine{accept: refusal}, review.Conflict},
		{"refused after it", engine{result: refusal}, review.Conflict},
		{"not accepted in time", engine{accept: client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded)}, review.Unavailable},
		{"accepted and not finished", engine{result: client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded)}, review.UnderWay},
		{"accepted and the service went away", engine{result: serviceerror.NewUnavailable("away")}, review.UnderWay},
		{"there never was such a case", engine{accept: serviceerror.NewNotFound("workflow not found")}, review.NotFound},
		{"the case is closed", engine{accept: serviceerror.NewNotFound("already completed"), status: enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED}, review.AlreadyDone},
		{"the case was stopped by an operator", engine{accept: serviceerror.NewNotFound("already completed"), status: enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED}, review.AlreadyDone},
		{"the case was never opened", engine{accept: serviceerror.NewNotFound("already completed"), status: enumspb.WORKFLOW_EXECUTION_STATUS_FAILED}, review.NotFound},
		{"between two runs", engine{accept: serviceerror.NewNotFound("already completed"), status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING}, review.Unavailable},
		{"Temporal's store is away", engine{accept: serviceerror.NewNamespaceNotFound("fairreview")}, review.Unavailable},
		{"the workflow cannot go on", engine{accept: serviceerror.NewWorkflowNotReady("unexpected workflow task failure")}, review.Unavailable},
		{"Temporal is away", engine{accept: serviceerror.NewUnavailable("connection refused")}, review.Unavailable},
		{"too much at once", engine{accept: serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_CONCURRENT_LIMIT, "limit")}, review.Unavailable},
		{"the deadline of the caller", engine{accept: context.DeadlineExceeded}, review.Unavailable},
		{"opened before and closed", engine{accept: serviceerror.NewWorkflowExecutionAlreadyStarted("started", "", "")}, review.AlreadyDone},
		{"an error that is none of ours", engine{accept: crossed(t, temporal.NewApplicationError("unknown update act", ""))}, "internal"},
		{"an error that looks like ours", engine{result: crossed(t, temporal.NewNonRetryableApplicationError("x", "conflict", nil, "text"))}, "internal"},
		{"a request that Temporal cannot read", engine{accept: serviceerror.NewInvalidArgument("bad")}, "internal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &Client{Temporal: &tt.e}
			req := review.Request{ID: "r", Digest: "d"}
			for what, do := range map[string]func() (review.Receipt, error){
				"act":  func() (review.Receipt, error) { return c.Act(t.Context(), caseID, req, lives.DepartmentPass()[1]) },
				"open": func() (review.Receipt, error) { return c.Open(t.Context(), caseID, req, lives.DepartmentPass()[0]) },
			} {
				got, err := do()
				code := review.CodeOf(err)
				if err != nil && code == "" {
					code = "internal"
				}
				if code != tt.want || err == nil && got != tt.e.receipt {
					t.Errorf("%s: %v %v, want %q", what, got, err, tt.want)
				}
			}
			var e *review.Error
			if _, err := c.Act(t.Context(), caseID, req, lives.DepartmentPass()[1]); tt.want == review.Conflict && (!errors.As(err, &e) || e.Params["who"] != "p-1") {
				t.Errorf("the refusal lost its parameters: %v", err)
			}
		})
	}
}

// An opening that would be refused starts nothing.
func TestOpenChecksFirst(t *testing.T) {
	e := &engine{}
	bad := lives.DepartmentPass()[0]
	o := *bad.Opening
	o.Secret = true
	bad.Opening = &o
	_, err := (&Client{Temporal: e}).Open(t.Context(), caseID, review.Request{ID: "r"}, bad)
	if review.CodeOf(err) != review.StateSecret || e.calls != 0 {
		t.Errorf("%v after %d calls", err, e.calls)
	}
}

// A case can be found by operators from its first moment.
func TestOpenSetsSearchAttributes(t *testing.T) {
	e := &engine{receipt: review.Receipt{Digest: "d"}}
	if _, err := (&Client{Temporal: e}).Open(t.Context(), caseID, review.Request{ID: "r", Digest: "d"}, lives.DepartmentPass()[0]); err != nil {
		t.Fatal(err)
	}
	for _, l := range []label{{statusKey, "DRAFTING"}, {unitKey, lives.Unit}, {routeKey, "department"}, {outcomeKey, ""}} {
		if got, _ := e.start.TypedSearchAttributes.GetKeyword(l.key); got != l.value {
			t.Errorf("%s is %q, want %q", l.key.GetName(), got, l.value)
		}
	}
	if e.start.ID != "case/"+caseID || e.start.TaskQueue != TaskQueue {
		t.Errorf("started %+v", e.start)
	}
}
