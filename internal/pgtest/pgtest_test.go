package pgtest_test

import (
	"context"
	"database/sql"
	"os"
	"sync/atomic"
	"testing"

	_ "github.com/lib/pq"

	"github.com/fairreview/fairreview/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var migrations atomic.Int32

func migrate(ctx context.Context, dsn string) error {
	migrations.Add(1)
	db, err := sql.Open("postgres", dsn) // left open on purpose: a template must not mind
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `CREATE TABLE seen (n integer NOT NULL)`)
	return err
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestEachTestHasItsOwnMigratedDatabase(t *testing.T) {
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, pgtest.New(t, migrate))
			var n int
			err := db.QueryRowContext(t.Context(), `WITH one AS (INSERT INTO seen (n) VALUES (1)) SELECT count(*) FROM seen`).Scan(&n)
			if err != nil || n != 0 {
				t.Errorf("%d rows of somebody else, %v", n, err)
			}
			if got := migrations.Load(); got != 1 {
				t.Errorf("migrated %d times", got)
			}
		})
	}
}

func TestTheDatabaseIsGoneAfterTheTest(t *testing.T) {
	var dsn string
	t.Run("inner", func(t *testing.T) {
		dsn = pgtest.New(t, migrate)
		if err := open(t, dsn).PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	if err := open(t, dsn).PingContext(t.Context()); err == nil {
		t.Error("still there")
	}
}
