package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fairreview/fairreview/review"
)

// export is a record as the API answers it.
func export(t *testing.T) (review.DrawRecord, []byte) {
	t.Helper()
	at := time.Date(2026, 3, 2, 1, 2, 3, 0, time.UTC)
	var seed [32]byte
	copy(seed[:], "a seed that was fixed for a test")
	r := review.DrawRecord{Format: 1, ID: "5f0c2f0e-3f62-8a6d-9c3b-0d2a7c1b9e11", What: review.SpotCheck, Regulator: "amr",
		Filter: review.DrawFilter{From: "2025-01-01", To: "2025-12-31", Group: "outOfScope"}, Take: 2, TakeAlternates: 1,
		Eligible: []string{"case-a", "case-b", "case-c", "case-d", "case-e"}, RequestedBy: "officer", RequestedAt: at,
		Seed: hex.EncodeToString(seed[:]), DrawnBy: "officer", DrawnAt: &at, Labels: []string{"2025-000001-1", "2025-000002-2", "2025-000003-3"}}
	r.EligibleHash = review.EligibleHash(r.Eligible)
	r.RequestHash = r.HashRequest()
	if err := r.Pick(); err != nil {
		t.Fatal(err)
	}
	r.Sum = r.HashRecord()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return r, b
}

func TestVerifyDrawPrintsWhoWasDrawnAndWhatItDoesNotProve(t *testing.T) {
	t.Parallel()
	r, b := export(t)
	file := filepath.Join(t.TempDir(), "draw.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, from := range []struct{ in, arg string }{{"", file}, {string(b), "-"}} {
		code, out, errs := call(t, from.in, "verify-draw", from.arg)
		if code != 0 || errs != "" {
			t.Fatalf("%s: %d %s", from.arg, code, errs)
		}
		at := 0
		for _, want := range []string{r.EligibleHash, r.RequestHash, fmt.Sprintf(`1  "2025-000001-1"  %q`, r.Drawn[0]), fmt.Sprintf(`2  "2025-000002-2"  %q`, r.Drawn[1]),
			fmt.Sprintf(`1+  "2025-000003-3"  %q`, r.Alternates[0]), "matches the record", "does not prove", "nobody asked elsewhere"} {
			i := strings.Index(out[at:], want)
			if i < 0 {
				t.Fatalf("%s: %q is missing, or out of order, in\n%s", from.arg, want, out)
			}
			at += i
		}
	}
}

// Every byte of the export, each with another letter or digit in its place.
func TestVerifyDrawFindsAChangedByte(t *testing.T) {
	t.Parallel()
	_, b := export(t)
	for i := range b {
		c := bytes.Clone(b)
		if c[i]++; c[i] == 0x7f {
			c[i] = ' '
		}
		code, out, errs := call(t, string(c), "verify-draw", "-")
		if code != 1 || errs == "" || strings.Contains(out, "matches the record") {
			t.Errorf("byte %d, %q instead of %q: %d\n%s%s", i, c[i], b[i], code, out, errs)
		}
	}
	code, out, errs := call(t, strings.Replace(string(b), `"case-c","case-d"`, `"case-c","case-x"`, 1), "verify-draw", "-")
	if code != 1 || !strings.Contains(out, "eligible[4] says") || !strings.Contains(out, "eligibleHash says") || !strings.Contains(errs, "does not fit") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
}

func TestVerifyDrawOfWhatIsNoRecord(t *testing.T) {
	t.Parallel()
	_, b := export(t)
	for name, tc := range map[string]struct {
		in, arg, says string
	}{
		"nothing":               {"", "-", "not a record of a draw"},
		"something else":        {`{"cases":[]}`, "-", "not a record of a draw"},
		"half a record":         {string(b[:len(b)/2]), "-", "not a record of a draw"},
		"a file that is not":    {"", "no-such-file.json", "no such file"},
		"a file without an end": {strings.Repeat(" ", drawFileLimit+1), "-", "larger than 16 MiB"},
	} {
		if code, out, errs := call(t, tc.in, "verify-draw", tc.arg); code != 1 || out != "" || !strings.Contains(errs, tc.says) {
			t.Errorf("%s: %d %q %q", name, code, out, errs)
		}
	}
	// What a terminal would obey is shown, not obeyed.
	evil := strings.Replace(string(b), `"requestedBy":"officer"`, `"requestedBy":"\u001b[2J"`, 1)
	if _, out, _ := call(t, evil, "verify-draw", "-"); strings.Contains(out, "\x1b") {
		t.Errorf("an escape sequence reached the terminal: %q", out)
	}
}

func TestVerifyDrawOfWhatIsNotDrawnYet(t *testing.T) {
	t.Parallel()
	r, _ := export(t)
	r.Seed, r.DrawnBy, r.DrawnAt, r.Drawn, r.Alternates, r.Labels = "", "", nil, []string{}, []string{}, []string{}
	r.Sum = r.HashRecord()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if code, out, errs := call(t, string(b), "verify-draw", "-"); code != 0 || !strings.Contains(out, "nothing is drawn") || !strings.Contains(out, r.RequestHash) {
		t.Errorf("%d %s%s", code, out, errs)
	}
}
