package postgres

import (
	"os"
	"strconv"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/review"
)

// BenchmarkVerifyAudit verifies a record of many copies of one issued case, chained as Save chains them. FAIRREVIEW_AUDIT_EVENTS
// says how many events (6,000 when it is not set; a million take a few minutes to make). See docs/performance.md.
func BenchmarkVerifyAudit(b *testing.B) {
	events, err := strconv.Atoi(os.Getenv("FAIRREVIEW_AUDIT_EVENTS"))
	if err != nil {
		events = 6000
	}
	d := newDesk(b)
	c := d.issued("办法")
	d.multiply(c, events/6-1)
	if err := d.db.sql.Get(&events, `SELECT count(*) FROM events`); err != nil {
		b.Fatal(err)
	}
	var bytes int64
	d.must(d.db.sql.Get(&bytes, `SELECT avg(length(payload))::bigint FROM events`))
	b.Run("chains", func(b *testing.B) { d.verifies(b, events) })
	if _, err := d.db.MakeHead(d.ctx); err != nil {
		b.Fatal(err)
	}
	b.Run("sealed by a head", func(b *testing.B) { d.verifies(b, events) })
	b.Run("head", func(b *testing.B) {
		for b.Loop() {
			if _, err := d.db.MakeHead(d.ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, f := range map[string]LogFilter{"log": {}, "log of a day": {From: "2026-03-02", To: "2026-03-02"}, "log of a case": {Number: c.Number},
		"log of nobody": {Person: "nobody"}, "log of a kind": {Kind: "send_sign"}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := d.db.AuditLog(d.ctx, f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Logf("%d events of %d bytes of payload on average", events, bytes)
}

func (d *desk) verifies(b *testing.B, events int) {
	for b.Loop() {
		report, err := d.db.VerifyAudit(d.ctx, nil)
		if err != nil || report.Bad != nil || report.Events != events {
			b.Fatalf("%+v, bad %+v, %v", report, report.Bad, err)
		}
	}
	b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// multiply copies an issued case n times: other ids and numbers, the chains computed anew.
func (d *desk) multiply(c review.Case, n int) {
	d.Helper()
	d.tampered = true // the invariants would take minutes, and verification says more
	d.must(d.db.inTx(d.ctx, func(tx *sqlx.Tx) error {
		for _, s := range []struct {
			sql  string
			args []any
		}{
			{sql: `SET LOCAL session_replication_role = replica`},
			{sql: `SET LOCAL statement_timeout = 0`},
			{`CREATE UNLOGGED TABLE copies AS
				SELECT CAST(overlay(overlay(md5($1 || n) PLACING '8' FROM 13) PLACING '8' FROM 17) AS uuid) AS id, CAST($1 AS text) AS of,
					'2026-' || lpad(CAST(n + 1 AS text), 6, '0') || '-0' AS number, decode(repeat('00', 32), 'hex') AS head
				FROM generate_series(1, CAST($2 AS integer)) AS n`, []any{c.ID, n}},
			{`INSERT INTO cases (id, number, version, head, kind, route, status, round, unit, regulator, issuer, measure, title,
					outcome, outcome_on, first_outcome_on, opened_on, opened_at, recorded_at, updated_at, due, due_provisional,
					made_up, label, imported, state)
				SELECT x.id, x.number, version, c.head, kind, route, status, round, unit, regulator, issuer, measure, title,
					outcome, outcome_on, first_outcome_on, opened_on, opened_at, recorded_at, updated_at, due, due_provisional,
					made_up, label, imported, CAST(replace(replace(CAST(state AS text), x.of, CAST(x.id AS text)), c.number, x.number) AS json)
				FROM copies x JOIN cases c ON c.id = CAST(x.of AS uuid)`, nil},
		} {
			if _, err := tx.Exec(s.sql, s.args...); err != nil {
				return err
			}
		}
		for v := 1; v <= c.Version; v++ {
			if _, err := tx.Exec(`
				WITH made AS (
					INSERT INTO events (case_id, version, round, at, kind, person, unit, from_status, to_status, outcome, request_id,
						request_digest, record_digest, payload, nonce, prev_hash, hash)
					SELECT x.id, e.version, e.round, e.at, e.kind, e.person, e.unit, e.from_status, e.to_status, e.outcome, x.id || '/' || e.version,
						e.request_digest, e.record_digest, p.payload, e.nonce, x.head, sha256(x.head || e.nonce || p.payload)
					FROM copies x
					JOIN events e ON e.case_id = CAST(x.of AS uuid) AND e.version = $1
					JOIN cases c ON c.id = x.id
					JOIN cases o ON o.id = e.case_id
					CROSS JOIN LATERAL (SELECT convert_to(replace(replace(convert_from(e.payload, 'UTF8'), x.of, CAST(x.id AS text)),
						encode(sha256(convert_to(CAST(o.state AS text), 'UTF8')), 'hex'),
						encode(sha256(convert_to(CAST(c.state AS text), 'UTF8')), 'hex')), 'UTF8') AS payload) p
					RETURNING case_id, hash
				)
				UPDATE copies x SET head = made.hash FROM made WHERE made.case_id = x.id`, v); err != nil {
				return err
			}
		}
		for _, s := range []string{
			`UPDATE cases c SET head = x.head FROM copies x WHERE x.id = c.id`,
			`INSERT INTO outcomes SELECT x.id, seq, version, outcome, status, unit, route, kind, day, recorded_at, replaced_at, replaced_on
				FROM copies x JOIN outcomes o ON o.case_id = CAST(x.of AS uuid)`,
			`INSERT INTO case_readers SELECT x.id, r.unit, r.person FROM copies x JOIN case_readers r ON r.case_id = CAST(x.of AS uuid)`,
			`UPDATE counters SET n = n * (SELECT 1 + count(*) FROM copies)`,
			`UPDATE numbers SET last = last + (SELECT count(*) FROM copies)`,
		} {
			if _, err := tx.Exec(s); err != nil {
				return err
			}
		}
		return nil
	}))
	for _, table := range []string{"cases", "events", "outcomes", "copies"} {
		if _, err := d.db.sql.Exec(`VACUUM ANALYZE ` + table); err != nil {
			d.Fatal(err)
		}
	}
}
