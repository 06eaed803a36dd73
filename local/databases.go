package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/lib/pq"

	"github.com/fairreview/fairreview/internal/pglocal"
)

const (
	productDatabase    = "fairreview"
	temporalDatabase   = "temporal"
	visibilityDatabase = "temporal_visibility"
	// serverLock is the advisory lock that says "a Temporal of ours runs on these databases". Its number means nothing.
	serverLock = 0x66616972
)

// databases are the three, all on one server.
type databases struct {
	product    string // URLs
	temporal   string
	visibility string
	close      func()
}

// openDatabases starts the private PostgreSQL, or uses the one at url, and makes the databases that are missing. When
// the private one ends without having been asked, fail is called.
func openDatabases(ctx context.Context, url, dir string, log io.Writer, fail func(error)) (databases, error) {
	if url != "" {
		return existingDatabases(ctx, url)
	}
	s, err := pglocal.Start(ctx, pglocal.Options{Dir: dir, Log: log, MaxConnections: maxConnections})
	if err != nil {
		return databases{}, err
	}
	for _, name := range []string{productDatabase, temporalDatabase, visibilityDatabase} {
		if err := s.CreateDatabase(ctx, name); err != nil {
			_ = s.Stop()
			return databases{}, fmt.Errorf("make the database %s: %w", name, err)
		}
	}
	go func() {
		fail(fmt.Errorf("PostgreSQL ended on its own: %v", s.Wait()))
	}()
	return databases{s.URL(productDatabase), s.URL(temporalDatabase), s.URL(visibilityDatabase), func() { _ = s.Stop() }}, nil
}

func existingDatabases(ctx context.Context, at string) (databases, error) {
	u, err := url.Parse(at)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") {
		return databases{}, errors.New("the database URL must read postgres://user:password@host:port/database") // not repeated: it may hold a password
	}
	name := strings.TrimPrefix(u.Path, "/")
	if name == "" || name == "postgres" {
		name = productDatabase
	}
	of := func(database string) string {
		v := *u
		v.Path = "/" + database
		return v.String()
	}
	admin, err := sql.Open("postgres", of("postgres"))
	if err != nil {
		return databases{}, err
	}
	defer admin.Close()
	for _, database := range []string{name, temporalDatabase, visibilityDatabase} {
		if err := createDatabase(ctx, admin, database); err != nil {
			return databases{}, fmt.Errorf("make the database %s: %w", database, err)
		}
	}
	unlock, err := lockServer(ctx, of(temporalDatabase))
	if err != nil {
		return databases{}, err
	}
	return databases{of(name), of(temporalDatabase), of(visibilityDatabase), unlock}, nil
}

// createDatabase asks first, so that a role that may not make databases can use those that were made for it.
func createDatabase(ctx context.Context, admin *sql.DB, name string) error {
	var exists bool
	if err := admin.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&exists); err != nil || exists {
		return err
	}
	_, err := admin.ExecContext(ctx, `CREATE DATABASE `+pq.QuoteIdentifier(name)+` TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'`)
	return err
}

// lockServer does for an existing PostgreSQL what the lock in the data folder does for a private one: two Temporals on
// the same databases would take the shards from each other for ever.
func lockServer(ctx context.Context, url string) (unlock func(), err error) {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // the connection is the lock
	var got bool
	if err := db.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, serverLock).Scan(&got); err != nil {
		_ = db.Close()
		return nil, err
	}
	if !got {
		_ = db.Close()
		return nil, errors.New("another fairreview-local already runs on this PostgreSQL: stop that one first, or name another server")
	}
	return func() { _ = db.Close() }, nil
}
