package review

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// drawSeed is the i-th seed of a test: fixed, and like random ones.
func drawSeed(i int) [32]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte("seed"), uint64(i)))
}

func drawIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%08x-0000-4000-8000-%012x", i*2654435761%(1<<32), i)
	}
	slices.Sort(ids)
	return ids
}

// drawnRecord is a record that fits, of a draw that was drawn again by two officers.
func drawnRecord(eligible, take, alternates int) DrawRecord {
	at := time.Date(2026, 3, 2, 1, 2, 3, 456000, time.UTC)
	second, drawn := at.Add(time.Hour), at.Add(2*time.Hour)
	seed := drawSeed(7)
	r := DrawRecord{Format: 1, ID: "5f0c2f0e-3f62-8a6d-9c3b-0d2a7c1b9e11", What: SpotCheck, Regulator: "amr",
		Filter: DrawFilter{From: "2025-01-01", To: "2025-12-31", Group: "outOfScope", Unit: "ind", Route: "department"},
		Take:   take, TakeAlternates: alternates, Eligible: drawIDs(eligible), RequestedBy: "officer", RequestedAt: at,
		AgainOf: "0b9e4a52-7f0d-8d5c-8a11-6f2d7c1b9e22", Reason: "抽中的案件已由上级“重点抽查” <办法 39>", SecondBy: "officer2", SecondAt: &second,
		Seed: hex.EncodeToString(seed[:]), DrawnBy: "officer", DrawnAt: &drawn}
	r.EligibleHash = EligibleHash(r.Eligible)
	r.RequestHash = r.HashRequest()
	if err := r.Pick(); err != nil {
		panic(err)
	}
	r.Labels = []string{}
	for i := range len(r.Drawn) + len(r.Alternates) {
		r.Labels = append(r.Labels, fmt.Sprintf("2025-%06d-%d", i+1, i%10))
	}
	r.Sum = r.HashRecord()
	return r
}

func TestTheHashOfAListIsWhatSortAndSha256sumSay(t *testing.T) {
	t.Parallel()
	// printf 'b\na\nB\n' | LC_ALL=C sort -u | sha256sum
	const want = "7a635c760621356f604d36362a3f6fc527049e64be1d883bcd4db07739f15972"
	if got := EligibleHash([]string{"b", "a", "B"}); got != want {
		t.Errorf("hash %s", got)
	}
	if EligibleHash([]string{"ab", "c"}) == EligibleHash([]string{"a", "bc"}) {
		t.Error("two lists have one hash")
	}
}

func TestOrderIsThatOfTheHashes(t *testing.T) {
	t.Parallel()
	// for i in a b c d e f; do (head -c 32 /dev/zero; printf $i) | sha256sum; done, sorted
	want := []string{"f", "a", "d", "e", "c", "b"}
	if got := Order([32]byte{}, []string{"c", "d", "a", "f", "e", "b"}); !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}

func TestOrderIsAPermutationWhateverOrderTheIdsComeIn(t *testing.T) {
	t.Parallel()
	for i := range 200 {
		ids := drawIDs(i)
		got := Order(drawSeed(i), ids)
		sorted := slices.Clone(got)
		slices.Sort(sorted)
		if !slices.Equal(sorted, ids) {
			t.Fatalf("%d ids: no permutation", i)
		}
		mixed := Order(drawSeed(i+1000), ids) // some other order
		if again := Order(drawSeed(i), mixed); !slices.Equal(again, got) {
			t.Fatalf("%d ids: the order depends on how they came in", i)
		}
		if i > 20 && slices.Equal(mixed, got) {
			t.Fatalf("%d ids: two seeds, one order", i)
		}
	}
}

func TestEachIdIsEquallyLikelyAtEachPlace(t *testing.T) {
	t.Parallel()
	const n, runs = 12, 6000
	ids := drawIDs(n)
	var seen [n][n]int
	for i := range runs {
		for place, id := range Order(drawSeed(i), ids) {
			seen[place][slices.Index(ids, id)]++
		}
	}
	const each = float64(runs) / n
	for place := range seen {
		var chi float64
		for _, k := range seen[place] {
			chi += (float64(k) - each) * (float64(k) - each) / each
		}
		if chi > 40 { // 11 degrees of freedom: beyond 40 less than once in 25,000, and the seeds are fixed
			t.Errorf("place %d: chi-square %.1f, %v", place, chi, seen[place])
		}
	}
}

func TestARecordThatFits(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]DrawRecord{
		"drawn again by two":       drawnRecord(9, 3, 2),
		"fewer than were asked":    drawnRecord(2, 3, 2),
		"alternates run out":       drawnRecord(4, 3, 2),
		"one of one":               drawnRecord(1, 1, 0),
		"drawn once":               changed(func(r *DrawRecord) { r.AgainOf, r.Reason, r.SecondBy, r.SecondAt = "", "", "", nil }),
		"asked for, not drawn":     changed(func(r *DrawRecord) { undraw(r); r.AgainOf, r.Reason, r.SecondBy, r.SecondAt = "", "", "", nil }),
		"agreed to, not drawn":     changed(undraw),
		"again, not yet agreed to": changed(func(r *DrawRecord) { undraw(r); r.SecondBy, r.SecondAt = "", nil }),
	} {
		if err := r.Verify(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadDraw(b)
		if err != nil || got.Verify() != nil || got.Sum != r.Sum {
			t.Errorf("%s, read again: %v, %v", name, err, got.Verify())
		}
	}
}

func undraw(r *DrawRecord) {
	r.Seed, r.DrawnBy, r.DrawnAt, r.Drawn, r.Alternates, r.Labels = "", "", nil, []string{}, []string{}, []string{}
}

// changed is a record that was changed by somebody who made new sums.
func changed(change func(*DrawRecord)) DrawRecord {
	r := drawnRecord(9, 3, 2)
	change(&r)
	r.RequestHash = r.HashRequest()
	r.Sum = r.HashRecord()
	return r
}

func TestVerifyNamesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	early := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		r    DrawRecord
		want []string
	}{
		"another format":                   {changed(func(r *DrawRecord) { r.Format = 2 }), []string{"format"}},
		"another kind":                     {changed(func(r *DrawRecord) { r.What = "lottery" }), []string{"what"}},
		"an id is gone from the list":      {changed(func(r *DrawRecord) { r.Eligible = slices.Delete(slices.Clone(r.Eligible), 0, 1) }), []string{"eligibleHash", "drawn["}},
		"two ids have changed places":      {changed(func(r *DrawRecord) { r.Eligible[0], r.Eligible[1] = r.Eligible[1], r.Eligible[0] }), []string{"eligible[1]"}},
		"an id stands twice":               {changed(func(r *DrawRecord) { r.Eligible[1] = r.Eligible[0] }), []string{"eligible[1]", "eligibleHash"}},
		"an id with a line feed":           {changed(func(r *DrawRecord) { r.Eligible[8] += "\n" + r.Eligible[8] }), []string{"eligible[8]", "eligibleHash"}},
		"nobody eligible":                  {changed(func(r *DrawRecord) { r.Eligible = nil }), []string{"eligible", "eligibleHash", "drawn[0]"}},
		"nothing taken":                    {changed(func(r *DrawRecord) { r.Take = 0 }), []string{"take", "drawn[0]"}},
		"too many taken":                   {changed(func(r *DrawRecord) { r.Take = 501 }), []string{"take", "drawn[3]"}},
		"negative alternates":              {changed(func(r *DrawRecord) { r.TakeAlternates = -1 }), []string{"takeAlternates", "alternates[0]"}},
		"more are drawn than were asked":   {changed(func(r *DrawRecord) { r.Take = 2 }), []string{"drawn[2]"}},
		"another seed":                     {changed(func(r *DrawRecord) { s := drawSeed(8); r.Seed = hex.EncodeToString(s[:]) }), []string{"drawn["}},
		"a short seed":                     {changed(func(r *DrawRecord) { r.Seed = r.Seed[:62] }), []string{"seed"}},
		"a seed in capitals":               {changed(func(r *DrawRecord) { r.Seed = strings.ToUpper(r.Seed) }), []string{"seed"}},
		"somebody else is drawn":           {changed(func(r *DrawRecord) { r.Drawn[0], r.Alternates[0] = r.Alternates[0], r.Drawn[0] }), []string{"drawn[0]", "alternates[0]"}},
		"a label too few":                  {changed(func(r *DrawRecord) { r.Labels = r.Labels[1:] }), []string{"labels"}},
		"no reason":                        {changed(func(r *DrawRecord) { r.Reason = " " }), []string{"reason"}},
		"one officer twice":                {changed(func(r *DrawRecord) { r.SecondBy = r.RequestedBy }), []string{"secondBy"}},
		"no second officer":                {changed(func(r *DrawRecord) { r.SecondBy, r.SecondAt = "", nil }), []string{"secondBy"}},
		"a second officer of a first draw": {changed(func(r *DrawRecord) { r.AgainOf = "" }), []string{"secondBy"}},
		"agreed before it was asked":       {changed(func(r *DrawRecord) { r.SecondAt = &early }), []string{"secondAt"}},
		"drawn before it was asked":        {changed(func(r *DrawRecord) { r.DrawnAt = &early }), []string{"drawnAt"}},
		"drawn without a day":              {changed(func(r *DrawRecord) { r.DrawnAt = nil }), []string{"drawnAt"}},
	} {
		var got []string
		err := tc.r.Verify()
		var joined interface{ Unwrap() []error }
		if errors.As(err, &joined) {
			for _, e := range joined.Unwrap() {
				var m *DrawMisfit
				if errors.As(e, &m) {
					got = append(got, m.Field)
				}
			}
		}
		for _, field := range tc.want {
			if !slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, field) }) {
				t.Errorf("%s: %v does not name %s", name, err, field)
			}
		}
		if len(tc.want) == 1 && tc.want[0] != "drawn[" && len(got) > 2 {
			t.Errorf("%s: %v names more than what was changed", name, err)
		}
	}
}

// Every byte, in every way that a bit can flip: it is refused, found, or it was white space that means nothing.
func TestAChangedByteAnywhereIsFound(t *testing.T) {
	t.Parallel()
	r := drawnRecord(5, 2, 1)
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	free, found, refused := 0, 0, 0
	for i := range b {
		for bit := range 8 {
			c := bytes.Clone(b)
			c[i] ^= 1 << bit
			got, err := ReadDraw(c)
			switch {
			case err != nil:
				refused++
			case got.Verify() != nil:
				found++
			case sameDraw(t, got, r):
				free++
				if d := strings.TrimSpace(string(b[i])) + strings.TrimSpace(string(c[i])); d != "" && !inEscape(b, i) {
					t.Errorf("byte %d, %q instead of %q, changes nothing", i, c[i], b[i])
				}
			default:
				t.Errorf("byte %d, %q instead of %q, goes unseen: %s", i, c[i], b[i], c)
			}
		}
		if c := slices.Delete(bytes.Clone(b), i, i+1); strings.TrimSpace(string(b[i])) != "" {
			if got, err := ReadDraw(c); err == nil && got.Verify() == nil {
				t.Errorf("byte %d, %q, is gone and nobody saw it", i, b[i])
			}
		}
	}
	if found < 1000 || refused < 1000 {
		t.Errorf("%d found, %d refused, %d free", found, refused, free)
	}
}

func sameDraw(t *testing.T, a, b DrawRecord) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	if errX != nil || errY != nil {
		t.Fatal(errX, errY)
	}
	return bytes.Equal(x, y)
}

// inEscape reports whether byte i belongs to a \u escape, whose hex digits may be of either case.
func inEscape(b []byte, i int) bool {
	from := bytes.LastIndexByte(b[:i], '\\')
	return from >= 0 && i-from < 6 && b[from+1] == 'u'
}

func TestReadDrawRefusesWhatIsNoExport(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(drawnRecord(5, 2, 1))
	if err != nil {
		t.Fatal(err)
	}
	whole := string(b)
	for name, text := range map[string]string{
		"nothing":                 "",
		"a list":                  "[" + whole + "]",
		"two of them":             whole + whole,
		"something after it":      whole + "x",
		"half of it":              whole[:len(whole)/2],
		"a field twice":           strings.Replace(whole, `"take":2`, `"take":9,"take":2`, 1),
		"a field in capitals":     strings.Replace(whole, `"take":`, `"Take":`, 1),
		"a field of another kind": strings.Replace(whole, `"take":2`, `"take":2,"note":""`, 1),
		"a field that is gone":    strings.Replace(whole, `"take":2,`, ``, 1),
		"a number as text":        strings.Replace(whole, `"take":2`, `"take":"2"`, 1),
	} {
		if text == whole {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := ReadDraw([]byte(text)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	var spaced bytes.Buffer
	if err := json.Indent(&spaced, b, "", "\t"); err != nil {
		t.Fatal(err)
	}
	if r, err := ReadDraw(append(spaced.Bytes(), '\n')); err != nil || r.Verify() != nil {
		t.Errorf("white space: %v, %v", err, r.Verify())
	}
}
