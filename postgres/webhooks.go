package postgres

import (
	"context"
	"crypto/rand"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// What an administrator does to webhooks, in the log of what concerns security.
const (
	EventWebhookMade  EventKind = "webhook_made"
	EventWebhookEnded EventKind = "webhook_ended"
)

// Webhook is where another system is told. Its secret is shown once, when it is made.
type Webhook struct {
	ID     string         `db:"id" json:"id"`
	URL    string         `db:"url" json:"url"`
	Kinds  pq.StringArray `db:"kinds" json:"kinds" nullable:"false" doc:"Kinds of notice; none: every kind"`
	MadeBy string         `db:"made_by" json:"madeBy"`
	MadeAt time.Time      `db:"made_at" json:"madeAt"`

	Waiting int        `db:"waiting" json:"waiting" doc:"Messages still to be sent"`
	Dead    int        `db:"dead" json:"dead" doc:"Messages given up"`
	SentAt  *time.Time `db:"sent_at" json:"sentAt,omitempty" doc:"When the last was taken, within 30 days"`
}

// webhooksMost bounds the endpoints, and so what one notice can cause.
const webhooksMost = 20

// MakeWebhook registers an endpoint and returns its secret, which is kept encrypted and never shown again. Invalid for an unknown
// kind and for more than twenty endpoints; FactorNoKey when the server has no key to keep the secret with.
func (t *Tx) MakeWebhook(ctx context.Context, id, url string, kinds []review.NoticeKind, by, from string) (secret []byte, err error) {
	names := []string{}
	for _, k := range kinds {
		if !slices.Contains(review.NoticeKinds(), k) {
			return nil, review.Refuse(review.Invalid, "field", "kinds", "value", string(k))
		}
		names = append(names, string(k))
	}
	secret = make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	keyID, sealed, err := t.db.accounts.seal(webhookKey(id), secret)
	if err != nil {
		return nil, err
	}
	done, err := t.tx.ExecContext(ctx, `
		INSERT INTO webhooks (id, url, kinds, key_id, secret, made_by, made_at)
		SELECT CAST($1 AS uuid), $2, CAST($3 AS text[]), $4, CAST($5 AS bytea), $6, CAST($7 AS timestamptz)
		WHERE (SELECT count(*) FROM webhooks WHERE ended_at IS NULL) < $8`,
		id, url, pq.StringArray(names), keyID, sealed, by, t.db.now(), webhooksMost)
	if err != nil {
		return nil, err
	}
	if n, err := done.RowsAffected(); err != nil {
		return nil, err
	} else if n == 0 {
		return nil, review.Refuse(review.Invalid, "field", "url", "value", strconv.Itoa(webhooksMost))
	}
	return secret, t.db.noteIn(ctx, t.tx, SecurityEvent{Kind: EventWebhookMade, Person: by, Address: from, What: id})
}

// webhookKey binds a sealed secret to its endpoint; no person's id has a slash.
func webhookKey(id string) string { return "webhook/" + id }

// EndWebhook ends an endpoint: nothing more is sent there, and what waited is forgotten. NotFound when there is none.
func (db *DB) EndWebhook(ctx context.Context, id, by, from string) error {
	if !isUUID(id) {
		return review.Refuse(review.NotFound)
	}
	return db.inTx(ctx, func(tx *sqlx.Tx) error {
		done, err := tx.ExecContext(ctx, `UPDATE webhooks SET ended_by = $2, ended_at = $3 WHERE id = $1 AND ended_at IS NULL`, id, by, db.now())
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return review.Refuse(review.NotFound)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM webhook_queue WHERE webhook = $1 AND sent_at IS NULL`, id); err != nil {
			return err
		}
		return db.noteIn(ctx, tx, SecurityEvent{Kind: EventWebhookEnded, Person: by, Address: from, What: id})
	})
}

// Webhooks lists the endpoints that are told.
func (db *DB) Webhooks(ctx context.Context) ([]Webhook, error) {
	out := []Webhook{}
	err := db.sql.SelectContext(ctx, &out, `
		SELECT w.id, w.url, w.kinds, w.made_by, w.made_at,
			(SELECT count(*) FROM webhook_queue q WHERE q.webhook = w.id AND q.sent_at IS NULL AND q.dead_at IS NULL) AS waiting,
			(SELECT count(*) FROM webhook_queue q WHERE q.webhook = w.id AND q.dead_at IS NOT NULL) AS dead,
			(SELECT max(q.sent_at) FROM webhook_queue q WHERE q.webhook = w.id) AS sent_at
		FROM webhooks w
		WHERE w.ended_at IS NULL
		ORDER BY w.made_at, w.id`)
	return out, err
}

// HookMessage is one message to an endpoint.
type HookMessage struct {
	ID       string            `db:"id" json:"id" doc:"webhook-id of every attempt"`
	Webhook  string            `db:"webhook" json:"webhook"`
	Case     string            `db:"case_id" json:"case"`
	Version  int               `db:"version" json:"-"`
	Number   string            `db:"number" json:"number"`
	Kind     review.NoticeKind `db:"kind" json:"kind"`
	Status   review.Status     `db:"status" json:"status"`
	At       time.Time         `db:"happened_at" json:"at"`
	Attempts int               `db:"attempts" json:"attempts"`
	Error    string            `db:"error" json:"error,omitempty" doc:"A code: HTTP status, timeout, refused address …"`
	DeadAt   *time.Time        `db:"dead_at" json:"deadAt,omitempty"`

	URL       string    `db:"url" json:"-"`
	KeyID     string    `db:"key_id" json:"-"`
	Sealed    []byte    `db:"secret" json:"-"`
	Secret    []byte    `db:"-" json:"-"`
	RetryFrom time.Time `db:"retry_from" json:"-"` // given up a day later
}

// DeadMessages lists what was given up, the last first, before an instant (the zero time: from the end).
func (db *DB) DeadMessages(ctx context.Context, webhook string, limit int) ([]HookMessage, error) {
	if !isUUID(webhook) {
		return nil, review.Refuse(review.NotFound)
	}
	out := []HookMessage{}
	err := db.sql.SelectContext(ctx, &out, `
		SELECT id, webhook, case_id, version, number, kind, status, happened_at, attempts, error, dead_at
		FROM webhook_queue
		WHERE webhook = $1 AND dead_at IS NOT NULL
		ORDER BY dead_at DESC, id
		LIMIT $2`, webhook, limit)
	return out, err
}

// SendAgain puts a message that was given up back in the queue; NotFound when it is none of those.
func (db *DB) SendAgain(ctx context.Context, id string) error {
	if !isUUID(id) {
		return review.Refuse(review.NotFound)
	}
	done, err := db.sql.ExecContext(ctx, `
		UPDATE webhook_queue q SET dead_at = NULL, error = '', attempts = 0, claimed_until = NULL, retry_from = $2, next_at = $2
		WHERE q.id = $1 AND q.dead_at IS NOT NULL AND EXISTS (SELECT FROM webhooks w WHERE w.id = q.webhook AND w.ended_at IS NULL)`, id, db.now())
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return review.Refuse(review.NotFound)
	}
	return nil
}

// NextHooks takes the next message of every endpoint that has one due, until a time: one each, so that an endpoint gets its
// messages in order and a slow one holds up only its own.
func (db *DB) NextHooks(ctx context.Context, until time.Time) ([]HookMessage, error) {
	stmt, err := db.stmt(ctx, `
		WITH due AS (
			SELECT w.id AS webhook, w.url, w.key_id, w.secret, q.id
			FROM webhooks w
			CROSS JOIN LATERAL (SELECT q.id FROM webhook_queue q
				WHERE q.webhook = w.id AND q.sent_at IS NULL AND q.dead_at IS NULL AND q.next_at <= $1
				  AND (q.claimed_until IS NULL OR q.claimed_until <= $1)
				ORDER BY q.next_at, q.happened_at, q.id LIMIT 1 FOR UPDATE SKIP LOCKED) q
			WHERE w.ended_at IS NULL
		)
		UPDATE webhook_queue q SET claimed_until = $2, attempts = q.attempts + 1
		FROM due d
		WHERE q.id = d.id
		RETURNING q.id, q.webhook, q.case_id, q.version, q.number, q.kind, q.status, q.happened_at, q.attempts, q.retry_from,
			d.url, d.key_id, d.secret`)
	if err != nil {
		return nil, err
	}
	var out []HookMessage
	if err := stmt.SelectContext(ctx, &out, db.now(), until); err != nil {
		return nil, err
	}
	for i := range out {
		// A secret that does not open (its key is gone) leaves the message without one: it is refused when it is sent.
		out[i].Secret, _ = db.accounts.open(webhookKey(out[i].Webhook), out[i].KeyID, out[i].Sealed)
	}
	return out, nil
}

// HookSent notes that an endpoint took a message.
func (db *DB) HookSent(ctx context.Context, m HookMessage) error {
	_, err := db.sql.ExecContext(ctx, `
		UPDATE webhook_queue SET sent_at = $2, claimed_until = NULL, error = '' WHERE id = $1`, m.ID, db.now())
	return err
}

// hookRest is how long an endpoint that failed is left alone at most; the message that failed waits longer.
const hookRest = 5 * time.Minute

// HookFailed notes that an endpoint did not take a message, with a code that says why, and when it is tried again; the zero
// time gives it up. The endpoint's other messages wait until then too, for five minutes at most: what is away is not asked
// a thousand times.
func (db *DB) HookFailed(ctx context.Context, m HookMessage, why string, again time.Time) error {
	now := db.now()
	_, err := db.sql.ExecContext(ctx, `
		UPDATE webhook_queue q
		SET claimed_until = CASE WHEN q.id = t.id THEN NULL ELSE q.claimed_until END,
			error = CASE WHEN q.id = t.id THEN t.why ELSE q.error END,
			next_at = CASE WHEN q.id = t.id THEN coalesce(t.again, q.next_at) ELSE t.rest END,
			dead_at = CASE WHEN q.id = t.id AND t.again IS NULL THEN t.now END
		FROM (SELECT CAST($1 AS uuid) AS id, CAST($2 AS uuid) AS webhook, CAST($3 AS text) AS why, CAST($4 AS timestamptz) AS again,
			CAST($5 AS timestamptz) AS now, least(coalesce($4, $6), CAST($6 AS timestamptz)) AS rest) t
		WHERE q.webhook = t.webhook AND q.sent_at IS NULL AND q.dead_at IS NULL AND (q.id = t.id OR q.next_at < t.rest)`,
		m.ID, m.Webhook, printable(why), timeOrNil(again), now, now.Add(hookRest))
	return err
}

// keptSent and keptDead are how long what was sent, and what was given up, is kept.
const (
	keptSent = 30 * 24 * time.Hour
	keptDead = 90 * 24 * time.Hour
)

// SweepQueues forgets what was sent or given up long ago. Notices themselves stay.
func (db *DB) SweepQueues(ctx context.Context) error {
	now := db.now()
	for _, statement := range []string{
		`DELETE FROM mail_queue WHERE sent_at < $1 OR dead_at < $2`,
		`DELETE FROM webhook_queue WHERE sent_at < $1 OR dead_at < $2`,
	} {
		if _, err := db.sql.ExecContext(ctx, statement, now.Add(-keptSent), now.Add(-keptDead)); err != nil {
			return err
		}
	}
	return nil
}

// Queue is how one of the queues stands.
type Queue struct {
	Waiting  int           // due, or to be tried again
	Retrying int           // of these, those that failed before
	Oldest   time.Duration // how long the oldest has been due
	Dead     int           // given up, within ninety days
}

// Queues are how mail and webhooks stand, and how many notices have had neither queued. A daily mail that is not due does not
// wait.
func (db *DB) Queues(ctx context.Context) (mail, hooks Queue, fresh int, err error) {
	now := db.now()
	var rows []struct {
		Waiting  int        `db:"waiting"`
		Retrying int        `db:"retrying"`
		Oldest   *time.Time `db:"oldest"`
		Dead     int        `db:"dead"`
		Fresh    int        `db:"fresh"`
		Place    int        `db:"place"`
	}
	err = db.sql.SelectContext(ctx, &rows, `
		SELECT count(*) FILTER (WHERE dead_at IS NULL AND made_at <= $1) AS waiting, count(*) FILTER (WHERE dead_at IS NULL AND attempts > 0) AS retrying,
			min(made_at) FILTER (WHERE dead_at IS NULL AND made_at <= $1) AS oldest, count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead, 0 AS fresh, 1 AS place
		FROM mail_queue WHERE sent_at IS NULL
		UNION ALL
		SELECT count(*) FILTER (WHERE dead_at IS NULL), count(*) FILTER (WHERE dead_at IS NULL AND attempts > 0),
			min(retry_from) FILTER (WHERE dead_at IS NULL), count(*) FILTER (WHERE dead_at IS NOT NULL), (SELECT count(*) FROM notices WHERE NOT fanned), 2
		FROM webhook_queue WHERE sent_at IS NULL
		ORDER BY place`, now)
	if err != nil || len(rows) != 2 {
		return Queue{}, Queue{}, 0, err
	}
	queue := func(i int) Queue {
		q := Queue{Waiting: rows[i].Waiting, Retrying: rows[i].Retrying, Dead: rows[i].Dead}
		if rows[i].Oldest != nil {
			q.Oldest = now.Sub(*rows[i].Oldest)
		}
		return q
	}
	return queue(0), queue(1), rows[1].Fresh, nil
}
