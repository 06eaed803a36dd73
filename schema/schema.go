// Package schema is the shape of the record: migrations that only go forward, and queries that must return no rows.
//
// A migration that has landed is never edited; yesterday's program must still run on tomorrow's schema.
package schema

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq" // the driver
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// Migrate brings the database up to date. Any number of processes may call it at once: one works under an advisory
// lock, the others wait for it, two minutes at most.
func Migrate(ctx context.Context, dsn string) error {
	db, err := sqlx.ConnectContext(ctx, "postgres", dsn)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer func() { _ = db.Close() }()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120), lock.WithUnlockTimeout(1, 10))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db.DB, files, goose.WithSessionLocker(locker),
		goose.WithExcludeNames([]string{"invariants.sql"}), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Check is a query that returns no rows while the record is sound; a row says what is not.
type Check struct {
	Name string
	SQL  string
}

// Invariants are the checks of invariants.sql, in its order.
func Invariants() []Check {
	text, err := files.ReadFile("invariants.sql")
	if err != nil {
		panic(err) // embedded: it is there
	}
	var out []Check
	for i, part := range strings.Split(string(text), "\n-- name: ") {
		if name, sql, found := strings.Cut(part, "\n"); found && i > 0 {
			out = append(out, Check{Name: strings.TrimSpace(name), SQL: strings.TrimSpace(sql)})
		}
	}
	return out
}
