package postgres

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fairreview/fairreview/internal/pgtest"
	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/schema"
)

func newCatalogue(t *testing.T) (*DB, context.Context) {
	t.Helper()
	db, err := Open(t.Context(), pgtest.New(t, schema.Migrate), 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, t.Context()
}

// What is shown must be what cases are decided by, and the other way round.
func TestTheCatalogueIsTheBuiltInStandards(t *testing.T) {
	t.Parallel()
	db, ctx := newCatalogue(t)
	listed, err := db.CatalogueVersions(ctx)
	if err != nil {
		t.Fatal(err)
	}
	built := review.AllStandards()
	if len(listed) != len(built) {
		t.Fatalf("%d versions in the tables, %d built in", len(listed), len(built))
	}
	var n int
	for i, std := range built {
		got, err := db.Catalogue(ctx, std.From)
		if err != nil {
			t.Fatal(err)
		}
		want := CatalogueVersion{Version: std.Version, From: std.From, To: std.To, InstrumentZh: std.Zh, InstrumentEn: std.En,
			SourceZh: got.SourceZh, SourceEn: got.SourceEn, Items: rowsOf(std.Items), Exceptions: rowsOf(std.Exceptions)}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("version %s: built in (-), in the tables (+):\n%s", std.Version, diff)
		}
		got.Items, got.Exceptions = nil, nil
		if diff := cmp.Diff(listed[i], got); diff != "" {
			t.Errorf("version %s differs in the list:\n%s", std.Version, diff)
		}
		n += len(std.Items) + len(std.Exceptions)
	}
	var rows int
	if err := db.sql.GetContext(ctx, &rows, `SELECT count(*) FROM catalogue_items`); err != nil || rows != n {
		t.Errorf("%d rows, %d lines built in (%v)", rows, n, err)
	}
}

func rowsOf(items []review.Item) []CatalogueItem {
	out := make([]CatalogueItem, len(items))
	for i, it := range items {
		out[i] = CatalogueItem{ID: it.ID, Article: it.Article(), Kind: it.Kind, Parents: it.Parents, CatchAll: it.CatchAll,
			Costs: it.Costs(), Nearest: it.Nearest, Zh: it.Zh, En: it.En}
	}
	return out
}

// The numbers of the instruments, counted in the tables themselves.
func TestTheCatalogueHasTheNumbersOfTheInstruments(t *testing.T) {
	t.Parallel()
	db, ctx := newCatalogue(t)
	for _, tc := range []struct {
		name, where string
		want        int
	}{
		{"条例 8-11 as of 2024", `version = '2024-08-01' AND kind = 'item'`, 19},
		{"条例 8-11 as of 2025", `version = '2025-04-20' AND kind = 'item' AND id LIKE 'REG-%'`, 19},
		{"条例 8", `version = '2025-04-20' AND kind = 'item' AND id LIKE 'REG-8-%'`, 5},
		{"条例 9", `version = '2025-04-20' AND kind = 'item' AND id LIKE 'REG-9-%'`, 6},
		{"条例 10", `version = '2025-04-20' AND kind = 'item' AND id LIKE 'REG-10-%'`, 4},
		{"条例 11", `version = '2025-04-20' AND kind = 'item' AND id LIKE 'REG-11-%'`, 4},
		{"办法 9-23", `kind = 'item' AND id LIKE 'IMP-%-%'`, 66},
		{"办法 under 条例 8", `kind = 'item' AND id LIKE 'IMP-%-%' AND parents[1] LIKE 'REG-8-%'`, 19},
		{"办法 under 条例 9", `kind = 'item' AND id LIKE 'IMP-%-%' AND parents[1] LIKE 'REG-9-%'`, 23},
		{"办法 under 条例 10", `kind = 'item' AND id LIKE 'IMP-%-%' AND parents[1] LIKE 'REG-10-%'`, 13},
		{"办法 under 条例 11", `kind = 'item' AND id LIKE 'IMP-%-%' AND parents[1] LIKE 'REG-11-%'`, 11},
		{"办法 24", `id = 'IMP-24' AND kind = 'item' AND catch_all AND cardinality(parents) = 4`, 1},
		{"catch-alls of the 66", `kind = 'item' AND id LIKE 'IMP-%-%' AND catch_all`, 15},
		{"costs group", `version = '2025-04-20' AND costs`, 4 + 13},
		{"exceptions of 条例 12 as of 2024", `version = '2024-08-01' AND kind = 'exception' AND id LIKE 'REG-12-%'`, 4},
		{"exceptions of 条例 12 as of 2025", `version = '2025-04-20' AND kind = 'exception' AND id LIKE 'REG-12-%'`, 4},
		{"exceptions of 办法 25", `kind = 'exception' AND id LIKE 'IMP-25-%' AND parents = ARRAY[replace(id, 'IMP-25', 'REG-12')]`, 4},
		{"headings of 细则 13-16", `kind = 'heading'`, 18},
		{"items of 细则 13-16", `version = '2021-06-29' AND kind = 'item'`, 54},
		{"exceptions of 细则 17", `kind = 'exception' AND id LIKE 'DET-17-%'`, 4},
		{"legacy headings that stand nowhere today", `kind = 'heading' AND nearest = '{}'`, 0},
		{"lines under a parent that is not there", `EXISTS (SELECT 1 FROM unnest(i.parents) AS p (id)
			WHERE NOT EXISTS (SELECT 1 FROM catalogue_items o WHERE o.version = i.version AND o.id = p.id))`, 0},
		{"legacy lines nearest to what is not there today", `EXISTS (SELECT 1 FROM unnest(i.nearest) AS p (id)
			WHERE NOT EXISTS (SELECT 1 FROM catalogue_items o WHERE o.version = '2025-04-20' AND o.id = p.id))`, 0},
	} {
		var got int
		if err := db.sql.GetContext(ctx, &got, `SELECT count(*) FROM catalogue_items i WHERE `+tc.where); err != nil || got != tc.want {
			t.Errorf("%s: %d, want %d (%v)", tc.name, got, tc.want, err)
		}
	}
	var articles int
	if err := db.sql.GetContext(ctx, &articles, `SELECT count(DISTINCT split_part(id, '-', 2)) FROM catalogue_items
		WHERE kind = 'item' AND id LIKE 'IMP-%-%'`); err != nil || articles != 15 {
		t.Errorf("the items of the 办法 stand in %d articles, want 15 (%v)", articles, err)
	}
}

func TestTheCatalogueOfADay(t *testing.T) {
	t.Parallel()
	db, ctx := newCatalogue(t)
	for day, want := range map[review.Date]string{
		"2000-01-01": "2021-06-29", "2021-06-28": "2021-06-29", "2021-06-29": "2021-06-29", "2024-07-31": "2021-06-29",
		"2024-08-01": "2024-08-01", "2025-04-19": "2024-08-01", "2025-04-20": "2025-04-20", "2099-12-31": "2025-04-20",
	} {
		got, err := db.Catalogue(ctx, day)
		if err != nil || got.Version != want || review.StandardsOn(day).Version != want {
			t.Errorf("%s: %s, built in %s, want %s (%v)", day, got.Version, review.StandardsOn(day).Version, want, err)
		}
	}
}

func TestWhatChangedIsWhatTheMachineAsksAgain(t *testing.T) {
	t.Parallel()
	db, ctx := newCatalogue(t)
	for _, now := range review.AllStandards() {
		for _, was := range review.AllStandards() {
			got, err := db.CatalogueChanged(ctx, now.Version, was.Version)
			if err != nil {
				t.Fatal(err)
			}
			if want := now.Changed(was); !slices.Equal(got, want) {
				t.Errorf("%s since %s: %v, want %v", now.Version, was.Version, got, want)
			}
		}
	}
}

func TestTheCatalogueRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	db, ctx := newCatalogue(t)
	const item = `INSERT INTO catalogue_items (version, seq, id, article, kind, parents, catch_all, costs, nearest, zh, en) VALUES `
	for name, statement := range map[string]string{
		"two versions on one day": `INSERT INTO catalogue_versions (version, in_force_from, instrument_zh, instrument_en, source_zh, source_en)
			VALUES ('2030-01-01', '2030-01-01', 'a', 'a', 'a', 'a')`,
		"a version by the name of another day": `INSERT INTO catalogue_versions (version, in_force_from, in_force_to, instrument_zh, instrument_en, source_zh, source_en)
			VALUES ('2001-01-01', '2001-01-02', '2001-01-03', 'a', 'a', 'a', 'a')`,
		"an item of no version":       item + `('2001-01-01', 1, 'REG-8-9', '条例-8-9', 'item', '{}', false, false, '{}', 'a', 'a')`,
		"an item twice":               item + `('2025-04-20', 999, 'REG-8-1', '条例-8-1', 'item', '{}', false, false, '{}', 'a', 'a')`,
		"an item in another's place":  item + `('2025-04-20', 1, 'REG-8-9', '条例-8-9', 'item', '{}', false, false, '{}', 'a', 'a')`,
		"an id of another form":       item + `('2025-04-20', 999, 'REG-8', '条例-8', 'item', '{}', false, false, '{}', 'a', 'a')`,
		"an article that is another":  item + `('2025-04-20', 999, 'REG-8-9', '条例-8-8', 'item', '{}', false, false, '{}', 'a', 'a')`,
		"a kind of its own":           item + `('2025-04-20', 999, 'REG-8-9', '条例-8-9', 'rule', '{}', false, false, '{}', 'a', 'a')`,
		"an item without a summary":   item + `('2025-04-20', 999, 'REG-8-9', '条例-8-9', 'item', '{}', false, false, '{}', '', 'a')`,
		"an exception as a catch-all": item + `('2025-04-20', 999, 'REG-12-9', '条例-12-9', 'exception', '{}', true, false, '{}', 'a', 'a')`,
	} {
		if _, err := db.sql.ExecContext(ctx, statement); err == nil || !strings.Contains(err.Error(), "constraint") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
