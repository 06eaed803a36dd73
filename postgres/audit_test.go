package postgres

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

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

// forge writes the chain of a case anew from a version on, as who knows how it is made: the payload at the version holds to
// instead of from, all hashes follow, and so does the case.
func (d *desk) forge(id string, version int, from, to string) {
	d.Helper()
	d.tamper(`UPDATE events SET payload = convert_to(replace(convert_from(payload, 'UTF8'), $3, $4), 'UTF8')
		WHERE case_id = $1 AND version = $2 AND convert_from(payload, 'UTF8') LIKE '%' || $3 || '%'`, id, version, from, to)
	var last int
	d.must(d.db.sql.Get(&last, `SELECT version FROM cases WHERE id = $1`, id))
	for v := version; v <= last; v++ {
		d.tamper(`UPDATE events e SET prev_hash = x.prev, hash = sha256(x.prev || e.nonce || e.payload)
			FROM (SELECT coalesce((SELECT hash FROM events WHERE case_id = $1 AND version = $2 - 1), decode(repeat('00', 32), 'hex')) AS prev) x
			WHERE case_id = $1 AND version = $2`, id, v)
	}
	d.tamper(`UPDATE cases SET head = (SELECT hash FROM events WHERE case_id = $1 AND version = $2) WHERE id = $1`, id, last)
}

// forget deletes a case with all that hangs on it and counts it out, as if it had never been; it must be the last one.
func (d *desk) forget(id string) {
	d.Helper()
	for _, table := range []string{"outcomes", "tasks", "case_readers", "events"} {
		d.tampered = true
		d.must(d.db.inTx(d.ctx, func(tx *sqlx.Tx) error {
			_, err := tx.Exec(`SET LOCAL session_replication_role = replica`)
			if err == nil {
				_, err = tx.Exec(`DELETE FROM `+table+` WHERE case_id = $1`, id)
			}
			return err
		}))
	}
	d.tamper(`DELETE FROM cases WHERE id = $1`, id)
	d.tamper(`UPDATE numbers SET last = last - 1`)
	d.tamper(`WITH sums AS (
			SELECT u.unit, c.opened_on AS day, c.route, c.kind, count(*) AS n FROM cases c CROSS JOIN LATERAL (VALUES (c.unit), ('')) AS u (unit)
			GROUP BY 1, 2, 3, 4)
		UPDATE counters c SET n = coalesce((SELECT s.n FROM sums s WHERE s.unit = c.unit AND s.day = c.day AND s.route = c.route AND s.kind = c.kind), 0)
		WHERE outcome = 'registered'`)
}

// bad verifies, against the exported heads when there are any, and returns the first row that does not fit.
func (d *desk) bad(exported ...Head) *BadRow {
	d.Helper()
	report, err := d.db.VerifyAgainst(d.ctx, d.keep(exported...), nil)
	d.must(err)
	if report.Bad != nil && report.Head != "" {
		d.Errorf("a head beside a row that does not fit: %+v", report)
	}
	return report.Bad
}

// keep is a file of heads, written and read; none is no file.
func (d *desk) keep(heads ...Head) *KeptHeads {
	d.Helper()
	if len(heads) == 0 {
		return nil
	}
	var file bytes.Buffer
	for _, h := range heads {
		d.must(json.NewEncoder(&file).Encode(h))
	}
	k, err := ReadHeads(&file)
	d.must(err)
	return k
}

func TestASoundRecordVerifies(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	one := d.issued("办法")
	c := d.register(handlerB, review.Government, "办法二")
	last := 0
	report, err := d.db.VerifyAudit(d.ctx, func(done, total int) {
		last = done
		if total != 7 {
			t.Errorf("total %d", total)
		}
	})
	d.must(err)
	if report.Bad != nil || report.Events != 7 || report.Cases != 2 || len(report.Head) != 64 || last != 7 || report.After.Events != 7 {
		t.Errorf("%+v, last progress %d", report, last)
	}
	again, err := d.db.VerifyAudit(d.ctx, nil)
	d.must(err)
	if !reflect.DeepEqual(again, report) {
		t.Errorf("%+v, then %+v", report, again)
	}
	h, err := d.db.MakeHead(d.ctx)
	d.must(err)
	d.act(c, handlerB, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerB, "第一条 甲。"))})
	for name, kept := range map[string]*KeptHeads{"the heads in the database": nil, "an exported head": d.keep(h)} {
		moved, err := d.db.VerifyAgainst(d.ctx, kept, nil)
		d.must(err)
		want := After{Events: 1, Cases: 1, First: []Later{{Case: c.ID, Number: c.Number, From: 2, To: 2}}}
		if moved.Head == report.Head || moved.Events != 8 || moved.Heads != 1 || moved.Bad != nil || !reflect.DeepEqual(moved.After, want) {
			t.Errorf("%s: %+v, after it %+v", name, moved, moved.After)
		}
	}
	if one.ID == c.ID {
		t.Fatal("one case")
	}
}

func TestVerificationSplitsTheIdsAmongWorkers(t *testing.T) {
	t.Parallel()
	for total, parts := range map[int]int{0: 1, 4000: 1, 4001: 2, 1_000_000: 256, 1 << 30: 4096} {
		v := verification{total: total}
		if v.split(); v.parts != parts {
			t.Errorf("%d events make %d parts, want %d", total, v.parts, parts)
		}
		next := "00000000-0000-0000-0000-000000000000"
		for i := range v.parts {
			first, last := v.bounds(i)
			if first != next || !isUUID(last) || last < first {
				t.Fatalf("part %d of %d is %s to %s", i, v.parts, first, last)
			}
			n := 0
			_, _ = fmt.Sscanf(last[:4], "%04x", &n)
			next = fmt.Sprintf("%04x0000-0000-0000-0000-000000000000", n+1)
		}
		if next[:5] != "10000" {
			t.Errorf("%d parts end before %s", v.parts, next)
		}
	}
	// Parts that are done out of order come into the report in order, and nothing after the first that is bad.
	v := verification{parts: 4, found: map[int]*part{}, sum: sha256.New()}
	v.merge(2, &part{events: 100, bad: &BadRow{What: "late"}})
	v.merge(1, &part{events: 10, bad: &BadRow{What: "early"}})
	if v.report.Events != 0 || v.report.Bad != nil {
		t.Errorf("before the first part: %+v", v.report)
	}
	v.merge(0, &part{events: 1})
	if v.report.Events != 11 || v.report.Bad.What != "early" {
		t.Errorf("%+v", v.report)
	}
	if _, more := v.take(); more {
		t.Error("work goes on after a bad row")
	}
}

// TestEveryManipulationIsFound changes the record as a superuser does, with the triggers off: what is within one chain, or
// between the chain and the tables beside it, is found without any head.
func TestEveryManipulationIsFound(t *testing.T) {
	t.Parallel()
	const rehashed = `
		UPDATE events SET payload = x.payload, hash = sha256(prev_hash || nonce || x.payload)
		FROM (SELECT convert_to(replace(convert_from(payload, 'UTF8'), '建〔2026〕1号', '建〔2026〕8号'), 'UTF8') AS payload
			FROM events WHERE case_id = $1 AND version = 5) x
		WHERE case_id = $1 AND version = 5`
	column := func(version int, set, name string) (string, string, int, string) {
		return "the column " + name + " of an event is changed", `UPDATE events SET ` + set + ` WHERE case_id = $1 AND version = ` + fmt.Sprint(version),
			version, "column " + name + " was changed"
	}
	type row struct {
		name, statement string
		version         int
		what            string
	}
	var rows []row
	add := func(name, statement string, version int, what string) {
		rows = append(rows, row{name, statement, version, what})
	}
	add(column(3, `round = 2`, "round"))
	add(column(4, `at = at - interval '1 second'`, "at"))
	add(column(4, `kind = 'withdraw'`, "kind"))
	add(column(5, `person = 'somebody'`, "person"))
	add(column(5, `unit = 'transport'`, "unit"))
	add(column(5, `from_status = 'DRAFTING'`, "from_status"))
	add(column(5, `to_status = 'CONCLUDED_FAIL'`, "to_status"))
	add(column(5, `outcome = ''`, "outcome"))
	add(column(4, `request_id = 'mine'`, "request_id"))
	add(column(4, `request_id = NULL`, "request_id"))
	add(column(4, `request_digest = 'mine'`, "request_digest"))
	add(column(4, `record_digest = sha256(record_digest)`, "record_digest"))
	add(column(4, `due = at`, "due"))
	add(column(4, `due_provisional = true`, "due_provisional"))
	add(column(4, `review_due = at`, "review_due"))
	add(column(4, `review_provisional = true`, "review_provisional"))
	rows = append(rows, []row{
		{"a byte is added to a payload", `UPDATE events SET payload = payload || convert_to(' ', 'UTF8') WHERE case_id = $1 AND version = 3`, 3, "payload or nonce was changed"},
		{"a byte of a payload is changed", `UPDATE events SET payload = set_byte(payload, 40, 120) WHERE case_id = $1 AND version = 2`, 2, "payload or nonce was changed"},
		{"a nonce is changed", `UPDATE events SET nonce = set_byte(nonce, 0, (get_byte(nonce, 0) + 1) % 256) WHERE case_id = $1 AND version = 3`, 3, "payload or nonce was changed"},
		{"a hash is changed", `UPDATE events SET hash = sha256(hash) WHERE case_id = $1 AND version = 3`, 3, "payload or nonce was changed"},
		{"a previous hash is changed", `UPDATE events SET prev_hash = sha256(prev_hash) WHERE case_id = $1 AND version = 3`, 3, "not chained to the event before it"},
		{"a previous hash is changed and the hash made to fit", `
			UPDATE events SET prev_hash = sha256(prev_hash), hash = sha256(sha256(prev_hash) || nonce || payload) WHERE case_id = $1 AND version = 3`, 3, "not chained to the event before it"},
		{"the first previous hash is not zero", `
			UPDATE events SET prev_hash = sha256(prev_hash), hash = sha256(sha256(prev_hash) || nonce || payload) WHERE case_id = $1 AND version = 1`, 1, "not chained to the event before it"},
		{"a payload is changed and its hash made to fit", rehashed, 6, "not chained to the event before it"},
		{"the last payload is changed and its hash made to fit", strings.NewReplacer("version = 5", "version = 6", "1号", "2号").Replace(rehashed), 6, "not the hash that the case ends with"},
		{"an event moves to another version", `UPDATE events SET version = 9 WHERE case_id = $1 AND version = 4`, 4, "the event is gone"},
		{"an event in the middle is deleted", `DELETE FROM events WHERE case_id = $1 AND version = 4`, 4, "the event is gone"},
		{"the first event is deleted", `DELETE FROM events WHERE case_id = $1 AND version = 1`, 1, "the event is gone"},
		{"the last event is deleted", `DELETE FROM events WHERE case_id = $1 AND version = 6`, 6, "the event is gone"},
		{"the last two events are deleted", `DELETE FROM events WHERE case_id = $1 AND version > 4`, 6, "the event is gone"},
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
		{"an event is put between two", `
			UPDATE events SET version = version + 100 WHERE case_id = $1 AND version >= 4;
			UPDATE events SET version = version - 99 WHERE case_id = $1 AND version > 100;
			INSERT INTO events (case_id, version, round, at, kind, person, unit, from_status, to_status, outcome, request_id, request_digest,
				record_digest, payload, nonce, prev_hash, hash)
			SELECT e.case_id, 4, round, at, kind, person, unit, from_status, to_status, outcome, x.request, request_digest, record_digest,
				x.payload, nonce, hash, sha256(hash || nonce || x.payload)
			FROM events e, LATERAL (SELECT case_id || '/4b' AS request, convert_to(replace(replace(convert_from(payload, 'UTF8'), '"version":3', '"version":4'), '/3"', '/4b"'), 'UTF8') AS payload) x
			WHERE e.case_id = $1 AND e.version = 3`, 5, "not chained to the event before it"},
		{"the state is changed", `UPDATE cases SET state = CAST(replace(CAST(state AS text), '"keep"', '"amend"') AS json) WHERE id = $1`, 6, "the case's state was changed"},
		{"a space is put into the state", `UPDATE cases SET state = CAST(CAST(state AS text) || ' ' AS json) WHERE id = $1`, 6, "the case's state was changed"},
		{"the state is no object", `UPDATE cases SET state = '"gone"' WHERE id = $1`, 6, "the case's state was changed"},
		{"the status column is changed", `UPDATE cases SET status = 'CEASED' WHERE id = $1`, 6, "the case's status was changed"},
		{"the head is changed", `UPDATE cases SET head = sha256(head) WHERE id = $1`, 6, "not the hash that the case ends with"},
		{"the version is set on", `UPDATE cases SET version = 7 WHERE id = $1`, 7, "the event is gone"},
		{"the title is changed", `UPDATE cases SET title = '另一办法' WHERE id = $1`, 6, "the case's column title was changed"},
		{"the unit is changed", `UPDATE cases SET unit = 'transport' WHERE id = $1`, 6, "the case's column unit was changed"},
		{"the round is changed", `UPDATE cases SET round = 2 WHERE id = $1`, 6, "the case's column round was changed"},
		{"the number is changed", `UPDATE cases SET number = '2026-000009-9' WHERE id = $1`, 6, "the case's column number was changed"},
		{"the case's outcome is changed", `UPDATE cases SET outcome = 'amend' WHERE id = $1`, 6, "the case's column outcome was changed"},
		{"made up is changed", `UPDATE cases SET made_up = NOT made_up WHERE id = $1`, 6, "the case's column made_up was changed"},
		{"the opening is dated back", `UPDATE cases SET opened_at = opened_at - interval '1 day' WHERE id = $1`, 6, "the case's column opened_at was changed"},
		{"the recording is dated back", `UPDATE cases SET recorded_at = recorded_at - interval '1 day' WHERE id = $1`, 1, "the case's column recorded_at was changed"},
		{"the case is made imported", `UPDATE cases SET imported = true WHERE id = $1`, 1, "the case's column imported was changed"},
		{"the update is dated back", `UPDATE cases SET updated_at = updated_at - interval '1 day' WHERE id = $1`, 6, "the case's column updated_at was changed"},
		{"the day of the opening is changed", `UPDATE cases SET opened_on = opened_on - 1 WHERE id = $1`, 0, "a day of the case was changed: opened_on, outcome_on or first_outcome_on"},
		{"an outcome is changed", `UPDATE outcomes SET outcome = 'amend' WHERE case_id = $1`, 0, "outcome 1 was changed"},
		{"an outcome's unit is changed", `UPDATE outcomes SET unit = 'transport' WHERE case_id = $1`, 0, "outcome 1 was changed"},
		{"an outcome moves to another day, with the case", `
			WITH moved AS (UPDATE outcomes SET day = day + 1 WHERE case_id = $1)
			UPDATE cases SET outcome_on = outcome_on + 1, first_outcome_on = first_outcome_on + 1 WHERE id = $1`, 0, "outcome 1 was changed"},
		{"an outcome is ended", `UPDATE outcomes SET replaced_at = recorded_at, replaced_on = day WHERE case_id = $1`, 0, "outcome 1 was changed"},
		{"an outcome is deleted", `DELETE FROM outcomes WHERE case_id = $1`, 0, "the outcome of event 5 is gone"},
		{"an outcome is added", `
			INSERT INTO outcomes SELECT case_id, 2, 4, 'amend', status, unit, route, kind, day, recorded_at, recorded_at, day FROM outcomes WHERE case_id = $1`, 0, "outcome 1 was changed"},
	}...)
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.register(handlerB, review.Department, "未受影响")
			c := d.issued("办法")
			for _, statement := range strings.Split(tt.statement, ";") {
				d.tamper(statement, c.ID)
			}
			got := d.bad()
			if got == nil {
				t.Fatalf("not found; want version %d: %s", tt.version, tt.what)
			}
			if number := got.Number; number != "" {
				got.Number = ""
				if want := c.Number; number != want && tt.name != "the number is changed" {
					t.Errorf("number %s, want %s", number, want)
				}
			} else if tt.what != "the event's case is gone" {
				t.Error("the row has no case number")
			}
			if *got != (BadRow{Case: c.ID, Version: tt.version, What: tt.what}) {
				t.Errorf("%+v; want version %d: %s", got, tt.version, tt.what)
			}
		})
	}
}

func TestFiguresThatDoNotFollowFromTheChainsAreFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, statement, what string }{
		{"a counter is raised", `UPDATE counters SET n = n + 1 WHERE outcome = 'keep' AND unit = 'housing'`, "keep department new housing is 2, the rows say 1"},
		{"a counter of all units is lowered", `UPDATE counters SET n = n - 1 WHERE outcome = 'registered' AND unit = ''`, "registered department new of all units is 1, the rows say 2"},
		{"a counter is deleted", `DELETE FROM counters WHERE outcome = 'finished' AND unit = ''`, "finished department new of all units is 0, the rows say 1"},
		{"a counter is added", `INSERT INTO counters SELECT 'transport', day, route, kind, 'repeal', replaced_on, 3 FROM counters WHERE outcome = 'keep' AND unit = ''`,
			"repeal department new transport is 3, the rows say 0"},
		{"a number was given to nobody", `UPDATE numbers SET last = last + 1`, "the case with number 2026-000003 is gone"},
		{"a number is taken back", `UPDATE numbers SET last = last - 1`, "a number that was not given"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.issued("办法")
			d.register(handlerB, review.Department, "办法二")
			d.tamper(tt.statement)
			if got := d.bad(); got == nil || !strings.HasSuffix(got.What, tt.what) {
				t.Errorf("%+v, want %s", got, tt.what)
			}
		})
	}
}

// TestWhatIsForgedWholeIsFoundOnlyAgainstAHead writes a chain anew from a version on, or takes a case away without a trace.
// Nothing inside the database can show it when the heads there are forged or emptied too; a copy elsewhere does.
func TestWhatIsForgedWholeIsFoundOnlyAgainstAHead(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		do      func(d *desk, c review.Case)
		version int
		what    string
	}{
		{"a chain is written anew from the fifth event", func(d *desk, c review.Case) { d.forge(c.ID, 5, "建〔2026〕1号", "建〔2026〕8号") }, 6,
			"not the hash that head 1 sealed: this event, or one before it, was written anew"},
		{"a case is taken away without a trace", func(d *desk, c review.Case) { d.forget(c.ID) }, 1, "the case is gone, which head 1 sealed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.register(handlerB, review.Department, "未受影响")
			var c review.Case
			if tt.version == 6 {
				c = d.issued("办法")
			} else {
				c = d.register(handlerA, review.Department, "办法")
			}
			h, err := d.db.MakeHead(d.ctx)
			d.must(err)
			tt.do(d, c)
			for where, got := range map[string]*BadRow{"the heads in the database": d.bad(), "the exported head": d.bad(h)} {
				if got == nil || got.Case != c.ID || got.Version != tt.version || got.What != tt.what {
					t.Errorf("against %s: %+v", where, got)
				}
			}
			// The heads in the database are emptied as well: now only the copy knows.
			d.tamper(`DELETE FROM audit_head_chains`)
			d.tamper(`DELETE FROM audit_heads`)
			if got := d.bad(); got != nil {
				t.Errorf("without a head it can be seen after all: %+v", got)
			}
			if got := d.bad(h); got == nil || got.Case != c.ID || got.Version != tt.version || got.What != tt.what {
				t.Errorf("against the exported head alone: %+v", got)
			}
			// A copy without the chains, as a webhook gets it, still says that something is wrong.
			h.Chains = nil
			if got := d.bad(h); got == nil || got.What != "head 1 is gone, of which there is a copy elsewhere" {
				t.Errorf("against the short copy: %+v", got)
			}
			// A new head over the forged record is another head.
			d.later(time.Hour)
			_, err = d.db.MakeHead(d.ctx)
			d.must(err)
			if got := d.bad(h); got == nil || got.What != "head 1 is another than its copy elsewhere" {
				t.Errorf("after a new head 1: %+v", got)
			}
		})
	}
}

func TestManipulatedHeadsAreFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, statement, what string }{
		{"a head is deleted", `WITH gone AS (DELETE FROM audit_head_chains WHERE seq = 2) DELETE FROM audit_heads WHERE seq = 2`, "head 2 is gone"},
		{"the first head is deleted", `WITH gone AS (DELETE FROM audit_head_chains WHERE seq = 1) DELETE FROM audit_heads WHERE seq = 1`, "head 1 is gone"},
		{"a head is dated back", `UPDATE audit_heads SET made_at = made_at - interval '1 hour' WHERE seq = 2`, "head 2 was changed"},
		{"a head's day is changed", `UPDATE audit_heads SET day = day - 1 WHERE seq = 3`, "head 3 was changed"},
		{"a chain is taken out of a head", `DELETE FROM audit_head_chains WHERE seq = 2`, "head 2 was changed"},
		{"a head's hash is changed", `UPDATE audit_heads SET hash = sha256(hash) WHERE seq = 1`, "head 2 is not chained to the one before it"},
		{"the last head's hash is changed", `UPDATE audit_heads SET hash = sha256(hash) WHERE seq = 3`, "head 3 was changed"},
		{"a chain of no head is added", `INSERT INTO audit_head_chains SELECT 4, case_id, 2, hash FROM events WHERE version = 2 AND kind = 'start_review'`, "head 4 was changed"},
		{"a head is told of another hash", `UPDATE audit_head_chains SET hash = sha256(hash) WHERE seq = 2`, "not the hash that head 2 sealed: this event, or one before it, was written anew"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			for _, title := range []string{"甲", "乙"} {
				d.register(handlerA, review.Department, title)
				_, err := d.db.MakeHead(d.ctx)
				d.must(err)
			}
			c := d.register(handlerA, review.Department, "丙")
			_, err := d.db.MakeHead(d.ctx)
			d.must(err)
			d.act(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 甲。"))})
			d.tamper(tt.statement)
			if got := d.bad(); got == nil || got.What != tt.what {
				t.Errorf("%+v, want %s", got, tt.what)
			}
		})
	}
}

func TestSecurityEventsThatAHeadSealedAreCompared(t *testing.T) {
	t.Parallel()
	for name, statement := range map[string]string{
		"the last ones are cut off":   `DELETE FROM security_events WHERE seq > 1`,
		"the chain is written anew":   `UPDATE security_events SET hash = sha256(hash)`,
		"the whole log is taken away": `DELETE FROM security_events`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.securityEvents(3)
			h := d.head()
			if got := d.bad(h); got != nil {
				t.Fatalf("before: %+v", got)
			}
			d.tamper(statement)
			if got := d.bad(h); got == nil || got.What != "security event 3 is gone, or is another than head 1 sealed" {
				t.Errorf("%+v", got)
			}
			d.tamper(`DELETE FROM audit_heads`)
			if got := d.bad(h); got == nil || got.What != "security event 3 is gone, or is another than head 1 sealed" {
				t.Errorf("against the exported head alone: %+v", got)
			}
		})
	}
}

// TestColumnsThatAPayloadSealsAreChecked writes a payload that holds the columns which Save computes beside the event.
func TestColumnsThatAPayloadSealsAreChecked(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 3, 9, 16, 0, 0, 0, time.UTC)
	c := &columns{Record: hex.EncodeToString([]byte("record")), Due: &due, Provisional: true}
	row := func(change func(*auditRow)) auditRow {
		r := auditRow{Record: []byte("record"), Provisional: true}
		r.Due.Time, r.Due.Valid = due, true
		change(&r)
		return r
	}
	for _, tt := range []struct {
		want   string
		change func(*auditRow)
	}{
		{"", func(*auditRow) {}},
		{"record_digest", func(r *auditRow) { r.Record = []byte("another") }},
		{"due", func(r *auditRow) { r.Due.Time = due.Add(time.Microsecond) }},
		{"due", func(r *auditRow) { r.Due.Valid = false }},
		{"due_provisional", func(r *auditRow) { r.Provisional = false }},
		{"review_due", func(r *auditRow) { r.ReviewDue.Valid = true }},
		{"review_provisional", func(r *auditRow) { r.ReviewProv = true }},
	} {
		if got := c.differ(row(tt.change)); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
	if got := (*columns)(nil).differ(auditRow{}); got != "" {
		t.Errorf("an older payload: %q", got)
	}
}
