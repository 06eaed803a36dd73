// Package activities does what a workflow may not do itself: it writes the record and reads it back. The one rule: an
// activity may run more than once for the same action, so it must leave the same behind however often it runs.
package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/temporal"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// Activities holds what the activities work on.
type Activities struct {
	DB *postgres.DB
}

// Save writes one accepted action in one transaction and returns what the record keeper assigned. A refusal of the
// record is final, and so is Behind; anything else (the database is away, a serialization failure) is tried again.
func (a *Activities) Save(ctx context.Context, r review.Record) (review.Assigned, error) {
	got, err := a.DB.Save(ctx, r)
	if errors.Is(err, postgres.ErrAhead) {
		return got, Behind
	}
	return got, Refusal(err)
}

// Behind says that the record holds the version already and that the workflow must Load before it goes on.
var Behind = temporal.NewNonRetryableApplicationError("the workflow is behind the record", BehindType, nil)

// BehindType is the type of Behind when it comes back from an activity.
const BehindType = "behind"

// Loaded is the record's side of a case.
type Loaded struct {
	Case    *review.Case    `json:"case,omitempty"`    // nil: it has none
	Receipt *review.Receipt `json:"receipt,omitempty"` // of the request that was asked for, if it was done
}

// Load returns the case as the record has it, and what became of a request.
func (a *Activities) Load(ctx context.Context, caseID, requestID string) (Loaded, error) {
	c, err := a.DB.Stored(ctx, caseID)
	if review.CodeOf(err) == review.NotFound {
		return Loaded{}, nil
	}
	if err != nil {
		return Loaded{}, err
	}
	receipt, done, err := a.DB.Receipt(ctx, requestID)
	if err != nil || !done || receipt.Case != caseID {
		return Loaded{Case: &c}, err
	}
	return Loaded{Case: &c, Receipt: &receipt}, nil
}

// Refusal makes a *review.Error cross Temporal: an error that is not retried, whose type is the code and whose detail
// is the refusal itself. Other errors, and nil, pass as they are. workflows.Client turns it back.
func Refusal(err error) error {
	var e *review.Error
	if !errors.As(err, &e) || e.Code == review.Unavailable {
		return err
	}
	return temporal.NewNonRetryableApplicationError(string(e.Code), string(e.Code), nil, *e)
}
