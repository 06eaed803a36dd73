package review

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SpotCheck is a draw of closed cases for a spot check (抽查, 条例 21; 办法 39, 40).
const SpotCheck = "spot_check"

// PanelDraw is a draw of experts of the pool for a panel (专家组论证, 办法 35), after conflicts of interest are taken out.
const PanelDraw = "panel"

// Bounds of a draw.
const (
	DrawEligible   = 100_000 // names in a list
	DrawTake       = 500     // names drawn
	DrawAlternates = 50      // names drawn to stand in, in order
	DrawReason     = 1000    // characters
)

// Refusals of draws. Their sentences and statuses stand with those of error.go.
const (
	DrawEmpty    Code = "draw_empty"     // nothing fits the filter
	DrawnBefore  Code = "drawn_before"   // the same list was drawn from, or asked to be drawn from again: draw
	DrawUndrawn  Code = "draw_undrawn"   // drawing again what has not been drawn
	DrawUnagreed Code = "draw_unagreed"  // drawing again without the second officer
	DrawAgreed   Code = "draw_agreed"    // somebody agreed first: who, at
	DrawNotAgain Code = "draw_not_again" // a first draw needs nobody's agreement
)

// DrawFilter is what made somebody eligible: of a spot check, cases of one regulator with an outcome of Group in the
// days From to To, both included. Unit and Route choose nothing away when empty. Of a panel: experts of one of the Fields who
// could sit on a panel of the Case in that Round, and nothing else.
type DrawFilter struct {
	From  Date   `json:"from"`
	To    Date   `json:"to"`
	Group string `json:"group"`
	Unit  string `json:"unit"`
	Route string `json:"route"`

	Case   string `json:"case,omitempty"`
	Round  int    `json:"round,omitempty"`
	Fields string `json:"fields,omitempty"` // sorted, a comma between them
}

// DrawRecord is everything about one draw, as it is exported: who could be drawn, fixed before there was a seed, the
// seed, and who was drawn. Verify re-runs it from this alone. It holds ids and case numbers, no titles, and no names but those
// of the experts who were drawn for a panel.
type DrawRecord struct {
	Format         int        `json:"format"` // 1
	ID             string     `json:"id"`
	What           string     `json:"what"` // SpotCheck or PanelDraw
	Regulator      string     `json:"regulator"`
	Filter         DrawFilter `json:"filter"`
	Take           int        `json:"take"`
	TakeAlternates int        `json:"takeAlternates"`
	Eligible       []string   `json:"eligible"`     // ids, sorted by bytes, each once
	EligibleHash   string     `json:"eligibleHash"` // EligibleHash(Eligible), stored with the request
	RequestedBy    string     `json:"requestedBy"`
	RequestedAt    time.Time  `json:"requestedAt"`
	AgainOf        string     `json:"againOf"`     // id of the draw that is drawn again; "" for a first one
	Reason         string     `json:"reason"`      // why again
	RequestHash    string     `json:"requestHash"` // over all above but Eligible, stored with the request
	SecondBy       string     `json:"secondBy"`    // who agreed that it is drawn again
	SecondAt       *time.Time `json:"secondAt"`
	Seed           string     `json:"seed"` // 64 hex digits; "" until drawn, and so is all below
	DrawnBy        string     `json:"drawnBy"`
	DrawnAt        *time.Time `json:"drawnAt"`
	Drawn          []string   `json:"drawn"`      // the first Take of Order
	Alternates     []string   `json:"alternates"` // the next TakeAlternates of it
	Labels         []string   `json:"labels"`     // case numbers, or names, of Drawn, then of Alternates
	Sum            string     `json:"sum"`        // over RequestHash and all below it: finds what was changed by accident
}

// EligibleHash is the SHA-256, in hex, of the ids sorted by their bytes, each followed by one line feed: what
// `LC_ALL=C sort -u | sha256sum` prints for a file with an id a line. No id may hold a line feed; see CleanDrawID.
func EligibleHash(ids []string) string {
	h := sha256.New()
	for _, id := range slices.Sorted(slices.Values(ids)) {
		_, _ = io.WriteString(h, id+"\n")
	}
	return hex.EncodeToString(h.Sum(nil))
}

// CleanDrawID reports whether an id may stand in a list that is hashed: visible ASCII without spaces, 64 bytes at most.
func CleanDrawID(id string) bool {
	return id != "" && len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Order returns the ids in the order in which they are drawn: by SHA-256(seed ‖ id) ascending, where the seed is its 32
// bytes and the id its bytes. The order in which they come in does not matter.
func Order(seed [32]byte, ids []string) []string {
	type drawn struct {
		sum [32]byte
		id  string
	}
	all := make([]drawn, len(ids))
	for i, id := range ids {
		all[i] = drawn{sha256.Sum256(append(seed[:], id...)), id}
	}
	slices.SortFunc(all, func(a, b drawn) int {
		if c := bytes.Compare(a.sum[:], b.sum[:]); c != 0 {
			return c
		}
		return strings.Compare(a.id, b.id)
	})
	out := make([]string, len(all))
	for i, d := range all {
		out[i] = d.id
	}
	return out
}

// Pick fills in Drawn and Alternates from the seed: none without one. A list that is too short gives what it has.
func (r *DrawRecord) Pick() error {
	r.Drawn, r.Alternates = []string{}, []string{}
	if r.Seed == "" {
		return nil
	}
	seed, err := hex.DecodeString(r.Seed)
	if err != nil || len(seed) != 32 || hex.EncodeToString(seed) != r.Seed {
		return errors.New("seed: not 64 hex digits in lower case")
	}
	order := Order([32]byte(seed), r.Eligible)
	n := min(max(r.Take, 0), len(order))
	m := min(n+max(r.TakeAlternates, 0), len(order))
	r.Drawn, r.Alternates = order[:n:n], order[n:m:m]
	return nil
}

// HashRequest is what RequestHash must be. Each field goes in as its name, a space, the length of its value in bytes, a
// line feed, the value, a line feed.
func (r DrawRecord) HashRequest() string {
	fields := []string{"format", strconv.Itoa(r.Format), "id", r.ID, "what", r.What, "regulator", r.Regulator,
		"filter.from", string(r.Filter.From), "filter.to", string(r.Filter.To), "filter.group", r.Filter.Group,
		"filter.unit", r.Filter.Unit, "filter.route", r.Filter.Route,
		"take", strconv.Itoa(r.Take), "takeAlternates", strconv.Itoa(r.TakeAlternates), "eligibleHash", r.EligibleHash,
		"requestedBy", r.RequestedBy, "requestedAt", stamp(&r.RequestedAt), "againOf", r.AgainOf, "reason", r.Reason}
	if r.What == PanelDraw { // the sums of spot checks are those of before there were panels
		fields = append(fields, "filter.case", r.Filter.Case, "filter.round", strconv.Itoa(r.Filter.Round), "filter.fields", r.Filter.Fields)
	}
	return sumOf(fields...)
}

// HashRecord is what Sum must be, in the form of HashRequest.
func (r DrawRecord) HashRecord() string {
	fields := []string{"requestHash", r.RequestHash, "secondBy", r.SecondBy, "secondAt", stamp(r.SecondAt), "seed", r.Seed,
		"drawnBy", r.DrawnBy, "drawnAt", stamp(r.DrawnAt)}
	for _, l := range []struct {
		name string
		of   []string
	}{{"drawn", r.Drawn}, {"alternates", r.Alternates}, {"labels", r.Labels}} {
		fields = append(fields, l.name, strconv.Itoa(len(l.of)))
		for _, v := range l.of {
			fields = append(fields, l.name, v)
		}
	}
	return sumOf(fields...)
}

func sumOf(pairs ...string) string {
	h := sha256.New()
	for i := 0; i+1 < len(pairs); i += 2 {
		_, _ = fmt.Fprintf(h, "%s %d\n%s\n", pairs[i], len(pairs[i+1]), pairs[i+1])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// DrawMisfit is one thing in a record that does not fit the rest of it.
type DrawMisfit struct {
	Field string // as in the export: drawn[3]
	Says  string // what the record says
	Is    string // what it must say, or what is wrong
}

func (m *DrawMisfit) Error() string { return fmt.Sprintf("%s says %q: %s", m.Field, m.Says, m.Is) }

// Verify re-runs the draw from the record alone. It returns nil when everything fits, else every misfit, joined, each a
// *DrawMisfit; of a list the first place. It proves the computation and nothing about how the list or the seed came to
// be: whoever changes a record on purpose can make new sums, unless RequestHash was kept elsewhere before the draw.
func (r DrawRecord) Verify() error {
	v := verifier{r: r}
	v.request()
	v.again()
	v.result()
	return errors.Join(v.bad...)
}

type verifier struct {
	r   DrawRecord
	bad []error
}

func (v *verifier) misfit(field, says, is string) {
	v.bad = append(v.bad, &DrawMisfit{field, says, is})
}

func (v *verifier) same(field, says, is string) {
	if says != is {
		v.misfit(field, says, "it must be "+strconv.Quote(is))
	}
}

// request checks what was fixed before the seed.
func (v *verifier) request() {
	r := v.r
	v.same("format", strconv.Itoa(r.Format), "1")
	switch r.What {
	case PanelDraw:
		v.panel()
	default:
		v.same("what", r.What, SpotCheck)
		if r.Filter.Case != "" || r.Filter.Round != 0 || r.Filter.Fields != "" {
			v.misfit("filter.case", r.Filter.Case, "a spot check is of no one case, round or field")
		}
	}
	if r.Take < 1 || r.Take > DrawTake {
		v.misfit("take", strconv.Itoa(r.Take), fmt.Sprintf("it must be 1 to %d", DrawTake))
	}
	if r.TakeAlternates < 0 || r.TakeAlternates > DrawAlternates {
		v.misfit("takeAlternates", strconv.Itoa(r.TakeAlternates), fmt.Sprintf("it must be 0 to %d", DrawAlternates))
	}
	if n := len(r.Eligible); n < 1 || n > DrawEligible {
		v.misfit("eligible", fmt.Sprintf("%d ids", n), fmt.Sprintf("it must hold 1 to %d", DrawEligible))
	}
	for i, id := range r.Eligible {
		at := fmt.Sprintf("eligible[%d]", i)
		if !CleanDrawID(id) {
			v.misfit(at, id, "it must be 1 to 64 visible ASCII characters")
			break
		}
		if i > 0 && id <= r.Eligible[i-1] {
			v.misfit(at, id, "it must come after "+strconv.Quote(r.Eligible[i-1])+", each id once")
			break
		}
	}
	v.same("eligibleHash", r.EligibleHash, EligibleHash(r.Eligible))
	v.same("requestHash", r.RequestHash, r.HashRequest())
}

// panel checks the bounds of a panel: an odd number, enough alternates, and a list that is long enough for both.
func (v *verifier) panel() {
	r := v.r
	if f := r.Filter; f.From != "" || f.To != "" || f.Group != "" || f.Unit != "" || f.Route != "" || f.Case == "" || f.Round < 1 {
		v.misfit("filter", f.Case, "a panel is of one case and round, and of nothing else")
	}
	if !PanelSize(r.Take, r.TakeAlternates) {
		v.misfit("take", strconv.Itoa(r.Take), "a panel has an odd number of experts, 3 to 15, and half as many alternates or more")
	}
	if len(r.Eligible) < r.Take+r.TakeAlternates {
		v.misfit("eligible", fmt.Sprintf("%d ids", len(r.Eligible)), "it must hold as many as are drawn, alternates included")
	}
}

// PanelSize reports whether a panel may have this many experts and alternates.
func PanelSize(take, alternates int) bool {
	return take >= PanelLeast && take <= PanelMost && take%2 == 1 && 2*alternates >= take && alternates <= DrawAlternates
}

// again checks that drawing again had its reason and its second officer, and a first draw neither.
func (v *verifier) again() {
	r := v.r
	switch {
	case (r.SecondBy == "") != (r.SecondAt == nil):
		v.misfit("secondAt", stamp(r.SecondAt), "secondBy and secondAt come together")
	case r.SecondAt != nil && r.SecondAt.Before(r.RequestedAt):
		v.misfit("secondAt", stamp(r.SecondAt), "it must not be before requestedAt")
	}
	switch {
	case r.AgainOf == "" && r.SecondBy != "":
		v.misfit("secondBy", r.SecondBy, "a first draw has no second officer")
	case r.AgainOf == "":
	case strings.TrimSpace(r.Reason) == "":
		v.misfit("reason", r.Reason, "drawing again needs one")
	case r.Seed != "" && r.SecondBy == "":
		v.misfit("secondBy", "", "drawing again needs a second officer before there is a seed")
	case r.SecondBy == r.RequestedBy:
		v.misfit("secondBy", r.SecondBy, "it must be another person than requestedBy")
	}
}

// result draws again.
func (v *verifier) result() {
	r, must := v.r, v.r
	switch {
	case (r.Seed == "") != (r.DrawnAt == nil) || (r.Seed == "") != (r.DrawnBy == ""):
		v.misfit("drawnAt", stamp(r.DrawnAt), "seed, drawnBy and drawnAt come together")
	case r.DrawnAt != nil && (r.DrawnAt.Before(r.RequestedAt) || r.SecondAt != nil && r.DrawnAt.Before(*r.SecondAt)):
		v.misfit("drawnAt", stamp(r.DrawnAt), "it must not be before requestedAt and secondAt")
	}
	if err := must.Pick(); err != nil {
		v.misfit("seed", r.Seed, "it must be 64 hex digits in lower case")
	} else {
		v.list("drawn", r.Drawn, must.Drawn)
		v.list("alternates", r.Alternates, must.Alternates)
	}
	if len(r.Labels) != len(r.Drawn)+len(r.Alternates) {
		v.misfit("labels", fmt.Sprintf("%d labels", len(r.Labels)), "it must hold one for each of drawn and alternates")
	}
	v.same("sum", r.Sum, r.HashRecord())
}

func (v *verifier) list(field string, says, is []string) {
	for i := range max(len(says), len(is)) {
		at := fmt.Sprintf("%s[%d]", field, i)
		switch {
		case i >= len(says):
			v.misfit(at, "", "it must be "+strconv.Quote(is[i]))
		case i >= len(is):
			v.misfit(at, says[i], "there must be none")
		case says[i] != is[i]:
			v.misfit(at, says[i], "it must be "+strconv.Quote(is[i]))
		default:
			continue
		}
		return
	}
}

// ReadDraw reads an exported record. It refuses what is not exactly one: fields that are unknown, missing, twice, in
// another place or written otherwise. White space and the way in which a character is escaped do not matter.
func ReadDraw(data []byte) (DrawRecord, error) {
	var r DrawRecord
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return DrawRecord{}, fmt.Errorf("not a record of a draw: %w", err)
	}
	written, err := json.Marshal(r)
	if err != nil {
		return DrawRecord{}, fmt.Errorf("not a record of a draw: %w", err)
	}
	given, same := json.NewDecoder(bytes.NewReader(data)), json.NewDecoder(bytes.NewReader(written))
	given.UseNumber()
	same.UseNumber()
	for {
		at := given.InputOffset()
		a, errA := given.Token()
		b, errB := same.Token()
		switch {
		case errors.Is(errA, io.EOF) && errors.Is(errB, io.EOF):
			return r, nil
		case errA != nil || errB != nil || a != b:
			return DrawRecord{}, fmt.Errorf("not a record of a draw as it was exported: byte %d", at)
		}
	}
}
