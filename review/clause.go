package review

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ClauseLimit is how many clauses a text is split into at most.
const ClauseLimit = 400

// Labels that are not in the text.
const (
	WholeText = "全文" // a text without numbering is one clause
	Preamble  = "首部" // what stands before the first clause: title, recipients, opening words
)

// Clause is a stretch of a text. Sum is the first 8 hex digits of the SHA-256 of its words: without its label and with
// white space folded, so that renumbering or a new layout is no change. Depth is 0 for the preamble, 1 for an article or
// 一、, 2 for （一） under it or a paragraph of an article, 3 for an item of a paragraph.
type Clause struct {
	Label string
	Sum   string
	Start int // bytes; half open
	End   int
	Depth int

	words string
}

const numerals = `[一二三四五六七八九十百零〇0-9]`

var (
	chapterHead = regexp.MustCompile(`^第` + numerals + `{1,6}[编章节]`)
	articleHead = regexp.MustCompile(`^第(` + numerals + `{1,6})条(之[一二三四五六七八九十]{1,2})?`)
	sectionHead = regexp.MustCompile(`^[一二三四五六七八九十]{1,3}、`)
	itemHead    = regexp.MustCompile(`^(（[一二三四五六七八九十]{1,3}）|\([一二三四五六七八九十]{1,3}\))`)
	pointHead   = regexp.MustCompile(`^([0-9]{1,3})[.．、]`)
	parenHead   = regexp.MustCompile(`^[（(]([0-9]{1,3})[)）]`)
	// 第六条第一款, 第六条和第七条, 第六条规定的: a paragraph that begins by citing an article.
	citing = regexp.MustCompile(`^(第|、|规定|[和至及与或]第|或者第|以及第)`)

	partForm = regexp.MustCompile(`^(第` + numerals + `{1,6}[款段](#[0-9]+)?)?(第[（(]?` + numerals + `{1,4}[)）]?项(#[0-9]+)?)?$|^ [（(]?[0-9]{1,3}[)）.．、]?(#[0-9]+)?$`)
)

// heading is the line with which a clause begins.
type heading struct {
	at    int    // offset of the line
	skip  int    // bytes from there to the end of its marker
	label string // without 、 or .
	depth int
}

// Split cuts a text into the clauses that a case speaks of: its articles (第一条); else 一、 and （一） under it, side by
// side; else 1. 2. 3. or (1) (2) (3). They cover the text from end to end, in order and without overlap: what stands
// before the first is the Preamble, the heading of a chapter goes with the clause that follows it, and what comes after
// the last (an annex) goes with that. A text without numbering is one clause, WholeText. A label that occurs twice is made
// distinct by its place: 一#2.
//
// Of more than ClauseLimit clauses, the next level up is taken that has fewer: chapters for articles, 一、 without （一）.
// Where there is none, the last clause holds all that follows it: nothing is left out.
func Split(text string) []Clause {
	found, chapters := headings(text)
	cut := found
	if articles := slices.DeleteFunc(slices.Clone(found), func(h heading) bool { return !articleHead.MatchString(h.label) }); slices.ContainsFunc(articles, func(h heading) bool {
		return h.label == "第一条" || h.label == "第1条"
	}) {
		cut = articles
		if whole := slices.DeleteFunc(slices.Clone(chapters), func(h heading) bool { return !strings.HasSuffix(h.label, "章") }); len(cut) > ClauseLimit && len(whole) > 0 {
			cut = whole
		}
	} else if len(cut) > ClauseLimit {
		if upper := slices.DeleteFunc(slices.Clone(cut), func(h heading) bool { return h.depth > 1 }); len(upper) > 0 {
			cut = upper
		}
	}
	if len(cut) == 0 {
		cut = points(text)
	}
	return assemble(text, cut, chapters)
}

// headings finds the lines that begin an article, 一、 or （一）, and those that are the heading of a chapter.
func headings(text string) (found, chapters []heading) {
	before := 0 // number of the last article
	eachLine(text, func(at int, line string) {
		words := strings.TrimLeftFunc(line, unicode.IsSpace)
		indent := len(line) - len(words)
		if m := articleHead.FindStringSubmatch(words); m != nil {
			rest := words[len(m[0]):]
			n := number(m[1])
			// A heading is set off by a space, or it is the next in order; a paragraph may begin with the number of another article.
			if spaced := startsBlank(rest); spaced || !citing.MatchString(rest) && (before == 0 || n == before+1 || m[2] != "" && n == before) {
				found, before = append(found, heading{at, indent + len(m[0]), m[0], 1}), n
			}
			return
		}
		if m := sectionHead.FindString(words); m != "" {
			found = append(found, heading{at, indent + len(m), strings.TrimSuffix(m, "、"), 1})
		} else if m := itemHead.FindString(words); m != "" {
			found = append(found, heading{at, indent + len(m), m, 2})
		} else if m := chapterHead.FindString(words); m != "" && (startsBlank(words[len(m):]) || !strings.ContainsAny(words, "，。；") && utf8.RuneCountInString(words) <= 40) {
			chapters = append(chapters, heading{at, indent + len(m), m, 1})
		}
	})
	return found, chapters
}

// points finds 1. 2. 3., or else (1) (2) (3): two at least, in order, from 1, so that 2.5亿元 begins nothing.
func points(text string) []heading {
	for _, form := range []*regexp.Regexp{pointHead, parenHead} {
		var out []heading
		eachLine(text, func(at int, line string) {
			words := strings.TrimLeftFunc(line, unicode.IsSpace)
			if m := form.FindStringSubmatch(words); m != nil && number(m[1]) == len(out)+1 {
				out = append(out, heading{at, len(line) - len(words) + len(m[0]), strings.TrimRight(m[0], ".．、"), 1})
			}
		})
		if len(out) > 1 {
			return out
		}
	}
	return nil
}

// assemble makes clauses of where they begin. chapters are headings that go with what follows them.
func assemble(text string, cut, chapters []heading) []Clause {
	cut = cut[:min(len(cut), ClauseLimit)]
	if len(cut) == 0 {
		return []Clause{clause(text, WholeText, 1, 0, 0, 0, len(text))}
	}
	starts := make([]int, len(cut))
	for i, h := range cut {
		starts[i] = h.at
		for j := len(chapters) - 1; j >= 0; j-- {
			c := chapters[j]
			if c.at < starts[i] && (i == 0 || c.at > cut[i-1].at) && blankBetween(text, c.at, starts[i]) {
				starts[i] = c.at
			}
		}
	}
	var out []Clause
	if strings.TrimSpace(text[:starts[0]]) == "" {
		starts[0] = 0
	} else {
		out = append(out, clause(text, Preamble, 0, 0, 0, 0, starts[0]))
	}
	seen := map[string]int{}
	for i, h := range cut {
		end := len(text)
		if i+1 < len(cut) {
			end = starts[i+1]
		}
		out = append(out, clause(text, distinct(seen, h.label), h.depth, starts[i], h.at, h.at+h.skip, end))
	}
	return out
}

// blankBetween reports whether nothing but the heading at from, and empty lines, stands between from and to.
func blankBetween(text string, from, to int) bool {
	line, rest, _ := strings.Cut(text[from:to], "\n")
	return line != "" && strings.TrimSpace(rest) == ""
}

// clause is text[start:end]; its marker, which is no part of its words, is text[from:to].
func clause(text, label string, depth, start, from, to, end int) Clause {
	words := fold(text[start:from] + " " + text[to:end])
	sum := sha256.Sum256([]byte(words))
	return Clause{Label: label, Sum: hex.EncodeToString(sum[:4]), Start: start, End: end, Depth: depth, words: words}
}

func distinct(seen map[string]int, label string) string {
	if seen[label]++; seen[label] > 1 {
		return label + "#" + strconv.Itoa(seen[label])
	}
	return label
}

// fold leaves out white space but for one blank between two Latin words: layout is no difference.
func fold(s string) string {
	var b strings.Builder
	var last rune
	gap := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			gap = true
			continue
		}
		if gap && latin(last) && latin(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last, gap = r, false
	}
	return b.String()
}

func latin(r rune) bool {
	return r < utf8.RuneSelf && r > ' '
}

func startsBlank(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s == "" || unicode.IsSpace(r)
}

func eachLine(text string, do func(at int, line string)) {
	at := 0
	for line := range strings.Lines(text) {
		do(at, line)
		at += len(line)
	}
}

// number reads 12 or 十二; what is no number is 0.
func number(s string) int {
	if n, err := strconv.Atoi(s); err == nil {
		return n
	}
	total, digit := 0, 0
	for _, r := range s {
		switch r {
		case '百':
			total, digit = total+max(digit, 1)*100, 0
		case '十':
			total, digit = total+max(digit, 1)*10, 0
		case '零', '〇':
			digit = 0
		default:
			digit = strings.IndexRune("一二三四五六七八九", r)/3 + 1
		}
	}
	return total + digit
}

// inChinese writes 1 to 99 as 一 to 九十九, and what is larger in digits.
func inChinese(n int) string {
	const digits = "一二三四五六七八九"
	tens, ones := n/10, n%10
	switch {
	case n < 1 || n > 99:
		return strconv.Itoa(n)
	case n < 10:
		return digits[3*(ones-1) : 3*ones]
	}
	out := "十"
	if tens > 1 {
		out = digits[3*(tens-1):3*tens] + out
	}
	if ones > 0 {
		out += digits[3*(ones-1) : 3*ones]
	}
	return out
}

// Parts splits one clause of Split further, so that a finding may name 第三条第二款 or 第三条第二款第（一）项: paragraphs,
// which cover the clause, each followed by its items; only the items where there is but one paragraph. Under 一、 and （一） it
// is 一 1. or 一第二段. A clause with one paragraph and no items has no parts, nor has one with more than ClauseLimit; there
// items are left together before paragraphs are.
func Parts(text string, c Clause) []Clause {
	if c.Start < 0 || c.End > len(text) || c.Start >= c.End {
		return nil
	}
	article := articleHead.MatchString(c.Label)
	var paragraphs, items []Clause
	owner := []int{} // of each item: index of its paragraph
	body, begun, inItem := text[c.Start:c.End], false, false
	eachLine(body, func(at int, line string) {
		words := strings.TrimLeftFunc(line, unicode.IsSpace)
		own := strings.TrimSuffix(c.Label, "#"+c.Label[strings.LastIndexByte(c.Label, '#')+1:])
		switch marker := marker(words, article && !inItem || !article); {
		case words == "":
		case !begun:
			// The line with the label; a chapter's heading may stand before it.
			if begun = !article || strings.HasPrefix(words, own); begun {
				paragraphs = append(paragraphs, Clause{Start: c.Start, Depth: c.Depth + 1})
			}
		case marker != "":
			items = append(items, Clause{Label: marker, Start: c.Start + at, Depth: c.Depth + 2})
			owner, inItem = append(owner, len(paragraphs)-1), article && itemHead.MatchString(marker)
		case inItem && (pointHead.MatchString(words) || parenHead.MatchString(words)):
		default:
			paragraphs, inItem = append(paragraphs, Clause{Start: c.Start + at, Depth: c.Depth + 1}), false
		}
	})
	if len(paragraphs)+len(items) > ClauseLimit {
		items = nil
	}
	if len(paragraphs) > ClauseLimit || len(paragraphs) < 2 && len(items) == 0 {
		return nil
	}
	seen := map[string]int{}
	var out []Clause
	for i, p := range paragraphs {
		end := c.End
		if i+1 < len(paragraphs) {
			end = paragraphs[i+1].Start
		}
		label := c.Label
		if len(paragraphs) > 1 {
			unit := "段"
			if article {
				unit = "款"
			}
			label += "第" + inChinese(i+1) + unit
			out = append(out, clause(text, distinct(seen, label), p.Depth, p.Start, p.Start, p.Start, end))
		}
		for k, it := range items {
			if owner[k] != i {
				continue
			}
			itemEnd := end
			if k+1 < len(items) && owner[k+1] == i {
				itemEnd = items[k+1].Start
			}
			name := c.Label + " " + it.Label
			if article {
				name = label + "第" + strings.TrimRight(it.Label, ".．、") + "项"
			}
			from := it.Start + strings.Index(text[it.Start:], it.Label)
			out = append(out, clause(text, distinct(seen, name), it.Depth, it.Start, from, from+len(it.Label), itemEnd))
		}
	}
	return out
}

// marker is the number with which an item's line begins: （一）, or 1. and (1) where those count; else "".
func marker(words string, digits bool) string {
	if m := itemHead.FindString(words); m != "" {
		return m
	}
	if digits {
		if m := parenHead.FindString(words); m != "" {
			return m
		}
		if m := pointHead.FindString(words); m != "" && !strings.ContainsAny(words[len(m):min(len(words), len(m)+1)], "0123456789") {
			return m
		}
	}
	return ""
}

// HasClause reports whether a name is one of the labels, or names a part of one as Parts does: 第三条第二款第（一）项.
func HasClause(labels []string, name string) bool {
	return slices.ContainsFunc(labels, func(l string) bool {
		rest, is := strings.CutPrefix(name, l)
		return is && partForm.MatchString(rest)
	})
}

// SplitAt cuts a text by hand: a clause begins on each of the lines named and goes on to the next. What stands before the
// first is the Preamble. Invalid (field text.breaks, line) for a line outside the text or not after the one before, and
// for a label that is empty, longer than 100 characters, taken twice, or holds a line break.
func SplitAt(text string, breaks []Break) ([]Clause, error) {
	var lines []int
	eachLine(text, func(at int, _ string) { lines = append(lines, at) })
	if len(breaks) == 0 || len(breaks) > ClauseLimit {
		return nil, Refuse(Invalid, "field", "text.breaks")
	}
	seen := map[string]bool{Preamble: true}
	cut := make([]heading, 0, len(breaks))
	after := 0
	for _, b := range breaks {
		label := strings.TrimSpace(b.Label)
		if b.Line <= after || b.Line > len(lines) || label == "" || seen[label] ||
			utf8.RuneCountInString(label) > 100 || !CleanString(label) || strings.ContainsAny(label, "\n\r\t") {
			return nil, Refuse(Invalid, "field", "text.breaks", "line", strconv.Itoa(b.Line))
		}
		seen[label], after = true, b.Line
		at, skip := lines[b.Line-1], 0
		if words := strings.TrimLeftFunc(text[at:], unicode.IsSpace); strings.HasPrefix(words, label) {
			skip = len(text[at:]) - len(words) + len(label)
		}
		cut = append(cut, heading{at, skip, label, 1})
	}
	return assemble(text, cut, nil), nil
}

// Splittable reports whether Split finds any numbering; a text without it can be split by hand.
func Splittable(text string) bool {
	cs := Split(text)
	return len(cs) != 1 || cs[0].Label != WholeText
}
