package review

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ConflictYears is how long a former employer and work for the drafting unit stand against an expert, unless the tenant's
// setting says otherwise. No law fixes it.
const ConflictYears = 3

// Bounds of a panel that is drawn.
const (
	PanelLeast = 3  // experts; their number is odd, so that a side has a majority
	PanelMost  = 15 // experts
)

// Refusals about experts. Their sentences and statuses stand with those of error.go. What an expert's conflict is with is
// never among the parameters: the check says it, to the regulator alone.
const (
	NotInPool          Code = "not_in_pool"          // an expert whom the pool does not hold today: expert
	ConflictOfInterest Code = "conflict_of_interest" // an expert with a conflict that nobody has overridden: expert, kind
	PoolTooSmall       Code = "pool_too_small"       // fewer can be drawn than are asked for: lack, have, need
	PanelNotDrawn      Code = "panel_not_drawn"      // others than the draw of the case gives: draw
	ConflictForGood    Code = "conflict_for_good"    // nobody overrides it: who acted in the case for another side, or withdrew: kind
	PersonalData       Code = "personal_number"      // a value looks like the number of an ID or bank card: field
)

// Interest is one thing that stands between an expert and a case.
type Interest struct {
	Kind   string `json:"kind" enum:"declared,institution,former_employer,prior_work,other_role,recused,not_in_pool,out_of_term" doc:"What it is"`
	With   string `json:"with,omitempty" doc:"The body as the pool names it, or the side of the case"`
	Source string `json:"source" doc:"Where in the case it is met: unit, with, issuer, seat, text, case, hand, officer, draft, panel, pool"`
}

// Kinds of interest. The last two are no conflicts: they say that somebody cannot be drawn, and are overridden alike.
const (
	InterestDeclared    = "declared"
	InterestInstitution = "institution"
	InterestEmployer    = "former_employer"
	InterestWork        = "prior_work"
	InterestRole        = "other_role"
	InterestRecused     = "recused"
	InterestNoPool      = "not_in_pool"
	InterestTerm        = "out_of_term"
)

// ForGood reports whether the interest is none that a second officer can override: nobody has two sides (G7), and who
// withdrew stays out.
func (i Interest) ForGood() bool { return i.Kind == InterestRole || i.Kind == InterestRecused }

// Body is an organisation as the pool names it. Units are the units of the register that it is; Resolve finds them.
type Body struct {
	Name  string   `json:"name"`
	Units []string `json:"units,omitempty"`
}

// Past is something that an expert did for a body, in years: from and to the end of To. To 0: until today, or nobody knows.
type Past struct {
	With Body `json:"with"`
	From int  `json:"from,omitempty"`
	To   int  `json:"to,omitempty"`
}

// Declared is an interest that an expert declared: in a body, or, with Case, in that one case.
type Declared struct {
	With Body   `json:"with"`
	Case string `json:"case,omitempty"`
}

// ExpertFacts is what is known of an expert when conflicts are looked for.
type ExpertFacts struct {
	Person    string     `json:"person"`
	Bodies    []Body     `json:"bodies"`    // where the expert works now: the institution, and units of which they are a member
	Employers []Past     `json:"employers"` // former ones
	Works     []Past     `json:"works"`     // commissioned work: advice, drafting, training, expertise
	Declared  []Declared `json:"declared"`
}

// names are all names of bodies in the facts.
func (e ExpertFacts) names() []string {
	var out []string
	for _, b := range e.Bodies {
		out = append(out, b.Name)
	}
	for _, p := range slices.Concat(e.Employers, e.Works) {
		out = append(out, p.With.Name)
	}
	for _, d := range e.Declared {
		out = append(out, d.With.Name)
	}
	return out
}

// Names are the names of bodies that stand in the facts of some experts, sorted, each once: what a text is searched for.
func Names(es ...ExpertFacts) []string {
	var out []string
	for _, e := range es {
		for _, n := range e.names() {
			if n != "" {
				out = append(out, n)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Resolve says of every body in the facts which of the units it is by name, in the order of the units. Ids that are there
// stay. It changes nothing that was given.
func (e ExpertFacts) Resolve(units []Body) ExpertFacts {
	body := func(b Body) Body {
		ids := slices.Clone(b.Units)
		for _, u := range units {
			if SameBody(b.Name, u.Name) {
				for _, id := range u.Units {
					if !slices.Contains(ids, id) {
						ids = append(ids, id)
					}
				}
			}
		}
		return Body{b.Name, ids}
	}
	past := func(all []Past) []Past {
		out := slices.Clone(all)
		for i := range out {
			out[i].With = body(out[i].With)
		}
		return out
	}
	r := ExpertFacts{Person: e.Person, Bodies: slices.Clone(e.Bodies), Employers: past(e.Employers), Works: past(e.Works), Declared: slices.Clone(e.Declared)}
	for i := range r.Bodies {
		r.Bodies[i] = body(r.Bodies[i])
	}
	for i := range r.Declared {
		r.Declared[i].With = body(r.Declared[i].With)
	}
	return r
}

// nameLeast is how many characters a name must have to be looked for inside another text: shorter ones (北大, 一中) stand in
// words of another meaning.
const nameLeast = 4

// PlainName puts a name, or a text, into the one form in which names are compared: half width, lower case, without white
// space, every kind of bracket round.
func PlainName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			r -= '！' - '!'
		case unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff':
			return -1
		}
		switch r {
		case '〔', '［', '【', '〖', '｛', '《', '〈', '「', '『', '﹙', '[', '{', '<':
			return '('
		case '〕', '］', '】', '〗', '｝', '》', '〉', '」', '』', '﹚', ']', '}', '>':
			return ')'
		}
		return unicode.ToLower(r)
	}, s)
}

// SameBody reports whether two names may be those of one body, or of a body and a part of it: they are equal in plain form,
// or one of at least four characters stands in the other (湖山大学, 湖山大学法学院).
func SameBody(a, b string) bool {
	a, b = PlainName(a), PlainName(b)
	switch {
	case a == "" || b == "":
		return false
	case a == b:
		return true
	}
	return inside(a, b) || inside(b, a)
}

func inside(name, in string) bool {
	return utf8.RuneCountInString(name) >= nameLeast && strings.Contains(in, name)
}

// Named returns those of the names that stand in the text, in their order. Names under four characters are never found.
func Named(text string, names []string) []string {
	text = PlainName(text)
	var out []string
	for _, n := range names {
		if inside(PlainName(n), text) {
			out = append(out, n)
		}
	}
	return out
}

// Conflicts returns what stands between an expert and a case, by the rules below, each thing once and in this order; nil is
// none. named are the names that stand in the text under review (Named); today and years bound what is past. Facts must be
// resolved against the units of the case.
//
//   - declared: a body that is a party of the case or is named in the text, or this very case.
//   - institution: the expert works for the drafting unit, a unit that drafts with it, the issuer, a seat of the joint
//     review, or an operator or other body named in the text.
//   - former_employer: the same of where they worked, until years full years after the year in which they left.
//   - prior_work: work for the drafting unit or one that drafts with it, within the same years.
//   - other_role: the expert acted on another side of the case (the hands, the officer, who drafted or checked).
//   - recused: the expert recused themselves from this panel.
//
// What it cannot find: relatives and friends, shares and money, firms behind firms, what nobody entered or declared; a body
// under an abbreviation, a former name or a name under four characters; a person who has two accounts; a period better known
// than by its year. What it may find wrongly: a body whose name stands in a longer name of another. That is why a person
// decides: a second officer can override what is found, and the declaration before access asks for what is not.
func Conflicts(c Case, e ExpertFacts, named []string, today Date, years int) []Interest {
	f := finder{c: &c, e: e, named: named}
	for _, d := range e.Declared {
		if d.Case != "" && d.Case == c.ID {
			f.add(InterestDeclared, d.With.Name, "case")
		}
		if d.Case == "" {
			f.meets(InterestDeclared, d.With, f.parties())
		}
	}
	for _, b := range e.Bodies {
		f.meets(InterestInstitution, b, f.parties())
	}
	for _, p := range e.Employers {
		if p.within(today, years) {
			f.meets(InterestEmployer, p.With, f.parties())
		}
	}
	for _, p := range e.Works {
		if p.within(today, years) {
			f.meetsUnits(InterestWork, p.With, f.drafters())
		}
	}
	f.roles()
	if m := c.Member(e.Person); m != nil && m.Status == memberRecused {
		f.add(InterestRecused, "", "panel")
	}
	return f.out
}

// within reports whether what is past is not yet so for years full years: until the end of the year To + years. To 0 has no end.
func (p Past) within(today Date, years int) bool {
	return p.To == 0 || p.To+max(years, 0) >= today.year()
}

func (d Date) year() int {
	y := 0
	for _, r := range d[:min(4, len(d))] {
		y = y*10 + int(r-'0')
	}
	return y
}

type finder struct {
	c     *Case
	e     ExpertFacts
	named []string
	out   []Interest
}

func (f *finder) add(kind, with, source string) {
	if i := (Interest{kind, with, source}); !slices.Contains(f.out, i) {
		f.out = append(f.out, i)
	}
}

// party is a unit and the part it has in the case.
type party struct{ unit, source string }

func (f *finder) drafters() []party {
	out := []party{{f.c.Unit, "unit"}}
	for _, u := range f.c.With {
		out = append(out, party{u, "with"})
	}
	return out
}

func (f *finder) parties() []party {
	out := append(f.drafters(), party{f.c.Measure.Issuer, "issuer"})
	if f.c.Joint != nil {
		for _, s := range f.c.Joint.Seats {
			out = append(out, party{s.Unit, "seat"})
		}
	}
	return out
}

// meets looks for a body among the parties and in the text.
func (f *finder) meets(kind string, b Body, parties []party) {
	f.meetsUnits(kind, b, parties)
	if slices.Contains(f.named, b.Name) {
		f.add(kind, b.Name, "text")
	}
}

func (f *finder) meetsUnits(kind string, b Body, parties []party) {
	for _, p := range parties {
		if p.unit != "" && slices.Contains(b.Units, p.unit) {
			f.add(kind, b.Name, p.source)
		}
	}
}

// roles looks for the person in the case's other roles (G7). A view given on an earlier panel of the case is no other side.
func (f *finder) roles() {
	for _, h := range f.c.Hands {
		if h.Person == f.e.Person && h.Side != ExpertSide {
			f.add(InterestRole, string(h.Side), "hand")
		}
	}
	is := func(side Side, source string, people ...string) {
		if f.e.Person != "" && slices.Contains(people, f.e.Person) {
			f.add(InterestRole, string(side), source)
		}
	}
	is(RegulatorSide, "officer", f.c.Officer, f.c.OfficerFor)
	is(UnitSide, "draft", f.c.TextBy, f.c.TextFor)
	if d := f.c.Draft; d != nil {
		is(RegulatorSide, "draft", d.By, d.ByFor, d.Checker, d.CheckerFor)
	}
}

// PersonalNumber reports whether a value looks like the number of an identity card or of a bank card, which the pool does not
// keep: fifteen or more digits in a row, whatever white space is between them, or groups of them and hyphens alone, or such a
// number as a spreadsheet shortens it (6.22E+18).
func PersonalNumber(s string) bool {
	s = PlainName(s)
	run, digits, only := 0, 0, true
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			run++
			digits++
		default:
			run = 0
			only = only && (r == '-' || r == 'x')
		}
		if run >= 15 {
			return true
		}
	}
	if mantissa, exponent, ok := strings.Cut(s, "e+"); ok && mantissa != "" && strings.Trim(mantissa, "0123456789.") == "" {
		return len(exponent) == 2 && exponent >= "14" && exponent <= "19"
	}
	return only && digits >= 15
}

// PersonalColumn reports whether the name of a column says that it holds a number that the pool does not keep.
func PersonalColumn(name string) bool {
	name = strings.NewReplacer("_", "", "-", "", ".", "").Replace(PlainName(name))
	for _, w := range []string{"身份证", "证件号", "公民身份", "护照", "社保", "银行", "卡号", "开户", "idcard", "idnumber", "idno", "identity", "passport", "bank", "cardno", "cardnumber", "iban"} {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}
