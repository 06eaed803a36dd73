package review

import (
	"regexp"
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
	if got := StandardsOn("2023-06-30").Version; got != "2025-04-20" {
		t.Errorf("got %s", got)
	}
}
