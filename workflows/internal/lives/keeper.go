package lives

import (
	"context"
	"sync"
	"time"

	"github.com/fairreview/fairreview/activities"
	"github.com/fairreview/fairreview/review"
)

// Keeper keeps records in memory as PostgreSQL does on disk: it numbers cases, computes due instants, and answers the
// same when asked again.
type Keeper struct {
	Calendar review.Calendar
	Fail     func(call int, r review.Record) error // nil: never
	Short    time.Duration                         // above 0: so long is every period, whatever the calendar says

	mu      sync.Mutex
	calls   int
	records map[string][]review.Record
}

// NewKeeper returns an empty one with the calendar of the years.
func NewKeeper(years ...int) *Keeper {
	k := &Keeper{Calendar: review.Calendar{Years: map[int]bool{}}, records: map[string][]review.Record{}}
	for _, y := range years {
		k.Calendar.Years[y] = true
	}
	return k
}

// Save takes the place of the activity.
func (k *Keeper) Save(_ context.Context, r review.Record) (review.Assigned, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls++
	if k.Fail != nil {
		if err := k.Fail(k.calls, r); err != nil {
			return review.Assigned{}, activities.Refusal(err)
		}
	}
	have := k.records[r.Case.ID]
	if n := r.Case.Version; n <= len(have) {
		// As it was handed over the first time, when it is the same; otherwise the caller has forgotten something.
		if old := have[n-1]; old.Event.At.Equal(r.Event.At) && old.Request == r.Request {
			return assigned(old.Case), nil
		}
		return review.Assigned{}, activities.Behind
	}
	r.Case.Number = "2026-" + Hash(r.Case.ID)[:6]
	k.periods(&r.Case)
	k.records[r.Case.ID] = append(have, r)
	return assigned(r.Case), nil
}

// periods ends what the event has started: a period of working days, the regulator's own.
func (k *Keeper) periods(c *review.Case) {
	if c.Clock != nil && c.Clock.Days > 0 && c.Clock.Version == c.Version {
		clock := *c.Clock
		clock.Due, clock.Provisional = k.Calendar.Due(clock.From, clock.Days)
		if k.Short > 0 {
			clock.Due, clock.Provisional = clock.From.Add(k.Short), false
		}
		c.Clock = &clock
	}
	if c.Review.Running() && c.Review.Version == c.Version {
		meter := *c.Review
		meter.Due, meter.Provisional = k.Calendar.DueSpans(meter.Spans, meter.Days)
		if k.Short > 0 {
			meter.Due, meter.Provisional = meter.Spans[len(meter.Spans)-1].From.Add(k.Short), false
		}
		c.Review = &meter
	}
}

// Years loads years into the calendar: periods that an event starts from now on know them.
func (k *Keeper) Years(years ...int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, y := range years {
		k.Calendar.Years[y] = true
	}
}

func assigned(c review.Case) review.Assigned {
	return review.Assigned{Number: c.Number, Clock: c.Clock, Review: c.Review}
}

// Load takes the place of the activity.
func (k *Keeper) Load(_ context.Context, id, request string) (activities.Loaded, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	have := k.records[id]
	if len(have) == 0 {
		return activities.Loaded{}, nil
	}
	got := activities.Loaded{Case: &have[len(have)-1].Case}
	for _, r := range have {
		if r.Request.ID == request {
			got.Receipt = &review.Receipt{Case: id, Number: r.Case.Number, Version: r.Case.Version, Status: r.Case.Status, Digest: r.Request.Digest}
		}
	}
	return got, nil
}

// Records are what was saved of a case, in order, with what the record assigned.
func (k *Keeper) Records(id string) []review.Record {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]review.Record(nil), k.records[id]...)
}

// Last is a case as it was saved last.
func (k *Keeper) Last(id string) review.Case {
	if all := k.Records(id); len(all) > 0 {
		return all[len(all)-1].Case
	}
	return review.Case{}
}

// Calls is how often Save was called.
func (k *Keeper) Calls() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.calls
}
