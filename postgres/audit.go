package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"runtime"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/review"
)

// AuditReport is what a verification found. Head stands for all chains as they are; the heads that MakeHead makes are what
// to keep elsewhere. Without such a copy, whoever may write to the database could write a new chain from any point on.
type AuditReport struct {
	Events int     `json:"events"`
	Cases  int     `json:"cases"`
	Heads  int     `json:"heads"`         // in the database
	Bad    *BadRow `json:"bad,omitempty"` // the first row that does not fit: chains by case and version, then the tables beside them
	Head   string  `json:"head"`          // SHA-256 over (case, version, hash) of every case, in the order of the ids
	After  After   `json:"after"`         // what no head covers: the exported ones when they were given, else those in the database
}

// After is what came after the last head.
type After struct {
	Events int     `json:"events"`
	Cases  int     `json:"cases"`
	First  []Later `json:"first,omitempty"` // the first of them by id, ten at most
}

// Later is a case with events that no head covers.
type Later struct {
	Case   string `json:"case"`
	Number string `json:"number"`
	From   int    `json:"from"` // version of the first such event
	To     int    `json:"to"`
}

// BadRow is a row that does not fit, and what about it. Of a row of another table than events and cases, Version is 0 and
// Case may be "".
type BadRow struct {
	Case    string `json:"case,omitempty"`
	Number  string `json:"number,omitempty"` // "" when the case that had it is gone
	Version int    `json:"version,omitempty"`
	What    string `json:"what"`
}

func (b BadRow) String() string {
	if b.Case == "" {
		return b.What
	}
	row := "case " + b.Case
	if b.Number != "" {
		row = "case " + b.Number + " (" + b.Case + ")"
	}
	if b.Version != 0 {
		row += fmt.Sprintf(", event %d", b.Version)
	}
	return row + ": " + b.What
}

// VerifyAudit recomputes every chain from one snapshot and compares it with the columns, the states and figures beside it, and
// with the heads in the database. It stops at the first row that does not fit; Head is then empty. progress may be nil; it
// is told events, now and then, by one caller at a time.
func (db *DB) VerifyAudit(ctx context.Context, progress func(done, total int)) (AuditReport, error) {
	return db.VerifyAgainst(ctx, nil, progress)
}

// VerifyAgainst is VerifyAudit that compares with heads that were kept elsewhere as well, as ReadHeads read them.
func (db *DB) VerifyAgainst(ctx context.Context, kept *KeptHeads, progress func(done, total int)) (AuditReport, error) {
	tx, err := db.snapshot(ctx, "")
	if err != nil {
		return AuditReport{}, err
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	v := verification{kept: kept, progress: progress, found: map[int]*part{}, sum: sha256.New()}
	var from string
	if err := tx.GetContext(ctx, &from, `SELECT pg_export_snapshot()`); err != nil {
		return AuditReport{}, err
	}
	if err := tx.GetContext(ctx, &v.total, `SELECT count(*) FROM events`); err != nil {
		return AuditReport{}, err
	}
	v.split()
	if err := v.chains(ctx, db, tx, from); err != nil {
		return AuditReport{}, err
	}
	if v.report.Bad == nil {
		if v.report.Bad, err = figuresFit(ctx, tx); err != nil {
			return AuditReport{}, err
		}
	}
	if v.report.Bad == nil {
		if v.report.Bad, v.report.Heads, err = headsFit(ctx, tx, kept); err != nil {
			return AuditReport{}, err
		}
	}
	if v.report.Bad == nil {
		v.report.Head = hex.EncodeToString(v.sum.Sum(nil))
	}
	return v.report, nil
}

// snapshot begins a transaction that reads and takes its time; from is the snapshot of another, "" takes a new one.
func (db *DB) snapshot(ctx context.Context, from string) (*sqlx.Tx, error) {
	tx, err := db.sql.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	statements := []string{`SET LOCAL statement_timeout = 0`, `SET LOCAL idle_in_transaction_session_timeout = 0`}
	if from != "" {
		// It takes no parameter; the name is what PostgreSQL just gave us, in hex and dashes.
		statements = append([]string{`SET TRANSACTION SNAPSHOT '` + from + `'`}, statements...)
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			_ = tx.Rollback()
			return nil, err
		}
	}
	return tx, nil
}

// eventsPerPart bounds what a worker holds: the cases of one part of the ids, whose events it streams.
const eventsPerPart = 4000

// verification is one walk: workers take the parts of the ids in order, so the first bad row is the one in the lowest part
// that has one.
type verification struct {
	kept     *KeptHeads
	total    int
	parts    int
	progress func(done, total int)

	mu     sync.Mutex
	next   int // part that nobody has taken yet
	merged int // parts before this one are in the report
	stop   bool
	seen   int
	found  map[int]*part // done, and waiting for one before it
	sum    hash.Hash
	report AuditReport
}

// split makes the parts: a power of two, so that each is a range of the ids' first two bytes.
func (v *verification) split() {
	v.parts = 1
	for v.parts < 4096 && v.parts*eventsPerPart < v.total {
		v.parts *= 2
	}
}

// bounds are the first and the last id that can be in a part.
func (v *verification) bounds(i int) (first, last string) {
	step := 1 << 16 / v.parts
	return fmt.Sprintf("%04x0000-0000-0000-0000-000000000000", i*step), fmt.Sprintf("%04xffff-ffff-ffff-ffff-ffffffffffff", (i+1)*step-1)
}

// chains walks all parts, one worker for each processor: the caller's transaction is the first, others share its snapshot.
func (v *verification) chains(ctx context.Context, db *DB, tx *sqlx.Tx, from string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers := min(max(runtime.GOMAXPROCS(0), 1), 8, v.parts)
	if most := db.sql.Stats().MaxOpenConnections; most > 0 {
		workers = min(workers, max(1, most/2)) // a pool that also serves keeps half
	}
	var all sync.WaitGroup
	for range workers - 1 {
		all.Go(func() {
			own, err := db.snapshot(ctx, from)
			if err != nil {
				cancel(err)
				return
			}
			defer func() { _ = own.Rollback() }()
			if err := v.work(ctx, own); err != nil {
				cancel(err)
			}
		})
	}
	if err := v.work(ctx, tx); err != nil {
		cancel(err)
	}
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if v.progress != nil {
		v.progress(v.seen, v.total)
	}
	return nil
}

func (v *verification) work(ctx context.Context, tx *sqlx.Tx) error {
	for {
		i, ok := v.take()
		if !ok {
			return nil
		}
		p, err := v.walk(ctx, tx, i)
		if err != nil {
			return err
		}
		v.merge(i, p)
	}
}

func (v *verification) take() (int, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stop || v.next == v.parts {
		return 0, false
	}
	v.next++
	return v.next - 1, true
}

// merge adds a part to the report when all before it are there; until then it waits.
func (v *verification) merge(i int, p *part) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.found[i] = p
	v.stop = v.stop || p.bad != nil
	for ; v.found[v.merged] != nil && v.report.Bad == nil; v.merged++ {
		p := v.found[v.merged]
		delete(v.found, v.merged)
		v.report.Events += p.events
		v.report.Cases += p.cases
		v.report.Bad = p.bad
		v.report.After.Events += p.after.Events
		v.report.After.Cases += p.after.Cases
		v.report.After.First = append(v.report.After.First, p.after.First[:min(len(p.after.First), 10-len(v.report.After.First))]...)
		v.sum.Write(p.sum.Bytes())
	}
	if v.progress != nil && p.events > 0 {
		v.seen += p.events
		v.progress(v.seen, v.total)
	}
}

// part is what was found in one range of the ids.
type part struct {
	events, cases int
	bad           *BadRow
	after         After
	sum           bytes.Buffer // (case, version, hash) of each case

	all    []caseColumns // what is left of them, by id
	sealed []sealed      // what is left of them, by id and version
	kept   bool          // heads from elsewhere were given: what they do not cover came after
	at     caseColumns   // the case whose events come now; its id is "" before the first
	there  bool          // and it is there
	last   auditRow      // the event before, of the same case; its version is 0 before the first
	upTo   int           // version of the last event that a head covers
}

// caseColumns is a row of cases, and what of it does not repeat its state.
type caseColumns struct {
	ID        string    `db:"id"`
	Number    string    `db:"number"`
	Version   int       `db:"version"`
	Head      []byte    `db:"head"`
	Status    string    `db:"status"`
	StateHash []byte    `db:"state_hash"`
	Imported  bool      `db:"imported"`
	Recorded  time.Time `db:"recorded_at"`
	Updated   time.Time `db:"updated_at"`
	Opened    time.Time `db:"opened_at"`
	OpenedSay string    `db:"opened_say"` // in the state
	Differs   string    `db:"differs"`    // name of the first column, or ""
}

const caseColumnsOf = `
	SELECT c.id, c.number, c.version, c.head, c.status, sha256(convert_to(CAST(c.state AS text), 'UTF8')) AS state_hash,
		c.imported, c.recorded_at, c.updated_at, c.opened_at, coalesce(s."openedAt", '') AS opened_say,
		CASE
			WHEN s.id IS DISTINCT FROM CAST(c.id AS text) THEN 'id'
			WHEN s.number IS DISTINCT FROM c.number THEN 'number'
			WHEN s.version IS DISTINCT FROM CAST(c.version AS text) THEN 'version'
			WHEN s.round IS DISTINCT FROM CAST(c.round AS text) THEN 'round'
			WHEN s.kind IS DISTINCT FROM c.kind THEN 'kind'
			WHEN s.route IS DISTINCT FROM c.route THEN 'route'
			WHEN s.status IS DISTINCT FROM c.status THEN 'status'
			WHEN s.unit IS DISTINCT FROM c.unit THEN 'unit'
			WHEN s.regulator IS DISTINCT FROM c.regulator THEN 'regulator'
			WHEN s.measure ->> 'issuer' IS DISTINCT FROM c.issuer THEN 'issuer'
			WHEN s.measure ->> 'id' IS DISTINCT FROM c.measure THEN 'measure'
			WHEN s.measure ->> 'title' IS DISTINCT FROM c.title THEN 'title'
			WHEN coalesce(s.measure ->> 'label', '') <> c.label THEN 'label'
			WHEN (coalesce(s.measure ->> 'madeUp', 'false') = 'true') <> c.made_up THEN 'made_up'
			WHEN coalesce(s.outcome, '') <> c.outcome THEN 'outcome'
			ELSE ''
		END AS differs
	FROM cases c
	CROSS JOIN LATERAL json_to_record(CASE WHEN json_typeof(c.state) = 'object' THEN c.state ELSE '{}' END) AS s (id text,
		number text, version text, round text, kind text, route text, status text, unit text, regulator text, measure json,
		outcome text, "openedAt" text)
	WHERE c.id BETWEEN $1 AND $2
	ORDER BY c.id`

// auditRow is a row of events.
type auditRow struct {
	Case          string
	Version       int
	Round         int
	At            time.Time
	Kind          string
	Person        string
	Unit          string
	From          string
	To            string
	Outcome       string
	RequestID     string
	RequestDigest string
	Record        []byte
	Due           sql.NullTime
	Provisional   bool
	ReviewDue     sql.NullTime
	ReviewProv    bool
	Payload       []byte
	Nonce         []byte
	Prev          []byte
	Hash          []byte
}

// walk checks one part: it reads the part's cases, then its events as they stream by.
func (v *verification) walk(ctx context.Context, tx *sqlx.Tx, i int) (*part, error) {
	first, last := v.bounds(i)
	p := &part{kept: v.kept != nil, sealed: v.kept.between(first, last)}
	if err := tx.SelectContext(ctx, &p.all, caseColumnsOf, first, last); err != nil {
		return nil, err
	}
	own, err := sealedBetween(ctx, tx, first, last)
	if err != nil {
		return nil, err
	}
	p.sealed = mergeSealed(p.sealed, own)
	rows, err := tx.QueryContext(ctx, `
		SELECT case_id, version, round, at, kind, person, unit, from_status, to_status, outcome, coalesce(request_id, ''),
			request_digest, record_digest, due, due_provisional, review_due, review_provisional, payload, nonce, prev_hash, hash
		FROM events
		WHERE case_id BETWEEN $1 AND $2
		ORDER BY case_id, version`, first, last)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() && p.bad == nil {
		var r auditRow
		if err := rows.Scan(&r.Case, &r.Version, &r.Round, &r.At, &r.Kind, &r.Person, &r.Unit, &r.From, &r.To, &r.Outcome,
			&r.RequestID, &r.RequestDigest, &r.Record, &r.Due, &r.Provisional, &r.ReviewDue, &r.ReviewProv, &r.Payload, &r.Nonce, &r.Prev, &r.Hash); err != nil {
			return nil, err
		}
		p.event(r)
	}
	if p.bad == nil {
		p.end()
	}
	return p, rows.Err()
}

// event takes the next event, which may be the first of a case.
func (p *part) event(r auditRow) {
	if r.Case != p.at.ID {
		if p.finish(); p.bad != nil {
			return
		}
		p.skip(r.Case)
		if p.bad != nil {
			return
		}
		p.begin(r.Case)
	}
	p.check(r)
	p.last = r
	p.events++
}

// skip takes the cases, and the seals, before an id that has events: they have none.
func (p *part) skip(id string) {
	for len(p.all) > 0 && (id == "" || p.all[0].ID < id) {
		p.begin(p.all[0].ID)
		if p.finish(); p.bad != nil {
			return
		}
	}
	if len(p.sealed) > 0 && (id == "" || p.sealed[0].Case < id) {
		s := p.sealed[0]
		p.bad = &BadRow{Case: s.Case, Version: s.Version, What: "the case is gone, which head " + s.by() + " sealed"}
	}
}

func (p *part) begin(id string) {
	if len(p.sealed) > 0 && p.sealed[0].Case < id {
		s := p.sealed[0]
		p.bad = &BadRow{Case: s.Case, Version: s.Version, What: "the case is gone, which head " + s.by() + " sealed"}
		return
	}
	p.at, p.there, p.last, p.upTo = caseColumns{ID: id}, false, auditRow{}, 0
	if len(p.all) > 0 && p.all[0].ID == id {
		p.at, p.there = p.all[0], true
		p.all = p.all[1:]
	}
	p.cases++
}

func (p *part) end() {
	if p.finish(); p.bad == nil {
		p.skip("")
	}
}

// finish checks that the case that was walked ends where it says.
func (p *part) finish() {
	c, l := p.at, p.last
	if p.bad != nil || c.ID == "" {
		return
	}
	switch {
	case !p.there:
		p.fail(l.Version, "the event's case is gone")
	case l.Version < c.Version:
		p.fail(c.Version, "the event is gone")
	case l.Version > c.Version:
		p.fail(l.Version, "an event beyond the case's last")
	case !bytes.Equal(l.Hash, c.Head):
		p.fail(l.Version, "not the hash that the case ends with")
	case !c.Updated.Equal(l.At):
		p.fail(l.Version, "the case's column updated_at was changed")
	case c.Differs != "":
		p.fail(l.Version, "the case's column "+c.Differs+" was changed")
	case !sameInstant(c.OpenedSay, c.Opened):
		p.fail(l.Version, "the case's column opened_at was changed")
	case len(p.sealed) > 0 && p.sealed[0].Case == c.ID:
		p.fail(p.sealed[0].Version, "the event is gone, which head "+p.sealed[0].by()+" sealed")
	}
	if p.bad != nil {
		return
	}
	if n := l.Version - p.upTo; n > 0 {
		p.after.Events += n
		p.after.Cases++
		if len(p.after.First) < 10 {
			p.after.First = append(p.after.First, Later{Case: c.ID, Number: c.Number, From: p.upTo + 1, To: l.Version})
		}
	}
	p.sum.WriteString(c.ID)
	_ = binary.Write(&p.sum, binary.BigEndian, int64(c.Version)) // a buffer takes everything
	p.sum.Write(c.Head)
}

func (p *part) fail(version int, what string) {
	p.bad = &BadRow{Case: p.at.ID, Number: p.at.Number, Version: version, What: what}
}

var firstPrev = make([]byte, sha256.Size)

func (p *part) check(r auditRow) {
	prev := p.last.Hash
	if p.last.Version == 0 {
		prev = firstPrev
	}
	if r.Version != p.last.Version+1 {
		p.fail(p.last.Version+1, "the event is gone")
		return
	}
	var sealed *sealed
	for len(p.sealed) > 0 && p.sealed[0].Case == r.Case && p.sealed[0].Version <= r.Version {
		s := p.sealed[0]
		p.sealed = p.sealed[1:]
		if s.Kept || !p.kept {
			p.upTo = s.Version
		}
		if !bytes.Equal(s.Hash[:], r.Hash) && sealed == nil {
			sealed = &s
		}
	}
	sum := sha256.New()
	sum.Write(r.Prev)
	sum.Write(r.Nonce)
	sum.Write(r.Payload)
	switch {
	case !bytes.Equal(r.Prev, prev):
		p.fail(r.Version, "not chained to the event before it")
	case !bytes.Equal(r.Hash, sum.Sum(nil)):
		p.fail(r.Version, "payload or nonce was changed")
	case sealed != nil:
		p.fail(r.Version, "not the hash that head "+sealed.by()+" sealed: this event, or one before it, was written anew")
	default:
		if what := p.differs(r); what != "" {
			p.fail(r.Version, what)
		}
	}
}

// payload is what of an entry the columns repeat. It is not entry itself: that one decodes all that an action may bring.
type payload struct {
	Event struct {
		Case    string    `json:"case"`
		Version int       `json:"version"`
		Round   int       `json:"round"`
		At      time.Time `json:"at"`
		Action  struct {
			Kind  string `json:"kind"`
			Actor struct {
				Person string `json:"person"`
				Unit   string `json:"unit"`
			} `json:"actor"`
		} `json:"action"`
		From    string `json:"from"`
		To      string `json:"to"`
		Outcome string `json:"outcome"`
	} `json:"event"`
	Request  review.Request `json:"request"`
	State    string         `json:"state"`
	Imported bool           `json:"imported"`
	Columns  *columns       `json:"columns"`
}

// columns are those that Save computes beside the event. A payload holds them since they are sealed; in older ones it is
// nil, and they are vouched for by nothing.
type columns struct {
	Record            string     `json:"record"` // SHA-256, hex, of what Save was given
	Due               *time.Time `json:"due,omitempty"`
	Provisional       bool       `json:"provisional,omitempty"`
	ReviewDue         *time.Time `json:"reviewDue,omitempty"`
	ReviewProvisional bool       `json:"reviewProvisional,omitempty"`
}

// differ names the column of the row that is another, or "".
func (c *columns) differ(r auditRow) string {
	switch {
	case c == nil:
		return ""
	case c.Record != hex.EncodeToString(r.Record):
		return "record_digest"
	case !sameTime(c.Due, r.Due):
		return "due"
	case c.Provisional != r.Provisional:
		return "due_provisional"
	case !sameTime(c.ReviewDue, r.ReviewDue):
		return "review_due"
	case c.ReviewProvisional != r.ReviewProv:
		return "review_provisional"
	}
	return ""
}

func sameTime(a *time.Time, b sql.NullTime) bool {
	if a == nil || !b.Valid {
		return a == nil && !b.Valid
	}
	return a.Truncate(time.Microsecond).Equal(b.Time)
}

// differs names the column that does not repeat the payload, of the event and, beside the last, of its case.
func (p *part) differs(r auditRow) string {
	var e payload
	if err := json.Unmarshal(r.Payload, &e); err != nil {
		return fmt.Sprintf("the payload cannot be read: %v", err)
	}
	for _, f := range [...]struct {
		column string
		same   bool
	}{
		{"case_id", e.Event.Case == r.Case},
		{"version", e.Event.Version == r.Version},
		{"round", e.Event.Round == r.Round},
		{"at", e.Event.At.Truncate(time.Microsecond).Equal(r.At)},
		{"kind", e.Event.Action.Kind == r.Kind},
		{"person", e.Event.Action.Actor.Person == r.Person},
		{"unit", e.Event.Action.Actor.Unit == r.Unit},
		{"from_status", e.Event.From == r.From},
		{"to_status", e.Event.To == r.To},
		{"outcome", e.Event.Outcome == r.Outcome},
		{"request_id", e.Request.ID == r.RequestID},
		{"request_digest", e.Request.Digest == r.RequestDigest},
	} {
		if !f.same {
			return "column " + f.column + " was changed"
		}
	}
	if column := e.Columns.differ(r); column != "" {
		return "column " + column + " was changed"
	}
	switch {
	case !p.there:
		return ""
	case r.Version == 1 && !p.at.Recorded.Equal(r.At):
		return "the case's column recorded_at was changed"
	case r.Version == 1 && p.at.Imported != e.Imported:
		return "the case's column imported was changed"
	case r.Version != p.at.Version:
		return ""
	case hex.EncodeToString(p.at.StateHash) != e.State:
		return "the case's state was changed"
	case e.Event.To != p.at.Status:
		return "the case's status was changed"
	}
	return ""
}

func sameInstant(say string, at time.Time) bool {
	t, err := time.Parse(time.RFC3339Nano, say)
	return err == nil && t.Truncate(time.Microsecond).Equal(at)
}

// beside are the tables that Save writes with the chains, each with the first row that does not follow from them. The chains
// and the cases' columns were found good before. what, in SQL, says what does not fit.
var beside = []string{
	// Numbers are given without gaps, so a case that left with all that it had leaves a hole.
	`SELECT '' AS case_id, '' AS number, 'the case with number ' || y.year || '-' || lpad(CAST(n AS text), 6, '0') || ' is gone' AS what
	FROM numbers y CROSS JOIN generate_series(1, y.last) AS n
	LEFT JOIN cases c ON left(c.number, 11) = y.year || '-' || lpad(CAST(n AS text), 6, '0')
	WHERE c.id IS NULL
	ORDER BY y.year, n
	LIMIT 1`,
	`SELECT CAST(c.id AS text) AS case_id, c.number, 'a number that was not given' AS what
	FROM cases c LEFT JOIN numbers y ON y.year = CAST(left(c.number, 4) AS integer)
	WHERE y.year IS NULL OR CAST(substr(c.number, 6, 6) AS integer) NOT BETWEEN 1 AND y.last
	ORDER BY c.id
	LIMIT 1`,
	// An outcome stands where an event counted one, under the columns of its case, on the event's day in China; that of an
	// imported record on the day that its state names.
	`SELECT CAST(coalesce(e.case_id, o.case_id) AS text) AS case_id, coalesce(c.number, '') AS number, CASE
			WHEN o.case_id IS NULL THEN 'the outcome of event ' || e.version || ' is gone'
			WHEN e.case_id IS NULL THEN 'outcome ' || o.seq || ' is of no event'
			ELSE 'outcome ' || o.seq || ' was changed'
		END AS what
	FROM (SELECT case_id, version, outcome, to_status, at, row_number() OVER (PARTITION BY case_id ORDER BY version) AS seq
		FROM events WHERE outcome <> '') e
	FULL JOIN outcomes o ON o.case_id = e.case_id AND o.version = e.version
	LEFT JOIN cases c ON c.id = coalesce(e.case_id, o.case_id)
	LEFT JOIN outcomes x ON x.case_id = o.case_id AND x.seq = o.seq + 1
	WHERE o.case_id IS NULL OR e.case_id IS NULL OR c.id IS NULL
	   OR (o.seq, o.outcome, o.status, o.unit, o.route, o.kind, o.recorded_at)
		IS DISTINCT FROM (e.seq, e.outcome, e.to_status, c.unit, c.route, c.kind, e.at)
	   OR o.day IS DISTINCT FROM CAST((CASE WHEN c.imported THEN CAST(c.state ->> 'counted' AS timestamptz) ELSE e.at END)
			AT TIME ZONE 'UTC' + interval '8 hours' AS date)
	   OR o.replaced_at IS DISTINCT FROM x.recorded_at OR o.replaced_on IS DISTINCT FROM coalesce(x.day, 'infinity')
	ORDER BY 1, o.seq
	LIMIT 1`,
	`SELECT CAST(c.id AS text) AS case_id, c.number, 'a day of the case was changed: opened_on, outcome_on or first_outcome_on' AS what
	FROM cases c
	LEFT JOIN outcomes o ON o.case_id = c.id AND o.replaced_at IS NULL
	LEFT JOIN outcomes f ON f.case_id = c.id AND f.seq = 1
	WHERE c.outcome <> coalesce(o.outcome, '') OR c.outcome_on IS DISTINCT FROM o.day OR c.first_outcome_on IS DISTINCT FROM f.day
	   OR c.opened_on IS DISTINCT FROM (CASE
			WHEN NOT c.imported OR c.outcome = '' THEN CAST(c.opened_at AT TIME ZONE 'UTC' + interval '8 hours' AS date)
			WHEN f.day IS NOT NULL THEN least(f.day, CAST(c.opened_at AT TIME ZONE 'UTC' + interval '8 hours' AS date)) END)
	ORDER BY c.id
	LIMIT 1`,
	`WITH counted AS (
		SELECT unit, day, route, kind, outcome, replaced_on FROM outcomes WHERE day IS NOT NULL
		UNION ALL
		SELECT unit, opened_on, route, kind, 'registered', 'infinity' FROM cases WHERE opened_on IS NOT NULL
		UNION ALL
		SELECT unit, first_outcome_on, route, kind, 'finished', 'infinity' FROM cases WHERE first_outcome_on IS NOT NULL
	), sums AS (
		SELECT u.unit, r.day, r.route, r.kind, r.outcome, r.replaced_on, count(*) AS n
		FROM counted r CROSS JOIN LATERAL (VALUES (r.unit), ('')) AS u (unit)
		GROUP BY u.unit, r.day, r.route, r.kind, r.outcome, r.replaced_on
	)
	SELECT '' AS case_id, '' AS number, 'counter ' || day || ' ' || outcome || ' ' || route || ' ' || kind || ' '
		|| CASE unit WHEN '' THEN 'of all units' ELSE unit END || ' is ' || coalesce(c.n, 0) || ', the rows say ' || coalesce(s.n, 0) AS what
	FROM counters c
	FULL JOIN sums s USING (unit, day, route, kind, outcome, replaced_on)
	WHERE coalesce(c.n, 0) <> coalesce(s.n, 0)
	ORDER BY day, unit, outcome, route, kind, replaced_on
	LIMIT 1`,
}

// figuresFit returns the first row beside the chains that does not follow from them, or nil.
func figuresFit(ctx context.Context, tx *sqlx.Tx) (*BadRow, error) {
	for _, query := range beside {
		var found struct {
			Case   string `db:"case_id"`
			Number string `db:"number"`
			What   string `db:"what"`
		}
		switch err := tx.GetContext(ctx, &found, query); {
		case err == nil:
			return &BadRow{Case: found.Case, Number: found.Number, What: found.What}, nil
		case !errors.Is(err, sql.ErrNoRows):
			return nil, err
		}
	}
	return nil, nil
}
