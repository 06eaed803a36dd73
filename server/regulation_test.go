package server

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Where docs/regulation.md says that a rule is met, there is something to see.
func TestWhatTheRegulationPointsToIsServed(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/regulation.md")
	must(t, err)
	_, rest, ok := strings.Cut(string(doc), "<!-- rules -->")
	table, _, end := strings.Cut(rest, "<!-- end rules -->")
	if !ok || !end {
		t.Fatal("no table of rules")
	}
	s := newSite(t)
	served := map[string]bool{}
	for route := range s.policies {
		_, path, _ := strings.Cut(route, " ")
		served[path] = true
	}
	paths := regexp.MustCompile("`(/[^`]*)`").FindAllStringSubmatch(table, -1)
	if len(paths) < 30 {
		t.Fatalf("%d places", len(paths))
	}
	for _, m := range paths {
		if path := strings.NewReplacer("{", ":", "}", "").Replace(m[1]); !served[path] {
			t.Errorf("%s is served nowhere", m[1])
		}
	}
}
