package activities

import (
	"errors"
	"fmt"
	"testing"

	"go.temporal.io/sdk/temporal"

	"github.com/fairreview/fairreview/review"
)

func TestRefusal(t *testing.T) {
	away := errors.New("connection refused")
	for _, tt := range []struct {
		name string
		err  error
		code string // "": tried again
	}{
		{"none", nil, ""},
		{"the database is away", away, ""},
		{"the database says so itself", review.Refuse(review.Unavailable), ""},
		{"a refusal", review.Refuse(review.OpenCaseExists, "case", "c-1"), "open_case_exists"},
		{"a wrapped refusal", fmt.Errorf("save: %w", review.Refuse(review.Forked)), "forked"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Refusal(tt.err)
			var app *temporal.ApplicationError
			if tt.code == "" {
				if !errors.Is(got, tt.err) || errors.As(got, &app) {
					t.Errorf("%v became %v", tt.err, got)
				}
				return
			}
			var e review.Error
			if !errors.As(got, &app) || !app.NonRetryable() || app.Type() != tt.code || app.Details(&e) != nil || string(e.Code) != tt.code {
				t.Errorf("%v became %v", tt.err, got)
			}
		})
	}
}
