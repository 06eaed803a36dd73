package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// entry is what an event's payload holds: what happened, who asked, and the SHA-256 of the case as it was left, so that
// the chain vouches for the state as well.
type entry struct {
	Event    review.Event   `json:"event"`
	Request  review.Request `json:"request"`
	State    string         `json:"state"`
	Imported bool           `json:"imported,omitempty"`
	Columns  *columns       `json:"columns,omitempty"` // nil in what was written before they were sealed
}

// Save writes one accepted action: the case as it is now, its event, whose turn it is, who may read it, the texts it
// names and what it counts, all or nothing. It is the only writer of cases and events.
//
// It may be repeated: a version that is there already answers as it did then. Another content for it means that the
// running case forgot what it did, and is ErrAhead: the record stays as it is. A state that does not even know its number
// belongs to another life of the case (a restore, a reset): the case is frozen and every Save refused as Forked until an
// operator has looked. A version that is not the next one is a plain error.
//
// Refusals beyond that: OpenCaseExists, LinkedNotIssued, KeyReused (the request has another event), Missing (a text that
// neither the actor's unit put nor the case names), BadCharacters, and Invalid for what a constraint refuses.
func (db *DB) Save(ctx context.Context, r review.Record) (review.Assigned, error) {
	if r.Case.ID != r.Event.Case || r.Case.Version != r.Event.Version || !isUUID(r.Case.ID) {
		return review.Assigned{}, review.Refuse(review.Invalid, "field", "case")
	}
	w, err := db.write(ctx, r)
	if err != nil {
		return review.Assigned{}, err
	}
	if err := db.linked(ctx, w); err != nil {
		return review.Assigned{}, err
	}
	err = retry(func() error {
		if r.Event.Version == 1 {
			return db.open(ctx, w)
		}
		return db.act(ctx, w)
	})
	if errors.Is(err, errNotNext) {
		return db.repeated(ctx, w)
	}
	if err = refusal(err); review.CodeOf(err) == review.OpenCaseExists {
		return review.Assigned{}, db.openCase(ctx, r.Case.Measure.ID)
	}
	if err != nil {
		return review.Assigned{}, fmt.Errorf("save case %s: %w", r.Case.ID, err)
	}
	return review.Assigned{Number: w.r.Case.Number, Clock: w.r.Case.Clock, Review: w.r.Case.Review}, nil
}

// errNotNext: the case is not where the event would follow on.
var errNotNext = errors.New("not the next version")

// write is one Save under way: the record with number and period filled in, and what was given before that.
type write struct {
	r      review.Record
	digest [32]byte // of the record as given: tells a repeat from a fork
	nonce  []byte
	starts bool // the event starts a period of working days
	meters bool // the event starts the regulator's own, or has it go on
}

func (db *DB) write(ctx context.Context, r review.Record) (*write, error) {
	given, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("save case %s: %w", r.Case.ID, err)
	}
	if holdsNUL(string(given)) {
		return nil, review.Refuse(review.BadCharacters, "field", "case")
	}
	w := &write{r: r, digest: sha256.Sum256(given), nonce: make([]byte, 16)}
	if _, err := rand.Read(w.nonce); err != nil {
		return nil, err
	}
	w.starts = r.Case.Clock != nil && r.Case.Clock.Days > 0 && r.Case.Clock.Version == r.Event.Version
	w.meters = r.Case.Review.Running() && r.Case.Review.Version == r.Event.Version
	if !w.starts && !w.meters {
		return w, nil
	}
	cal, err := db.Calendar(ctx)
	if err != nil {
		return nil, err
	}
	if w.starts {
		clock := *r.Case.Clock
		clock.Due, clock.Provisional = cal.Due(clock.From, clock.Days)
		w.r.Case.Clock = &clock
	}
	if w.meters {
		meter := *r.Case.Review
		meter.Due, meter.Provisional = cal.DueSpans(meter.Spans, meter.Days)
		w.r.Case.Review = &meter
	}
	return w, nil
}

// open is the first Save of a case: it takes the year's next number. The row of numbers is locked until the commit, so
// openings queue for a moment and a number is never lost.
func (db *DB) open(ctx context.Context, w *write) error {
	stmt, err := db.stmt(ctx, w.statement(openCase))
	if err != nil {
		return err
	}
	year := review.In(w.r.Event.At).Year()
	return db.inTx(ctx, func(tx *sqlx.Tx) error {
		var n int
		if err := tx.GetContext(ctx, &n, `
			INSERT INTO numbers (year, last) VALUES ($1, 1)
			ON CONFLICT (year) DO UPDATE SET last = numbers.last + 1
			RETURNING last`, year); err != nil {
			return err
		}
		w.r.Case.Number = caseNumber(year, n)
		return w.run(ctx, tx.StmtxContext(ctx, stmt))
	})
}

// act is every later Save: one statement, which is its own transaction and one round trip.
func (db *DB) act(ctx context.Context, w *write) error {
	stmt, err := db.stmt(ctx, w.statement(nextVersion))
	if err != nil {
		return err
	}
	return w.run(ctx, stmt)
}

// statement is made of the parts that this Save needs. Most need neither texts nor figures, and a statement costs by its
// parts, run or not: with all of them Save took half as long again.
func (w *write) statement(step string) string {
	parts := `WITH ` + given + step + consequences
	if len(texts(w.r.Event.Action)) > 0 {
		parts += links
	}
	if w.r.Event.Outcome != "" || w.r.Event.Version == 1 {
		parts += figures
	}
	if len(w.notices()) > 0 {
		parts += told
	}
	return parts + ` SELECT id FROM saved`
}

func (w *write) run(ctx context.Context, stmt *sqlx.Stmt) error {
	args, err := w.args()
	if err != nil {
		return err
	}
	var id string
	err = stmt.GetContext(ctx, &id, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return errNotNext
	}
	return err
}

// given names what a Save brings; the rest of the statement speaks in these names.
const given = `
given AS (
    SELECT CAST($1 AS uuid) AS id, CAST($2 AS text) AS number, CAST($3 AS integer) AS version, CAST($4 AS text) AS kind,
        CAST($5 AS text) AS route, CAST($6 AS text) AS status, CAST($7 AS integer) AS round, CAST($8 AS text) AS unit,
        CAST($9 AS text) AS regulator, CAST($10 AS text) AS issuer, CAST($11 AS text) AS measure,
        CAST($12 AS text) AS title, CAST($13 AS text) AS outcome, CAST($14 AS date) AS outcome_on,
        CAST($15 AS date) AS opened_on, CAST($16 AS timestamptz) AS opened_at, CAST($17 AS timestamptz) AS due,
        CAST($18 AS boolean) AS due_provisional, CAST($19 AS boolean) AS made_up, CAST($20 AS text) AS label,
        CAST($21 AS boolean) AS imported, CAST($22 AS json) AS state, CAST($23 AS timestamptz) AS since,
        CAST($24 AS timestamptz) AS at, CAST($25 AS text) AS action, CAST($26 AS text) AS actor,
        CAST($27 AS text) AS actor_unit, CAST($28 AS text) AS from_status, CAST($29 AS integer) AS event_round,
        CAST($30 AS text) AS counted, CAST($31 AS text) AS request_id, CAST($32 AS text) AS request_digest,
        CAST($33 AS bytea) AS record_digest, CAST($34 AS timestamptz) AS event_due,
        CAST($35 AS bytea) AS payload, CAST($36 AS bytea) AS nonce,
        CAST($37 AS text[]) AS task_units, CAST($38 AS text[]) AS task_roles, CAST($39 AS text[]) AS task_people,
        CAST($40 AS text[]) AS task_whats, CAST($41 AS text[]) AS reader_units, CAST($42 AS text[]) AS reader_people,
        CAST($43 AS text[]) AS text_hashes, CAST($44 AS text[]) AS text_whats, CAST($45 AS boolean) AS event_provisional,
        CAST($46 AS timestamptz) AS review_due, CAST($47 AS boolean) AS review_provisional,
        CAST($48 AS text[]) AS notice_units, CAST($49 AS text[]) AS notice_roles, CAST($50 AS text[]) AS notice_people,
        CAST($51 AS text[]) AS notice_kinds, CAST($52 AS boolean[]) AS notice_on_turn
)`

// openCase makes the case; nothing follows when it is there already.
const openCase = `, saved AS (
    INSERT INTO cases (id, number, version, head, kind, route, status, round, unit, regulator, issuer, measure, title,
        outcome, outcome_on, first_outcome_on, opened_on, opened_at, recorded_at, updated_at, due, due_provisional,
        made_up, label, imported, state)
    SELECT id, number, version, sha256(decode(repeat('00', 32), 'hex') || nonce || payload), kind, route, status, round,
        unit, regulator, issuer, measure, title, outcome, outcome_on, outcome_on, opened_on, opened_at, at, at, due,
        due_provisional, made_up, label, imported, state
    FROM given
    ON CONFLICT (id) DO NOTHING
    RETURNING id, unit, route, kind, opened_on, head, decode(repeat('00', 32), 'hex') AS prev, true AS first
)`

// nextVersion moves the case on from exactly the version before; nothing follows when it stands elsewhere.
const nextVersion = `, before AS (
    SELECT c.id, c.head, c.outcome
    FROM cases c
    JOIN given g ON c.id = g.id AND c.version = g.version - 1 AND c.number = g.number AND NOT c.frozen
    FOR UPDATE OF c
), saved AS (
    UPDATE cases c
    SET version = g.version, head = sha256(b.head || g.nonce || g.payload), status = g.status, round = g.round,
        outcome = g.outcome, outcome_on = coalesce(g.outcome_on, c.outcome_on),
        first_outcome_on = coalesce(c.first_outcome_on, g.outcome_on), updated_at = g.at, due = g.due,
        due_provisional = g.due_provisional, state = g.state
    FROM given g, before b
    WHERE c.id = b.id
    RETURNING c.id, c.unit, c.route, c.kind, CAST(NULL AS date) AS opened_on, c.head, b.head AS prev, b.outcome = '' AS first
)`

// consequences is what every Save writes beside the case. Every part hangs on saved: no case, nothing. Turns and readers
// that stay are left alone, so that most Saves write few rows.
const consequences = `, event AS (
    INSERT INTO events (case_id, version, round, at, kind, person, unit, from_status, to_status, outcome, request_id,
        request_digest, record_digest, due, due_provisional, payload, nonce, prev_hash, hash, review_due, review_provisional)
    SELECT s.id, g.version, g.event_round, g.at, g.action, g.actor, g.actor_unit, g.from_status, g.status, g.counted,
        g.request_id, g.request_digest, g.record_digest, g.event_due, g.event_provisional,
        g.payload, g.nonce, s.prev, s.head, g.review_due, g.review_provisional
    FROM saved s, given g
), turn AS (
    INSERT INTO tasks (case_id, unit, role, person, what, since, due, due_provisional)
    SELECT s.id, t.unit, t.role, t.person, t.what, g.since, g.due, g.due_provisional
    FROM saved s, given g, unnest(g.task_units, g.task_roles, g.task_people, g.task_whats) AS t (unit, role, person, what)
    ON CONFLICT (case_id, unit, role, person) DO UPDATE
    SET what = excluded.what, since = excluded.since, due = excluded.due, due_provisional = excluded.due_provisional
), turned AS (
    DELETE FROM tasks t USING saved s
    WHERE t.case_id = s.id AND NOT EXISTS (
        SELECT FROM given g, unnest(g.task_units, g.task_roles, g.task_people) AS n (unit, role, person)
        WHERE n.unit = t.unit AND n.role = t.role AND n.person = t.person)
), reader AS (
    INSERT INTO case_readers (case_id, unit, person)
    SELECT s.id, r.unit, r.person
    FROM saved s, given g, unnest(g.reader_units, g.reader_people) AS r (unit, person)
    ON CONFLICT (case_id, unit, person) DO NOTHING
), barred AS (
    DELETE FROM case_readers r USING saved s
    WHERE r.case_id = s.id AND NOT EXISTS (
        SELECT FROM given g, unnest(g.reader_units, g.reader_people) AS n (unit, person)
        WHERE n.unit = r.unit AND n.person = r.person)
)`

// links ties the texts that the action names to the case. One is linked when the case names it already, or the actor or
// the actor's unit put it; a hash that is not found so becomes NULL, which the table refuses. Subqueries, not joins: a
// plan made while the tables were small must not read all of them later.
const links = `, linked AS (
    INSERT INTO case_texts (case_id, hash, what)
    SELECT s.id, coalesce(
        (SELECT x.hash FROM case_texts x WHERE x.case_id = s.id AND x.hash = t.hash),
        (SELECT h.hash FROM text_holders h
         WHERE h.hash = t.hash AND (h.person = g.actor OR h.unit = g.actor_unit AND h.unit <> '') LIMIT 1)), t.what
    FROM saved s, given g, unnest(g.text_hashes, g.text_whats) AS t (hash, what)
    ON CONFLICT (case_id, hash) DO NOTHING
)`

// told are the notices of the event. tasks is seen here as it was before this statement, so that a turn is told of when it
// begins and not again while it lasts. Asked as a subquery of one row, which stays an index look-up (as in links): as NOT
// EXISTS it read the whole of tasks, and cost a Save that tells somebody 0.36 ms; so it costs 0.06 of 0.5.
const told = `, told AS (
    INSERT INTO notices (case_id, version, kind, unit, role, person, actor, made_at)
    SELECT s.id, g.version, n.kind, n.unit, n.role, n.person, g.actor, g.at
    FROM saved s, given g,
        unnest(g.notice_units, g.notice_roles, g.notice_people, g.notice_kinds, g.notice_on_turn) AS n (unit, role, person, kind, on_turn)
    WHERE NOT n.on_turn OR (
        SELECT t.what FROM tasks t
        WHERE t.case_id = s.id AND t.unit = n.unit AND t.role = n.role AND t.person = n.person LIMIT 1) IS NULL
)`

// figures are the outcome and the counters, which are added up per key and taken in the order of the key, so that two Saves
// cannot lock each other out.
const figures = `, replaced AS (
    UPDATE outcomes o SET replaced_at = g.at, replaced_on = g.outcome_on
    FROM saved s, given g
    WHERE o.case_id = s.id AND o.replaced_at IS NULL AND g.counted <> ''
    RETURNING o.seq, o.outcome, o.day
), counted AS (
    INSERT INTO outcomes (case_id, seq, version, outcome, status, unit, route, kind, day, recorded_at)
    SELECT s.id, coalesce(r.seq, 0) + 1, g.version, g.counted, g.status, s.unit, s.route, s.kind, g.outcome_on, g.at
    FROM saved s CROSS JOIN given g LEFT JOIN replaced r ON true
    WHERE g.counted <> ''
), deltas AS (
    SELECT s.opened_on AS day, 'registered' AS outcome, CAST('infinity' AS date) AS replaced_on, 1 AS n FROM saved s
    UNION ALL
    SELECT g.outcome_on, 'finished', 'infinity', 1 FROM saved s, given g WHERE s.first AND g.counted <> ''
    UNION ALL
    SELECT g.outcome_on, g.counted, 'infinity', 1 FROM saved s, given g WHERE g.counted <> ''
    UNION ALL
    SELECT r.day, r.outcome, 'infinity', -1 FROM replaced r
    UNION ALL
    SELECT r.day, r.outcome, g.outcome_on, 1 FROM replaced r, given g
), figures AS (
    INSERT INTO counters (unit, day, route, kind, outcome, replaced_on, n)
    SELECT u.unit, d.day, s.route, s.kind, d.outcome, d.replaced_on, sum(d.n)
    FROM deltas d CROSS JOIN saved s CROSS JOIN LATERAL (VALUES (s.unit), ('')) AS u (unit)
    WHERE d.day IS NOT NULL
    GROUP BY u.unit, d.day, s.route, s.kind, d.outcome, d.replaced_on
    HAVING sum(d.n) <> 0
    ORDER BY u.unit, d.day, s.route, s.kind, d.outcome, d.replaced_on
    ON CONFLICT (unit, day, route, kind, outcome, replaced_on) DO UPDATE SET n = counters.n + excluded.n
)`

// args are the values of given, in its order.
func (w *write) args() ([]any, error) {
	c, e := w.r.Case, w.r.Event
	state, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(state)
	opened, counted := w.days()
	due, provisional := running(c)
	var started, metered *time.Time
	var startedProvisional, meteredProvisional bool
	if w.starts {
		started, startedProvisional = &c.Clock.Due, c.Clock.Provisional
	}
	if w.meters {
		metered, meteredProvisional = &c.Review.Due, c.Review.Provisional
	}
	payload, err := json.Marshal(entry{Event: e, Request: w.r.Request, State: hex.EncodeToString(sum[:]), Imported: w.r.Imported,
		Columns: &columns{hex.EncodeToString(w.digest[:]), started, startedProvisional, metered, meteredProvisional}})
	if err != nil {
		return nil, err
	}
	var units, roles, people, whats, readerUnits, readerPeople, hashes, named []string
	for _, t := range w.turns() {
		units, roles, people, whats = append(units, t.Unit), append(roles, string(t.Role)), append(people, t.Person), append(whats, string(t.What))
	}
	for _, g := range review.Grants(c) {
		readerUnits, readerPeople = append(readerUnits, g.Unit), append(readerPeople, g.Person)
	}
	for _, t := range texts(e.Action) {
		if !slices.Contains(hashes, t.hash) {
			hashes, named = append(hashes, t.hash), append(named, t.what)
		}
	}
	var noticeUnits, noticeRoles, noticePeople, noticeKinds []string
	var onTurn []bool
	for _, n := range w.notices() {
		noticeUnits, noticeRoles, noticePeople = append(noticeUnits, n.Unit), append(noticeRoles, string(n.Role)), append(noticePeople, n.Person)
		noticeKinds, onTurn = append(noticeKinds, string(n.Kind)), append(onTurn, n.OnTurn)
	}
	return []any{c.ID, c.Number, c.Version, string(c.Kind), string(c.Route), string(c.Status), c.Round, c.Unit, c.Regulator,
		c.Measure.Issuer, c.Measure.ID, c.Measure.Title, string(c.Outcome), counted, opened, c.OpenedAt, due, provisional,
		c.Measure.MadeUp, c.Measure.Label, w.r.Imported, string(state), c.Since, e.At, string(e.Action.Kind),
		e.Action.Actor.Person, e.Action.Actor.Unit, string(e.From), e.Round, string(e.Outcome), null(w.r.Request.ID),
		w.r.Request.Digest, w.digest[:], started, payload, w.nonce,
		pq.StringArray(units), pq.StringArray(roles), pq.StringArray(people), pq.StringArray(whats),
		pq.StringArray(readerUnits), pq.StringArray(readerPeople), pq.StringArray(hashes), pq.StringArray(named),
		startedProvisional, metered, meteredProvisional,
		pq.StringArray(noticeUnits), pq.StringArray(noticeRoles), pq.StringArray(noticePeople), pq.StringArray(noticeKinds), pq.BoolArray(onTurn)}, nil
}

// turns are review.Turns, each party once. An imported record is finished: it is nobody's turn.
func (w *write) turns() []review.Turn {
	var out []review.Turn
	if w.r.Imported {
		return nil
	}
	for _, t := range review.Turns(w.r.Case) {
		if !slices.ContainsFunc(out, func(o review.Turn) bool { return o.Unit == t.Unit && o.Role == t.Role && o.Person == t.Person }) {
			out = append(out, t)
		}
	}
	return out
}

// notices are review.NoticesOf; an imported record tells nobody.
func (w *write) notices() []review.Notice {
	if w.r.Imported {
		return nil
	}
	return review.NoticesOf(w.r.Case, w.r.Event)
}

// days are the day of the opening and that of the outcome that this event counts, in China. An imported record counts on
// the day of its decision, which was before we knew of it; without that day it is in no period.
func (w *write) days() (opened, counted *string) {
	c, e := w.r.Case, w.r.Event
	on := string(review.DateOf(c.OpenedAt))
	opened = &on
	if e.Outcome == "" {
		return opened, nil
	}
	if c.Counted == nil {
		if w.r.Imported {
			return nil, nil
		}
		c.Counted = &e.At
	}
	day := string(review.DateOf(*c.Counted))
	if w.r.Imported && day < on {
		opened = &day
	}
	return opened, &day
}

// running is the end of the period that runs.
func running(c review.Case) (due *time.Time, provisional bool) {
	at, provisional := c.Due()
	if at.IsZero() {
		return nil, false
	}
	return &at, provisional
}

func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

type namedText struct{ hash, what string }

// texts are the stored texts that an action names, by the field that names each.
func texts(a review.Action) []namedText {
	var out []namedText
	add := func(hash, what string) {
		if hash != "" {
			out = append(out, namedText{hash, what})
		}
	}
	if a.Text != nil {
		add(a.Text.Hash, "text")
	}
	if a.Checklist != nil {
		add(a.Checklist.TextHash, "checklist.textHash")
	}
	if a.Packet != nil {
		for _, slot := range slices.Sorted(maps.Keys(a.Packet.Documents)) {
			add(a.Packet.Documents[slot], "packet.documents."+string(slot))
		}
	}
	if a.Conclusion != nil {
		add(a.Conclusion.TextHash, "conclusion.textHash")
		add(a.Conclusion.Written, "conclusion.written")
	}
	add(a.Report, "report")
	if a.Issue != nil {
		add(a.Issue.TextHash, "issue.textHash")
	}
	if a.Scope != nil {
		add(a.Scope.TextHash, "scope.textHash")
	}
	return out
}

// stored is what the record has of a version.
type stored struct {
	Version        int        `db:"version"` // of the case
	Number         string     `db:"number"`
	Frozen         bool       `db:"frozen"`
	Digest         []byte     `db:"record_digest"` // of the event; nil when it is not there
	Due            *time.Time `db:"due"`
	DueProvisional *bool      `db:"due_provisional"`

	ReviewDue         *time.Time `db:"review_due"`
	ReviewProvisional *bool      `db:"review_provisional"`
}

func (db *DB) stored(ctx context.Context, w *write) (stored, error) {
	var s stored
	err := db.sql.GetContext(ctx, &s, `
		SELECT c.version, c.number, c.frozen, e.record_digest, e.due, e.due_provisional, e.review_due, e.review_provisional
		FROM cases c
		LEFT JOIN events e ON e.case_id = c.id AND e.version = $2
		WHERE c.id = $1`, w.r.Case.ID, w.r.Case.Version)
	return s, err
}

// repeated answers a Save whose version did not follow on: as then, when it is the same; ErrAhead or Forked when it is
// another.
func (db *DB) repeated(ctx context.Context, w *write) (review.Assigned, error) {
	s, err := db.stored(ctx, w)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return review.Assigned{}, fmt.Errorf("save case %s: version %d of a case that is not there", w.r.Case.ID, w.r.Case.Version)
	case err != nil:
		return review.Assigned{}, fmt.Errorf("save case %s: %w", w.r.Case.ID, err)
	case string(s.Digest) == string(w.digest[:]):
		a := review.Assigned{Number: s.Number, Clock: w.r.Case.Clock, Review: w.r.Case.Review}
		if w.meters && s.ReviewDue != nil {
			meter := *w.r.Case.Review
			meter.Due, meter.Provisional = s.ReviewDue.UTC(), s.ReviewProvisional != nil && *s.ReviewProvisional
			a.Review = &meter
		}
		if w.starts && s.Due != nil {
			clock := *w.r.Case.Clock
			clock.Due, clock.Provisional = s.Due.UTC(), s.DueProvisional != nil && *s.DueProvisional
			a.Clock = &clock
		}
		return a, nil
	case s.Frozen:
		return review.Assigned{}, review.Refuse(review.Forked)
	case s.Digest == nil && s.Version+1 < w.r.Case.Version:
		return review.Assigned{}, fmt.Errorf("save case %s: version %d after %d", w.r.Case.ID, w.r.Case.Version, s.Version)
	case s.Digest == nil && s.Number == w.r.Case.Number:
		return review.Assigned{}, fmt.Errorf("save case %s: version %d raced with the one before", w.r.Case.ID, w.r.Case.Version)
	case s.Digest != nil && (s.Number == w.r.Case.Number || w.r.Case.Version == 1):
		return review.Assigned{}, fmt.Errorf("save case %s: version %d of %d: %w", w.r.Case.ID, w.r.Case.Version, s.Version, ErrAhead)
	}
	if _, err := db.sql.ExecContext(ctx, `UPDATE cases SET frozen = true WHERE id = $1`, w.r.Case.ID); err != nil {
		return review.Assigned{}, fmt.Errorf("freeze case %s: %w", w.r.Case.ID, err)
	}
	return review.Assigned{}, review.Refuse(review.Forked)
}

// linked checks the case that an amendment or an extension names, which only the record knows: LinkedNotIssued when the amending
// document is not issued, ExtensionOpen when the other case does not carry this exception on or was concluded after its
// end. What is recorded already stands.
func (db *DB) linked(ctx context.Context, w *write) error {
	a, refusal := w.r.Event.Action, review.LinkedNotIssued
	if w.r.Imported || a.Kind != review.RegisterAmendment && a.Kind != review.RegisterExtension {
		return nil
	}
	var holds bool
	var err error
	if a.Kind == review.RegisterExtension {
		refusal = review.ExtensionOpen
		holds, err = db.extends(ctx, a.Linked, w.r.Case)
	} else {
		holds, err = db.IssuedCase(ctx, a.Linked)
	}
	if err != nil || holds {
		return err
	}
	if s, err := db.stored(ctx, w); err == nil && s.Digest != nil {
		return nil
	}
	return review.Refuse(refusal)
}

// extends reports whether the case with the id was opened to carry on the exception of c, was concluded before it ends, and
// is issued.
func (db *DB) extends(ctx context.Context, id string, c review.Case) (bool, error) {
	if !isUUID(id) {
		return false, nil
	}
	var holds bool
	err := db.sql.GetContext(ctx, &holds, `
		SELECT EXISTS (
			SELECT FROM cases
			WHERE id = $1 AND state ->> 'extends' = $2 AND status IN ('ISSUED', 'ISSUED_EXCEPTION', 'KEPT', 'KEPT_EXCEPTION')
				AND ($3 = '' OR state -> 'conclusion' ->> 'signedOn' <= $3))`, id, c.ID, string(c.Sunset.Until))
	return holds, err
}

// openCase names the case that the measure has open, by its number.
func (db *DB) openCase(ctx context.Context, measure string) error {
	var number string
	err := db.sql.GetContext(ctx, &number, `
		SELECT number FROM cases
		WHERE measure = $1 ORDER BY opened_at DESC, id DESC LIMIT 1`, measure)
	if err != nil {
		return review.Refuse(review.OpenCaseExists)
	}
	return review.Refuse(review.OpenCaseExists, "case", number)
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// isUUID reports whether an id can be a case's; what cannot is simply not found.
func isUUID(id string) bool { return uuidForm.MatchString(id) }

// holdsNUL reports whether JSON escapes a NUL, which PostgreSQL keeps in no text.
func holdsNUL(doc string) bool {
	for i := 0; ; {
		n := strings.Index(doc[i:], `\u0000`)
		if n < 0 {
			return false
		}
		i += n
		before := doc[:i]
		if slashes := len(before) - len(strings.TrimRight(before, `\`)); slashes%2 == 0 {
			return true
		}
		i++
	}
}
