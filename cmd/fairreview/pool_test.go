package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fairreview/fairreview/internal/pgtest"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/schema"
)

func TestExpertsAreImportedAfterADryRun(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t, schema.Migrate)
	db, err := postgres.Open(t.Context(), dsn, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.CreateUnit(t.Context(), postgres.Unit{ID: "amr", Name: "湖山市市场监督管理局", Kind: "regulator", Regulator: "amr", Active: true}); err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		id   string
		role review.Role
	}{{"wang", review.Expert}, {"chen", review.Officer}} {
		if err := db.CreatePerson(t.Context(), postgres.NewPerson{ID: p.id, Login: p.id, Name: p.id, Memberships: []postgres.Membership{{Unit: "amr", Role: p.role}}}); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "experts.csv")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	says := func(code int, want []string, args ...string) {
		t.Helper()
		got, out, errs := call(t, "", append(append([]string{"pool"}, args...), "--database-url", dsn)...)
		if got != code {
			t.Fatalf("%v: code %d\n%s%s", args, got, out, errs)
		}
		for _, w := range want {
			if !strings.Contains(out+errs, w) {
				t.Errorf("%v: no %q in\n%s%s", args, w, out, errs)
			}
		}
		if strings.Contains(out+errs, "330501") {
			t.Errorf("an identity number is repeated: %s%s", out, errs)
		}
	}
	pool := func() []postgres.PoolExpert {
		t.Helper()
		all, err := db.Pool(t.Context(), postgres.PoolFilter{Regulators: []string{"amr"}})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	head := "姓名,账号,领域,工作单位,曾任职单位,利益关系,聘期起,聘期止\n"
	write(head + "王专家,wang,竞争法;产业组织,湖山大学,湖山市财政局 2010-2019,湄州建设集团,2026-01-01,2028-12-31\n" +
		"李专家,,政府采购,嘉穑律师事务所,,,2026-01-01,\n" +
		"坏专家,,政府采购,嘉穑 330501198001011234,,,2026-01-01,\n" +
		"陈承办,chen,竞争法,湖山大学,,,2026-01-01,\n" +
		"无账号,nobody,竞争法,湖山大学,,,2026-01-01,\n")
	says(0, []string{"row 4, column institution: looks like", "4 good rows, 1 bad", "dry run: nothing was written"}, "import", file)
	if len(pool()) != 0 {
		t.Error("the dry run wrote something")
	}
	says(0, []string{"row 5, column account: no open account", "row 6, column account: no open account", "2 entered or changed, 0 were there already, 2 not taken"}, "import", file, "--confirm")
	says(0, []string{"0 entered or changed, 2 were there already, 2 not taken"}, "import", file, "--confirm")
	all := pool()
	if len(all) != 2 || all[0].Name != "李专家" || !strings.HasPrefix(all[0].Person, "expert-") || all[1].Person != "wang" || all[1].Employers[0] != (postgres.PastWork{With: "湖山市财政局", From: 2010, To: 2019}) || !all[0].Active {
		t.Errorf("the pool holds %+v", all)
	}
	write(head + "李专家,,政府采购,嘉穑律师事务所,,,2026-01-01,2026-12-31\n")
	says(0, []string{"1 entered or changed"}, "import", file, "--confirm", "--regulator", "amr")
	if all := pool(); len(all) != 2 || all[0].To != "2026-12-31" {
		t.Errorf("changed: %+v", all)
	}
	write("姓名,身份证号,领域,工作单位,聘期起\n")
	says(1, []string{"身份证号", "the pool keeps none"}, "import", file)
	says(1, []string{"there is no unit"}, "import", func() string { write(head); return file }(), "--confirm", "--regulator", "nowhere")
	says(0, []string{"3 years"}, "years")
	says(0, []string{"5 years"}, "years", "5")
	says(1, []string{"0 to 50"}, "years", "many")
}
