package intake_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fairreview/fairreview/internal/intake"
	"github.com/fairreview/fairreview/review"
)

// FuzzReadExperts holds that no list makes the reader panic, and that what it takes has a name and nothing that cannot be seen.
func FuzzReadExperts(f *testing.F) {
	for _, s := range []string{"", "姓名,单位,领域\n王某,某大学,反垄断\n", `{"name":"王某","institution":"某大学","fields":"反垄断","from":"2026-01-01"}`, "姓名,身份证号\n王某,11010519491231002X\n",
		"姓名,单位\n\"王某,某大学\n", "\xd0\xd5\xc3\xfb,\xb5\xa5\xce\xbb\n\xcd\xf5,\xbc\xd7\n", "PK\x03\x04", "{\n{", "name,name\na,b\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		rows, bad, err := intake.ReadExperts(strings.NewReader(string(raw)))
		if err != nil && len(rows) > 0 {
			t.Errorf("refused, and %d rows", len(rows))
		}
		for _, r := range rows {
			if strings.TrimSpace(r.Name) == "" || !utf8.ValidString(r.Name) || !review.CleanString(r.Name) || r.From != "" && !r.From.Valid() || r.To != "" && !r.To.Valid() {
				t.Errorf("a bad row passed: %+v", r)
			}
		}
		_ = bad
	})
}
