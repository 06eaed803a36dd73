package review

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestClauses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"articles", "总则\n第一条 为了……\n　　第二条　申报企业……\n（一）注册在本市\n第十二条 附则", []string{"第一条", "第二条", "第十二条"}},
		{"articles in digits", "第一条 甲\n第2条 乙", []string{"第一条", "第2条"}},
		{"numbered headings with items", "一、总体要求\n（一）目标\n二、措施\n（一）补贴", []string{"一、", "（一）", "二、", "（一）#2"}},
		{"an article cited inside a line is not a heading", "一、依据《条例》第一条制定\n二、措施", []string{"一、", "二、"}},
		{"no numbering", "本市支持企业发展。", []string{"全文"}},
		{"empty", "", []string{"全文"}},
		{"carriage returns", "第一条 甲\r\n第二条 乙\r\n", []string{"第一条", "第二条"}},
		{"twelve times the same label", strings.Repeat("一、甲\n", 12), []string{"一", "一#2", "一#3", "一#4", "一#5", "一#6", "一#7", "一#8", "一#9", "一#10", "一#11", "一#12"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := tt.want
			for i := range want {
				want[i] = strings.TrimSuffix(want[i], "、")
			}
			if diff := cmp.Diff(want, Clauses(tt.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClausesAreBounded(t *testing.T) {
	t.Parallel()
	if got := len(Clauses(strings.Repeat("（一）甲\n", 5000))); got != 400 {
		t.Errorf("%d clauses", got)
	}
}

func TestCleanText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       Code
	}{
		{"ordinary", "第一条 本市\r\n\t支持企业。", ""},
		{"emoji and rare characters", "𠮷野家 👍", ""},
		{"empty", " \n　", Missing},
		{"too large", strings.Repeat("a", TextLimit+1), TooLarge},
		{"just fits", strings.Repeat("a", TextLimit), ""},
		{"a null", "甲\x00乙", BadCharacters},
		{"an escape", "甲\x1b[31m乙", BadCharacters},
		{"a C1 control", "甲\u0085乙", BadCharacters},
		{"delete", "甲\x7f", BadCharacters},
		{"no character", "甲\uffff", BadCharacters},
		{"not UTF-8", "甲\xc0\xaf", BadCharacters},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := CodeOf(CleanText(tt.text)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzClauses(f *testing.F) {
	for _, s := range []string{"", "第一条 甲\n第一条 乙", "一、甲\n（一）乙\n（一）丙", "全文", "第一条#2", strings.Repeat("第十条\n", 20), "\xff第一条", "第一条\n一、\n第九百九十九条"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Clauses(text)
		if len(got) == 0 || len(got) > 400 {
			t.Fatalf("%d labels", len(got))
		}
		sorted := slices.Clone(got)
		slices.Sort(sorted)
		if len(slices.Compact(sorted)) != len(got) {
			t.Fatalf("labels are not distinct: %q", got)
		}
		for _, label := range got {
			if label == "" || len(label) > 100 || !utf8.ValidString(label) {
				t.Fatalf("label %q", label)
			}
			if body, _, _ := strings.Cut(label, "#"); label != "全文" && !strings.Contains(text, body) {
				t.Fatalf("label %q is not in the text", label)
			}
		}
	})
}
