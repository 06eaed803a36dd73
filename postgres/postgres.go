// Package postgres keeps the record: cases, their events, the figures, people and texts. All SQL is here.
//
// Its one rule: Save is the only function that writes cases and events. What else may be written has no legal effect
// (texts, sessions, people, settings). Reads hand out nothing that review.View or case_readers would hide.
//
// Refusals are *review.Error; anything else is a fault that may pass, and worth a retry.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// DB is the record. It is safe for concurrent use.
type DB struct {
	sql      *sqlx.DB
	now      func() time.Time // UTC, cut to the record's microseconds
	hashing  chan struct{}    // bounds the memory that password hashing takes at once
	prepared sync.Map         // statement -> *sqlx.Stmt
	accounts accounts         // how accounts are governed, set once by Govern
	calendar struct {
		sync.Mutex
		version int64
		review.Calendar
	}
}

// Open connects to a database that schema.Migrate has prepared. maxConns bounds the pool; 0 is 16.
func Open(ctx context.Context, dsn string, maxConns int) (*DB, error) {
	cfg, err := pq.NewConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	if cfg.Runtime == nil {
		cfg.Runtime = map[string]string{}
	}
	for key, value := range map[string]string{
		"timezone": "UTC",
		// Compiling a statement costs more than running any of ours.
		"jit": "off",
		// A statement that takes this long is lost work; a lock held this long is somebody's mistake.
		"statement_timeout":                   "30000",
		"lock_timeout":                        "10000",
		"idle_in_transaction_session_timeout": "60000",
		// Our statements are prepared once and do not change shape; planning Save anew cost as much as running it.
		"plan_cache_mode": "force_generic_plan",
	} {
		if _, given := cfg.Runtime[key]; !given {
			cfg.Runtime[key] = value
		}
	}
	if cfg.FallbackApplicationName == "" {
		cfg.FallbackApplicationName = "fairreview"
	}
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	if maxConns <= 0 {
		maxConns = 16
	}
	pool := sqlx.NewDb(sql.OpenDB(connector), "postgres")
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(maxConns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db := &DB{
		sql:     pool,
		now:     func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		hashing: make(chan struct{}, max(2, runtime.NumCPU())),
	}
	if err := db.Ping(ctx); err != nil {
		_ = pool.Close()
		return nil, fmt.Errorf("database: %w", err)
	}
	return db, nil
}

// Close ends all connections.
func (db *DB) Close() error { return db.sql.Close() }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.sql.PingContext(ctx) }

// SQL is the pool, for its statistics and nothing else.
func (db *DB) SQL() *sqlx.DB { return db.sql }

// stmt returns the statement prepared once and kept: what every request runs is parsed and planned once a connection.
func (db *DB) stmt(ctx context.Context, query string) (*sqlx.Stmt, error) {
	if s, ok := db.prepared.Load(query); ok {
		return s.(*sqlx.Stmt), nil
	}
	s, err := db.sql.PreparexContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if old, loaded := db.prepared.LoadOrStore(query, s); loaded {
		_ = s.Close()
		return old.(*sqlx.Stmt), nil
	}
	return s, nil
}

// inTx runs do in one transaction.
func (db *DB) inTx(ctx context.Context, do func(*sqlx.Tx) error) error {
	tx, err := db.sql.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // the error that made us give up says more
		return err
	}
	return tx.Commit()
}

// retry repeats do while the database says that it only lost a race (serialization failure, deadlock).
func retry(do func() error) error {
	var err error
	for range 10 {
		err = do()
		e, ok := errors.AsType[*pq.Error](err)
		if !ok || e.Code.Class() != "40" {
			return err
		}
	}
	return err
}

// refusals says what a violated constraint means to a person. A constraint that is not here is Invalid under its name.
var refusals = map[string]*review.Error{
	"one_open_case_per_measure": review.Refuse(review.OpenCaseExists),
	"events_request_once":       review.Refuse(review.KeyReused),
	"case_unit_exists":          review.Refuse(review.Invalid, "field", "unit"),
	"case_regulator_exists":     review.Refuse(review.Invalid, "field", "regulator"),
	"case_text_exists":          review.Refuse(review.Missing, "field", "text"),
	"case_has_title":            review.Refuse(review.Missing, "field", "measure.title"),
	"one_person_per_login":      review.Refuse(review.Invalid, "field", "login"),
	"membership_unit_exists":    review.Refuse(review.Invalid, "field", "unit"),
	"membership_role_known":     review.Refuse(review.Invalid, "field", "role"),
	"unit_parent_exists":        review.Refuse(review.Invalid, "field", "parent"),
	"unit_regulator_exists":     review.Refuse(review.Invalid, "field", "regulator"),
	"token_person_exists":       review.Refuse(review.NotFound),
	"token_unit_exists":         review.Refuse(review.Invalid, "field", "unit"),
	"token_scope_known":         review.Refuse(review.Invalid, "field", "scopes"),
	"administrators_apart":      review.Refuse(AdminsApart),
	"rules_version_once":        review.Refuse(review.Invalid, "field", "version"),
	"text_size":                 review.Refuse(review.TooLarge, "field", "text", "limit", "1 MiB"),
}

// refusal turns what the database refuses because of the data (SQLSTATE classes 22 and 23) into a *review.Error: it
// would be refused again. Everything else stays as it is: it may pass.
func refusal(err error) error {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return err
	}
	switch {
	case e.Code == "22021" || e.Code == "22P05":
		return review.Refuse(review.BadCharacters, "field", e.Column)
	case e.Code == "23502" && e.Table == "case_texts":
		// The hash is looked up among what the actor's unit holds and the case names already; none was found.
		return review.Refuse(review.Missing, "field", "text")
	case e.Code.Class() != "22" && e.Code.Class() != "23":
		return err
	}
	if r, known := refusals[e.Constraint]; known {
		return r
	}
	field := e.Constraint
	if field == "" {
		field = e.Column
	}
	return review.Refuse(review.Invalid, "field", field)
}

// missing turns "no rows" into NotFound.
func missing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return review.Refuse(review.NotFound)
	}
	return err
}
