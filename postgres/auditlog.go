package postgres

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// LogFilter chooses rows of the audit log. Every field may be empty.
type LogFilter struct {
	From, To review.Date // days in China, inclusive
	Person   string      // who did it
	Unit     string      // in which unit they did it
	Kind     string      // an action, or a kind of security event
	Number   string      // of a case
	Cursor   string      // where the page before ended
	Limit    int         // 1 to 1000; 50 when it is not given
}

// LogRow is one thing that was done, without what it said: no text, no reason, no opinion, no title.
type LogRow struct {
	At       time.Time
	Security *SecurityEvent // nil for an event of a case; else nothing below but PersonName and WhatName is filled in

	Case    string
	Number  string
	Version int
	Event   review.Event // as somebody outside the case may see it: kind, actor, statuses, outcome; nothing else is filled in
	Sealed  bool         // whose hand it was is not told either: an opinion, or a position, that is not open yet

	PersonName string // "" where there is no person: a timer, a sealed hand
	UnitName   string
	ForName    string // on whose behalf
	WhatName   string // of the person or unit that a security event was about
}

// LogPage is one page of the log, newest first.
type LogPage struct {
	Rows []LogRow
	Next string
}

// outsider sees a case as nobody in it does: what View hides from a stranger, the log hides from who reads it. The name is
// none that a person can have.
var outsider = review.Viewer{Person: "\x00"}

// guarded are the actions whose hand may be hidden: those of experts, and those of the seats of a joint review.
func guarded() (experts, seats []string) {
	seats = []string{string(review.GivePosition), string(review.DeclineSeat)}
	for _, m := range review.Moves() {
		if slices.Contains(m.By, review.Expert) && !slices.Contains(experts, string(m.Action)) {
			experts = append(experts, string(m.Action))
		}
	}
	return experts, seats
}

// AuditLog returns a page of the events of all cases and of the security events, newest first. Who asks is the caller's to
// check: it tells of cases that the asker may not see, though nothing that was said in them.
//
// A filter by person or unit leaves out what experts did, and the answers to a joint review that is not closed: a hidden
// hand must not be found by asking for each in turn. Nor does a filter by kind tell a seat that declined from one that answered.
func (db *DB) AuditLog(ctx context.Context, f LogFilter) (LogPage, error) {
	at, err := f.start()
	if err != nil {
		return LogPage{}, err
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	f.Limit = min(f.Limit, 1000)
	page := LogPage{}
	if page.Rows, err = db.caseLog(ctx, f, at); err != nil {
		return LogPage{}, err
	}
	security, err := db.securityLog(ctx, f, at)
	if err != nil {
		return LogPage{}, err
	}
	page.Rows = append(page.Rows, security...)
	slices.SortStableFunc(page.Rows, func(a, b LogRow) int { return b.At.Compare(a.At) }) // of one instant, cases first
	if len(page.Rows) > f.Limit {
		page.Rows = page.Rows[:f.Limit]
		page.Next = cursorOf(page.Rows[f.Limit-1])
	}
	return page, nil
}

// place is where a page goes on: before (at, case, version) in the events, and before (at, seq) in the security events.
type place struct {
	from, at time.Time
	id       string
	version  int
	seq      int64
}

const (
	lastID  = "ffffffff-ffff-ffff-ffff-ffffffffffff"
	firstID = "00000000-0000-0000-0000-000000000000"
)

// start checks the filter and says where its page begins.
func (f LogFilter) start() (place, error) {
	if _, _, err := period(f.From, f.To); err != nil {
		return place{}, err
	}
	for _, s := range []struct{ field, value string }{{"person", f.Person}, {"unit", f.Unit}, {"kind", f.Kind}, {"number", f.Number}} {
		if !review.CleanString(s.value) {
			return place{}, review.Refuse(review.BadCharacters, "field", s.field)
		}
	}
	p := place{at: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), id: firstID, seq: 0}
	if f.From != "" {
		p.from = f.From.End().Add(-24 * time.Hour)
	}
	if f.To != "" {
		p.at = f.To.End()
	}
	if f.Cursor == "" {
		return p, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(f.Cursor)
	fields := strings.Split(string(raw), " ")
	bad := review.Refuse(review.Invalid, "field", "cursor")
	if err != nil || len(fields) != 3 {
		return place{}, bad
	}
	at, err := time.Parse(time.RFC3339Nano, fields[0])
	n, err2 := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || err2 != nil || at.Year() < 2000 || at.After(p.at) {
		return place{}, bad
	}
	p.at = at
	switch {
	case fields[1] == "security" && n > 0: // all events of that instant were shown
		p.seq = n
	case isUUID(fields[1]) && n > 0 && n < 1<<31: // no security event of that instant was
		p.id, p.version, p.seq = fields[1], int(n), 1<<62
	default:
		return place{}, bad
	}
	return p, nil
}

func cursorOf(r LogRow) string {
	id, n := r.Case, int64(r.Version)
	if r.Security != nil {
		id, n = "security", r.Security.Seq
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %s %d", r.At.UTC().Format(time.RFC3339Nano), id, n))
}

// logRow is an event beside its case.
type logRow struct {
	Case      string    `db:"case_id"`
	Version   int       `db:"version"`
	At        time.Time `db:"at"`
	Payload   []byte    `db:"payload"`
	Number    string    `db:"number"`
	Round     int       `db:"round"`
	Regulator string    `db:"regulator"`
	State     []byte    `db:"state"` // beside a guarded action only
	Name      string    `db:"name"`
	UnitName  string    `db:"unit_name"`
}

// caseLog returns up to one row more than the limit.
func (db *DB) caseLog(ctx context.Context, f LogFilter, p place) ([]LogRow, error) {
	experts, seats := guarded()
	var rows []logRow
	err := db.planned(ctx, &rows, `
		SELECT e.case_id, e.version, e.at, e.payload, c.number, c.round, c.regulator,
			CASE WHEN e.kind = ANY ($8) OR e.kind = ANY ($9) THEN c.state END AS state,
			coalesce(p.name, e.person) AS name, coalesce(u.name, e.unit) AS unit_name
		FROM events e
		JOIN cases c ON c.id = e.case_id
		LEFT JOIN people p ON p.id = e.person
		LEFT JOIN units u ON u.id = e.unit
		WHERE e.at >= $1 AND (e.at, e.case_id, e.version) < (CAST($2 AS timestamptz), CAST($3 AS uuid), CAST($4 AS integer))
		  AND ($5 = '' OR e.person = $5) AND ($6 = '' OR e.unit = $6) AND ($7 = '' OR e.kind = $7) AND ($10 = '' OR c.number = $10)
		  AND ($5 = '' AND $6 = '' OR e.kind <> ALL ($8))
		  AND ($5 = '' AND $6 = '' AND $7 <> ALL ($9) OR NOT (e.kind = ANY ($9) AND e.round >= c.round
			AND c.state -> 'joint' IS NOT NULL AND coalesce(c.state -> 'joint' ->> 'closed', '') <> 'true'))
		ORDER BY e.at DESC, e.case_id DESC, e.version DESC
		LIMIT $11`, p.from, p.at, p.id, p.version, f.Person, f.Unit, f.Kind, pq.StringArray(experts), pq.StringArray(seats), f.Number, f.Limit+1)
	if err != nil {
		return nil, refusal(err)
	}
	out := make([]LogRow, 0, len(rows))
	var deputies []string
	for _, r := range rows {
		row, err := r.shown()
		if err != nil {
			return nil, err
		}
		if who := row.Event.Action.Actor.For; who != "" {
			deputies = append(deputies, who)
		}
		out = append(out, row)
	}
	if len(deputies) == 0 {
		return out, nil
	}
	names, err := db.Names(ctx, deputies)
	for i := range out {
		if who := out[i].Event.Action.Actor.For; who != "" {
			if out[i].ForName = names[who]; out[i].ForName == "" {
				out[i].ForName = who
			}
		}
	}
	return out, err
}

// planned is Select with a plan for these very values. Not knowing which filters are empty, PostgreSQL sorts all events for
// the sake of fifty.
func (db *DB) planned(ctx context.Context, rows any, query string, args ...any) error {
	return db.inTx(ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `SET LOCAL plan_cache_mode = force_custom_plan`); err != nil {
			return err
		}
		return tx.SelectContext(ctx, rows, query, args...)
	})
}

// shown is the row as an outsider may see it.
func (r logRow) shown() (LogRow, error) {
	var e entry
	if err := json.Unmarshal(r.Payload, &e); err != nil {
		return LogRow{}, fmt.Errorf("event %s/%d: %w", r.Case, r.Version, err)
	}
	c := review.Case{ID: r.Case, Round: r.Round, Regulator: r.Regulator}
	if r.State != nil {
		if err := json.Unmarshal(r.State, &c); err != nil {
			return LogRow{}, fmt.Errorf("state of case %s: %w", r.Case, err)
		}
	}
	row := LogRow{At: r.At.UTC(), Case: r.Case, Number: r.Number, Version: r.Version}
	seen, ok := review.ViewEvent(c, e.Event, outsider)
	actor := seen.Action.Actor
	switch given := e.Event.Action.Actor; {
	case !ok:
		row.Sealed, actor = true, review.Actor{Role: given.Role}
		if seen = e.Event; seen.Action.Kind == review.DeclineSeat {
			seen.Action.Kind = review.GivePosition
		}
	case given.Role == review.Expert && r.State == nil: // an expert's act that we did not expect: no case to know the alias by
		actor = review.Actor{Person: "专家", Role: review.Expert}
		row.PersonName = actor.Person
	case actor != given:
		row.PersonName = actor.Person // an alias
	default:
		row.PersonName, row.UnitName = r.Name, r.UnitName
	}
	row.Event = review.Event{Case: r.Case, Version: r.Version, Round: seen.Round, At: row.At, From: seen.From, To: seen.To, Outcome: seen.Outcome,
		Action: review.Action{Kind: seen.Action.Kind, Actor: actor}}
	return row, nil
}

// securityLog returns up to one row more than the limit of the security events, when this database records them.
func (db *DB) securityLog(ctx context.Context, f LogFilter, p place) ([]LogRow, error) {
	if f.Unit != "" { // they are noted without one
		return nil, nil
	}
	if there, err := hasSecurity(ctx, db.sql); err != nil || !there {
		return nil, err
	}
	if err := db.settleCounts(ctx, db.now().Truncate(time.Minute)); err != nil {
		return nil, err
	}
	var rows []SecurityEvent
	if err := db.planned(ctx, &rows, `
		SELECT seq, at, kind, person, login, address, what, times
		FROM security_events
		WHERE at >= $1 AND (at, seq) < (CAST($2 AS timestamptz), CAST($3 AS bigint))
		  AND ($4 = '' OR person = $4 OR what = $4) AND ($5 = '' OR kind = $5) AND ($6 = '' OR what = $6)
		ORDER BY at DESC, seq DESC
		LIMIT $7`, p.from, p.at, p.seq, f.Person, f.Kind, f.Number, f.Limit+1); err != nil {
		return nil, refusal(err)
	}
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.Person, r.What)
	}
	names, err := db.Names(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]LogRow, len(rows))
	for i, r := range rows {
		r.At = r.At.UTC()
		out[i] = LogRow{At: r.At, Security: &r, PersonName: r.Person, WhatName: names[r.What]}
		if name := names[r.Person]; name != "" {
			out[i].PersonName = name
		}
	}
	return out, nil
}

// HasAuditAdmin reports whether somebody holds the role of the audit administrator today.
func (db *DB) HasAuditAdmin(ctx context.Context) (bool, error) {
	var there bool
	err := db.sql.GetContext(ctx, &there, `
		SELECT EXISTS (
			SELECT FROM memberships m JOIN people p ON p.id = m.person
			WHERE m.role = $2 AND p.active AND m.valid_from <= CAST($1 AS date) AND (m.valid_to IS NULL OR CAST($1 AS date) < m.valid_to))`,
		string(review.DateOf(db.now())), string(review.AuditAdmin))
	return there, err
}
