package document

import (
	"archive/zip"
	"encoding/xml"
	"strconv"
	"strings"
	"unicode/utf8"
)

// numbering counts paragraphs as Word does: 第一条 in an office's document is often not written anywhere, only described
// as "第%1条, in Chinese, level 0 of list 3".
type numbering struct {
	lists  map[string]*list   // abstractNum by id
	uses   map[string]*use    // num by id
	styles map[string]*pstyle // paragraph styles by id
	normal string             // style of a paragraph that names none
}

// list is a way of numbering and how far it has come.
type list struct {
	levels [9]*level
	link   string // style whose list it really is
	counts [9]int
	set    [9]bool
}

// use is a list as paragraphs refer to it, with what it does otherwise.
type use struct {
	list   string
	start  map[int]int
	levels map[int]*level
	begun  bool
}

type level struct {
	start   int
	format  string
	text    string
	suffix  string
	legal   bool // all numbers in digits
	restart int  // level, from 1, after which it begins anew; -1: after any above; 0: never
	style   string
}

type pstyle struct{ based, numID, level string }

// maxLevelText bounds a level's pattern, which is repeated for every paragraph.
const maxLevelText = 200

func readNumbering(z *zip.Reader, numbers, styles string) (*numbering, error) {
	n := &numbering{lists: map[string]*list{}, uses: map[string]*use{}, styles: map[string]*pstyle{}}
	if numbers != "" {
		b, err := part(z, numbers)
		if err != nil {
			return nil, err
		}
		r := &numberingReader{n: n}
		if err := elements(b, r.enter, r.leave, nil); err != nil {
			return nil, err
		}
	}
	if styles != "" {
		b, err := part(z, styles)
		if err != nil {
			return nil, err
		}
		var s *pstyle
		if err := elements(b, func(e xml.StartElement) error {
			switch name(e.Name) {
			case "style":
				s = &pstyle{}
				if attr(e, "type") == "paragraph" {
					n.styles[attr(e, "styleId")] = s
					if d := attr(e, "default"); d == "1" || d == "true" {
						n.normal = attr(e, "styleId")
					}
				} else if attr(e, "type") == "numbering" {
					n.styles["numbering "+attr(e, "styleId")] = s
				}
			case "basedOn":
				if s != nil {
					s.based = attr(e, "val")
				}
			case "numId":
				if s != nil {
					s.numID = attr(e, "val")
				}
			case "ilvl":
				if s != nil {
					s.level = attr(e, "val")
				}
			}
			return nil
		}, nil, nil); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// numberingReader fills a numbering from its part.
type numberingReader struct {
	n     *numbering
	list  *list
	use   *use
	level *level
	at    int // level of an override
	depth int
	skip  int
}

func (r *numberingReader) enter(e xml.StartElement) error {
	if r.depth++; r.skip > 0 {
		return nil
	}
	if e.Name.Local == "Choice" { // formats of newer programs; what stands beside them is known
		r.skip = r.depth
		return nil
	}
	val := attr(e, "val")
	switch name(e.Name) {
	case "abstractNum":
		r.list, r.use = &list{}, nil
		r.n.lists[attr(e, "abstractNumId")] = r.list
	case "num":
		r.use, r.list = &use{start: map[int]int{}, levels: map[int]*level{}}, nil
		r.n.uses[attr(e, "numId")] = r.use
	case "abstractNumId":
		if r.use != nil {
			r.use.list = val
		}
	case "numStyleLink":
		if r.list != nil {
			r.list.link = val
		}
	case "lvlOverride":
		r.at = small(attr(e, "ilvl"))
	case "startOverride":
		if r.use != nil && r.at >= 0 && r.at < 9 {
			r.use.start[r.at] = small(val)
		}
	case "lvl":
		r.level = &level{start: 1, format: "decimal", restart: -1}
		if i := small(attr(e, "ilvl")); i < 0 || i > 8 {
			return errDamaged
		} else if r.list != nil {
			r.list.levels[i] = r.level
		} else if r.use != nil {
			r.use.levels[i] = r.level
		}
	}
	if r.level == nil {
		return nil
	}
	switch name(e.Name) {
	case "start":
		r.level.start = small(val)
	case "numFmt":
		r.level.format = val
	case "lvlText":
		if r.level.text = val; utf8.RuneCountInString(val) > maxLevelText {
			return errDamaged
		}
	case "suff":
		r.level.suffix = val
	case "isLgl":
		r.level.legal = val != "0" && val != "false"
	case "lvlRestart":
		r.level.restart = small(val)
	case "pStyle":
		r.level.style = val
	}
	return nil
}

func (r *numberingReader) leave(e xml.EndElement) error {
	switch {
	case r.skip > 0:
		if r.skip == r.depth {
			r.skip = 0
		}
	case name(e.Name) == "lvl":
		r.level = nil
	case name(e.Name) == "abstractNum":
		r.list = nil
	case name(e.Name) == "num":
		r.use = nil
	}
	r.depth--
	return nil
}

// small reads a number of a list; what is none, or is absurd, is 0.
func small(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1_000_000 {
		return 0
	}
	return n
}

// next is the number of a paragraph with what sets it off, and counts on; "" for one without.
func (n *numbering) next(p *paragraph) string {
	numID, at := n.of(p)
	u := n.uses[numID]
	if u == nil {
		return ""
	}
	l := n.lists[u.list]
	if l != nil && l.link != "" {
		if s := n.styles["numbering "+l.link]; s != nil && n.uses[s.numID] != nil {
			l = n.lists[n.uses[s.numID].list]
		}
	}
	if l == nil {
		return ""
	}
	if at < 0 { // the level that belongs to the style
		at = 0
		for i, lv := range l.levels {
			if lv != nil && lv.style != "" && lv.style == p.style {
				at = i
			}
		}
	}
	return u.count(l, at)
}

// of returns the list and the level of a paragraph: its own, or its style's. The level is -1 where only a style says the
// list, and not the level.
func (n *numbering) of(p *paragraph) (numID string, at int) {
	numID, lvl := p.numID, p.level
	id := p.style
	if id == "" {
		id = n.normal
	}
	for range 20 { // styles that are based on each other in a circle end here
		s := n.styles[id]
		if s == nil || numID != "" && lvl != "" {
			break
		}
		if numID == "" {
			numID = s.numID
		}
		if lvl == "" && p.numID == "" {
			lvl = s.level
		}
		id = s.based
	}
	if at = small(lvl); lvl == "" {
		if at = 0; p.numID == "" {
			at = -1
		}
	}
	return numID, min(at, 8)
}

func (u *use) count(l *list, at int) string {
	if !u.begun {
		u.begun = true
		for i, start := range u.start {
			l.counts[i], l.set[i] = start-1, true
		}
	}
	lv := u.level(l, at)
	if lv == nil {
		return ""
	}
	if l.set[at] {
		l.counts[at]++
	} else {
		l.counts[at], l.set[at] = lv.start, true
	}
	for i := at + 1; i < 9; i++ {
		if deep := u.level(l, i); deep == nil || deep.restart < 0 || deep.restart > at {
			l.set[i] = false
		}
	}
	for i := range at {
		if up := u.level(l, i); up != nil && !l.set[i] {
			l.counts[i], l.set[i] = up.start, true
		}
	}
	var b strings.Builder
	for i := 0; i < len(lv.text); i++ {
		if lv.text[i] != '%' || i+1 == len(lv.text) || lv.text[i+1] < '1' || lv.text[i+1] > '9' {
			b.WriteByte(lv.text[i])
			continue
		}
		i++
		k := int(lv.text[i] - '1')
		if of := u.level(l, k); of != nil && k <= at {
			format := of.format
			if lv.legal {
				format = "decimal"
			}
			b.WriteString(spell(l.counts[k], format))
		}
	}
	mark := b.String()
	if lv.format == "bullet" {
		mark = strings.Map(func(r rune) rune {
			if r >= 0xe000 && r <= 0xf8ff { // a sign of a symbol font
				return '•'
			}
			return r
		}, mark)
	}
	if mark == "" || lv.suffix == "nothing" {
		return mark
	}
	return mark + " "
}

func (u *use) level(l *list, at int) *level {
	lv := l.levels[at]
	if own := u.levels[at]; own != nil {
		lv = own
	}
	if start, own := u.start[at]; own && lv != nil {
		c := *lv
		c.start = start
		return &c
	}
	return lv
}

// spell writes a number in one of Word's formats; one that is not known here in digits.
func spell(n int, format string) string {
	pick := func(signs string) string {
		if r := []rune(signs); n >= 1 && n <= len(r) {
			return string(r[n-1])
		}
		return strconv.Itoa(n)
	}
	switch format {
	case "none":
		return ""
	case "bullet":
		return ""
	case "decimalZero":
		if n < 10 {
			return "0" + strconv.Itoa(n)
		}
	case "decimalFullWidth", "decimalFullWidth2":
		return strings.Map(func(r rune) rune { return r - '0' + '０' }, strconv.Itoa(n))
	case "chineseCountingThousand", "taiwaneseCountingThousand", "japaneseCounting":
		return chinese(n, []rune("零一二三四五六七八九"), []string{"", "十", "百", "千"})
	case "chineseLegalSimplified":
		return chinese(n, []rune("零壹贰叁肆伍陆柒捌玖"), []string{"", "拾", "佰", "仟"})
	case "chineseCounting", "taiwaneseCounting", "koreanCounting":
		if n < 100 {
			return chinese(n, []rune("零一二三四五六七八九"), []string{"", "十", "百", "千"})
		}
		return digits(n)
	case "ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital":
		return digits(n)
	case "ideographTraditional":
		return pick("甲乙丙丁戊己庚辛壬癸")
	case "ideographZodiac":
		return pick("子丑寅卯辰巳午未申酉戌亥")
	case "ideographEnclosedCircle":
		return pick("㊀㊁㊂㊃㊄㊅㊆㊇㊈㊉")
	case "decimalEnclosedCircle", "decimalEnclosedCircleChinese":
		return pick("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳")
	case "decimalEnclosedParen":
		return pick("⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⑾⑿⒀⒁⒂⒃⒄⒅⒆⒇")
	case "decimalEnclosedFullstop":
		return pick("⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑⒒⒓⒔⒕⒖⒗⒘⒙⒚⒛")
	case "lowerLetter", "upperLetter":
		if n >= 1 && n <= 26*10 {
			first := byte('a')
			if format == "upperLetter" {
				first = 'A'
			}
			return strings.Repeat(string(rune(first+byte((n-1)%26))), (n-1)/26+1)
		}
	case "lowerRoman":
		return strings.ToLower(roman(n))
	case "upperRoman":
		return roman(n)
	}
	return strconv.Itoa(n)
}

func digits(n int) string {
	return strings.Map(func(r rune) rune { return []rune("〇一二三四五六七八九")[r-'0'] }, strconv.Itoa(n))
}

// chinese writes 0 to 9999: 十, 十一, 一百零一, 一百一十.
func chinese(n int, signs []rune, units []string) string {
	if n < 0 || n > 9999 {
		return strconv.Itoa(n)
	}
	if n == 0 {
		return string(signs[0])
	}
	s, gap := "", false
	for i := 3; i >= 0; i-- {
		d := n
		for range i {
			d /= 10
		}
		switch d %= 10; {
		case d == 0:
			gap = s != ""
			continue
		case gap:
			s += string(signs[0])
		}
		gap = false
		if d != 1 || i != 1 || s != "" || signs[1] != '一' { // 十一, but 一百一十一 and 壹拾壹
			s += string(signs[d])
		}
		s += units[i]
	}
	return s
}

func roman(n int) string {
	if n < 1 || n > 3999 {
		return strconv.Itoa(n)
	}
	var b strings.Builder
	for _, r := range []struct {
		n int
		s string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for n >= r.n {
			b.WriteString(r.s)
			n -= r.n
		}
	}
	return b.String()
}
