package review

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestStandardsAreComplete(t *testing.T) {
	t.Parallel()
	std := StandardsOn("2025-04-20")
	if std.Version != "2025-04-20" || len(std.Items) != 19+66+1 {
		t.Fatalf("version %s has %d items, want 86", std.Version, len(std.Items))
	}
	count, catchAll := map[string]int{}, map[string]int{}
	seen := map[string]bool{}
	form := regexp.MustCompile(`^(REG-(8|9|10|11)-[1-6]|IMP-(9|1\d|2[0-3])-[1-7]|IMP-24)$`)
	for _, it := range std.Items {
		if seen[it.ID] || !form.MatchString(it.ID) {
			t.Errorf("item %q is double or oddly named", it.ID)
		}
		seen[it.ID] = true
		if it.Zh == "" || it.En == "" {
			t.Errorf("%s lacks a summary", it.ID)
		}
		for _, p := range it.Parents {
			if parent, ok := std.Item(p); !ok || !strings.HasPrefix(parent.ID, "REG-") {
				t.Errorf("%s has the unknown parent %q", it.ID, p)
			}
		}
		group := it.ID[:strings.LastIndex(it.ID, "-")]
		if it.ID == "IMP-24" {
			if len(it.Parents) != 4 {
				t.Errorf("办法 24 stands under %v", it.Parents)
			}
			continue
		}
		if strings.HasPrefix(it.ID, "IMP-") {
			if len(it.Parents) != 1 {
				t.Errorf("%s has %d parents", it.ID, len(it.Parents))
				continue
			}
			group = "IMP under " + it.Parents[0][:strings.LastIndex(it.Parents[0], "-")]
		}
		count[group]++
		if it.CatchAll {
			catchAll[group[:3]]++
		}
	}
	for group, want := range map[string]int{"REG-8": 5, "REG-9": 6, "REG-10": 4, "REG-11": 4,
		"IMP under REG-8": 19, "IMP under REG-9": 23, "IMP under REG-10": 13, "IMP under REG-11": 11} {
		if count[group] != want {
			t.Errorf("%s: %d items, want %d", group, count[group], want)
		}
	}
	if catchAll["IMP"] != 15 || catchAll["REG"] != 4 {
		t.Errorf("catch-alls: %v, want 15 of the 66 and 4 of the 19", catchAll)
	}
}

func TestCostsGroup(t *testing.T) {
	t.Parallel()
	n := 0
	for _, it := range StandardsOn("2026-01-01").Items {
		if it.Costs() {
			n++
		}
	}
	if n != 4+13 {
		t.Errorf("%d items in the costs group, want 17", n)
	}
	if it, _ := StandardsOn("2026-01-01").Item("IMP-19-3"); it.Article() != "办法-19-3" || !it.Costs() {
		t.Errorf("IMP-19-3 is %s", it.Article())
	}
	if it, ok := StandardsOn("2026-01-01").Item("IMP-99-1"); ok {
		t.Errorf("found %v", it)
	}
}

func TestStandardsBeforeTheFirstVersionAreTheFirst(t *testing.T) {
	t.Parallel()
	for _, day := range []Date{"", "2000-01-01", "2021-06-28"} {
		if got := StandardsOn(day).Version; got != "2021-06-29" {
			t.Errorf("%q: got %s", day, got)
		}
	}
}

func TestStandardsInForceAtTheBorders(t *testing.T) {
	t.Parallel()
	for day, want := range map[Date]string{
		"2021-06-29": "2021-06-29", "2024-07-31": "2021-06-29", "2024-08-01": "2024-08-01", "2025-04-19": "2024-08-01",
		"2025-04-20": "2025-04-20", "2099-12-31": "2025-04-20",
	} {
		std := StandardsOn(day)
		if std.Version != want || std.From > day || std.To != "" && std.To < day {
			t.Errorf("on %s: version %s, in force %s to %s, want %s", day, std.Version, std.From, std.To, want)
		}
		if named, ok := StandardsNamed(want); !ok || named != std {
			t.Errorf("%s by its name is %v", want, named)
		}
	}
	if std, ok := StandardsNamed("2025-04-21"); ok {
		t.Errorf("found %v", std)
	}
	all := AllStandards()
	for i, std := range all[:len(all)-1] {
		if std.To.AddDays(1) != all[i+1].From {
			t.Errorf("%s ends on %s, the next begins on %s", std.Version, std.To, all[i+1].From)
		}
	}
	if last := all[len(all)-1]; last.To != "" {
		t.Errorf("the version in force ends on %s", last.To)
	}
}

func TestTheRegulationAlone(t *testing.T) {
	t.Parallel()
	old, now := StandardsOn("2024-08-01"), StandardsOn("2025-04-20")
	if len(old.Items) != 19 {
		t.Errorf("%d items, want 19", len(old.Items))
	}
	for _, it := range old.Items {
		if same, ok := now.Item(it.ID); !ok || same.Zh != it.Zh || same.En != it.En || same.CatchAll != it.CatchAll || it.Kind != StandardItem {
			t.Errorf("%s: %+v, since 2025 %+v", it.ID, it, same)
		}
	}
}

func TestTheDetailedRulesOf2021(t *testing.T) {
	t.Parallel()
	std, now := StandardsOn("2021-06-29"), StandardsOn("2025-04-20")
	form := regexp.MustCompile(`^DET-1[3-6]-[1-5](-[1-6])?$`)
	count := map[string]int{}
	for _, it := range std.Items {
		if !form.MatchString(it.ID) || it.Zh == "" || it.En == "" || it.CatchAll {
			t.Errorf("%+v", it)
		}
		if it.Costs() != strings.HasPrefix(it.ID, "DET-15-") {
			t.Errorf("%s in the costs group: %v", it.ID, it.Costs())
		}
		heading := strings.Count(it.ID, "-") == 2
		if heading != (it.Kind == StandardHeading) || heading != (len(it.Nearest) > 0) || heading != (len(it.Parents) == 0) {
			t.Errorf("%s is a heading or is none: %+v", it.ID, it)
		}
		for _, p := range it.Parents {
			if parent, ok := std.Item(p); !ok || parent.Kind != StandardHeading || !strings.HasPrefix(it.ID, p+"-") {
				t.Errorf("%s stands under %s", it.ID, p)
			}
		}
		for _, id := range it.Nearest {
			if _, ok := now.Item(id); !ok {
				t.Errorf("%s stands today at %s, which is not there", it.ID, id)
			}
		}
		count[string(it.Kind)]++
		count[it.ID[:6]+" "+string(it.Kind)]++
	}
	for what, want := range map[string]int{"heading": 18, "item": 54, "DET-13 heading": 5, "DET-14 heading": 5, "DET-15 heading": 4, "DET-16 heading": 4} {
		if count[what] != want {
			t.Errorf("%s: %d, want %d", what, count[what], want)
		}
	}
	if it, _ := std.Item("DET-15-1-2"); it.Article() != "细则-15-1-2" {
		t.Errorf("DET-15-1-2 is %s", it.Article())
	}
}

func TestExceptionsAreFourGroundsOfEachInstrument(t *testing.T) {
	t.Parallel()
	for version, want := range map[string][]string{
		"2021-06-29": {"DET-17-1", "DET-17-2", "DET-17-3", "DET-17-4"},
		"2024-08-01": {"REG-12-1", "REG-12-2", "REG-12-3", "REG-12-4"},
		"2025-04-20": {"REG-12-1", "REG-12-2", "REG-12-3", "REG-12-4", "IMP-25-1", "IMP-25-2", "IMP-25-3", "IMP-25-4"},
	} {
		std, _ := StandardsNamed(version)
		var got []string
		for _, e := range std.Exceptions {
			got = append(got, e.ID)
			if e.Kind != ExceptionGround || e.Zh == "" || e.En == "" || e.CatchAll || e.Costs() {
				t.Errorf("%s: %+v", version, e)
			}
			if _, ok := std.Item(e.ID); ok {
				t.Errorf("%s: a finding can cite %s", version, e.ID)
			}
			if same, ok := std.Exception(e.ID); !ok || same.Zh != e.Zh {
				t.Errorf("%s: %s is %+v", version, e.ID, same)
			}
			for _, p := range e.Parents {
				if _, ok := std.Exception(p); !ok || p != strings.Replace(e.ID, "IMP-25", "REG-12", 1) {
					t.Errorf("%s stands under %s", e.ID, p)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", version, got, want)
		}
		if e, ok := std.Exception("REG-8-1"); ok {
			t.Errorf("%s: %+v", version, e)
		}
	}
}

func TestWhatChangedBetweenVersionsIsAskedAgain(t *testing.T) {
	t.Parallel()
	y21, y24, y25 := StandardsOn("2021-06-29"), StandardsOn("2024-08-01"), StandardsOn("2025-04-20")
	ids := func(s *Standards, from int) (out []string) {
		for _, it := range s.Items[from:] {
			out = append(out, it.ID)
		}
		return out
	}
	for _, tc := range []struct {
		name       string
		now, since *Standards
		want       []string
	}{
		{"nothing since itself", y25, y25, nil},
		{"the items of the 办法 came in 2025, those of the 条例 stayed", y25, y24, ids(y25, 19)},
		{"an item that went needs no answer", y24, y25, nil},
		{"nothing of 2021 stays in 2024", y24, y21, ids(y24, 0)},
		{"everything, when nothing was answered", y25, nil, ids(y25, 0)},
	} {
		if got := tc.now.Changed(tc.since); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	one := Item{ID: "REG-8-1", Parents: []string{"A"}, Zh: "甲", En: "a"}
	was := &Standards{Items: []Item{one}, index: map[string]int{one.ID: 0}}
	for what, change := range map[string]func(*Item){
		"Chinese": func(i *Item) { i.Zh = "乙" }, "English": func(i *Item) { i.En = "b" }, "catch-all": func(i *Item) { i.CatchAll = true },
		"parents": func(i *Item) { i.Parents = []string{"A", "B"} },
	} {
		it := one
		change(&it)
		if got := (&Standards{Items: []Item{it}}).Changed(was); !slices.Equal(got, []string{one.ID}) {
			t.Errorf("another %s: %v", what, got)
		}
	}
	if got := (&Standards{Items: []Item{one}}).Changed(was); got != nil {
		t.Errorf("the same: %v", got)
	}
}

func TestABuiltInFaultIsFound(t *testing.T) {
	t.Parallel()
	for name, tsv := range map[string]string{
		"a line of six columns":                "REG-8-1\titem\t\t0\t甲\ta\n",
		"an item twice":                        "REG-8-1\t\t0\t甲\ta\nREG-8-1\t\t0\t乙\tb\n",
		"an exception that is an item as well": "REG-8-1\t\t0\t甲\ta\nREG-8-1\texception\t\t0\t\t甲\ta\n",
		"a kind of its own":                    "REG-8-1\trule\t\t0\t\t甲\ta\n",
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was read", name)
				}
			}()
			parseStandards("2000-01-01", "", "", tsv)
		}()
	}
}
