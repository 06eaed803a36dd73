package demo

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fairreview/fairreview/review"
)

func TestWorldIsWholeAndDistinct(t *testing.T) {
	t.Parallel()
	units, people := World()
	byID := map[string]Unit{}
	for _, u := range units {
		if _, ok := byID[u.ID]; ok || !slug.MatchString(u.ID) || u.Name == "" || u.NameEN == "" {
			t.Errorf("unit %+v: id taken or malformed, or no name", u)
		}
		byID[u.ID] = u
	}
	count := map[string]int{}
	for _, u := range units {
		count[u.Kind]++
		if parent, ok := byID[u.Parent]; u.ID != cityID && (!ok || parent.Kind != "government") {
			t.Errorf("%s: parent %q is not a government", u.ID, u.Parent)
		}
	}
	for kind, least := range map[string]int{"government": 10, "department": 44, "regulator": 5, "congress": 1, "township": 6, "institution": 8} {
		if count[kind] < least {
			t.Errorf("%d units of kind %s, want at least %d", count[kind], kind, least)
		}
	}
	if n := len(people); n < 260 || n > 320 {
		t.Errorf("%d people, want 260 to 320", n)
	}
	ids, names := map[string]bool{}, map[string]bool{}
	for _, p := range people {
		if ids[p.ID] || names[p.Name] {
			t.Errorf("%s %s: id or name is not distinct", p.ID, p.Name)
		}
		ids[p.ID], names[p.Name] = true, true
		if _, ok := byID[p.Unit]; !ok || !strings.HasPrefix(p.ID, p.Unit+".") || p.Post == "" || len(p.Roles) == 0 {
			t.Errorf("%+v: unit unknown, id not of the unit, no post or no role", p)
		}
	}
}

var slug = regexp.MustCompile(`^[a-z]+(-[a-z]+)?$`)

func TestEveryUnitHasItsRoles(t *testing.T) {
	t.Parallel()
	units, people := World()
	staff := map[string]map[string]int{}
	for _, p := range people {
		if staff[p.Unit] == nil {
			staff[p.Unit] = map[string]int{}
		}
		for _, role := range p.Roles {
			staff[p.Unit][role]++
		}
		if len(p.Roles) != 1 {
			t.Errorf("%s sits on two sides: %v", p.ID, p.Roles)
		}
	}
	desk := map[string]int{"handler": 2, "review_body": 1, "unit_head": 1}
	for _, u := range units {
		want := map[string]int{}
		switch {
		case u.Kind == "department" || u.Kind == "township":
			want = desk
		case u.ID == "scjg":
			want = map[string]int{"officer": 6, "approver": 4, "admin": 1, "handler": 2, "review_body": 1, "unit_head": 1}
		case u.Kind == "regulator":
			want = map[string]int{"officer": 3, "approver": 2}
		case u.Kind == "institution":
			want = map[string]int{"expert": 1}
		}
		for role, n := range want {
			if staff[u.ID][role] < n {
				t.Errorf("%s has %d of role %s, want at least %d", u.ID, staff[u.ID][role], role, n)
			}
		}
	}
	experts := 0
	for _, roles := range staff {
		experts += roles["expert"]
	}
	if experts < 20 {
		t.Errorf("%d experts, want at least 20", experts)
	}
}

func TestMeasuresAreDistinctAndWellFormed(t *testing.T) {
	t.Parallel()
	ms := Measures()
	units, _ := World()
	kind := map[string]string{}
	for _, u := range units {
		kind[u.ID] = u.Kind
	}
	titles, bodies, numbers := map[string]bool{}, map[string]bool{}, map[string]bool{}
	blank := regexp.MustCompile(`[{}<>|]|\(EXTRA|%!`)
	for _, m := range ms {
		if titles[m.Title] || bodies[m.Text] || numbers[m.DocNo] {
			t.Errorf("%s: title, text or number %s is not distinct", m.Title, m.DocNo)
		}
		titles[m.Title], bodies[m.Text], numbers[m.DocNo] = true, true, true
		if s := m.Title + m.Text + m.Heard + m.Note + m.DocNo; blank.MatchString(s) {
			t.Errorf("%s: unfilled template: %q", m.Title, blank.FindString(s))
		}
		if m.Field == "" || m.Heard == "" || m.Note == "" || !strings.HasPrefix(m.Text, m.Title+"\n") {
			t.Errorf("%s: field, hearing, note or title line is missing", m.Title)
		}
		if n := len(review.Clauses(m.Text)); n < 6 || n > 15 {
			t.Errorf("%s has %d clauses, want 6 to 15", m.Title, n)
		}
		if n := len([]rune(m.Text)); n < 350 || n > 1200 {
			t.Errorf("%s has %d characters, want 350 to 1200", m.Title, n)
		}
		if err := review.CleanText(m.Text); err != nil {
			t.Errorf("%s: %v", m.Title, err)
		}
		if kind[m.Unit] == "" || kind[m.Issuer] == "" {
			t.Errorf("%s: unit %q or issuer %q is unknown", m.Title, m.Unit, m.Issuer)
		}
		switch k := kind[m.Issuer]; m.Route {
		case "government":
			if k != "government" && k != "congress" {
				t.Errorf("%s: government route, but issued by a %s", m.Title, k)
			}
		case "department":
			if m.Issuer != m.Unit {
				t.Errorf("%s: department route, but issued by %s", m.Title, m.Issuer)
			}
		default:
			t.Errorf("%s: route %q", m.Title, m.Route)
		}
		if dated := regexp.MustCompile(`^20(1[6-9]|2[0-5])-[01]\d-[0-3]\d$`).MatchString(m.IssuedOn); dated != (m.Kind == "existing") || m.Kind != "new" && m.Kind != "existing" {
			t.Errorf("%s: kind %q issued on %q", m.Title, m.Kind, m.IssuedOn)
		}
	}
}

func TestMeasuresComeInTheProportionsOfAYear(t *testing.T) {
	t.Parallel()
	ms := Measures()
	if len(ms) < 900 {
		t.Fatalf("%d measures, want at least 900", len(ms))
	}
	count := map[string]int{}
	bad := map[string]bool{}
	for _, m := range ms {
		count[m.Route]++
		count[m.Kind]++
		count[m.Nature]++
		if m.PublicInterest {
			count["public"]++
		}
		if m.Breach != nil {
			count["breach"]++
			count[group(m.Breach.Item)]++
			bad[m.Breach.Effect] = true
		}
	}
	within := func(what string, of, low, high int) {
		if n := count[what] * 1000 / of; n < low || n > high {
			t.Errorf("%s: %d of %d, want %d to %d in a thousand", what, count[what], of, low, high)
		}
	}
	within("government", len(ms), 120, 180)
	within("existing", len(ms), 160, 240)
	within("breach", len(ms), 130, 180)
	within("public", len(ms), 80, 250)
	within("cost", count["breach"], 450, 550)
	within("entry", count["breach"], 250, 350)
	within("flow", count["breach"], 130, 210)
	within("conduct", count["breach"], 15, 50)
	for _, nature := range []string{"normative_document", "rule", "local_regulation_draft", "policy_document", "tender_document", "agreement", "standard", "plan"} {
		if count[nature] == 0 {
			t.Errorf("no %s", nature)
		}
	}
	if count["breach"] < 140 || len(bad) < 25 {
		t.Errorf("%d breaches of %d sorts, want at least 140 of 25", count["breach"], len(bad))
	}
}

func TestBreachesStandOnceInTheirClauseAndRevisionRemovesThem(t *testing.T) {
	t.Parallel()
	for _, m := range Measures() {
		b := m.Breach
		if b == nil {
			if Revised(m) != m.Text {
				t.Errorf("%s: revision changes a text without a breach", m.Title)
			}
			continue
		}
		if b.Effect == "" || b.Change == "" || b.Good == "" || !strings.HasSuffix(b.Bad, "。") || !strings.HasSuffix(b.Good, "。") {
			t.Errorf("%s: breach %+v is incomplete", m.Title, b)
		}
		if n := strings.Count(m.Text, b.Bad); n != 1 || b.Good == b.Bad || strings.Contains(m.Text, b.Good) {
			t.Errorf("%s: the breaching sentence stands %d times, or the lawful one does", m.Title, n)
		}
		r := Revised(m)
		if r == m.Text || strings.Contains(r, b.Bad) || !strings.Contains(r, b.Good) || !slices.Equal(review.Clauses(r), review.Clauses(m.Text)) {
			t.Errorf("%s: revision does not replace the sentence alone", m.Title)
		}
		if !slices.Contains(review.Clauses(m.Text), b.Clause) {
			t.Errorf("%s: no clause %s", m.Title, b.Clause)
		}
		for line := range strings.Lines(m.Text) {
			if strings.Contains(line, b.Bad) && !strings.HasPrefix(line, b.Clause+"、") && !strings.HasPrefix(line, b.Clause+"　") {
				t.Errorf("%s: the breach is not in clause %s: %s", m.Title, b.Clause, line)
			}
		}
		if b.Article != article(b.Item) || !strings.HasPrefix(b.Article, "办法第") {
			t.Errorf("%s: %s is not %s", m.Title, b.Article, b.Item)
		}
	}
}

func TestArticlesAreSpeltOut(t *testing.T) {
	t.Parallel()
	for item, want := range map[string]string{"IMP-19-3": "办法第十九条第(三)项", "IMP-9-1": "办法第九条第(一)项", "IMP-20-1": "办法第二十条第(一)项", "IMP-24": "办法第二十四条"} {
		if got := article(item); got != want {
			t.Errorf("article(%s) = %s, want %s", item, got, want)
		}
	}
}

func TestMeasuresAndWorldAreTheSameEveryTime(t *testing.T) {
	t.Parallel()
	a, b := Measures(), Measures()
	for i := range a {
		if a[i].Text != b[i].Text || a[i].DocNo != b[i].DocNo || a[i].Heard != b[i].Heard {
			t.Fatalf("%s differs from one call to the next", a[i].Title)
		}
	}
}
