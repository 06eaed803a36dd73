package postgres

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// MailChoice is when a person wants mail of a kind of notice.
type MailChoice string

// The choices.
const (
	MailNow    MailChoice = "now"
	MailDigest MailChoice = "digest" // once a day, with all that came
	MailOff    MailChoice = "off"
)

// UsualChoice is the choice of whoever made none: at once what waits for them or runs out, the rest once a day.
func UsualChoice(k review.NoticeKind) MailChoice {
	switch k {
	case review.NoticeTurn, review.NoticeSeatInvited, review.NoticeExpertInvited, review.NoticeSentBack, review.NoticeCorrection, review.NoticeSuspended,
		review.NoticeReturned, review.NoticeBreachPut, review.NoticeUrged, review.NoticeOverdue, review.NoticeException7, review.NoticeExceptionEnded:
		return MailNow
	}
	return MailDigest
}

// MailSettings are a person's address and choices.
type MailSettings struct {
	Address  string                           `json:"address"`
	Verified bool                             `json:"verified" doc:"Its owner followed the link that was sent there; nothing else is sent before"`
	Choices  map[review.NoticeKind]MailChoice `json:"choices" doc:"By kind of notice: now, digest (once a day) or off"`
}

// MailSettings returns a person's address, "" for none, and the choice for every kind.
func (db *DB) MailSettings(ctx context.Context, person string) (MailSettings, error) {
	out := MailSettings{Choices: map[review.NoticeKind]MailChoice{}}
	for _, k := range review.NoticeKinds() {
		out.Choices[k] = UsualChoice(k)
	}
	var rows []struct {
		Address  string         `db:"address"`
		Verified bool           `db:"verified"`
		Kind     sql.NullString `db:"kind"`
		Choice   sql.NullString `db:"choice"`
	}
	err := db.sql.SelectContext(ctx, &rows, `
		SELECT coalesce(a.address, '') AS address, a.verified_at IS NOT NULL AS verified, c.kind, c.choice
		FROM people p
		LEFT JOIN mail_addresses a ON a.person = p.id
		LEFT JOIN mail_choices c ON c.person = p.id
		WHERE p.id = $1`, person)
	for _, r := range rows {
		out.Address, out.Verified = r.Address, r.Verified
		if _, known := out.Choices[review.NoticeKind(r.Kind.String)]; known {
			out.Choices[review.NoticeKind(r.Kind.String)] = MailChoice(r.Choice.String)
		}
	}
	return out, err
}

// askAgain is how long a link lasts and how soon another may be asked for.
const (
	mailLinkLife  = 24 * time.Hour
	mailAskPause  = 10 * time.Minute
	mailAddressAt = 254
)

// CleanAddress is a mail address in ASCII of the form name@domain, or "": nothing that could end a header line.
func CleanAddress(s string) string {
	s = strings.TrimSpace(s)
	name, domain, ok := strings.Cut(s, "@")
	if !ok || name == "" || len(name) > 64 || len(s) > mailAddressAt || !strings.Contains(domain, ".") || strings.Contains(domain, "@") {
		return ""
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>()[],;:\"`, r) }) {
		return ""
	}
	return s
}

// SetMailAddress notes where a person wants mail and has a link sent there; nothing else is sent before it is followed. ""
// takes the address away. Invalid for what is no address, TooMany when a link was asked for a moment ago.
func (db *DB) SetMailAddress(ctx context.Context, person, address string) error {
	now := db.now()
	if address == "" {
		_, err := db.sql.ExecContext(ctx, `DELETE FROM mail_addresses WHERE person = $1`, person)
		return err
	}
	if address = CleanAddress(address); address == "" {
		return review.Refuse(review.Invalid, "field", "address")
	}
	return refusal(db.inTx(ctx, func(tx *sqlx.Tx) error {
		done, err := tx.ExecContext(ctx, `
			INSERT INTO mail_addresses AS a (person, address, asked_at) VALUES ($1, $2, $3)
			ON CONFLICT (person) DO UPDATE
			SET address = excluded.address, asked_at = excluded.asked_at, token_hash = NULL, token_until = NULL,
				verified_at = CASE WHEN a.address = excluded.address THEN a.verified_at END
			WHERE a.asked_at <= $4`, person, address, now, now.Add(-mailAskPause))
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, review.Refuse(review.TooMany))
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO mail_queue (person, what, made_at, next_at)
			SELECT $1, 'verify', $2, $2 FROM mail_addresses WHERE person = $1 AND verified_at IS NULL`, person, now)
		return err
	}))
}

// VerifyMail puts a person's address in use by the token of the link; NotFound when it is another's, old, or none.
func (db *DB) VerifyMail(ctx context.Context, person, token string) error {
	done, err := db.sql.ExecContext(ctx, `
		UPDATE mail_addresses SET verified_at = $3, token_hash = NULL, token_until = NULL
		WHERE person = $1 AND token_hash = $2 AND token_until > $3`, person, tokenHash(token), db.now())
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, review.Refuse(review.NotFound))
	}
	return nil
}

// SetMailChoices notes when a person wants mail of some kinds; Invalid for an unknown kind or choice.
func (db *DB) SetMailChoices(ctx context.Context, person string, choices map[review.NoticeKind]MailChoice) error {
	var kinds, wanted []string
	for k, c := range choices {
		if !slices.Contains(review.NoticeKinds(), k) || c != MailNow && c != MailDigest && c != MailOff {
			return review.Refuse(review.Invalid, "field", "choices", "value", string(k))
		}
		kinds, wanted = append(kinds, string(k)), append(wanted, string(c))
	}
	_, err := db.sql.ExecContext(ctx, `
		INSERT INTO mail_choices (person, kind, choice)
		SELECT $1, kind, choice FROM unnest(CAST($2 AS text[]), CAST($3 AS text[])) AS c (kind, choice)
		ON CONFLICT (person, kind) DO UPDATE SET choice = excluded.choice`, person, pq.StringArray(kinds), pq.StringArray(wanted))
	return refusal(err)
}

// fanned is how many notices one FanOut takes.
const fanned = 500

// FanOut queues mail and webhook messages for notices that had none yet, at most 500, and returns for how many. mail false: no
// mail is sent from here, and none is queued. digest is when the next daily mail goes out. Whoever calls it twice, or dies in
// between, queues nothing twice.
func (db *DB) FanOut(ctx context.Context, mail bool, digest time.Time) (int, error) {
	stmt, err := db.stmt(ctx, `
		WITH batch AS (
			SELECT id, case_id, version, kind, unit, role, person, actor, made_at FROM notices
			WHERE NOT fanned ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
		), done AS (
			UPDATE notices n SET fanned = true FROM batch s WHERE n.id = s.id
		), mailed AS (
			INSERT INTO mail_queue (person, what, notice, made_at, next_at)
			SELECT p.id, CASE x.choice WHEN 'now' THEN 'notice' ELSE 'digest' END, s.id, x.at, x.at
			FROM batch s
			CROSS JOIN LATERAL (
				SELECT m.person AS id FROM memberships m
				WHERE s.unit <> '' AND m.unit = s.unit AND m.role = s.role
				  AND m.valid_from <= CAST($4 AS date) AND (m.valid_to IS NULL OR CAST($4 AS date) < m.valid_to)
				UNION SELECT s.person WHERE s.person <> '') AS w
			JOIN people p ON p.id = w.id AND p.active
			JOIN mail_addresses a ON a.person = p.id AND a.verified_at IS NOT NULL
			LEFT JOIN mail_choices c ON c.person = p.id AND c.kind = s.kind
			LEFT JOIN unnest(CAST($5 AS text[]), CAST($6 AS text[])) AS d (kind, choice) ON d.kind = s.kind
			CROSS JOIN LATERAL (SELECT coalesce(c.choice, d.choice, 'digest') AS choice,
				CASE coalesce(c.choice, d.choice, 'digest') WHEN 'now' THEN CAST($2 AS timestamptz) ELSE CAST($3 AS timestamptz) END AS at) x
			WHERE $7 AND x.choice <> 'off' AND p.id <> s.actor
			ON CONFLICT (person, notice) WHERE notice IS NOT NULL DO NOTHING
		), hooked AS (
			INSERT INTO webhook_queue (webhook, case_id, version, kind, number, status, happened_at, made_at, retry_from, next_at)
			SELECT DISTINCT w.id, s.case_id, s.version, s.kind, c.number, e.to_status, e.at, CAST($2 AS timestamptz), CAST($2 AS timestamptz), CAST($2 AS timestamptz)
			FROM batch s
			JOIN cases c ON c.id = s.case_id
			JOIN events e ON e.case_id = s.case_id AND e.version = s.version
			JOIN webhooks w ON w.ended_at IS NULL AND (cardinality(w.kinds) = 0 OR s.kind = ANY (w.kinds))
			ON CONFLICT (webhook, case_id, version, kind) DO NOTHING
		)
		SELECT count(*) FROM batch`)
	if err != nil {
		return 0, err
	}
	var kinds, usual []string
	for _, k := range review.NoticeKinds() {
		kinds, usual = append(kinds, string(k)), append(usual, string(UsualChoice(k)))
	}
	var n int
	err = stmt.GetContext(ctx, &n, fanned, db.now(), digest, db.today(), pq.StringArray(kinds), pq.StringArray(usual), mail)
	return n, err
}

// Mail is one message to be sent. Sent under the same Key again, it is the same message.
type Mail struct {
	IDs      []int64 // rows of the queue: one, or those of a digest
	Key      int64   // of the message id: the first row's
	Person   string
	Address  string
	Verify   string // the token of the link that verifies the address; "" for notices
	Items    []MailItem
	Attempts int       // with this one
	Since    time.Time // when it was due first
}

// MailItem is one notice in a mail: nothing confidential is in it.
type MailItem struct {
	Case   string            `db:"case_id"`
	Number string            `db:"number"`
	Kind   review.NoticeKind `db:"kind"`
}

// errAgain: what was claimed is told no longer, and there may be more.
var errAgain = errors.New("nothing of it is left")

// NextMail takes one message that is due until a time, or returns nil when none is. What was queued for somebody who may no
// longer be told, and in a daily mail what was read since, is forgotten. A message of which nothing is left is skipped.
func (db *DB) NextMail(ctx context.Context, until time.Time) (*Mail, error) {
	for {
		m, err := db.claimMail(ctx, until)
		if !errors.Is(err, errAgain) {
			return m, err
		}
	}
}

func (db *DB) claimMail(ctx context.Context, until time.Time) (*Mail, error) {
	now := db.now()
	var m Mail
	left := true
	err := db.inTx(ctx, func(tx *sqlx.Tx) error {
		var rows []struct {
			ID       int64     `db:"id"`
			Person   string    `db:"person"`
			What     string    `db:"what"`
			Attempts int       `db:"attempts"`
			MadeAt   time.Time `db:"made_at"`
		}
		if err := tx.SelectContext(ctx, &rows, `
			WITH first AS (
				SELECT id, person, what FROM mail_queue
				WHERE sent_at IS NULL AND dead_at IS NULL AND next_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1)
				ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
			), taken AS (
				SELECT q.id FROM mail_queue q, first f
				WHERE q.sent_at IS NULL AND q.dead_at IS NULL AND q.next_at <= $1 AND (q.claimed_until IS NULL OR q.claimed_until <= $1)
				  AND (q.id = f.id OR f.what = 'digest' AND q.what = 'digest' AND q.person = f.person)
				ORDER BY q.id LIMIT 200 FOR UPDATE OF q SKIP LOCKED
			), claimed AS (
				UPDATE mail_queue q SET claimed_until = $2, attempts = q.attempts + 1
				FROM taken t WHERE q.id = t.id
				RETURNING q.id, q.person, q.what, q.attempts, q.made_at
			)
			SELECT id, person, what, attempts, made_at FROM claimed ORDER BY id`, now, until); err != nil {
			return err
		}
		if len(rows) == 0 {
			left = false
			return nil
		}
		m = Mail{Key: rows[0].ID, Person: rows[0].Person, Attempts: rows[0].Attempts, Since: rows[0].MadeAt}
		ids := make([]int64, len(rows))
		for i, r := range rows {
			ids[i] = r.ID
		}
		if rows[0].What == "verify" {
			m.IDs = ids
			return db.verifyLink(ctx, tx, &m, now)
		}
		return db.fillMail(ctx, tx, &m, ids)
	})
	switch {
	case err != nil || !left:
		return nil, err
	case m.Address == "":
		return nil, errAgain
	}
	return &m, nil
}

// verifyLink makes the token of the link that is now sent; one that was sent before opens no longer.
func (db *DB) verifyLink(ctx context.Context, tx *sqlx.Tx, m *Mail, now time.Time) error {
	token, err := newToken()
	if err != nil {
		return err
	}
	err = tx.GetContext(ctx, &m.Address, `
		UPDATE mail_addresses SET token_hash = $2, token_until = $3
		WHERE person = $1 AND verified_at IS NULL AND EXISTS (SELECT FROM people p WHERE p.id = $1 AND p.active)
		RETURNING address`, m.Person, tokenHash(token), now.Add(mailLinkLife))
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.ExecContext(ctx, `DELETE FROM mail_queue WHERE id = ANY ($1)`, pq.Array(m.IDs))
		return err
	}
	m.Verify = token
	return err
}

// fillMail asks for the right to be told anew, and forgets what is told no longer.
func (db *DB) fillMail(ctx context.Context, tx *sqlx.Tx, m *Mail, ids []int64) error {
	var rows []struct {
		ID      int64  `db:"id"`
		Address string `db:"address"`
		MailItem
	}
	if err := tx.SelectContext(ctx, &rows, `
		SELECT q.id, a.address, n.case_id, c.number, n.kind
		FROM mail_queue q
		JOIN notices n ON n.id = q.notice
		JOIN cases c ON c.id = n.case_id
		JOIN people p ON p.id = q.person AND p.active
		JOIN mail_addresses a ON a.person = q.person AND a.verified_at IS NOT NULL
		WHERE q.id = ANY ($1)
		  AND (n.person = q.person OR EXISTS (SELECT FROM memberships m
			WHERE m.person = q.person AND m.unit = n.unit AND m.role = n.role
			  AND m.valid_from <= CAST($2 AS date) AND (m.valid_to IS NULL OR CAST($2 AS date) < m.valid_to)))
		  AND EXISTS (SELECT FROM case_readers r WHERE r.case_id = n.case_id
			AND (r.unit IN (n.unit, n.unit || '/' || n.role, n.unit || '/@' || q.person) AND n.unit <> '' OR r.person = q.person))
		  AND (q.what = 'notice' OR n.id > coalesce((SELECT k.upto FROM notice_marks k WHERE k.person = q.person), 0)
			AND NOT EXISTS (SELECT FROM notice_reads x WHERE x.person = q.person AND x.notice = n.id))
		ORDER BY n.id`, pq.Array(ids), db.today()); err != nil {
		return err
	}
	for _, r := range rows {
		m.IDs, m.Items, m.Address = append(m.IDs, r.ID), append(m.Items, r.MailItem), r.Address
	}
	if len(m.IDs) == len(ids) {
		return nil
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM mail_queue WHERE id = ANY ($1) AND id <> ALL ($2)`, pq.Array(ids), pq.Array(append([]int64{}, m.IDs...)))
	return err
}

// MailSent notes that a message went out.
func (db *DB) MailSent(ctx context.Context, m *Mail) error {
	_, err := db.sql.ExecContext(ctx, `
		UPDATE mail_queue SET sent_at = $2, claimed_until = NULL, error = '' WHERE id = ANY ($1)`, pq.Array(m.IDs), db.now())
	return err
}

// MailFailed notes that a message did not go out, with a code that says why, and when it is tried again; the zero time gives it up.
func (db *DB) MailFailed(ctx context.Context, m *Mail, why string, again time.Time) error {
	_, err := db.sql.ExecContext(ctx, `
		UPDATE mail_queue
		SET claimed_until = NULL, error = $2, next_at = coalesce($3, next_at), dead_at = CASE WHEN CAST($3 AS timestamptz) IS NULL THEN CAST($4 AS timestamptz) END
		WHERE id = ANY ($1)`, pq.Array(m.IDs), printable(why), timeOrNil(again), db.now())
	return err
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
