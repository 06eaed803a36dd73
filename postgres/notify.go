package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// noticeLife is how long a notice waits to be read: an older one counts as read, so that whoever comes back after a year
// does not find a year's.
const noticeLife = 90 * 24 * time.Hour

// unreadShown bounds what is counted: beyond it the count says "so many, or more".
const unreadShown = 1000

// noticesShown bounds a page of notices.
const noticesShown = 100

// NoticeRow is one notice as its reader sees it.
type NoticeRow struct {
	ID      int64             `db:"id" json:"id"`
	Case    string            `db:"case_id" json:"case"`
	Version int               `db:"version" json:"version" doc:"Of the event it tells of"`
	Number  string            `db:"number" json:"number"`
	Title   string            `db:"title" json:"title"`
	Kind    review.NoticeKind `db:"kind" json:"kind"`
	At      time.Time         `db:"made_at" json:"at"`
	Read    bool              `db:"read" json:"read"`
	MadeUp  bool              `db:"made_up" json:"madeUp"`
	Reason  string            `db:"-" json:"reason,omitempty" doc:"Of an urging"`
}

// Addressee is who reads notices: a person with today's memberships. An administrator's or an expert's membership of a unit
// brings none of the unit's.
type Addressee struct {
	Viewer review.Viewer
	Roles  []Membership
}

// Addressee is the person as notices are addressed.
func (p Person) Addressee() Addressee { return Addressee{Viewer: p.Viewer(), Roles: p.Memberships} }

// args are the first three parameters of every statement here: units, roles, person.
func (a Addressee) args(more ...any) []any {
	var units, roles []string
	for _, m := range a.Roles {
		if m.Role != review.Admin && m.Role != review.Expert {
			units, roles = append(units, m.Unit), append(roles, string(m.Role))
		}
	}
	return append([]any{pq.StringArray(units), pq.StringArray(roles), a.Viewer.Person}, more...)
}

// mine is the notices of an addressee, newest first, with the condition on n and at most so many of each desk: $1 units, $2
// roles, $3 the person, $4 before when a notice counts as read by its age. The limit is written out: the plan of a limit that is
// not known reads and sorts everything. One's own acts are left out, and whatever the
// addressed desk or person may no longer read: the right is asked for at every reading.
func mine(columns, condition, limit string) string {
	part := func(where string) string {
		return `SELECT n.id, ` + columns + ` FROM notices n, mark
			WHERE ` + where + ` AND n.actor <> $3 AND ` + condition + `
			  AND EXISTS (SELECT FROM case_readers r WHERE r.case_id = n.case_id
				AND (r.unit IN (n.unit, n.unit || '/' || n.role, n.unit || '/@' || $3) AND n.unit <> '' OR r.person = $3 AND r.person <> ''))
			ORDER BY n.id DESC LIMIT ` + limit
	}
	return `
		WITH mark AS (
			SELECT coalesce((SELECT upto FROM notice_marks WHERE person = $3), 0) AS upto, CAST($4 AS timestamptz) AS aged
		), mine AS (
			SELECT n.* FROM (SELECT DISTINCT unit, role FROM unnest(CAST($1 AS text[]), CAST($2 AS text[])) AS m (unit, role)) m
			CROSS JOIN LATERAL (` + part(`n.unit = m.unit AND n.role = m.role AND n.unit <> ''`) + `) n
			UNION ALL
			(` + part(`n.person = $3 AND n.person <> ''`) + `)
		)`
}

const unread = `n.id > mark.upto AND n.made_at > mark.aged
			  AND NOT EXISTS (SELECT FROM notice_reads x WHERE x.person = $3 AND x.notice = n.id)`

// Notices returns an addressee's notices, newest first: at most limit of those before an id (0: from the newest), all or only
// the unread. limit is 100 at most.
func (db *DB) Notices(ctx context.Context, a Addressee, onlyUnread bool, before int64, limit int) ([]NoticeRow, error) {
	condition := `($5 = 0 OR n.id < $5)`
	if onlyUnread {
		condition += ` AND ` + unread
	}
	stmt, err := db.stmt(ctx, mine(`n.case_id, n.version, n.kind, n.made_at,
				n.id <= mark.upto OR n.made_at <= mark.aged OR EXISTS (SELECT FROM notice_reads x WHERE x.person = $3 AND x.notice = n.id) AS read`,
		condition, fmt.Sprint(noticesShown))+`
		SELECT m.id, m.case_id, m.version, m.kind, m.made_at, m.read, c.number, c.title, c.made_up, e.payload,
			CASE WHEN e.payload IS NULL THEN NULL ELSE CAST(c.state AS text) END AS state
		FROM mine m
		JOIN cases c ON c.id = m.case_id
		LEFT JOIN events e ON m.kind = 'urged' AND e.case_id = m.case_id AND e.version = m.version
		ORDER BY m.id DESC
		LIMIT $6`)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		NoticeRow
		Payload []byte `db:"payload"`
		State   []byte `db:"state"`
	}
	if err := stmt.SelectContext(ctx, &rows, a.args(db.now().Add(-noticeLife), before, limit)...); err != nil {
		return nil, err
	}
	out := make([]NoticeRow, len(rows))
	for i, r := range rows {
		out[i] = r.NoticeRow
		if r.Payload == nil {
			continue
		}
		if out[i].Reason, err = reasonFor(r.State, r.Payload, a.Viewer); err != nil {
			return nil, fmt.Errorf("notice %d: %w", r.ID, err)
		}
	}
	return out, nil
}

// reasonFor is why somebody urged, as the viewer may see it.
func reasonFor(state, payload []byte, v review.Viewer) (string, error) {
	var c review.Case
	var e entry
	if err := json.Unmarshal(state, &c); err != nil {
		return "", err
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return "", err
	}
	seen, ok := review.ViewEvent(c, e.Event, v)
	if !ok {
		return "", nil
	}
	return seen.Action.Reason, nil
}

// UnreadNotices counts what Notices would list as unread, up to a thousand.
func (db *DB) UnreadNotices(ctx context.Context, a Addressee) (int, error) {
	var n int
	stmt, err := db.stmt(ctx, mine(`1 AS one`, unread, fmt.Sprint(unreadShown))+`
		SELECT least(count(*), $5) FROM mine`)
	if err != nil {
		return 0, err
	}
	return n, stmt.GetContext(ctx, &n, a.args(db.now().Add(-noticeLife), unreadShown)...)
}

// ReadNotice notes that a person has read one of their notices; NotFound when it is none of theirs. Reading twice is no error.
func (db *DB) ReadNotice(ctx context.Context, a Addressee, id int64) error {
	stmt, err := db.stmt(ctx, mine(`1 AS one`, `n.id = $5`, `1`)+`, reads AS (
			INSERT INTO notice_reads (person, notice, read_at)
			SELECT DISTINCT $3, id, CAST($6 AS timestamptz) FROM mine
			ON CONFLICT (person, notice) DO NOTHING
		)
		SELECT id FROM mine LIMIT 1`)
	if err != nil {
		return err
	}
	now := db.now()
	var got int64
	return missing(stmt.GetContext(ctx, &got, a.args(now.Add(-noticeLife), id, now)...))
}

// ReadNotices notes that a person has read all their notices up to one, the newest that they were shown.
//
// Ids are given before their transactions commit: one below another may appear after it. So the mark is set only below what is
// two minutes old, longer than any transaction lives; what is newer is noted one by one.
func (db *DB) ReadNotices(ctx context.Context, a Addressee, upto int64) error {
	stmt, err := db.stmt(ctx, mine(`1 AS one`, `n.id <= $5 AND `+unread, fmt.Sprint(unreadShown))+`, settled AS (
			SELECT id FROM notices WHERE id <= $5 AND recorded_at < clock_timestamp() - interval '2 minutes' ORDER BY id DESC LIMIT 1
		), marked AS (
			INSERT INTO notice_marks AS k (person, upto, read_at) SELECT $3, id, CAST($6 AS timestamptz) FROM settled
			ON CONFLICT (person) DO UPDATE SET upto = greatest(k.upto, excluded.upto), read_at = excluded.read_at
		), reads AS (
			INSERT INTO notice_reads (person, notice, read_at)
			SELECT DISTINCT $3, id, CAST($6 AS timestamptz) FROM mine
			WHERE id > coalesce((SELECT id FROM settled), 0)
			ON CONFLICT (person, notice) DO NOTHING
		)
		SELECT count(*) FROM mine`)
	if err != nil {
		return err
	}
	now := db.now()
	var n int
	return stmt.GetContext(ctx, &n, a.args(now.Add(-noticeLife), upto, now)...)
}
