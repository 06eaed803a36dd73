package server

import (
	"bytes"
	"encoding/json"
	"html/template"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairreview/fairreview/review"
)

func TestTheCatalogueOverTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	read := func(query string) (c Catalogue) {
		t.Helper()
		s.ok(200, "drafter", "GET", "/api/v1/catalogue"+query, nil).into(t, &c)
		return c
	}
	// The days on which one version ends and the next begins.
	for day, want := range map[string]CatalogueVersion{
		"2020-01-01": {Version: "2021-06-29", From: "2021-06-29", To: "2024-07-31"},
		"2024-07-31": {Version: "2021-06-29", From: "2021-06-29", To: "2024-07-31"},
		"2024-08-01": {Version: "2024-08-01", From: "2024-08-01", To: "2025-04-19"},
		"2025-04-19": {Version: "2024-08-01", From: "2024-08-01", To: "2025-04-19"},
		"2025-04-20": {Version: "2025-04-20", From: "2025-04-20"},
	} {
		c := read("?on=" + day)
		std := review.StandardsOn(review.Date(day))
		want.Instrument = Bilingual{std.Zh, std.En}
		if diff := cmp.Diff(want, c.CatalogueVersion); diff != "" {
			t.Errorf("on %s: %s", day, diff)
		}
		if len(c.Items) != len(std.Items) || len(c.Exceptions) != len(std.Exceptions) || len(c.Versions) != 3 || c.Source.Zh == "" || c.Source.En == "" {
			t.Errorf("on %s: %d items, %d exceptions, %d versions", day, len(c.Items), len(c.Exceptions), len(c.Versions))
		}
		for i, it := range c.Items {
			if it.ID != std.Items[i].ID {
				t.Fatalf("on %s: item %d is %s, a case is decided by %s", day, i, it.ID, std.Items[i].ID)
			}
		}
		if c.Since != "" || c.Changed != nil {
			t.Errorf("on %s: changed since %q: %v", day, c.Since, c.Changed)
		}
	}
	// A line of each sort.
	c := read("")
	line := func(lines []CatalogueItem, id string) CatalogueItem {
		i := slices.IndexFunc(lines, func(it CatalogueItem) bool { return it.ID == id })
		if i < 0 {
			t.Fatalf("no %s", id)
		}
		return lines[i]
	}
	for _, tc := range []struct {
		name      string
		want, got CatalogueItem
	}{
		{"an item of the 条例", CatalogueItem{ID: "REG-10-4", Article: "条例-10-4", Kind: "item", Group: 3, Parents: []string{}, Nearest: []string{}, CatchAll: true, Costs: true}, line(c.Items, "REG-10-4")},
		{"an item of the 办法", CatalogueItem{ID: "IMP-15-3", Article: "办法-15-3", Kind: "item", Group: 2, Parents: []string{"REG-9-3"}, Nearest: []string{}}, line(c.Items, "IMP-15-3")},
		{"办法 24, under all groups", CatalogueItem{ID: "IMP-24", Article: "办法-24", Kind: "item", Parents: []string{"REG-8-5", "REG-9-6", "REG-10-4", "REG-11-4"}, Nearest: []string{}, CatchAll: true}, line(c.Items, "IMP-24")},
		{"an exception", CatalogueItem{ID: "IMP-25-2", Article: "办法-25-2", Kind: "exception", Parents: []string{"REG-12-2"}, Nearest: []string{}}, line(c.Exceptions, "IMP-25-2")},
		{"a legacy heading", CatalogueItem{ID: "DET-15-1", Article: "细则-15-1", Kind: "heading", Group: 3, Parents: []string{}, Costs: true, Nearest: []string{"REG-10-2", "REG-10-1", "REG-10-3"}}, line(read("?on=2022-01-01").Items, "DET-15-1")},
		{"a legacy item", CatalogueItem{ID: "DET-13-2-3", Article: "细则-13-2-3", Kind: "item", Group: 1, Parents: []string{"DET-13-2"}, Nearest: []string{}}, line(read("?on=2022-01-01").Items, "DET-13-2-3")},
	} {
		if tc.got.Zh == "" || tc.got.En == "" {
			t.Errorf("%s has no summary: %+v", tc.name, tc.got)
		}
		tc.got.Zh, tc.got.En = "", ""
		if diff := cmp.Diff(tc.want, tc.got); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
	// What is answered again.
	old, _ := review.StandardsNamed("2024-08-01")
	if c := read("?on=2026-01-01&since=2024-08-01"); c.Since != "2024-08-01" || !slices.Equal(c.Changed, review.StandardsOn("2026-01-01").Changed(old)) || len(c.Changed) != 67 {
		t.Errorf("since %q: %d changed", c.Since, len(c.Changed))
	}
	var raw map[string]json.RawMessage
	s.ok(200, "drafter", "GET", "/api/v1/catalogue?since=2025-04-20", nil).into(t, &raw)
	if string(raw["changed"]) != "[]" {
		t.Errorf("nothing changed, said as %q", raw["changed"])
	}
}

func TestTheCatalogueIsForWhoeverIsSignedIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if g := s.call("", "GET", "/api/v1/catalogue", nil); g.StatusCode != 401 {
		t.Errorf("without sign-in: %d", g.StatusCode)
	}
	if g := s.call("", "GET", "/catalogue", nil, "Accept", "text/html"); g.StatusCode != 303 || !strings.HasPrefix(g.Header.Get("Location"), "/login") {
		t.Errorf("the page without sign-in: %d to %q", g.StatusCode, g.Header.Get("Location"))
	}
	for _, who := range []string{"drafter", "officer", "expert1", "root"} {
		s.ok(200, who, "GET", "/api/v1/catalogue", nil)
		s.ok(200, who, "GET", "/catalogue", nil, "Accept", "text/html")
	}
	for who, there := range map[string]bool{"": false, "drafter": true} {
		if g := s.ok(200, who, "GET", "/", nil, "Accept", "text/html"); bytes.Contains(g.body, []byte(`href="/catalogue"`)) != there {
			t.Errorf("the navigation of %q leads to the catalogue: %v", who, !there)
		}
	}
}

func TestABadDayOrVersionOfTheCatalogueIsRefusedInASentence(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, tc := range []struct{ name, query, field string }{
		{"a day that is none", "?on=2025-02-30", "on"},
		{"a day in words", "?on=today", "on"},
		{"a day of another age", "?on=1999-12-31", "on"},
		{"a quote", "?on=2025-01-01%27", "on"},
		{"a version that is not there", "?since=2025-04-21", "since"},
		{"a version in words", "?since=latest", "since"},
		{"a version of any length", "?since=" + strings.Repeat("9", 2000), "since"},
	} {
		for lang, word := range map[string]string{"zh": "请更正后再提交", "en": "Correct it and submit again"} {
			g := s.call("drafter", "GET", "/api/v1/catalogue"+tc.query+"&lang="+lang, nil)
			if p := g.problem(); g.StatusCode != 422 || p.Code != "invalid" || p.Params["field"] != tc.field || !strings.Contains(p.Detail, word) {
				t.Errorf("%s: %d %s", tc.name, g.StatusCode, g.body)
			}
			g = s.call("drafter", "GET", "/catalogue"+tc.query+"&lang="+lang, nil, "Accept", "text/html")
			if g.StatusCode != 422 || !bytes.Contains(g.body, []byte(word)) {
				t.Errorf("%s as a page: %d", tc.name, g.StatusCode)
			}
			checkPage(t, g)
		}
	}
	if g := s.call("drafter", "GET", "/api/v1/catalogue?version=2025-04-20", nil); g.StatusCode != 422 || g.problem().Params["field"] != "version" {
		t.Errorf("a parameter that is none: %d %s", g.StatusCode, g.body)
	}
}

func TestTheCataloguePage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ids := regexp.MustCompile(`<tr id="([^"]*)">`)
	for _, std := range review.AllStandards() {
		for lang, want := range map[string][]string{
			"zh": {"公平竞争审查标准", "以正式公布的中文文本为准", std.Zh, "商品、要素自由流动", "例外规定", `aria-current="page">审查标准</a>`},
			"en": {"Review standards", "the official Chinese text decides", std.En, "Free flow of goods and factors", "Exceptions", `aria-current="page">Standards</a>`},
		} {
			g := s.ok(200, "drafter", "GET", "/catalogue?on="+string(std.From)+"&lang="+lang, nil, "Accept", "text/html")
			checkPage(t, g)
			for _, w := range append(want, `<strong aria-current="true">`+std.Version+`</strong>`) {
				if !bytes.Contains(g.body, []byte(w)) {
					t.Errorf("%s in %s does not say %s", std.Version, lang, w)
				}
			}
			// Each line once, with both of its summaries.
			shown := map[string]int{}
			for _, m := range ids.FindAllSubmatch(g.body, -1) {
				shown[string(m[1])]++
			}
			lines := slices.Concat(std.Items, std.Exceptions)
			for _, it := range lines {
				if shown[it.ID] != 1 || !bytes.Contains(g.body, []byte(template.HTMLEscapeString(it.Zh))) || !bytes.Contains(g.body, []byte(template.HTMLEscapeString(it.En))) {
					t.Errorf("%s in %s shows %s %d times", std.Version, lang, it.ID, shown[it.ID])
				}
			}
			if len(shown) != len(lines) {
				t.Errorf("%s in %s shows %d lines, want %d", std.Version, lang, len(shown), len(lines))
			}
		}
	}
	page := func(query string) string {
		return string(s.ok(200, "drafter", "GET", "/catalogue"+query, nil, "Accept", "text/html").body)
	}
	// An item stands below its parent, and in no other group.
	now := page("")
	at := 0
	for _, id := range []string{`id="group0"`, `id="REG-8-1"`, `id="IMP-9-1"`, `id="REG-8-2"`, `id="IMP-10-1"`, `id="group1"`, `id="REG-9-1"`, `id="IMP-13-1"`,
		`id="group2"`, `id="REG-10-1"`, `id="IMP-18-1"`, `id="group3"`, `id="REG-11-3"`, `id="IMP-23-3"`, `id="across"`, `id="IMP-24"`, `id="exceptions"`, `id="REG-12-1"`, `id="IMP-25-1"`, `id="REG-12-2"`} {
		i := strings.Index(now, id)
		if i < at {
			t.Errorf("%s is at %d, after what stands at %d", id, i, at)
		}
		at = i
	}
	const mark = `<span class="tag wait">新增或改动</span>`
	for query, want := range map[string]int{"": 0, "?since=2024-08-01": 67, "?since=2025-04-20": 0, "?on=2024-08-01&since=2021-06-29": 19} {
		if got := strings.Count(page(query), mark); got != want {
			t.Errorf("%q marks %d items as changed, want %d", query, got, want)
		}
	}
	if !strings.Contains(now, `href="/catalogue?on=2025-04-20&amp;since=2024-08-01"`) || !strings.Contains(page("?since=2025-04-20"), "没有新增或者改动的项目") {
		t.Error("the page does not offer to compare, or does not say that nothing changed")
	}
	// Legacy says where it stands today, and what is not sure of it.
	legacy := page("?on=2023-01-01")
	for _, w := range []string{`现行相近项目：<a href="/catalogue#REG-8-4">条例-8-4</a>`, "凭记忆整理"} {
		if !strings.Contains(legacy, w) {
			t.Errorf("the page of 2021 does not say %s", w)
		}
	}
	if strings.Contains(legacy, "没有对公平竞争影响更小的替代方案") {
		t.Error("the page of 2021 says of its exceptions what the 条例 says")
	}
}
