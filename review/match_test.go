package review

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const matchBefore = "若干措施\n" +
	"第一条 为了支持全市工业企业创新发展，制定本措施。\n" +
	"第二条 在本市注册的工业企业，优先享受技术改造奖励，奖励金额不超过一百万元。\n" +
	"第三条 财政部门安排专项资金，工业和信息化部门负责组织实施。\n" +
	"第四条 本措施自印发之日起施行，有效期三年。\n"

func TestMatch(t *testing.T) {
	t.Parallel()
	ids := []string{"c0", "c1", "c2", "c3", "c4"}
	for _, tt := range []struct {
		name, next string
		answers    []ClauseMatch
		want       []string
		unsure     []Unsure
	}{
		{"the same text", matchBefore, nil, []string{"c0", "c1", "c2", "c3", "c4"}, nil},
		{"an amended article keeps its id", "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 符合条件的工业企业，享受技术改造奖励，奖励金额不超过一百万元。\n第三条 财政部门安排专项资金，工业和信息化部门负责组织实施。\n第四条 本措施自印发之日起施行，有效期三年。\n",
			nil, []string{"c0", "c1", "c2", "c3", "c4"}, nil},
		{"renumbered after an article was put in", "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 鼓励高校与科研院所开展联合攻关。\n第三条 在本市注册的工业企业，优先享受技术改造奖励，奖励金额不超过一百万元。\n第四条 财政部门安排专项资金，工业和信息化部门负责组织实施。\n第五条 本措施自印发之日起施行，有效期三年。\n",
			nil, []string{"c0", "c1", "c10", "c2", "c3", "c4"}, nil},
		{"an article is gone", "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 财政部门安排专项资金，工业和信息化部门负责组织实施。\n第三条 本措施自印发之日起施行，有效期三年。\n",
			nil, []string{"c0", "c1", "c3", "c4"}, nil},
		{"two articles change places", "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 财政部门安排专项资金，工业和信息化部门负责组织实施。\n第三条 在本市注册的工业企业，优先享受技术改造奖励，奖励金额不超过一百万元。\n第四条 本措施自印发之日起施行，有效期三年。\n",
			nil, []string{"c0", "c1", "c3", "c2", "c4"}, nil},
		{"an article rewritten in its place keeps its id", "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 鼓励高校联合攻关。\n第三条 财政部门安排专项资金，工业和信息化部门负责组织实施。\n第四条 本措施自印发之日起施行，有效期三年。\n",
			nil, []string{"c0", "c1", "c2", "c3", "c4"}, nil},
		{"two half-changed articles side by side are asked about", "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 工业企业开展技术改造的，由县区按照规定另行支持，奖励金额由县区确定。\n第三条 县区财政部门统筹资金，各乡镇负责组织实施。\n第四条 本措施自印发之日起施行，有效期三年。\n",
			nil, []string{"c0", "c1", "", "", "c4"}, []Unsure{{"第二条", []string{"c2"}}, {"第三条", []string{"c3"}}}},
		{"one answered, the other stands in its place", "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 工业企业开展技术改造的，由县区按照规定另行支持，奖励金额由县区确定。\n第三条 县区财政部门统筹资金，各乡镇负责组织实施。\n第四条 本措施自印发之日起施行，有效期三年。\n",
			[]ClauseMatch{{"第二条", "c2"}}, []string{"c0", "c1", "c2", "c3", "c4"}, nil},
		{"or both are new", "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 工业企业开展技术改造的，由县区按照规定另行支持，奖励金额由县区确定。\n第三条 县区财政部门统筹资金，各乡镇负责组织实施。\n第四条 本措施自印发之日起施行，有效期三年。\n",
			[]ClauseMatch{{"第二条", NewClause}, {"第三条", NewClause}}, []string{"c0", "c1", "c10", "c11", "c4"}, nil},
		{"exchanged in their places, as it is answered", "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 工业企业开展技术改造的，由县区按照规定另行支持，奖励金额由县区确定。\n第三条 县区财政部门统筹资金，各乡镇负责组织实施。\n第四条 本措施自印发之日起施行，有效期三年。\n",
			[]ClauseMatch{{"第二条", "c3"}, {"第三条", "c2"}}, []string{"c0", "c1", "c3", "c2", "c4"}, nil},
		{"amended and renumbered at once is asked about", "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 鼓励高校与科研院所开展联合攻关。\n第三条 符合条件的工业企业，享受技术改造奖励，奖励金额不超过一百万元。\n第四条 财政部门安排专项资金，工业和信息化部门负责组织实施。\n第五条 本措施自印发之日起施行，有效期三年。\n",
			nil, []string{"c0", "c1", "c10", "", "c3", "c4"}, []Unsure{{"第三条", []string{"c2"}}}},
		{"another article under a number that another left", "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 鼓励高校联合攻关。\n第三条 培育公平竞争文化。\n第四条 本措施自印发之日起施行，有效期三年。\n",
			nil, []string{"c0", "c1", "c10", "c11", "c4"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, unsure, err := Match(Split(matchBefore), ids, Split(tt.next), tt.answers, 9)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.unsure, unsure); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, tt := range []struct {
		name    string
		answers []ClauseMatch
	}{
		{"a clause that is not there", []ClauseMatch{{"第九条", "c2"}}},
		{"an id that never was", []ClauseMatch{{"第二条", "c7"}}},
		{"no id", []ClauseMatch{{"第二条", ""}}},
		{"an id taken twice", []ClauseMatch{{"第二条", "c2"}, {"第三条", "c2"}}},
		{"a clause answered twice", []ClauseMatch{{"第二条", "c2"}, {"第二条", "c3"}}},
		{"the preamble", []ClauseMatch{{"第二条", "c0"}}},
	} {
		t.Run("an answer with "+tt.name+" is refused", func(t *testing.T) {
			t.Parallel()
			if _, _, err := Match(Split(matchBefore), ids, Split(matchBefore), tt.answers, 4); CodeOf(err) != Invalid {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestEqualClauses(t *testing.T) {
	t.Parallel()
	old := Split("第一条 另行规定。\n第二条 另行规定。\n第三条 甲乙丙丁。")
	same, unsure, err := Match(old, []string{"c1", "c2", "c3"}, Split("第五条 另行规定。\n第六条 另行规定。\n第七条 甲乙丙丁。\n第一条 子丑寅卯"), nil, 3)
	if err != nil || unsure != nil || !slices.Equal(same, []string{"c1", "c2", "c3", "c4"}) {
		t.Errorf("as many as before: %v, %v, %v", same, unsure, err)
	}
	_, unsure, _ = Match(old, []string{"c1", "c2", "c3"}, Split("第五条 另行规定。\n第七条 甲乙丙丁。\n第一条 子丑寅卯"), nil, 3)
	if diff := cmp.Diff([]Unsure{{"第五条", []string{"c1", "c2"}}}, unsure); diff != "" {
		t.Errorf("one of two that were equal: %s", diff)
	}
}

func TestAnUnsplitTextIsOneClause(t *testing.T) {
	t.Parallel()
	ids, unsure, err := Match(Split("支持企业。"), []string{"c1"}, Split("通知如下，另行安排。"), nil, 1)
	if err != nil || unsure != nil || !slices.Equal(ids, []string{"c1"}) {
		t.Errorf("%v, %v, %v", ids, unsure, err)
	}
}

func TestMatchNeverGivesAnIDTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		old, next := Split(genText(t)), Split(genText(t))
		ids := make([]string, len(old))
		for i, c := range old {
			if ids[i] = fmt.Sprintf("c%d", i+1); c.Label == Preamble {
				ids[i] = preambleID
			}
		}
		var answers []ClauseMatch
		for range 3 { // answer what is asked until nothing is
			got, unsure, err := Match(old, ids, next, answers, len(old))
			if err != nil {
				t.Fatalf("answers %v: %v", answers, err)
			}
			again, _, _ := Match(old, ids, next, answers, len(old))
			if !slices.Equal(got, again) {
				t.Fatalf("%v and then %v", got, again)
			}
			seen := map[string]bool{}
			for i, id := range got {
				asked := slices.ContainsFunc(unsure, func(u Unsure) bool { return u.Label == next[i].Label })
				if id == "" != asked || id != "" && seen[id] {
					t.Fatalf("%q for %s, asked %v, in %v", id, next[i].Label, asked, got)
				}
				seen[id] = true
			}
			taken := map[string]bool{}
			for _, a := range answers {
				taken[a.Was] = true
			}
			for _, u := range unsure {
				was := rapid.SampledFrom(append(slices.Clone(u.Candidates), NewClause)).Draw(t, "answer")
				if taken[was] {
					was = NewClause
				}
				taken[was] = was != NewClause
				answers = append(answers, ClauseMatch{u.Label, was})
			}
			if len(unsure) == 0 {
				return
			}
		}
	})
}

func TestTouched(t *testing.T) {
	t.Parallel()
	text := func(hash, body string, ids ...string) Text {
		cs := Split(body)
		full := Text{Clauses: Clauses(body), IDs: ids}.IDsFor(cs)
		out := TextOf(hash, cs, full)
		if len(ids) == 0 {
			out.IDs = nil
		}
		return out
	}
	old := text("a", "甲\n第一条 子\n第二条 丑\n第三条 寅", "c1", "c2", "c3")
	for _, tt := range []struct {
		name      string
		old, next Text
		want      []string
	}{
		{"nothing", old, text("b", "甲\n第一条　子\n第二条 丑\n\n第三条 寅", "c1", "c2", "c3"), nil},
		{"one clause", old, text("b", "甲\n第一条 子\n第二条 卯\n第三条 寅", "c1", "c2", "c3"), []string{"第二条"}},
		{"one gone, the others renumbered", old, text("b", "甲\n第一条 子\n第二条 寅", "c1", "c3"), []string{"第二条"}},
		{"one put in", old, text("b", "甲\n第一条 子\n第二条 辰\n第三条 丑\n第四条 寅", "c1", "c4", "c2", "c3"), []string{"第二条"}},
		{"two exchanged their words", old, text("b", "甲\n第一条 丑\n第二条 子\n第三条 寅", "c1", "c2", "c3"), []string{"第一条", "第二条"}},
		{"the title", old, text("b", "乙\n第一条 子\n第二条 丑\n第三条 寅", "c1", "c2", "c3"), []string{Preamble}},
		{"without ids, by words", text("a", "第一条 子\n第二条 丑"), text("b", "第一条 丑\n第二条 卯"), []string{"第二条", "第一条"}},
		{"the same text", old, old, nil},
		{"no sums were kept", Text{Hash: "a", Clauses: []string{"第一条"}}, text("b", "第一条 子"), []string{"第一条"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, Touched(tt.old, tt.next)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAlign(t *testing.T) {
	t.Parallel()
	old, next := Split("第一条 子\n第二条 丑\n第三条 寅\n第四条 卯"), Split("第一条 子\n第二条 寅寅\n第三条 辰\n第四条 卯")
	got := Align(old, []string{"c1", "c2", "c3", "c4"}, next, []string{"c1", "c3", "c5", "c4"})
	want := []Row{{"c1", 0, 0, RowSame}, {"c2", 1, -1, RowRemoved}, {"c3", 2, 1, RowChanged}, {"c5", -1, 2, RowAdded}, {"c4", 3, 3, RowSame}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := LastClause([]Text{{IDs: []string{"c2", "c11"}}, {IDs: []string{"c9", "x"}}}); n != 11 {
		t.Errorf("last is %d", n)
	}
}
