package schema

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestMigrateMayBeCalledByManyAtOnceAndAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dsn := pgtest.New(t, nil)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if err := Migrate(ctx, dsn); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if err := Migrate(ctx, dsn); err != nil {
		t.Error(err)
	}
	db, err := sqlx.Connect("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	var seeded struct {
		Rules int `db:"rules"`
		Years int `db:"years"`
		Days  int `db:"days"`
	}
	if err := db.Get(&seeded, `
		SELECT (SELECT count(*) FROM rules) AS rules, (SELECT count(*) FROM calendar_years) AS years,
			(SELECT count(*) FROM calendar_days) AS days`); err != nil {
		t.Fatal(err)
	}
	if seeded.Rules != 2 || seeded.Years != 3 || seeded.Days != 28+8+28+5+33+6 {
		t.Errorf("seeded %+v", seeded)
	}
	for _, statement := range []string{
		`INSERT INTO calendar_days (day, working) VALUES ('2026-06-22', true)`,  // a Monday works anyway
		`INSERT INTO calendar_days (day, working) VALUES ('2027-01-01', false)`, // not a loaded year
		`INSERT INTO rules (version, body, source) VALUES ('a', '{"version": "b"}', 's')`,
		`INSERT INTO units (id, name, parent) VALUES ('a', 'a', 'a')`,
	} {
		if _, err := db.Exec(statement); err == nil {
			t.Errorf("%s went in", statement)
		}
	}
}

func TestInvariantsAreNamedQueries(t *testing.T) {
	t.Parallel()
	checks := Invariants()
	if len(checks) < 12 {
		t.Errorf("%d checks", len(checks))
	}
	seen := map[string]bool{}
	for _, c := range checks {
		if c.Name == "" || seen[c.Name] || !strings.HasSuffix(c.SQL, ";") || strings.Count(c.SQL, ";") != 1 {
			t.Errorf("check %q: %s", c.Name, c.SQL)
		}
		seen[c.Name] = true
	}
}
