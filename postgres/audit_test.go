package postgres

import (
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/review"
)

// tamper does what only a superuser can: it changes the record with the triggers and foreign keys off.
func (d *desk) tamper(statement string, args ...any) {
	d.Helper()
	d.tampered = true
	d.must(d.db.inTx(d.ctx, func(tx *sqlx.Tx) error {
		if _, err := tx.Exec(`SET LOCAL session_replication_role = replica`); err != nil {
			return err
		}
		done, err := tx.Exec(statement, args...)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			d.Fatalf("nothing was tampered with: %v", err)
		}
		return nil
	}))
}

func TestASoundRecordVerifies(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.issued("办法")
	c := d.register(handlerB, review.Government, "办法二")
	last := 0
	report, err := d.db.VerifyAudit(d.ctx, func(done, total int) {
		last = done
		if total != 7 {
			t.Errorf("total %d", total)
		}
	})
	d.must(err)
	if report.Bad != nil || report.Events != 7 || report.Cases != 2 || len(report.Head) != 64 || last != 7 {
		t.Errorf("%+v, last progress %d", report, last)
	}
	again, err := d.db.VerifyAudit(d.ctx, nil)
	d.must(err)
	if again != report {
		t.Errorf("%+v, then %+v", report, again)
	}
	d.act(c, handlerB, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerB, "第一条 甲。"))})
	if again, err = d.db.VerifyAudit(d.ctx, nil); err != nil || again.Head == report.Head || again.Bad != nil {
		t.Errorf("after an event: %+v, %v", again, err)
	}
}

func TestTamperingIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	rehashed := `UPDATE events SET payload = x.payload, hash = sha256(prev_hash || nonce || x.payload)
		FROM (SELECT convert_to(replace(convert_from(payload, 'UTF8'), '建〔2026〕1号', '建〔2026〕8号'), 'UTF8') AS payload
			FROM events WHERE case_id = $1 AND version = 5) x
		WHERE case_id = $1 AND version = 5`
	for _, tt := range []struct {
		name      string
		statement string
		version   int
		what      string
	}{
		{"a payload is changed", `UPDATE events SET payload = payload || convert_to(' ', 'UTF8') WHERE case_id = $1 AND version = 3`, 3, "payload or nonce was changed"},
		{"a nonce is changed", `UPDATE events SET nonce = set_byte(nonce, 0, (get_byte(nonce, 0) + 1) % 256) WHERE case_id = $1 AND version = 3`, 3, "payload or nonce was changed"},
		{"a payload is changed and its hash made to fit", rehashed, 6, "not chained to the event before it"},
		{"a column is changed", `UPDATE events SET person = 'somebody' WHERE case_id = $1 AND version = 5`, 5, "column person was changed"},
		{"a time is changed", `UPDATE events SET at = at - interval '1 second' WHERE case_id = $1 AND version = 4`, 4, "column at was changed"},
		{"a request is changed", `UPDATE events SET request_id = 'mine' WHERE case_id = $1 AND version = 4`, 4, "column request_id was changed"},
		{"an event in the middle is deleted", `DELETE FROM events WHERE case_id = $1 AND version = 4`, 4, "the event is gone"},
		{"the first event is deleted", `DELETE FROM events WHERE case_id = $1 AND version = 1`, 1, "the event is gone"},
		{"the last event is deleted", `DELETE FROM events WHERE case_id = $1 AND version = 6`, 6, "the event is gone"},
		{"all events are deleted", `DELETE FROM events WHERE case_id = $1`, 6, "the event is gone"},
		{"the case is deleted", `DELETE FROM cases WHERE id = $1`, 6, "the event's case is gone"},
		{"the last event is deleted and the case set back", `
			WITH gone AS (DELETE FROM events WHERE case_id = $1 AND version = 6)
			UPDATE cases SET version = 5, head = (SELECT hash FROM events WHERE case_id = $1 AND version = 5) WHERE id = $1`,
			5, "the case's state was changed"},
		{"two events change places", `
			UPDATE events e SET payload = o.payload, nonce = o.nonce, prev_hash = o.prev_hash, hash = o.hash, kind = o.kind,
				person = o.person, at = o.at, from_status = o.from_status, to_status = o.to_status
			FROM events o
			WHERE e.case_id = $1 AND o.case_id = $1 AND e.version IN (3, 4) AND o.version = 7 - e.version`, 3, "not chained to the event before it"},
		{"an event is added at the end", `
			INSERT INTO events (case_id, version, round, at, kind, person, unit, from_status, to_status, outcome, request_digest,
				record_digest, payload, nonce, prev_hash, hash)
			SELECT case_id, 7, round, at, kind, person, unit, from_status, to_status, outcome, request_digest, record_digest,
				convert_to(replace(convert_from(payload, 'UTF8'), '"version":6', '"version":7'), 'UTF8'), nonce, hash,
				sha256(hash || nonce || convert_to(replace(convert_from(payload, 'UTF8'), '"version":6', '"version":7'), 'UTF8'))
			FROM events WHERE case_id = $1 AND version = 6`, 7, "column request_id was changed"},
		{"the state is changed", `UPDATE cases SET state = CAST(replace(CAST(state AS text), '"keep"', '"amend"') AS json) WHERE id = $1`, 6, "the case's state was changed"},
		{"the status column is changed", `UPDATE cases SET status = 'CEASED' WHERE id = $1`, 6, "the case's status was changed"},
		{"the head is changed", `UPDATE cases SET head = sha256(head) WHERE id = $1`, 6, "not the hash that the case ends with"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.register(handlerB, review.Department, "未受影响")
			c := d.issued("办法")
			d.tamper(tt.statement, c.ID)
			report, err := d.db.VerifyAudit(d.ctx, nil)
			d.must(err)
			if report.Bad == nil || *report.Bad != (BadRow{Case: c.ID, Version: tt.version, What: tt.what}) || report.Head != "" {
				t.Errorf("%+v, bad %+v; want version %d: %s", report, report.Bad, tt.version, tt.what)
			}
		})
	}
}
