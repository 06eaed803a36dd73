package review

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func labelsOf(cs []Clause) []string {
	var out []string
	for _, c := range cs {
		out = append(out, c.Label)
	}
	return out
}

func TestSplit(t *testing.T) {
	t.Parallel()
	long := strings.Builder{}
	for i := range 30 {
		fmt.Fprintf(&long, "第%d章 甲\n", i+1)
		for k := range 20 {
			fmt.Fprintf(&long, "第%d条 乙\n", i*20+k+1)
		}
	}
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"a title is the preamble", "若干措施\n第一条 甲\n第二条 乙", []string{"首部", "第一条", "第二条"}},
		{"empty lines are no preamble", "\n\n第一条 甲", []string{"第一条"}},
		{"articles without a space", "第一条为了甲\n第二条本市乙\n第三条丙", []string{"第一条", "第二条", "第三条"}},
		{"a paragraph that cites an article is none", "第一条为了甲\n第二条乙\n第一条所称企业，是指丙。\n第三条丁", []string{"第一条", "第二条", "第三条"}},
		{"nor one that cites the next", "第一条为了甲\n第二条、第三条规定的企业\n第二条乙", []string{"第一条", "第二条"}},
		{"an article put between", "第一条 甲\n第一条之一 乙\n第二条 丙", []string{"第一条", "第一条之一", "第二条"}},
		{"chapters are no clauses", "办法\n第一章 总则\n第一条 甲\n第二章 措施\n第二条 乙", []string{"首部", "第一条", "第二条"}},
		{"items of articles are no clauses", "第一条 甲：\n（一）乙；\n（二）丙。\n第二条 丁", []string{"第一条", "第二条"}},
		{"half-width brackets", "一、甲\n(一)乙\n(二)丙", []string{"一", "(一)", "(二)"}},
		{"points when there is nothing else", "通知\n1. 甲\n2. 乙\n3. 丙", []string{"首部", "1", "2", "3"}},
		{"points in brackets", "(1) 甲\n(2) 乙", []string{"(1)", "(2)"}},
		{"an amount is no point", "本市安排\n2.5亿元", []string{"全文"}},
		{"more articles than fit", long.String(), strings.Fields(strings.ReplaceAll(strings.Join(func() (out []string) {
			for i := range 30 {
				out = append(out, fmt.Sprintf("第%d章", i+1))
			}
			return out
		}(), " "), "\n", ""))},
		{"more items than fit", "一、甲\n" + strings.Repeat("（一）乙\n", 500) + "二、丙\n", []string{"一", "二"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, labelsOf(Split(tt.text))); diff != "" {
				t.Error(diff)
			}
			if Splittable(tt.text) == (tt.want[0] == WholeText) {
				t.Error("splittable is wrong")
			}
		})
	}
}

func TestNothingIsLeftOutOfALongText(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("（一）甲\n", 5000)
	cs := Split(text)
	if len(cs) != ClauseLimit || cs[len(cs)-1].End != len(text) {
		t.Errorf("%d clauses, the last ends at %d of %d", len(cs), cs[len(cs)-1].End, len(text))
	}
}

func TestAClauseIsItsWords(t *testing.T) {
	t.Parallel()
	sum := func(text string) string { return Split(text)[0].Sum }
	for _, tt := range []struct {
		name, a, b string
		same       bool
	}{
		{"the label is no part of it", "第一条 支持企业", "第一条之一　支持企业", true},
		{"nor is the layout", "第一条 支持\n　　企业", "第一条支持企业", true},
		{"a word is", "第一条 支持企业", "第一条 支持本地企业", false},
		{"so is a comma", "第一条 支持企业", "第一条 支持，企业", false},
		{"Latin words stay apart", "第一条 fair trade", "第一条 fairtrade", false},
		{"the heading of its chapter goes with it", "第一章 总则\n第一条 甲", "第一章 附则\n第一条 甲", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if (sum(tt.a) == sum(tt.b)) != tt.same {
				t.Errorf("%s and %s", sum(tt.a), sum(tt.b))
			}
		})
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		of         int
		want       []string
	}{
		{"one paragraph has no parts", "第一条 甲", 0, nil},
		{"paragraphs", "第一条 甲\n乙\n丙", 0, []string{"第一条第一款", "第一条第二款", "第一条第三款"}},
		{"items of the only paragraph", "第一条 甲：\n（一）乙；\n（二）丙。", 0, []string{"第一条第（一）项", "第一条第（二）项"}},
		{"items of the second paragraph", "第一条 甲。\n有下列情形的：\n（一）乙；\n1. 丙；\n（二）丁。\n戊。", 0,
			[]string{"第一条第一款", "第一条第二款", "第一条第二款第（一）项", "第一条第二款第（二）项", "第一条第三款"}},
		{"the heading of a chapter is no paragraph", "第一条 甲\n第二章 乙\n第二条 丙\n丁", 1, []string{"第二条第一款", "第二条第二款"}},
		{"points of a section", "一、甲\n1. 乙\n2. 丙", 0, []string{"一 1.", "一 2."}},
		{"paragraphs of a section", "一、甲\n乙", 0, []string{"一第一段", "一第二段"}},
		{"of a label that occurs twice", "一、甲\n（一）乙\n二、丙\n（一）丁\n1. 戊", 3, []string{"（一）#2 1."}},
		{"an amount is no point", "一、甲\n2.5亿元", 0, []string{"一第一段", "一第二段"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := Split(tt.text)[tt.of]
			got := Parts(tt.text, c)
			if diff := cmp.Diff(tt.want, labelsOf(got)); diff != "" {
				t.Error(diff)
			}
			for _, p := range got {
				if p.Start < c.Start || p.End > c.End || p.Start >= p.End || p.Depth <= c.Depth {
					t.Errorf("%s lies at %d to %d, depth %d", p.Label, p.Start, p.End, p.Depth)
				}
				if !HasClause([]string{c.Label}, p.Label) {
					t.Errorf("%s is not known as a part of %s", p.Label, c.Label)
				}
			}
		})
	}
	for _, no := range []string{"第三条以外", "第三十条", "第三条第二款及其他", ""} {
		if HasClause([]string{"第三条"}, no) {
			t.Errorf("%q is known", no)
		}
	}
}

func TestSplitAt(t *testing.T) {
	t.Parallel()
	text := "标题\n甲\n乙\n丙"
	cs, err := SplitAt(text, []Break{{2, "甲"}, {4, "第二部分"}})
	if err != nil || !slices.Equal(labelsOf(cs), []string{Preamble, "甲", "第二部分"}) || text[cs[1].Start:cs[1].End] != "甲\n乙\n" {
		t.Errorf("%+v, %v", cs, err)
	}
	for _, tt := range []struct {
		name   string
		breaks []Break
	}{
		{"none", nil},
		{"line 0", []Break{{0, "甲"}}},
		{"a line that is not there", []Break{{5, "甲"}}},
		{"the same line twice", []Break{{1, "甲"}, {1, "乙"}}},
		{"backwards", []Break{{2, "甲"}, {1, "乙"}}},
		{"an empty label", []Break{{1, " "}}},
		{"a label twice", []Break{{1, "甲"}, {2, "甲 "}}},
		{"the label of the preamble", []Break{{1, Preamble}}},
		{"a label that is too long", []Break{{1, strings.Repeat("甲", 101)}}},
		{"a label with a line break", []Break{{1, "甲\n乙"}}},
		{"too many", make([]Break, ClauseLimit+1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := SplitAt(text, tt.breaks); CodeOf(err) != Invalid {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFiftyThousandCharacters(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("第一条 支持企业公平竞争。\n", 50_000/13)
	if err := CleanText(text); err != nil {
		t.Fatal(err)
	}
	cs := Split(text)
	if cs[len(cs)-1].End != len(text) {
		t.Error("something was cut")
	}
	if err := CleanText(text[:3000] + "\x08" + text[3000:]); CodeOf(err) != BadCharacters {
		t.Errorf("a control character among them: %v", err)
	}
}

// genText makes texts of the kinds that offices write, and some that nobody would.
func genText(t *rapid.T) string {
	line := rapid.Custom(func(t *rapid.T) string {
		lead := rapid.SampledFrom([]string{"", "", "第一条 ", "第二条", "第三条　", "第十条所称", "一、", "二、", "（一）", "(二)", "1. ", "2.", "(1)", "第一章 ", "　　"}).Draw(t, "lead")
		return lead + rapid.SampledFrom([]string{"", "支持企业发展", "本措施自印发之日起施行。", "对注册在本市的企业给予奖励", "fair play", "\r", "丙"}).Draw(t, "words")
	})
	return strings.Join(rapid.SliceOfN(line, 0, 40).Draw(t, "lines"), "\n")
}

func TestSplitCoversTheText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := genText(t)
		cs := Split(text)
		seen, at := map[string]bool{}, 0
		for _, c := range cs {
			if c.Start != at || c.End < c.Start || len(c.Sum) != 8 || seen[c.Label] {
				t.Fatalf("%+v after %d in %q", c, at, text)
			}
			seen[c.Label], at = true, c.End
			inner := c.Start
			for _, p := range Parts(text, c) {
				if seen[p.Label] || p.Start < c.Start || p.End > c.End || p.Depth == c.Depth+1 && p.Start != inner || !utf8.ValidString(text[p.Start:p.End]) {
					t.Fatalf("part %+v of %+v in %q", p, c, text)
				}
				if seen[p.Label] = true; p.Depth == c.Depth+1 {
					inner = p.End
				}
			}
		}
		if at != len(text) {
			t.Fatalf("covers %d of %d bytes", at, len(text))
		}
		if got := Clauses(text); len(got) == 0 || len(got) > ClauseLimit {
			t.Fatalf("%d labels", len(got))
		}
	})
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"", "第一条 甲\n第二章\n第二条", "首部\n一、", "\xff第一条", "第一条\n\n（一）\n1.\n", "1.\n2.\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		for _, c := range Split(text) {
			if c.Start != at {
				t.Fatalf("%+v after %d", c, at)
			}
			at = c.End
			Parts(text, c)
		}
		if at != len(text) {
			t.Fatalf("covers %d of %d bytes", at, len(text))
		}
	})
}

func TestNumbersInChinese(t *testing.T) {
	t.Parallel()
	for n := 1; n < 100; n++ {
		if got := number(inChinese(n)); got != n {
			t.Errorf("%d is written %s, which reads %d", n, inChinese(n), got)
		}
	}
	if inChinese(11) != "十一" || inChinese(20) != "二十" || inChinese(100) != "100" || number("一百二十三") != 123 {
		t.Errorf("%s %s %s %d", inChinese(11), inChinese(20), inChinese(100), number("一百二十三"))
	}
}
