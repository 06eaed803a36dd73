package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// The periods of working days that may run in a case.
const (
	PeriodClock  = "clock"  // the one of the status: a correction, a suspension, a joint review, a panel, an issue awaited
	PeriodReview = "review" // the regulator's own
)

// StaleClock is a running period that ends elsewhere by the calendar than the case says.
type StaleClock struct {
	Case        string        `json:"case"`
	Number      string        `json:"number"`
	Version     int           `json:"-"` // of the case when this was found
	Status      review.Status `json:"status"`
	What        string        `json:"what"` // PeriodClock or PeriodReview
	From        time.Time     `json:"from"` // the end that the case has
	To          time.Time     `json:"to"`   // the end by the calendar; equal when only provisional changed
	Provisional bool          `json:"provisional"`
}

// StaleClocks lists the running periods of open cases that end elsewhere by today's calendar, or that are provisional although
// their years are loaded, or the other way round. Periods that are past and imported cases are never among them.
func (db *DB) StaleClocks(ctx context.Context) ([]StaleClock, error) {
	cal, err := db.Calendar(ctx)
	if err != nil {
		return nil, err
	}
	return db.StaleClocksBy(ctx, cal)
}

// clockPage is how many cases are looked at in one statement.
const clockPage = 1000

// StaleClocksBy is StaleClocks by another calendar: what would move if it were loaded.
func (db *DB) StaleClocksBy(ctx context.Context, cal review.Calendar) ([]StaleClock, error) {
	var out []StaleClock
	after := "00000000-0000-0000-0000-000000000000"
	for {
		var rows []clockRow
		if err := db.sql.SelectContext(ctx, &rows, `
			SELECT id, number, version, status, state -> 'clock' AS clock, state -> 'review' AS review
			FROM cases
			WHERE due IS NOT NULL AND NOT imported AND status NOT IN ('ISSUED_EXCEPTION', 'KEPT_EXCEPTION') AND id > $1
			ORDER BY id
			LIMIT $2`, after, clockPage); err != nil {
			return nil, err
		}
		for _, r := range rows {
			stale, err := r.stale(cal)
			if err != nil {
				return nil, err
			}
			out = append(out, stale...)
			after = r.ID
		}
		if len(rows) < clockPage {
			return out, nil
		}
	}
}

// clockRow is a case with a running period.
type clockRow struct {
	ID      string        `db:"id"`
	Number  string        `db:"number"`
	Version int           `db:"version"`
	Status  review.Status `db:"status"`
	Clock   []byte        `db:"clock"`
	Review  []byte        `db:"review"`
}

// stale are its periods that end elsewhere by the calendar.
func (r clockRow) stale(cal review.Calendar) ([]StaleClock, error) {
	if r.Status.Closed() {
		return nil, nil
	}
	var clock *review.Clock
	var meter *review.Meter
	if err := unmarshal(r.Clock, &clock); err != nil {
		return nil, fmt.Errorf("period of case %s: %w", r.ID, err)
	}
	if err := unmarshal(r.Review, &meter); err != nil {
		return nil, fmt.Errorf("period of case %s: %w", r.ID, err)
	}
	var out []StaleClock
	add := func(what string, was time.Time, wasProvisional bool, is time.Time, provisional bool) {
		if !was.Equal(is) || wasProvisional != provisional {
			out = append(out, StaleClock{r.ID, r.Number, r.Version, r.Status, what, was.UTC(), is.UTC(), provisional})
		}
	}
	if clock != nil && clock.Days > 0 && !clock.Past {
		due, provisional := cal.Due(clock.From, clock.Days)
		add(PeriodClock, clock.Due, clock.Provisional, due, provisional)
	}
	if meter.Running() && !meter.Past {
		due, provisional := cal.DueSpans(meter.Spans, meter.Days)
		add(PeriodReview, meter.Due, meter.Provisional, due, provisional)
	}
	return out, nil
}

func unmarshal(raw []byte, out any) error {
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// ProvisionalCases is how many open cases show an end that is provisional.
func (db *DB) ProvisionalCases(ctx context.Context) (int, error) {
	var n int
	err := db.sql.GetContext(ctx, &n, `SELECT count(*) FROM cases WHERE due_provisional AND due IS NOT NULL AND NOT imported`)
	return n, err
}

// Course is what review.Stays needs of a case's history: when what was done, and where it led; no more of it. NotFound like
// Case.
func (db *DB) Course(ctx context.Context, id string, v review.Viewer) ([]review.Event, error) {
	if !isUUID(id) {
		return nil, review.Refuse(review.NotFound)
	}
	stmt, err := db.stmt(ctx, `
		SELECT e.version, e.at, e.kind, e.from_status, e.to_status
		FROM events e
		WHERE e.case_id = $1 AND EXISTS (SELECT FROM case_readers r
			WHERE r.case_id = e.case_id AND (r.unit = ANY ($2) OR r.person = $3 AND r.person <> ''))
		ORDER BY e.version`)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Version int               `db:"version"`
		At      time.Time         `db:"at"`
		Kind    review.ActionKind `db:"kind"`
		From    review.Status     `db:"from_status"`
		To      review.Status     `db:"to_status"`
	}
	if err := stmt.SelectContext(ctx, &rows, id, pq.StringArray(v.Units), v.Person); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, review.Refuse(review.NotFound)
	}
	out := make([]review.Event, len(rows))
	for i, r := range rows {
		out[i] = review.Event{Case: id, Version: r.Version, At: r.At.UTC(), Action: review.Action{Kind: r.Kind}, From: r.From, To: r.To}
	}
	return out, nil
}

// Reclocked is what became of the stale periods.
type Reclocked struct {
	Moved  []StaleClock
	Failed []StaleClock // the case could not be reached; looked at again when somebody calls again
	Left   int          // time ran out before these were tried
}

// Done reports whether nothing is left to do.
func (r Reclocked) Done() bool { return len(r.Failed) == 0 && r.Left == 0 }

// ReclockStale has every stale period end by today's calendar. do makes a running case look at it again, if the case still
// stands at the version seen: Conflict when it has moved on, NotFound or AlreadyDone when nothing runs, which is passed
// over. It may be called by several processes at once. When ctx ends, what was not tried is Left.
func (db *DB) ReclockStale(ctx context.Context, do func(ctx context.Context, caseID string, seen int) error) (Reclocked, error) {
	var out Reclocked
	tried := map[string][]StaleClock{} // that were in motion and are looked at again
	given := map[string]bool{}         // that are settled, one way or the other
	for range 3 {
		stale, err := db.StaleClocks(ctx)
		if err != nil && ctx.Err() != nil {
			break
		}
		if err != nil {
			return out, err
		}
		byCase := map[string][]StaleClock{}
		for _, s := range stale {
			byCase[s.Case] = append(byCase[s.Case], s)
		}
		for id, was := range tried {
			if byCase[id] == nil { // whoever moved the case on had it end anew, or another process did
				out.Moved, given[id] = append(out.Moved, was...), true
			}
		}
		clear(tried)
		for id := range given {
			delete(byCase, id)
		}
		if len(byCase) == 0 {
			break
		}
		answers := each(ctx, byCase, do)
		for id, periods := range byCase {
			code, asked := answers[id]
			switch {
			case !asked:
				out.Left += len(periods)
				given[id] = true
			case code == "" || code == review.UnderWay:
				out.Moved, given[id] = append(out.Moved, periods...), true
			case code == review.NotFound || code == review.AlreadyDone:
				given[id] = true
			case code == review.Conflict || code == review.NotYourTurn:
				tried[id] = periods
			default:
				out.Failed, given[id] = append(out.Failed, periods...), true
			}
		}
		if len(tried) == 0 {
			break
		}
	}
	for _, was := range tried {
		out.Failed = append(out.Failed, was...)
	}
	for _, list := range [][]StaleClock{out.Moved, out.Failed} {
		slices.SortFunc(list, func(a, b StaleClock) int {
			return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.What, b.What))
		})
	}
	return out, nil
}

// internal stands for an error without a code.
const internal review.Code = "internal"

// each asks four cases at a time and returns what they answered; those that were not asked before ctx ended are missing.
func each(ctx context.Context, byCase map[string][]StaleClock, do func(ctx context.Context, caseID string, seen int) error) map[string]review.Code {
	var mu sync.Mutex
	answers := map[string]review.Code{}
	ids := make(chan string)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for id := range ids {
				if ctx.Err() != nil {
					continue
				}
				err := do(ctx, id, byCase[id][0].Version)
				code := review.CodeOf(err)
				if err != nil && code == "" {
					code = internal
				}
				mu.Lock()
				answers[id] = code
				mu.Unlock()
			}
		})
	}
	for id := range byCase {
		ids <- id
	}
	close(ids)
	all.Wait()
	return answers
}
