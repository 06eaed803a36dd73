package review

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TextLimit bounds a stored text, in bytes: about 300,000 Chinese characters.
const TextLimit = 1 << 20

var clauseHead = regexp.MustCompile(`^(第[一二三四五六七八九十百零〇0-9]{1,6}条|[一二三四五六七八九十]{1,3}、|（[一二三四五六七八九十]{1,3}）)`)

// Clauses returns the labels of a text's clauses in order: 第一条, or 一、 and （一） under it. A text without such
// numbering is one clause, 全文. A label that occurs twice is made distinct by its place: 一、#2.
func Clauses(text string) []string {
	var labels, out []string
	for line := range strings.Lines(text) {
		if label := clauseHead.FindString(strings.TrimLeftFunc(line, unicode.IsSpace)); label != "" {
			labels = append(labels, strings.TrimSuffix(label, "、"))
		}
	}
	articles := slices.Contains(labels, "第一条")
	seen := map[string]int{}
	for _, label := range labels {
		if len(out) == 400 || articles && !strings.HasPrefix(label, "第") {
			continue
		}
		if seen[label]++; seen[label] > 1 {
			label += "#" + strconv.Itoa(seen[label])
		}
		out = append(out, label)
	}
	if len(out) == 0 {
		return []string{"全文"}
	}
	return out
}

// CleanText refuses a text that is empty, too large, not UTF-8 or that holds control characters other than line
// breaks and tabs; it never changes it.
func CleanText(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return Refuse(Missing, "field", "text")
	case len(text) > TextLimit:
		return Refuse(TooLarge, "field", "text", "limit", "1 MiB")
	case !CleanString(text):
		return Refuse(BadCharacters, "field", "text")
	}
	return nil
}

// CleanString reports whether s is UTF-8 without control characters other than line breaks and tabs.
func CleanString(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' || r == '\ufffe' || r == '\uffff'
	})
}
