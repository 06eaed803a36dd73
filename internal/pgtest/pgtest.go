// Package pgtest gives each test a database of its own in a real PostgreSQL.
//
// The server is the one that FAIRREVIEW_TEST_DATABASE_URL names (its role must be allowed to make databases; see
// internal/pgtest/withpg), or else a private one per test process, started on first use. Either way the migrations run
// once per process, into a template that every test's database is a copy of.
package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"github.com/fairreview/fairreview/internal/pglocal"
)

// URLVariable names a server to use instead of starting one per test process.
const URLVariable = "FAIRREVIEW_TEST_DATABASE_URL"

// shared is the one server and template of this process.
var shared struct {
	once     sync.Once
	err      error
	admin    *sql.DB
	url      *url.URL // of the admin database; the others differ in the path
	template string
	stop     func()
	made     atomic.Int64
}

// New returns the URL of a fresh database, dropped when the test ends; whatever is still connected is cut off then.
// It is empty but for what migrate made. migrate runs once per process, so every call must pass the same one; nil is
// for tests that want nothing at all.
func New(t testing.TB, migrate func(ctx context.Context, dsn string) error) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	shared.once.Do(func() { shared.err = prepare(ctx, migrate) })
	if shared.err != nil {
		t.Fatalf("test database: %v", shared.err)
	}
	name := fmt.Sprintf("%s_%d", shared.template, shared.made.Add(1))
	if err := create(ctx, name, shared.template); err != nil {
		t.Fatalf("test database: %v", err)
	}
	t.Cleanup(func() {
		if err := drop(context.Background(), name); err != nil {
			t.Errorf("test database: %v", err)
		}
	})
	return dsn(name)
}

// Main runs a package's tests and cleans up after them. It is worth calling from TestMain: without it the private
// server still ends with the process (on Linux), but its folder stays until the next run's sweep.
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
func Main(m interface{ Run() int }) int {
	defer func() {
		if shared.stop != nil {
			shared.stop()
		}
	}()
	return m.Run()
}

// prepare connects to the server, or starts it, and makes the template.
func prepare(ctx context.Context, migrate func(context.Context, string) error) error {
	at := os.Getenv(URLVariable)
	stop := func() {}
	if at == "" {
		var err error
		if at, stop, err = Serve(ctx); err != nil {
			return err
		}
	}
	u, err := url.Parse(at)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") {
		return fmt.Errorf("%s must be a URL, postgres://…", URLVariable)
	}
	admin, err := sql.Open("postgres", at)
	if err != nil {
		return err
	}
	admin.SetMaxOpenConns(4) // databases are copied one after the other anyway
	// A name that no other process, and no earlier run that was killed, has on the same server.
	shared.admin, shared.url, shared.template = admin, u, "test_"+strings.ToLower(rand.Text()[:10])
	shared.stop = func() {
		_ = drop(context.Background(), shared.template)
		_ = admin.Close()
		stop()
	}
	if err := create(ctx, shared.template, "template0"); err != nil {
		return err
	}
	if migrate != nil {
		if err := migrate(ctx, dsn(shared.template)); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	// A template must have no connection; migrate may have left a pool open.
	for _, statement := range []string{
		`ALTER DATABASE ` + pq.QuoteIdentifier(shared.template) + ` WITH ALLOW_CONNECTIONS false`,
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ` + pq.QuoteLiteral(shared.template),
	} {
		if _, err := admin.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// create copies a template. A connection to it that is just being cut off can hold the copy up for a moment.
func create(ctx context.Context, name, template string) error {
	for {
		_, err := shared.admin.ExecContext(ctx, `CREATE DATABASE `+pq.QuoteIdentifier(name)+
			` TEMPLATE `+pq.QuoteIdentifier(template)+` ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'`)
		if e, ok := errors.AsType[*pq.Error](err); ok && e.Code.Name() == "object_in_use" && ctx.Err() == nil {
			continue // the server itself has waited five seconds before it said so
		}
		return err
	}
}

func drop(ctx context.Context, name string) error {
	_, err := shared.admin.ExecContext(ctx, `DROP DATABASE IF EXISTS `+pq.QuoteIdentifier(name)+` WITH (FORCE)`)
	return err
}

func dsn(database string) string {
	u := *shared.url
	u.Path = "/" + database
	return u.String()
}

// Serve starts a private server for tests in a temporary folder. stop ends it and removes the folder.
func Serve(ctx context.Context) (url string, stop func(), err error) {
	sweep()
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return "", nil, err
	}
	// Room for the pools of many tests at once, in several processes.
	s, err := pglocal.Start(ctx, pglocal.Options{Dir: dir, MaxConnections: 400, Fast: true})
	if err != nil {
		_ = os.RemoveAll(dir)
		return "", nil, err
	}
	return s.URL("postgres"), func() {
		_ = s.Stop()
		_ = os.RemoveAll(dir)
	}, nil
}

const prefix = "fairreview-test-"

// sweep removes the folders of test processes that were killed: those that nobody holds the lock of.
func sweep() {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	for _, dir := range old {
		// Not one that is just being made and has no cluster yet.
		if info, err := os.Stat(dir); err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		lock, err := pglocal.LockFile(filepath.Join(dir, "postgres.lock"))
		if err != nil {
			continue
		}
		_ = os.RemoveAll(dir)
		_ = lock.Close()
	}
}
