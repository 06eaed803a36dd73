package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/fairreview/fairreview/"

// allowed is the import table of docs/design.md: what each package may import of ours, and of others' by prefix.
var allowed = map[string]struct{ ours, others []string }{
	"review":            {},
	"schema":            {others: []string{"github.com/lib/pq", "github.com/jmoiron/sqlx", "github.com/pressly/goose"}},
	"postgres":          {ours: []string{"review"}, others: []string{"github.com/lib/pq", "github.com/jmoiron/sqlx", "github.com/alexedwards/argon2id"}},
	"activities":        {ours: []string{"review", "postgres", "internal/notify"}, others: []string{"go.temporal.io/sdk"}},
	"workflows":         {ours: []string{"review", "activities"}, others: []string{"go.temporal.io/", "google.golang.org/protobuf"}},
	"server":            {ours: []string{"review", "postgres", "internal/document", "internal/notify"}, others: []string{"github.com/gofiber/fiber", "github.com/danielgtaylor/huma", "github.com/prometheus", "github.com/google/uuid", "github.com/valyala/fasthttp/fasthttpadaptor"}},
	"internal/pglocal":  {},
	"internal/pgtest":   {ours: []string{"internal/pglocal"}, others: []string{"github.com/lib/pq"}},
	"internal/intake":   {ours: []string{"review"}, others: []string{"golang.org/x/text"}},
	"internal/document": {ours: []string{"review"}, others: []string{"golang.org/x/text"}},
	"internal/demo":     {ours: []string{"review"}},
	"internal/notify":   {ours: []string{"review"}, others: []string{"github.com/wneessen/go-mail"}},
}

func TestImportTable(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Standard", "-deps=false", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		rule, ruled := allowed[name]
		if !ruled {
			continue // commands and generators wire what they like
		}
		seen++
		for _, imp := range p.Imports {
			our, ours := strings.CutPrefix(imp, module)
			switch {
			case ours && !slices.Contains(rule.ours, our):
				t.Errorf("%s imports %s", name, our)
			case !ours && strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") &&
				!slices.ContainsFunc(rule.others, func(prefix string) bool { return strings.HasPrefix(imp, prefix) }):
				t.Errorf("%s imports %s", name, imp)
			}
		}
	}
	if seen != len(allowed) {
		t.Errorf("%d of the table's %d packages were found", seen, len(allowed))
	}
}
