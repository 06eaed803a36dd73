package demo

import (
	"embed"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
)

// Breach is a sentence of a measure that does not meet the standards, and what would.
type Breach struct {
	Clause  string // its label, as review.Clauses gives it: 第五条, or 五 where clauses are numbered 一、二、
	Item    string // catalogue id: IMP-19-3
	Bad     string // the sentence exactly as it stands in the text, once
	Good    string // the lawful replacement
	Effect  string // what it does to competition
	Change  string // the required change
	Article string // 办法第十九条第(三)项
}

// Measure is a made-up policy measure with its text.
type Measure struct {
	Title    string
	Nature   string // normative_document, rule, local_regulation_draft, policy_document, tender_document, agreement, standard or plan
	Field    string // the industry, in Chinese
	Unit     string // the drafting unit
	Issuer   string // Unit itself on the department route
	Route    string // department or government
	Kind     string // new or existing
	DocNo    string
	IssuedOn string // YYYY-MM-DD for an existing measure

	Text           string
	Breach         *Breach // nil for most
	Heard          string  // whom the unit heard about competition, and what became of it
	Note           string  // drafting note
	PublicInterest bool
}

// Revised returns the text with the breaching sentence replaced by the lawful one.
func Revised(m Measure) string {
	if m.Breach == nil {
		return m.Text
	}
	return strings.Replace(m.Text, m.Breach.Bad, m.Breach.Good, 1)
}

// Measures returns the made-up measures, always the same, in no particular order. All titles and texts differ.
func Measures() []Measure {
	c := readCorpus()
	drafts := c.drafts()
	c.settle(drafts)
	out := make([]Measure, len(drafts))
	for i, d := range drafts {
		out[i] = d.measure(c)
	}
	number(out)
	return out
}

// The corpus is written by hand in data/*.txt: for each theme the titles of its documents, its rules (r), its
// support measures (s), what is bought (q), technical requirements (k), what was heard (h) and its breaches (x, with
// lead, bad, good, effect and change); for each genre the general clauses, slot by slot. <a|b> is a choice, {P} a
// blank, filled in by draft.blanks.
//
//go:embed data/*.txt
var corpusFiles embed.FS

type corpus struct {
	themes  []*theme
	general theme // breaches any support measure can have
	common  theme // clauses for any theme, where its own are far from the topic
	genres  map[string][]slot
}

type theme struct {
	id, cityUnit, countyKey string
	field, law, aim, who    string
	public                  bool
	titles, townTitles      map[string][]string // by genre
	clauses                 map[string][]clause // r, s, q, k, a, h
	breaches                []*flaw
}

// clause is a template; with a key only for topics that hold it (q@平台).
type clause struct{ key, text string }

// flaw is a breach before it stands in a text.
type flaw struct {
	item, genres, key               string
	lead, bad, good, effect, change string
	used                            int
}

// slot is one place in a document, or the place of the theme's clauses.
type slot struct {
	variants           []string
	optional, forTheme bool
}

func readCorpus() corpus {
	c := corpus{genres: map[string][]slot{}}
	for _, name := range []string{"themes1", "themes2", "themes3", "themes4", "generic"} {
		body, err := corpusFiles.ReadFile("data/" + name + ".txt")
		if err != nil {
			panic(err) // embedded: a build without it does not run at all
		}
		c.read(string(body))
	}
	return c
}

func (c *corpus) read(body string) {
	var t *theme
	var genre string
	for line := range strings.Lines(body) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		word, key, _ := strings.Cut(word, "@")
		if word == "" && strings.HasPrefix(line, "@") {
			word = "@"
		}
		switch word {
		case "theme":
			t = &theme{id: rest, titles: map[string][]string{}, townTitles: map[string][]string{}, clauses: map[string][]clause{}}
			switch rest {
			case "-":
				c.general = *t
				t = &c.general
			case "+":
				c.common = *t
				t = &c.common
			default:
				c.themes = append(c.themes, t)
			}
		case "own":
			own := strings.Fields(rest)
			t.cityUnit, t.countyKey = own[0], own[1]
		case "field":
			t.field = rest
		case "pub":
			t.public = true
		case "law":
			t.law = rest
		case "aim":
			t.aim = rest
		case "who":
			t.who = rest
		case "M", "F", "P", "L", "T", "A", "S", "C":
			t.titles[word] = strings.Split(rest, "；")
		case "Z":
			g, name, _ := strings.Cut(rest, " ")
			t.townTitles[g] = append(t.townTitles[g], name)
		case "r", "s", "q", "k", "a", "h":
			t.clauses[word] = append(t.clauses[word], clause{key, rest})
		case "x":
			item, genres, _ := strings.Cut(rest, " ")
			genres, key, _ := strings.Cut(genres, "@")
			t.breaches = append(t.breaches, &flaw{item: item, genres: genres, key: key})
		case "l", "b", "g", "e", "c":
			t.breaches[len(t.breaches)-1].set(word, rest)
		case "genre":
			genre = rest
		case "slot":
			c.genres[genre] = append(c.genres[genre], slot{optional: rest == "?"})
		case "@":
			c.genres[genre] = append(c.genres[genre], slot{forTheme: true})
		case "-":
			last := &c.genres[genre][len(c.genres[genre])-1]
			last.variants = append(last.variants, rest)
		}
	}
}

func (f *flaw) set(word, s string) {
	switch word {
	case "l":
		f.lead = s
	case "b":
		f.bad = s
	case "g":
		f.good = s
	case "e":
		f.effect = s
	case "c":
		f.change = s
	}
}

// place is where a document is made.
type place struct {
	id, name  string // yunze 云泽市
	self      string // 本市
	lower     string // who does things on the ground
	unit      string // the drafting unit
	unitName  string // as the document calls it: 市交通运输局
	code      string // of the unit, in document numbers
	placeCode string
	level     int // 0 city, 1 county, 2 township
}

// draft is a document before it is written.
type draft struct {
	theme, common *theme
	genre, topic  string
	place         place
	dice          dice
	form          form
	title         string
	existing      bool
	year, month   int
	route         string
	issuer        string
	nature        string
	flaw          *flaw
}

// form is how a document of a genre is called and numbered.
type form struct {
	prefix, suffix string
	self           string // 本办法
	articles       bool   // 第一条, rather than 一、
}

// drafts lists every document the corpus can give, in an order that mixes themes and places.
func (c corpus) drafts() []*draft {
	var out []*draft
	titles := map[string]bool{}
	add := func(t *theme, genre, topic string, p place) {
		d := newDraft(t, genre, topic, p)
		d.common = &c.common
		if p.level == 1 && d.dice.n(5) == 0 {
			return // not every county does everything
		}
		if !titles[d.title] {
			titles[d.title] = true
			out = append(out, d)
		}
	}
	for _, t := range c.themes {
		for _, p := range t.places() {
			titles := t.titles
			if p.level == 2 {
				titles = t.townTitles
			}
			for _, genre := range []string{"M", "F", "P", "L", "T", "A", "S", "C"} {
				if p.level == 1 && (genre == "S" || genre == "C") {
					continue
				}
				for _, topic := range titles[genre] {
					add(t, genre, topic, p)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b *draft) int {
		if a, b := rank(a.title), rank(b.title); a != b {
			if a < b {
				return -1
			}
			return 1
		}
		return strings.Compare(a.title, b.title)
	})
	return out
}

// places lists where the theme's documents are made: by the city's department, by those of the counties that have
// one, and by townships.
func (t *theme) places() []place {
	name, code := "市场监督管理局", "市监"
	for _, d := range cityDepartments {
		if d.id == t.cityUnit {
			name, code = d.name, d.code
		}
	}
	out := []place{{cityID, "云泽市", "本市", "各县（区）", t.cityUnit, "市" + strings.TrimPrefix(name, "人民政府"), code, "云泽", 0}}
	for _, c := range counties {
		if slices.Contains(c.departments, t.countyKey) {
			kind := string([]rune(c.name)[2:]) // 区 or 县
			d := countyDepartments[t.countyKey]
			out = append(out, place{c.id, c.name, "本" + kind, "各乡镇（街道）", t.countyKey + "-" + c.id, kind + d.name, d.code, c.code, 1})
		}
	}
	if len(t.townTitles) > 0 {
		for _, tw := range townships {
			kind := string([]rune(tw.name)[2:]) // 镇 or 乡
			out = append(out, place{tw.id, tw.name, "本" + kind, "各村（社区）", tw.id, kind + "人民政府", "政", string([]rune(tw.name)[:2]), 2})
		}
	}
	return out
}

func newDraft(t *theme, genre, topic string, p place) *draft {
	d := &draft{theme: t, genre: genre, topic: topic, place: p}
	d.dice = roll(t.id + genre + topic + p.id)
	d.existing = strings.Contains("MFPLSA", genre) && d.dice.n(100) < 25
	d.year, d.month = 2026, 1+d.dice.n(10)
	if d.existing {
		d.year, d.month = 2016+d.dice.n(9), 1+d.dice.n(12)
		if strings.Contains("LA", genre) {
			d.year = 2023 + d.dice.n(2) // plans and agreements run out sooner
		}
	}
	d.authority()
	d.form = d.chooseForm()
	d.title = d.form.prefix + d.form.suffix
	return d
}

// authority decides who issues the document, and so the route.
func (d *draft) authority() {
	d.route, d.issuer = "department", d.place.unit
	d.nature = map[string]string{"M": "normative_document", "F": "normative_document", "P": "policy_document", "L": "plan",
		"T": "tender_document", "A": "agreement", "S": "standard", "C": "local_regulation_draft"}[d.genre]
	office := "zfb"
	if d.place.level == 1 {
		office += "-" + d.place.id
	}
	n := d.dice.n(100)
	switch {
	case d.genre == "C":
		d.route, d.issuer = "government", "rd"
	case d.place.level == 2:
	case d.genre == "M" && d.place.level == 0 && n < 8:
		d.route, d.issuer, d.nature = "government", d.place.id, "rule"
	case d.genre == "M" && n < 14, d.genre == "F" && n < 12, d.genre == "L" && n < 34, d.genre == "P" && n < 20:
		d.route, d.issuer = "government", office
	case d.genre == "P" && n < 36:
		d.route, d.issuer = "government", d.place.id
	}
}

// chooseForm gives the document its name.
func (d *draft) chooseForm() form {
	p, n := d.place.name, d.topic
	trial := ""
	if d.dice.n(4) == 0 {
		trial = "（试行）"
	}
	switch d.genre {
	case "M":
		if d.nature == "rule" {
			return form{p + n, choose(&d.dice, "管理办法", "管理规定"), "本办法", true}.named()
		}
		if d.dice.n(6) == 0 {
			return form{"关于" + choose(&d.dice, "进一步规范", "加强和规范") + p + n, "管理有关事项的通知", "本通知", false}
		}
		return form{p + n, choose(&d.dice, "管理办法", "管理办法", "管理规定", "管理实施细则") + trial, "", true}.named()
	case "F":
		if hasAnySuffix(n, "补助", "补贴", "奖补", "奖励", "补偿", "贴息") {
			return form{p + n, choose(&d.dice, "资金管理办法", "实施细则", "资金使用管理规定", "发放管理办法") + trial, "", true}.named()
		}
		return form{p + n, choose(&d.dice, "专项资金管理办法", "资金管理实施细则", "资金使用管理办法") + trial, "", true}.named()
	case "P":
		return form{p + choose(&d.dice, "关于推进", "关于支持", "关于促进") + n, choose(&d.dice, "的若干措施", "的若干政策措施", "的实施意见"), "", false}.named()
	case "L":
		if hasAnySuffix(n, "建设", "提升", "治理", "优化", "改造", "发展") && d.dice.n(2) == 0 {
			return form{p + n, fmt.Sprintf("三年行动方案（%d—%d年）", d.year, d.year+2), "本方案", false}
		}
		return form{p + n, choose(&d.dice, "实施方案", "工作方案", "专项行动方案"), "本方案", false}
	case "T":
		n = strings.TrimSuffix(n, "采购")
		switch {
		case strings.HasSuffix(n, "施工"):
			return form{p + n, "项目招标文件", "本文件", false}
		case d.dice.n(3) == 0:
			return form{p + n, "项目竞争性磋商文件", "本文件", false}
		}
		return form{p + n, "采购项目" + choose(&d.dice, "公开招标文件", "招标文件"), "本文件", false}
	case "A":
		if hasAnySuffix(n, "运营", "经营", "托管", "委托", "合作", "共建", "协作", "承办", "监管", "处置", "服务") {
			return form{p + n, "协议", "本协议", true}
		}
		return form{p + n, "合作协议", "本协议", true}
	case "S":
		f := form{p + n, "", "本规范", false}
		for _, w := range []string{"导则", "标准", "指引"} {
			if strings.HasSuffix(n, w) {
				f.self = "本" + w
			}
		}
		return f
	default:
		return form{p + n, choose(&d.dice, "条例（草案）", "若干规定（草案）"), "", true}.named()
	}
}

// named derives what the document calls itself from the end of its name.
func (f form) named() form {
	for _, w := range []string{"实施细则", "办法", "规定", "措施", "意见", "条例"} {
		if strings.Contains(f.suffix, w) {
			f.self = "本" + strings.TrimPrefix(w, "实施")
		}
	}
	return f
}

func hasAnySuffix(s string, suffixes ...string) bool {
	return slices.ContainsFunc(suffixes, func(x string) bool { return strings.HasSuffix(s, x) })
}

// shares are the groups a breach belongs to, in the proportions of published findings, in thousandths.
var shares = []struct {
	group string
	part  int
}{{"cost", 500}, {"entry", 300}, {"flow", 170}, {"conduct", 30}}

// group tells entry and exit, free flow, costs and conduct apart.
func group(item string) string {
	_, rest, _ := strings.Cut(item, "-")
	var article int
	_, _ = fmt.Sscanf(rest, "%d", &article)
	switch {
	case article <= 12:
		return "entry"
	case article <= 17 || article == 24:
		return "flow"
	case article <= 20:
		return "cost"
	}
	return "conduct"
}

// settle gives about 15 % of the drafts a breach, more of those on the government route, so that the groups come in
// their proportions and each breach is used about as often as the others.
func (c corpus) settle(drafts []*draft) {
	count := map[string]int{}
	total := 0
	for _, d := range drafts {
		chance := 13
		switch {
		case d.route == "government":
			chance = 32
		case strings.Contains("FP", d.genre):
			chance = 20
		}
		if d.dice.n(100) >= chance {
			continue
		}
		best, bestScore := (*flaw)(nil), 0
		for _, f := range c.fitting(d) {
			for _, s := range shares {
				if s.group != group(f.item) {
					continue
				}
				lack := s.part*(total+1) - count[s.group]*1000
				if lack < -1000-4*s.part {
					continue // more than its share already
				}
				score := 1000*min(lack/100, 30) + 600*overlap(d.topic, f.lead+f.bad+f.good) - 900*f.used + d.dice.n(400)
				if slices.Contains(d.theme.breaches, f) {
					score += 2500
				}
				if best == nil || score > bestScore {
					best, bestScore = f, score
				}
			}
		}
		if best != nil {
			d.flaw = best
			best.used++
			count[group(best.item)]++
			total++
		}
	}
}

// fitting lists the breaches that can stand in the document.
func (c corpus) fitting(d *draft) []*flaw {
	var out []*flaw
	for i, f := range slices.Concat(d.theme.breaches, c.general.breaches) {
		if !strings.Contains(f.genres, d.genre) || !suits(f.key, d.topic) {
			continue
		}
		if i >= len(d.theme.breaches) && f.used > 6 {
			continue // heard often enough
		}
		if d.place.level == 2 && strings.Contains(f.bad, "市") && group(f.item) != "cost" {
			continue // a township does not bind the city's companies
		}
		out = append(out, f)
	}
	return out
}

// suits reports whether a topic holds one of the words of a key (a|b), or none of them (!a|b). No key suits all.
func suits(key, topic string) bool {
	if key == "" {
		return true
	}
	words, not := strings.CutPrefix(key, "!")
	return not != slices.ContainsFunc(strings.Split(words, "|"), func(w string) bool { return strings.Contains(topic, w) })
}

// measure writes the document.
func (d *draft) measure(c corpus) Measure {
	m := Measure{Title: d.title, Nature: d.nature, Field: d.theme.field, Unit: d.place.unit, Issuer: d.issuer, Route: d.route, Kind: "new"}
	if d.existing {
		m.Kind = "existing"
		m.IssuedOn = fmt.Sprintf("%d-%02d-%02d", d.year, d.month, 3+d.dice.n(25))
	}
	m.PublicInterest = d.theme.public && (strings.Contains("MC", d.genre) || d.genre == "P" && d.dice.n(2) == 0)
	clauses, at := d.clauses(c)
	m.Text = d.layOut(clauses)
	if d.flaw != nil {
		m.Breach = &Breach{d.label(at), d.flaw.item, d.fill(d.flaw.bad), d.fill(d.flaw.good), d.fill(d.flaw.effect), d.fill(d.flaw.change), article(d.flaw.item)}
	}
	m.Heard = d.heard(m)
	m.Note = d.note(m)
	return m
}

// clauses returns the clauses in order, and the place of the one with the breach.
func (d *draft) clauses(c corpus) ([]string, int) {
	var out []string
	at := -1
	body, flawAt := d.body()
	slots := c.genres[d.genre]
	if d.genre == "M" && !d.form.articles {
		slots = slots[1:] // a notice has said its purpose
	}
	optional := 0
	for _, s := range slots {
		if s.optional {
			optional++
		}
	}
	fixed := len(slots) - 1 - optional + len(body)
	want := max(min(1+d.dice.n(optional+1), 15-fixed), 8-fixed, 0)
	for _, s := range slots {
		switch {
		case s.forTheme:
			if flawAt >= 0 {
				at = len(out) + flawAt
			}
			for _, b := range body {
				out = append(out, d.fill(b))
			}
		case s.optional && d.dice.n(optional) >= want:
			optional--
		default:
			if s.optional {
				optional--
				want--
			}
			out = append(out, d.fill(choose(&d.dice, d.fair(s.variants)...)))
		}
	}
	return out, at
}

// fair leaves out what would contradict a breach elsewhere in the text, if anything else is left.
func (d *draft) fair(variants []string) []string {
	if d.flaw == nil {
		return variants
	}
	var out []string
	for _, v := range variants {
		if !slices.ContainsFunc([]string{"不因", "不以", "不限", "不要求", "不设置", "不区分", "不自动", "公平竞争"}, func(w string) bool { return strings.Contains(v, w) }) {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return variants
	}
	return out
}

// body chooses the theme's own clauses, those nearest to the topic first, and puts the breach among them.
func (d *draft) body() ([]string, int) {
	var pool []string
	switch d.genre {
	case "M", "C":
		pool = d.nearest("r", 4+d.dice.n(2), 2)
	case "F":
		pool = d.nearest("s", 3+d.dice.n(2), 1)
	case "P":
		pool = append(d.nearest("s", 3, 2), d.nearest("r", 1+d.dice.n(2), 1)...)
	case "L":
		pool = append(d.nearest("r", 3, 2), d.nearest("s", 1+d.dice.n(2), 1)...)
	case "T":
		pool = d.nearest("q", 3+d.dice.n(2), 0)
	case "A":
		pool = append(d.nearest("r", 1, 1), d.nearest("a", 2, 0)...)
	case "S":
		pool = d.nearest("k", 4+d.dice.n(2), 0)
	}
	at := -1
	if f := d.flaw; f != nil {
		at = d.dice.n(len(pool) + 1)
		if f.lead == "" && at < len(pool) && d.dice.n(5) < 2 {
			pool[at] += f.bad // at the end of a clause that is otherwise in order
		} else {
			pool = slices.Insert(pool, at, f.lead+f.bad)
		}
	}
	return pool, at
}

// nearest returns n clauses of a sort in their written order: the theme's that share words with the topic, or are
// meant for it, but at least least of the theme's; then common ones.
func (d *draft) nearest(sort string, n, least int) []string {
	type scored struct{ i, score int }
	var order []scored
	own := d.theme.clauses[sort]
	for i, c := range own {
		score := overlap(d.topic, c.text)
		if !suits(c.key, d.topic) {
			continue
		}
		if sort == "q" || sort == "k" {
			score++
		}
		order = append(order, scored{i, 20*score + d.dice.n(20)})
	}
	slices.SortStableFunc(order, func(a, b scored) int { return b.score - a.score })
	near := 0
	for near < len(order) && order[near].score >= 20 {
		near++
	}
	order = order[:min(n, max(near, least), len(order))]
	slices.SortFunc(order, func(a, b scored) int { return a.i - b.i })
	var out []string
	for _, o := range order {
		out = append(out, own[o.i].text)
	}
	common := d.fair(texts(d.common.clauses[sort]))
	if n > len(out) && len(common) > 0 {
		start, step := d.dice.n(len(common)), 1
		if len(common)%5 != 0 && d.dice.n(2) == 0 {
			step = 5
		}
		for k := range min(n-len(out), len(common)) {
			out = append(out, common[(start+k*step)%len(common)])
		}
	}
	return out
}

// overlap counts the pairs of neighbouring characters of a that occur in b, but for those that say little.
func overlap(a, b string) int {
	n := 0
	rs := []rune(a)
	for i := range len(rs) - 1 {
		if pair := string(rs[i : i+2]); !strings.Contains("服务 管理 发展 提升 补助 补贴 规范 标准 实施 建设 支持 运营 经营 机构 企业", pair) && strings.Contains(b, pair) {
			n++
		}
	}
	return n
}

func (d *draft) label(i int) string {
	if d.form.articles {
		return "第" + chinese(i+1) + "条"
	}
	return chinese(i + 1)
}

// layOut puts title, preamble and numbered clauses on their lines.
func (d *draft) layOut(clauses []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", d.title, d.fill(d.preamble()))
	for i, c := range clauses {
		if d.form.articles {
			fmt.Fprintf(&b, "%s　%s\n", d.label(i), c)
		} else {
			fmt.Fprintf(&b, "%s、%s\n", d.label(i), c)
		}
	}
	return b.String()
}

func (d *draft) preamble() string {
	switch d.genre {
	case "C":
		return choose(&d.dice, "（{D}起草，提请审查稿）", "（草案说明：本草案由{D}起草，围绕{N}的主要环节作出规范。）")
	case "A":
		return choose(&d.dice, "甲方：{DF}。乙方：经公开竞争程序确定的承接单位。双方就{N}有关事项协商一致，订立本协议。",
			"甲方（{DF}）与乙方（以中选通知书载明的单位为准）遵循平等、自愿、诚信原则，就{N}达成如下约定。")
	case "T":
		return choose(&d.dice, "{DF}就下列项目组织采购，欢迎符合条件的供应商参加。", "{P}{N}项目已经批准实施，资金已落实，现由{DF}组织采购。",
			"{DF}编制本文件，供潜在供应商准备响应文件时使用。")
	case "S":
		return choose(&d.dice, "{B}由{D}提出并归口，起草过程中征集了使用单位和服务单位的意见。", "为统一{N}的基本要求，{D}组织编制{B}。")
	case "P":
		return choose(&d.dice, "为{aim}，根据国家和省有关部署，结合{P}实际，提出以下内容。", "为推动{N}，{aim}，经调查研究，现提出如下{B2}。")
	case "L":
		return choose(&d.dice, "为{aim}，结合{G}实际，制定{B}。", "按照年度工作安排，现就{N}制定{B}，请各有关单位抓好落实。")
	}
	switch {
	case !d.form.articles:
		return choose(&d.dice, "{TO}为{aim}，现就{N}管理有关事项通知如下。", "{TO}经研究，就规范{N}管理明确以下事项。")
	case d.nature == "rule" && d.existing:
		return "《{T}》已经市人民政府常务会议审议通过，现予公布。"
	case d.nature == "rule":
		return "（{D}起草，送审稿）"
	}
	return choose(&d.dice, "{TO}现将《{T}》印发给你们，请认真贯彻执行。", "{TO}《{T}》已经研究通过，现予印发。",
		"{TO}《{T}》已按程序审定，现印发实施，执行中的问题请及时反馈{D}。", "（{D}起草，印发前征求意见后的修改稿）")
}

// addressees opens a circular.
func (d *draft) addressees() string {
	kind := string([]rune(d.place.self)[1:])
	switch {
	case d.place.level == 2:
		return "各村（社区），" + kind + "属各单位："
	case d.place.level == 1 && d.route == "government":
		return "各乡镇人民政府、街道办事处，" + kind + "政府各部门："
	case d.place.level == 1:
		return "各乡镇（街道），各有关单位："
	case d.route == "government":
		return "各县（区）人民政府，市政府各部门、各直属单位："
	}
	return "各县（区）主管部门，各有关单位："
}

// fill makes the choices of a template and fills its blanks.
func (d *draft) fill(s string) string {
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i:], '>') + i
		s = s[:i] + choose(&d.dice, strings.Split(s[i+1:j], "|")...) + s[j+1:]
	}
	return strings.NewReplacer(d.blanks()...).Replace(s)
}

func (d *draft) blanks() []string {
	topic := d.topic
	switch d.genre {
	case "T":
		topic = strings.TrimSuffix(topic, "采购")
	case "S":
		for _, w := range []string{"技术规范", "服务规范", "管理规范", "规范", "导则", "标准", "指引"} {
			if strings.HasSuffix(topic, w) {
				topic = strings.TrimSuffix(topic, w)
				break
			}
		}
	}
	full := d.place.name + strings.TrimPrefix(d.place.unitName, string([]rune(d.place.name)[2:]))
	return []string{"{P}", d.place.name, "{G}", d.place.self, "{L}", d.place.lower, "{D}", d.place.unitName, "{N}", topic, "{B}", d.form.self,
		"{B2}", strings.TrimPrefix(d.form.self, "本"), "{T}", d.title, "{field}", d.theme.field, "{law}", d.laws(), "{DF}", full, "{TO}", d.addressees(), "{aim}", d.theme.aim,
		"{who}", d.theme.who, "{Y2}", fmt.Sprint(d.year + 2), "{E}", d.inForce(), "{SUM}", d.sum(0), "{BUD}", d.sum(1)}
}

// sum is an amount that fits the place: of a yearly fund (0) or of a purchase (1).
func (d *draft) sum(what int) string {
	amounts := [2][3][]string{
		{{"八百万元", "一千二百万元", "二千万元"}, {"二百万元", "三百五十万元", "五百万元"}, {"二十万元", "三十万元", "五十万元"}},
		{{"一百四十八万元", "二百三十五万元", "三百九十万元", "六百二十万元"}, {"六十八万元", "九十六万元", "一百七十六万元", "二百六十八万元"}, {"二十八万元", "四十六万元", "六十五万元"}},
	}
	return choose(&d.dice, amounts[what][d.place.level]...)
}

// lawSince lists the laws that an older document cannot cite, with the first year it can.
var lawSince = map[string]int{"城市公共交通条例": 2025, "中华人民共和国电子商务法": 2019, "优化营商环境条例": 2020, "保障中小企业款项支付条例": 2021,
	"中华人民共和国粮食安全保障法": 2024, "中华人民共和国数据安全法": 2022, "中华人民共和国个人信息保护法": 2022, "中华人民共和国民法典": 2021,
	"中华人民共和国法律援助法": 2022, "医疗保障基金使用监督管理条例": 2021, "防范和处置非法集资条例": 2021, "人力资源市场暂行条例": 2019,
	"生产安全事故应急条例": 2019, "中华人民共和国反食品浪费法": 2021, "中华人民共和国基本医疗卫生与健康促进法": 2020, "融资担保公司监督管理条例": 2018,
	"中华人民共和国公共文化服务保障法": 2017, "养老机构管理办法": 2020}

// laws cites the theme's laws that were there when the document was made.
func (d *draft) laws() string {
	var out []string
	for _, l := range strings.Split(strings.Trim(d.theme.law, "《》"), "》《") {
		if lawSince[l] <= d.year {
			out = append(out, "《"+l+"》")
		}
	}
	if len(out) == 0 {
		return "国家和省有关规定"
	}
	return strings.Join(out, "")
}

// inForce says from when the document applies.
func (d *draft) inForce() string {
	if d.dice.n(3) == 0 {
		return "自印发之日起施行"
	}
	y, m := d.year, d.month+2
	if m > 12 {
		y, m = y+1, m-12
	}
	s := fmt.Sprintf("自%d年%d月1日起施行", y, m)
	if y >= 2022 && d.nature != "rule" && d.genre != "L" {
		s += choose(&d.dice, "", "，有效期三年", "，有效期五年")
	}
	if y < 2023 {
		return strings.Replace(s, "，有效期三年", "，有效期五年", 1)
	}
	return s
}

// heard tells whom the unit heard. What a text with a breach was told about it had no effect yet.
func (d *draft) heard(m Measure) string {
	k, days := 3+d.dice.n(14), choose(&d.dice, "七", "十", "十五", "二十", "三十")
	head := choose(&d.dice,
		fmt.Sprintf("书面征求了{who}等%d家单位的意见，重点询问条款对公平竞争的影响。", k+4),
		fmt.Sprintf("召开座谈会听取{who}意见，共收到意见%d条，其中涉及公平竞争的%d条。", k, 1+k/5),
		fmt.Sprintf("通过走访和电话方式听取{who}意见，形成记录%d份。", k),
		fmt.Sprintf("向{who}发放征求意见表%d份，收回%d份。", k+12, k+8),
		"起草前组织{who}开展专题讨论，初稿形成后又逐家反馈采纳情况。")
	switch {
	case m.PublicInterest && d.place.level == 0:
		head = choose(&d.dice, "在市政府门户网站", "在{D}网站和政务新媒体") + "公开征求社会公众意见" + days + "日，同时书面听取了{who}的意见。"
	case m.PublicInterest:
		head = "在{P}人民政府门户网站公开征求社会公众意见" + days + "日，并召开{who}参加的座谈会。"
	case d.existing:
		head = "清理中向{who}等" + fmt.Sprint(k+3) + choose(&d.dice, "家单位了解执行情况，专门询问是否影响公平竞争。", "家单位发函，并抽取部分单位座谈。")
	case d.genre == "T":
		head = fmt.Sprintf("采购需求在公共资源交易平台公开征集意见%s日，%d家潜在供应商反馈。", days, k)
	}
	var tail string
	switch {
	case d.flaw != nil:
		tail = choose(&d.dice,
			fmt.Sprintf("有%d家经营者对%s提出不同看法，认为影响其平等参与，起草单位认为属于工作惯例，暂未采纳。", 1+k/6, placeOf(m.Breach.Clause)),
			"未收到针对公平竞争的具体意见。",
			"参会单位主要就办理流程提出建议，已采纳；竞争影响方面有一家单位要求进一步说明依据，待审查时一并研究。",
			"多数单位表示支持，一家未参会的单位事后来函，希望条件对各类经营者一致，起草单位尚未答复。",
			"反馈意见集中在材料和时限，均已采纳，未涉及竞争条款。")
	case len(d.theme.clauses["h"]) > 0 && d.dice.n(5) < 2 && (d.genre == "M" || d.genre == "F" || d.genre == "P"):
		tail = choose(&d.dice, texts(d.theme.clauses["h"])...) + "；其余单位对公平竞争无不同意见。"
	default:
		tail = choose(&d.dice,
			"各方认为条款对本地和外地经营者一致，未提出影响竞争的意见。",
			"有单位建议把办理条件写具体、减少裁量，已采纳并修改文字。",
			"两家企业询问分支机构能否参与，经研究明确可以，已在文中体现。",
			"行业协会建议增加准入门槛，因可能排斥中小经营者，未予采纳并当面说明理由。",
			"反馈意见主要为文字修改，均已采纳；关于公平竞争，均表示无意见。",
			"有经营者建议标准提前公布，已采纳；一条要求限定服务范围的建议因限制竞争未采纳。",
			"有意见认为期限偏短，新进入者准备不足，已适当延长。",
			"上下游企业均表示不会增加额外成本，一条关于费用分担的建议部分采纳。",
			"一家外地企业建议明确业绩不限地区，已采纳；其他单位无意见。")
	}
	return d.fill(head + tail)
}

func texts(cs []clause) []string {
	out := make([]string, len(cs))
	for i, c := range cs {
		out[i] = c.text
	}
	return out
}

// placeOf names a clause in running text.
func placeOf(label string) string {
	if strings.HasPrefix(label, "第") {
		return label
	}
	return "第" + label + "点"
}

func (d *draft) note(m Measure) string {
	if d.existing {
		return d.fill(choose(&d.dice,
			"本文件于"+fmt.Sprint(d.year)+"年制定，由{D}起草，现按要求纳入清理，拟对照现行审查标准逐条核对。",
			"文件印发后用于规范{N}，目前仍在执行。{D}梳理了执行情况，提请按现行标准审查。",
			"本件系存量文件，主要内容为{N}的条件、程序和责任，执行以来未作修改。",
			"文件为{aim}而制定，实施中累计办理相关事项若干，现由{D}组织清理审查。"))
	}
	basis := strings.ReplaceAll(d.theme.law, "》《", "》和《")
	s := choose(&d.dice,
		"为"+d.theme.aim+"，{D}在调研基础上起草本稿，主要依据"+basis+"。",
		"起草背景：{G}{field}领域有关规则不够具体，执行尺度不一。本稿依据"+basis+"，对{N}作出规范。",
		"本稿由{D}起草，经内部集体讨论和两轮征求意见形成，重点解决{N}中条件不清、标准不一的问题。",
		"本稿列入{D}年度计划，主要内容包括适用范围、具体措施、程序和监督，依据为"+basis+"。")
	if d.genre == "T" || d.genre == "A" {
		s = choose(&d.dice,
			"{D}根据项目批复和预算编制本稿，采购需求已经内部论证，资格条件和评审因素与履约相对应。",
			"本稿参照通用文本编制，{N}的范围、标准和结算方式经{D}集体研究确定，发布前开展公平竞争审查。",
			"{D}结合上一轮履约情况起草本稿，对服务标准和考核条款作了细化。")
	}
	if m.Route == "government" {
		s += choose(&d.dice, "拟由"+map[bool]string{true: "市人大常委会审议", false: "{P}人民政府或者其办公室印发"}[d.genre == "C"]+"，报送前提请审查。", "本稿拟报请审议，现按程序提交公平竞争审查。")
	}
	return d.fill(s)
}

// number gives every document its number, counted per series: in the order of issue, and for new ones of the list.
func number(ms []Measure) {
	codes := map[string]string{"zfb": "云泽政办发", cityID: "云泽政发", "scjg": "云泽市监"}
	for _, d := range cityDepartments {
		codes[d.id] = "云泽" + d.code
	}
	for _, c := range counties {
		codes[c.id], codes["zfb-"+c.id] = c.code+"政发", c.code+"政办发"
		for _, key := range c.departments {
			codes[key+"-"+c.id] = c.code + countyDepartments[key].code
		}
	}
	for _, t := range townships {
		codes[t.id] = string([]rune(t.name)[:2]) + "政"
	}
	last := map[string]int{}
	next := func(series string, step int) int {
		last[series] += 1 + step
		return last[series]
	}
	order := make([]*Measure, len(ms))
	for i := range ms {
		order[i] = &ms[i]
	}
	slices.SortStableFunc(order, func(a, b *Measure) int { return strings.Compare(a.IssuedOn, b.IssuedOn) })
	for i, m := range order {
		year, gap := "2026", i%3
		if m.Kind == "existing" {
			year, gap = m.IssuedOn[:4], 3+i%11
		}
		code := codes[m.Issuer]
		switch m.Nature {
		case "rule":
			m.DocNo = fmt.Sprintf("云泽市人民政府令第%d号", 20+next("rule", 0))
			if m.Kind == "existing" {
				m.DocNo = fmt.Sprintf("云泽市人民政府令第%d号", next("old rule", 0))
			}
		case "local_regulation_draft":
			m.DocNo = fmt.Sprintf("云泽市人民代表大会常务委员会公告〔2026〕第%d号", next("rd", 0))
		case "tender_document":
			m.DocNo = fmt.Sprintf("%s采〔2026〕%03d号", code, next(code+"采", gap))
		case "agreement":
			m.DocNo = fmt.Sprintf("%s协〔%s〕%d号", code, year, next(code+"协"+year, gap))
		case "standard":
			m.DocNo = fmt.Sprintf("DB9907/T %d—%s", 100+next("DB", 0), year)
		default:
			m.DocNo = fmt.Sprintf("%s〔%s〕%d号", code, year, next(code+year, gap))
		}
	}
}

// article spells a catalogue id out: IMP-19-3 is 办法第十九条第(三)项.
func article(item string) string {
	var a, i int
	switch n, _ := fmt.Sscanf(item, "IMP-%d-%d", &a, &i); n {
	case 2:
		return "办法第" + chinese(a) + "条第(" + chinese(i) + ")项"
	case 1:
		return "办法第" + chinese(a) + "条"
	}
	return item
}

// chinese writes 1 to 99 in Chinese numerals.
func chinese(n int) string {
	digits := [...]string{"", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	switch {
	case n < 10:
		return digits[n] //nolint:gosec // n is below 10 here
	case n < 20:
		return "十" + digits[n-10]
	}
	return digits[n/10] + "十" + digits[n%10]
}

// dice gives the same throws for the same document every time (splitmix64).
type dice uint64

func roll(key string) dice { return dice(rank(key)) }

func rank(key string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(key))
	return h.Sum64()
}

func (d *dice) n(k int) int {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(k))
}

func choose(d *dice, options ...string) string { return options[d.n(len(options))] }
