package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// DrawRequest asks for a spot check: who asks, on behalf of which regulator, from which of the cases they may read.
type DrawRequest struct {
	ID         string // a new UUID
	Person     string
	Viewer     review.Viewer
	Regulator  string
	Filter     review.DrawFilter
	Take       int
	Alternates int
}

// RequestDraw fixes the list of who can be drawn, and its hash; there is no seed yet. The list are the regulator's cases
// that the person may read and that the group's number counts in the period. Refusals: Invalid for a field out of its
// bounds, DrawEmpty, TooLarge beyond review.DrawEligible, DrawnBefore when the same list was drawn from already.
func (t *Tx) RequestDraw(ctx context.Context, q DrawRequest) error {
	if err := q.valid(); err != nil {
		return err
	}
	eligible, err := t.eligible(ctx, q)
	if err != nil {
		return err
	}
	r := review.DrawRecord{Format: 1, ID: q.ID, What: review.SpotCheck, Regulator: q.Regulator, Filter: q.Filter, Take: q.Take,
		TakeAlternates: q.Alternates, Eligible: eligible, EligibleHash: review.EligibleHash(eligible), RequestedBy: q.Person, RequestedAt: t.db.now()}
	if err := t.firstOfList(ctx, r.ID, r.Regulator, r.What, r.EligibleHash); err != nil {
		return err
	}
	return t.insertDraw(ctx, r)
}

func (q DrawRequest) valid() error {
	field := ""
	switch _, counted := groups[q.Filter.Group]; {
	case !isUUID(q.ID):
		field = "id"
	case !q.Filter.From.Valid():
		field = "from"
	case !q.Filter.To.Valid() || q.Filter.To < q.Filter.From:
		field = "to"
	case !counted:
		field = "group"
	case q.Take < 1 || q.Take > review.DrawTake:
		field = "take"
	case q.Alternates < 0 || q.Alternates > review.DrawAlternates:
		field = "alternates"
	default:
		return nil
	}
	return review.Refuse(review.Invalid, "field", field)
}

func (t *Tx) eligible(ctx context.Context, q DrawRequest) ([]string, error) {
	f := CaseFilter{Viewer: q.Viewer, Unit: q.Filter.Unit, Route: q.Filter.Route, Group: q.Filter.Group, From: q.Filter.From, To: q.Filter.To}
	args, err := f.args()
	if err != nil {
		return nil, err
	}
	var ids []string
	err = t.tx.SelectContext(ctx, &ids, `SELECT c.id `+chosen+` AND c.regulator = $14 LIMIT $15`,
		append(args, q.Regulator, review.DrawEligible+1)...)
	switch {
	case err != nil:
		return nil, err
	case len(ids) == 0:
		return nil, review.Refuse(review.DrawEmpty)
	case len(ids) > review.DrawEligible:
		return nil, review.Refuse(review.TooLarge, "field", "eligible", "limit", strconv.Itoa(review.DrawEligible))
	}
	slices.Sort(ids)
	return ids, nil
}

// firstOfList refuses when another draw from the same list has its seed.
func (t *Tx) firstOfList(ctx context.Context, id, regulator, what, hash string) error {
	var before string
	err := t.tx.GetContext(ctx, &before, `
		SELECT id FROM draws
		WHERE regulator = $1 AND what = $2 AND eligible_hash = $3 AND again_of IS NULL AND seed IS NOT NULL AND id <> $4`,
		regulator, what, hash, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return review.Refuse(review.DrawnBefore, "draw", before)
}

func (t *Tx) insertDraw(ctx context.Context, r review.DrawRecord) error {
	filter, err := json.Marshal(r.Filter)
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `
		INSERT INTO draws (id, what, regulator, filter, eligible, eligible_hash, take, alternates, requested_by, requested_at,
			again_of, reason, request_hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CAST(nullif($11, '') AS uuid), $12, $13)`,
		r.ID, r.What, r.Regulator, string(filter), pq.StringArray(r.Eligible), r.EligibleHash, r.Take, r.TakeAlternates, r.RequestedBy,
		r.RequestedAt, r.AgainOf, r.Reason, r.HashRequest())
	return drawRefusal(err)
}

// drawRefusal says what the three unique constraints mean: somebody else was in between.
func drawRefusal(err error) error {
	if e, ok := errors.AsType[*pq.Error](err); ok && (e.Constraint == "one_draw_again" || e.Constraint == "one_first_draw_of_a_list" || e.Constraint == "one_first_draw_of_a_panel") {
		return review.Refuse(review.DrawnBefore)
	}
	return err
}

// RequestDrawAgain asks, as a draw of its own with the new id, to draw again from the same list as of; a second officer
// must agree before it gets a seed. NotFound unless the draw belongs to one of the regulators; DrawUndrawn when it has
// no seed yet; DrawnBefore when that was asked already; Missing, TooLarge or BadCharacters for the reason.
func (t *Tx) RequestDrawAgain(ctx context.Context, id, of, person string, regulators []string, reason string) error {
	reason = strings.TrimSpace(reason)
	switch {
	case !isUUID(id):
		return review.Refuse(review.Invalid, "field", "id")
	case reason == "":
		return review.Refuse(review.Missing, "field", "reason")
	case len([]rune(reason)) > review.DrawReason:
		return review.Refuse(review.TooLarge, "field", "reason", "limit", strconv.Itoa(review.DrawReason))
	case !review.CleanString(reason):
		return review.Refuse(review.BadCharacters, "field", "reason")
	}
	r, err := drawRecord(ctx, t.tx, of, regulators)
	if err != nil {
		return err
	}
	if r.Seed == "" {
		return review.Refuse(review.DrawUndrawn)
	}
	var after string
	switch err := t.tx.GetContext(ctx, &after, `SELECT id FROM draws WHERE again_of = $1`, of); {
	case err == nil:
		return review.Refuse(review.DrawnBefore, "draw", after)
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	return t.insertDraw(ctx, review.DrawRecord{Format: r.Format, ID: id, What: r.What, Regulator: r.Regulator, Filter: r.Filter, Take: r.Take,
		TakeAlternates: r.TakeAlternates, Eligible: r.Eligible, EligibleHash: r.EligibleHash, RequestedBy: person, RequestedAt: t.db.now(),
		AgainOf: of, Reason: reason})
}

// AgreeDraw records that a second officer agrees to draw again; the same officer may say so twice. SameHand for the one
// who asked, DrawNotAgain for a first draw, DrawAgreed when another officer agreed first.
func (t *Tx) AgreeDraw(ctx context.Context, id, person string, regulators []string) error {
	if !isUUID(id) {
		return review.Refuse(review.NotFound)
	}
	done, err := t.tx.ExecContext(ctx, `
		UPDATE draws SET second_by = $2, second_at = greatest(CAST($3 AS timestamptz), requested_at)
		WHERE id = $1 AND regulator = ANY ($4) AND again_of IS NOT NULL AND second_by IS NULL AND requested_by <> $2`,
		id, person, t.db.now(), pq.StringArray(regulators))
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 1 {
		return err
	}
	r, err := drawRow(ctx, t.tx, id, regulators)
	switch {
	case err != nil:
		return err
	case r.AgainOf == "":
		return review.Refuse(review.DrawNotAgain)
	case r.RequestedBy == person:
		return review.Refuse(review.SameHand)
	case r.SecondBy != person && r.SecondAt != nil:
		return review.Refuse(review.DrawAgreed, "who", r.SecondBy, "at", r.SecondAt.UTC().Format(time.RFC3339))
	}
	return nil
}

// Draw gives the draw its seed, 32 bytes of the operating system's generator, exactly once: whoever comes later, or
// again, finds the seed that is there. DrawUnagreed when it is drawn again and nobody has agreed; DrawnBefore when
// another request for the same list has its seed already.
func (t *Tx) Draw(ctx context.Context, id, person string, regulators []string) error {
	r, err := drawRow(ctx, t.tx, id, regulators)
	switch {
	case err != nil:
		return err
	case len(r.Seed) > 0:
		return nil
	case r.AgainOf != "" && r.SecondBy == "":
		return review.Refuse(review.DrawUnagreed)
	case r.AgainOf == "" && r.What == review.PanelDraw:
		var f review.DrawFilter
		if err := json.Unmarshal(r.Filter, &f); err != nil {
			return fmt.Errorf("draw %s: %w", id, err)
		}
		if err := t.firstOfPanel(ctx, r.ID, f); err != nil {
			return err
		}
	case r.AgainOf == "":
		if err := t.firstOfList(ctx, r.ID, r.Regulator, r.What, r.EligibleHash); err != nil {
			return err
		}
	}
	// greatest: the clocks of two servers differ, and a record that is drawn before it was asked for fits nowhere.
	seed := make([]byte, 32)
	_, _ = rand.Read(seed) // it ends the program rather than fail
	var labels pq.StringArray
	if r.What == review.PanelDraw {
		if labels, err = t.panelLabels(ctx, id, hex.EncodeToString(seed), regulators); err != nil {
			return err
		}
	}
	var first string
	err = t.tx.GetContext(ctx, &first, `
		UPDATE draws SET seed = $2, drawn_by = $3, drawn_at = greatest(CAST($4 AS timestamptz), requested_at, second_at), labels = $5
		WHERE id = $1 AND seed IS NULL
		RETURNING id`, id, seed, person, t.db.now(), labels)
	if errors.Is(err, sql.ErrNoRows) { // somebody was in between, and theirs is the seed
		return nil
	}
	return drawRefusal(err)
}

// drawColumns is a draw as it is stored; drawRow leaves its list out.
type drawColumns struct {
	ID           string          `db:"id"`
	What         string          `db:"what"`
	Regulator    string          `db:"regulator"`
	Filter       json.RawMessage `db:"filter"`
	Eligible     pq.StringArray  `db:"eligible"`
	EligibleHash string          `db:"eligible_hash"`
	Take         int             `db:"take"`
	Alternates   int             `db:"alternates"`
	RequestedBy  string          `db:"requested_by"`
	RequestedAt  time.Time       `db:"requested_at"`
	AgainOf      string          `db:"again_of"`
	Reason       string          `db:"reason"`
	RequestHash  string          `db:"request_hash"`
	SecondBy     string          `db:"second_by"`
	SecondAt     *time.Time      `db:"second_at"`
	Seed         []byte          `db:"seed"`
	DrawnBy      string          `db:"drawn_by"`
	DrawnAt      *time.Time      `db:"drawn_at"`
	Labels       pq.StringArray  `db:"labels"` // of a panel
}

const drawNames = `id, what, regulator, filter, eligible_hash, take, alternates, requested_by, requested_at,
	coalesce(CAST(again_of AS text), '') AS again_of, reason, request_hash, coalesce(second_by, '') AS second_by, second_at,
	seed, coalesce(drawn_by, '') AS drawn_by, drawn_at`

func drawRow(ctx context.Context, q sqlx.QueryerContext, id string, regulators []string) (drawColumns, error) {
	var r drawColumns
	if !isUUID(id) {
		return r, review.Refuse(review.NotFound)
	}
	err := sqlx.GetContext(ctx, q, &r, `
		SELECT `+drawNames+` FROM draws WHERE id = $1 AND regulator = ANY ($2)`, id, pq.StringArray(regulators))
	return r, missing(err)
}

// DrawRecord returns the exported record of a draw of one of the regulators; NotFound when there is none. The sums are
// those stored with the request, so that Verify finds what was changed in the database since.
func (db *DB) DrawRecord(ctx context.Context, id string, regulators []string) (review.DrawRecord, error) {
	return drawRecord(ctx, db.sql, id, regulators)
}

func drawRecord(ctx context.Context, q sqlx.QueryerContext, id string, regulators []string) (review.DrawRecord, error) {
	var d drawColumns
	if !isUUID(id) {
		return review.DrawRecord{}, review.Refuse(review.NotFound)
	}
	if err := sqlx.GetContext(ctx, q, &d, `
		SELECT `+drawNames+`, eligible, labels FROM draws WHERE id = $1 AND regulator = ANY ($2)`, id, pq.StringArray(regulators)); err != nil {
		return review.DrawRecord{}, missing(err)
	}
	r := review.DrawRecord{Format: 1, ID: d.ID, What: d.What, Regulator: d.Regulator, Take: d.Take, TakeAlternates: d.Alternates,
		Eligible: d.Eligible, EligibleHash: d.EligibleHash, RequestedBy: d.RequestedBy, RequestedAt: d.RequestedAt.UTC(), AgainOf: d.AgainOf,
		Reason: d.Reason, RequestHash: d.RequestHash, SecondBy: d.SecondBy, SecondAt: inUTC(d.SecondAt), Seed: hex.EncodeToString(d.Seed),
		DrawnBy: d.DrawnBy, DrawnAt: inUTC(d.DrawnAt), Labels: []string{}}
	if err := json.Unmarshal(d.Filter, &r.Filter); err != nil {
		return review.DrawRecord{}, fmt.Errorf("draw %s: %w", id, err)
	}
	if err := r.Pick(); err != nil {
		return review.DrawRecord{}, fmt.Errorf("draw %s: %w", id, err)
	}
	if r.What == review.PanelDraw {
		r.Labels = append(r.Labels, d.Labels...)
	} else if drawn := slices.Concat(r.Drawn, r.Alternates); len(drawn) > 0 {
		// A case's number never changes, so the record is the same whenever it is exported.
		if err := sqlx.SelectContext(ctx, q, &r.Labels, `
			SELECT c.number
			FROM unnest(CAST($1 AS uuid[])) WITH ORDINALITY AS d (id, place)
			JOIN cases c ON c.id = d.id
			ORDER BY d.place`, pq.StringArray(drawn)); err != nil {
			return review.DrawRecord{}, err
		}
	}
	r.Sum = r.HashRecord()
	return r, nil
}

func inUTC(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// DrawRow is a draw in a list.
type DrawRow struct {
	ID              string            `db:"id" json:"id"`
	What            string            `db:"what" json:"what"`
	Regulator       string            `db:"regulator" json:"regulator"`
	RawFilter       json.RawMessage   `db:"filter" json:"-"`
	Filter          review.DrawFilter `db:"-" json:"filter"`
	Eligible        int               `db:"eligible_count" json:"eligible"`
	EligibleHash    string            `db:"eligible_hash" json:"eligibleHash"`
	RequestHash     string            `db:"request_hash" json:"requestHash"`
	Take            int               `db:"take" json:"take"`
	Alternates      int               `db:"alternates" json:"alternates"`
	RequestedBy     string            `db:"requested_by" json:"requestedBy"`
	RequestedByName string            `db:"requested_by_name" json:"requestedByName"`
	RequestedAt     time.Time         `db:"requested_at" json:"requestedAt"`
	AgainOf         string            `db:"again_of" json:"againOf,omitempty"`
	Reason          string            `db:"reason" json:"reason,omitempty"`
	SecondBy        string            `db:"second_by" json:"secondBy,omitempty"`
	SecondByName    string            `db:"second_by_name" json:"secondByName,omitempty"`
	DrawnAt         *time.Time        `db:"drawn_at" json:"drawnAt,omitempty"`
	Again           string            `db:"again" json:"again,omitempty"` // the draw that draws it again
}

// DrawPage is a page of draws, newest first. Next is empty on the last page.
type DrawPage struct {
	Draws []DrawRow
	Next  string
}

// Draws lists the spot checks of the regulators, also those that were asked for and never drawn; the draws for a panel stand
// with their case, since not everybody may know of that. limit is 1 to 200; 0 is 50.
func (db *DB) Draws(ctx context.Context, regulators []string, cursor string, limit int) (DrawPage, error) {
	at, id, err := readCursor(cursor)
	if err != nil {
		return DrawPage{}, err
	}
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 200)
	stmt, err := db.stmt(ctx, drawSelect+`
		WHERE d.regulator = ANY ($1) AND d.what = 'spot_check' AND (CAST($2 AS timestamptz) IS NULL OR (d.requested_at, d.id) < ($2, CAST($3 AS uuid)))
		ORDER BY d.requested_at DESC, d.id DESC
		LIMIT $4`)
	if err != nil {
		return DrawPage{}, err
	}
	page := DrawPage{Draws: []DrawRow{}}
	if err := stmt.SelectContext(ctx, &page.Draws, pq.StringArray(regulators), at, id, limit+1); err != nil {
		return DrawPage{}, err
	}
	if len(page.Draws) > limit {
		page.Draws = page.Draws[:limit]
		page.Next = writeCursor(page.Draws[limit-1].RequestedAt, page.Draws[limit-1].ID)
	}
	return page, readFilters(page.Draws)
}

const drawSelect = `
	SELECT d.id, d.what, d.regulator, d.filter, d.eligible_count, d.eligible_hash, d.request_hash, d.take, d.alternates,
		d.requested_by, p.name AS requested_by_name, d.requested_at, coalesce(CAST(d.again_of AS text), '') AS again_of, d.reason,
		coalesce(d.second_by, '') AS second_by, coalesce(s.name, '') AS second_by_name, d.drawn_at,
		coalesce(CAST(a.id AS text), '') AS again
	FROM draws d
	JOIN people p ON p.id = d.requested_by
	LEFT JOIN people s ON s.id = d.second_by
	LEFT JOIN draws a ON a.again_of = d.id`

func readFilters(rows []DrawRow) error {
	for i := range rows {
		d := &rows[i]
		if err := json.Unmarshal(d.RawFilter, &d.Filter); err != nil {
			return fmt.Errorf("draw %s: %w", d.ID, err)
		}
	}
	return nil
}
