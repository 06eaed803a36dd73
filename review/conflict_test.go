package review

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func benchCase() Case {
	return Case{ID: "c1", Unit: "ind", With: []string{"agr"}, Measure: Measure{Issuer: "gov"}, Officer: "officer", TextBy: "drafter", TextFor: "away",
		Joint: &Joint{Seats: []Seat{{Unit: "fin"}}}, Hands: []Hand{{"drafter", UnitSide}, {"finhead", SeatSide}, {"old", ExpertSide}},
		Panel: &Panel{Members: []Member{{Person: "shy", Status: memberRecused}, {Person: "busy", Status: memberDeclined}}}}
}

var benchUnits = []Body{{"云泽市农业农村局", []string{"agr"}}, {"云泽市财政局", []string{"fin"}}, {"云泽市人民政府", []string{"gov"}}, {"云泽市工业和信息化局", []string{"ind"}}}

func body(name string) Body { return Body{Name: name} }

func TestWhatStandsBetweenAnExpertAndACase(t *testing.T) {
	t.Parallel()
	text := "支持湄州建设（集团）有限公司等企业，参照 ABC Steel 公司做法。\n一中附近地块除外。"
	for name, tc := range map[string]struct {
		e    ExpertFacts
		want []Interest
	}{
		"nothing":                                     {ExpertFacts{Person: "e", Bodies: []Body{body("湖山大学")}}, nil},
		"works for the drafting unit":                 {ExpertFacts{Bodies: []Body{body("云泽市工业和信息化局")}}, []Interest{{"institution", "云泽市工业和信息化局", "unit"}}},
		"by the id of the account":                    {ExpertFacts{Bodies: []Body{{"工信局", []string{"ind"}}}}, []Interest{{"institution", "工信局", "unit"}}},
		"for a part of it":                            {ExpertFacts{Bodies: []Body{body("云泽市工业和信息化局信息中心")}}, []Interest{{"institution", "云泽市工业和信息化局信息中心", "unit"}}},
		"for a unit that drafts with it":              {ExpertFacts{Bodies: []Body{body("云泽市农业农村局")}}, []Interest{{"institution", "云泽市农业农村局", "with"}}},
		"for the issuer":                              {ExpertFacts{Bodies: []Body{body("云泽市人民政府")}}, []Interest{{"institution", "云泽市人民政府", "issuer"}}},
		"for a seat":                                  {ExpertFacts{Bodies: []Body{body("云泽市财政局 ")}}, []Interest{{"institution", "云泽市财政局 ", "seat"}}},
		"for a firm in the text":                      {ExpertFacts{Bodies: []Body{body("湄州建设(集团)有限公司")}}, []Interest{{"institution", "湄州建设(集团)有限公司", "text"}}},
		"for a firm in full width":                    {ExpertFacts{Bodies: []Body{body("ＡＢＣ　ＳＴＥＥＬ")}}, []Interest{{"institution", "ＡＢＣ　ＳＴＥＥＬ", "text"}}},
		"a short name in the text is not looked for":  {ExpertFacts{Bodies: []Body{body("一中")}}, nil},
		"left the drafting unit three years ago":      {ExpertFacts{Employers: []Past{{body("云泽市工业和信息化局"), 2010, 2023}}}, []Interest{{"former_employer", "云泽市工业和信息化局", "unit"}}},
		"left it four years ago":                      {ExpertFacts{Employers: []Past{{body("云泽市工业和信息化局"), 2010, 2022}}}, nil},
		"nobody knows when they left":                 {ExpertFacts{Employers: []Past{{body("云泽市工业和信息化局"), 2010, 0}}}, []Interest{{"former_employer", "云泽市工业和信息化局", "unit"}}},
		"left a firm in the text last year":           {ExpertFacts{Employers: []Past{{body("湄州建设（集团）有限公司"), 2020, 2025}}}, []Interest{{"former_employer", "湄州建设（集团）有限公司", "text"}}},
		"worked for the drafting unit last year":      {ExpertFacts{Works: []Past{{body("云泽市工业和信息化局"), 2025, 2025}}}, []Interest{{"prior_work", "云泽市工业和信息化局", "unit"}}},
		"worked for it long ago":                      {ExpertFacts{Works: []Past{{body("云泽市工业和信息化局"), 2019, 2019}}}, nil},
		"work for the issuer is none for the drafter": {ExpertFacts{Works: []Past{{body("云泽市人民政府"), 2025, 2025}}}, nil},
		"declared a firm in the text":                 {ExpertFacts{Declared: []Declared{{With: body("湄州建设（集团）有限公司")}}}, []Interest{{"declared", "湄州建设（集团）有限公司", "text"}}},
		"declared a party":                            {ExpertFacts{Declared: []Declared{{With: body("云泽市财政局")}}}, []Interest{{"declared", "云泽市财政局", "seat"}}},
		"declared this case":                          {ExpertFacts{Declared: []Declared{{With: body("亲属"), Case: "c1"}}}, []Interest{{"declared", "亲属", "case"}}},
		"declared another case":                       {ExpertFacts{Declared: []Declared{{With: body("云泽市财政局"), Case: "c2"}}}, nil},
		"declared what is not here":                   {ExpertFacts{Declared: []Declared{{With: body("江洲钢铁公司")}}}, nil},
		"acted for the unit, and drafted":             {ExpertFacts{Person: "drafter"}, []Interest{{"other_role", "unit", "hand"}, {"other_role", "unit", "draft"}}},
		"for whom it was drafted":                     {ExpertFacts{Person: "away"}, []Interest{{"other_role", "unit", "draft"}}},
		"is the officer":                              {ExpertFacts{Person: "officer"}, []Interest{{"other_role", "regulator", "officer"}}},
		"signed for a seat":                           {ExpertFacts{Person: "finhead"}, []Interest{{"other_role", "seat", "hand"}}},
		"sat on an earlier panel":                     {ExpertFacts{Person: "old"}, nil},
		"withdrew from the panel":                     {ExpertFacts{Person: "shy"}, []Interest{{"recused", "", "panel"}}},
		"declined to sit":                             {ExpertFacts{Person: "busy"}, nil},
		"the same thing twice is one":                 {ExpertFacts{Bodies: []Body{body("云泽市财政局"), body("云泽市财政局")}}, []Interest{{"institution", "云泽市财政局", "seat"}}},
		"all at once":                                 {ExpertFacts{Bodies: []Body{body("云泽市财政局")}, Employers: []Past{{body("云泽市人民政府"), 2000, 2024}}}, []Interest{{"institution", "云泽市财政局", "seat"}, {"former_employer", "云泽市人民政府", "issuer"}}},
		"an empty name meets nothing":                 {ExpertFacts{Bodies: []Body{{}}, Employers: []Past{{}}, Works: []Past{{}}, Declared: []Declared{{}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Conflicts(benchCase(), tc.e.Resolve(benchUnits), Named(text, Names(tc.e)), "2026-11-24", 3)
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestThePastEndsWithTheYear(t *testing.T) {
	t.Parallel()
	e := ExpertFacts{Employers: []Past{{Body{"甲", []string{"ind"}}, 2000, 2023}}}
	for _, tc := range []struct {
		today Date
		years int
		want  bool
	}{{"2026-12-31", 3, true}, {"2027-01-01", 3, false}, {"2023-12-31", 0, true}, {"2024-01-01", 0, false}, {"2024-01-01", -1, false}, {"2033-01-01", 10, true}} {
		if got := len(Conflicts(benchCase(), e, nil, tc.today, tc.years)) > 0; got != tc.want {
			t.Errorf("on %s within %d years: %v", tc.today, tc.years, got)
		}
	}
}

func TestNamesAreComparedInOneForm(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"湄州建设（集团）有限公司", "湄州建设(集团)有限公司", true}, {"湄州建设〔集团〕有限公司", "湄州建设【集团】有限公司", true},
		{"湖山大学", "湖山大学法学院", true}, {"湖山大学法学院", "湖山大学", true}, {"北大", "北大荒集团", false}, {"北大", "北大", true},
		{"ＡＢＣ公司", "abc 公司", true}, {"湖山\n大学", "湖山大学", true}, {"", "", false}, {"", "湖山大学", false}, {"云泽市财政局", "云泽市司法局", false},
	} {
		if got := SameBody(tc.a, tc.b); got != tc.want {
			t.Errorf("%q and %q: %v", tc.a, tc.b, got)
		}
	}
	if got := Named("湖山大学、湖 山\n学院", []string{"湖山学院", "湖山大学", "湖山"}); !slices.Equal(got, []string{"湖山学院", "湖山大学"}) {
		t.Errorf("named %v", got)
	}
}

func TestCardNumbersAreSeen(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"11010519491231002X": true, "330501198001011234": true, "３３０５０１１９８００１０１１２３４": true, "身份证 330501 19800101 1234": true, "6222 0200 1234 5678": true,
		"6222-0200-1234-5678": true, "6.22202E+18": true, "330501800101123": true,
		"湖山市财政局 2010-2015；湖山大学 2016-2020": false, "0572-2398123": false, "13800000000": false, "1.5E+3": false, "": false, "竞争法": false,
	} {
		if got := PersonalNumber(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
	for s, want := range map[string]bool{"身份证号": true, "证件号码": true, "ID_Card": true, "id number": true, "银行账号": true, "开户行": true, "Bank": true,
		"账号": false, "name": false, "领域": false, "institution": false} {
		if got := PersonalColumn(s); got != want {
			t.Errorf("column %q: %v", s, got)
		}
	}
}

// Made-up experts, with and without something against them: the eligible are those and only those, whatever order people,
// bodies, units and names come in.
func TestAConflictedExpertIsNeverEligible(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	text := "支持湄州建设集团有限公司。"
	bad := []string{"云泽市工业和信息化局", "云泽市农业农村局", "云泽市财政局", "云泽市人民政府", "湄州建设集团有限公司"}
	good := []string{"湖山大学", "江洲政法学院", "云衡会计师事务所", "一中", "湄州标准技术中心"}
	one := func(of []string) Body { return body(of[rnd.IntN(len(of))]) }
	for round := range 300 {
		conflicted := map[string]bool{}
		var all []ExpertFacts
		for i := range 20 {
			e := ExpertFacts{Person: fmt.Sprintf("e%02d", i), Bodies: []Body{one(good)}, Employers: []Past{{one(good), 2000, 2025}, {one(bad), 2000, 2021}}, Works: []Past{{one(good), 2025, 2025}}}
			switch rnd.IntN(8) {
			case 0:
				e.Bodies = append(e.Bodies, one(bad))
			case 1:
				e.Employers = append(e.Employers, Past{one(bad), 2000, 2023 + rnd.IntN(4)})
			case 2:
				e.Works = append(e.Works, Past{one(bad[:2]), 2024, 2024})
			case 3:
				e.Declared = append(e.Declared, Declared{With: one(bad)})
			case 4:
				e.Person = []string{"drafter", "officer", "finhead", "shy"}[rnd.IntN(4)]
			default:
				all = append(all, e)
				continue
			}
			conflicted[e.Person] = true
			all = append(all, e)
		}
		eligible := func() []string {
			units := slices.Clone(benchUnits)
			rnd.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
			var out []string
			for _, e := range all {
				rnd.Shuffle(len(e.Bodies), func(i, j int) { e.Bodies[i], e.Bodies[j] = e.Bodies[j], e.Bodies[i] })
				rnd.Shuffle(len(e.Employers), func(i, j int) { e.Employers[i], e.Employers[j] = e.Employers[j], e.Employers[i] })
				if len(Conflicts(benchCase(), e.Resolve(units), Named(text, Names(e)), "2026-06-01", ConflictYears)) == 0 {
					out = append(out, e.Person)
				}
			}
			slices.Sort(out)
			return out
		}
		first := eligible()
		for _, who := range first {
			if conflicted[who] {
				t.Fatalf("round %d: %s is eligible", round, who)
			}
		}
		clear := 0
		for _, e := range all {
			if !conflicted[e.Person] {
				clear++
			}
		}
		if len(first) != clear {
			t.Fatalf("round %d: %d eligible, %d have nothing against them", round, len(first), clear)
		}
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if again := eligible(); !slices.Equal(first, again) || EligibleHash(first) != EligibleHash(again) {
			t.Fatalf("round %d: %v, in another order %v", round, first, again)
		}
	}
}

// panelRecord is a draw of three of six for a panel.
func panelRecord(t *testing.T) DrawRecord {
	t.Helper()
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	r := DrawRecord{Format: 1, ID: "d1", What: PanelDraw, Regulator: "amr", Filter: DrawFilter{Case: "c1", Round: 1, Fields: "竞争法"}, Take: 3, TakeAlternates: 2,
		Eligible: []string{"e1", "e2", "e3", "e4", "e5", "e6"}, RequestedBy: "officer", RequestedAt: at, Seed: strings.Repeat("0a", 32), DrawnBy: "officer", DrawnAt: &at}
	r.EligibleHash = EligibleHash(r.Eligible)
	r.RequestHash = r.HashRequest()
	if err := r.Pick(); err != nil {
		t.Fatal(err)
	}
	r.Labels = []string{"甲", "乙", "丙", "丁", "戊"}
	r.Sum = r.HashRecord()
	return r
}

func TestADrawForAPanelIsVerified(t *testing.T) {
	t.Parallel()
	if err := panelRecord(t).Verify(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*DrawRecord){
		"another case":          func(r *DrawRecord) { r.Filter.Case = "c2" },
		"another round":         func(r *DrawRecord) { r.Filter.Round = 2 },
		"other fields":          func(r *DrawRecord) { r.Filter.Fields = "" },
		"somebody else":         func(r *DrawRecord) { r.Drawn[0] = r.Alternates[0] },
		"a list less one":       func(r *DrawRecord) { r.Eligible = r.Eligible[1:] },
		"called a spot check":   func(r *DrawRecord) { r.What = SpotCheck },
		"a name":                func(r *DrawRecord) { r.Labels[0] = "己" },
		"an even panel":         func(r *DrawRecord) { r.Take = 4; r.RequestHash = r.HashRequest() },
		"one alternate only":    func(r *DrawRecord) { r.TakeAlternates = 1; r.RequestHash = r.HashRequest() },
		"with a period as well": func(r *DrawRecord) { r.Filter.From = "2026-01-01"; r.RequestHash = r.HashRequest() },
		"of no case":            func(r *DrawRecord) { r.Filter.Case = ""; r.RequestHash = r.HashRequest() },
	} {
		r := panelRecord(t)
		change(&r)
		if r.Verify() == nil {
			t.Errorf("%s: fits", name)
		}
	}
	for _, tc := range []struct {
		take, alternates int
		want             bool
	}{{3, 2, true}, {3, 1, false}, {1, 1, false}, {5, 3, true}, {5, 2, false}, {4, 4, false}, {15, 8, true}, {17, 9, false}, {15, 51, false}} {
		if PanelSize(tc.take, tc.alternates) != tc.want {
			t.Errorf("%d and %d: %v", tc.take, tc.alternates, !tc.want)
		}
	}
}
