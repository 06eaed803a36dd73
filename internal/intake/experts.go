package intake

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fairreview/fairreview/review"
)

// Expert is one good row of a list of experts.
type Expert struct {
	Line        int
	Name        string
	Account     string // login; "": none is given
	Fields      []string
	Institution string
	Region      string
	Employers   []review.Past
	Works       []review.Past
	Interests   []string
	From, To    review.Date // To "": no end is set
}

// expertColumns maps what people call a column to ours.
var expertColumns = map[string]string{
	"name": "name", "姓名": "name", "专家姓名": "name",
	"account": "account", "login": "account", "账号": "account", "登录名": "account",
	"fields": "fields", "field": "fields", "领域": "fields", "专业领域": "fields", "擅长领域": "fields",
	"institution": "institution", "单位": "institution", "工作单位": "institution", "现工作单位": "institution",
	"region": "region", "地区": "region", "所在地区": "region",
	"employers": "employers", "former employers": "employers", "曾任职单位": "employers", "工作经历": "employers",
	"works": "works", "prior work": "works", "受委托工作": "works",
	"interests": "interests", "declared": "interests", "利益关系": "interests", "申报的利益关系": "interests",
	"from": "from", "聘期起": "from", "聘期开始": "from",
	"to": "to", "聘期止": "to", "聘期结束": "to",
}

// ReadExperts reads a whole list of experts: JSON Lines or CSV, UTF-8 or GB18030; a spreadsheet is saved as CSV first. A column
// that says that it holds the number of an identity or bank card is an error, and a row with what looks like one a Bad, whatever
// the column: neither is stored, nor repeated here. Anything else is as for Read. Two rows of one name and institution, or of
// one account, are one expert: the second is a Bad.
func ReadExperts(r io.Reader) ([]Expert, []Bad, error) {
	raw, err := io.ReadAll(io.LimitReader(r, Limit+1))
	switch {
	case err != nil:
		return nil, nil, err
	case len(raw) > Limit:
		return nil, nil, fmt.Errorf("the file is larger than %d MB: split it", Limit>>20)
	case strings.HasPrefix(string(raw), "PK\x03\x04"), strings.HasPrefix(string(raw), "\xd0\xcf\x11\xe0"):
		return nil, nil, errors.New("the file is a spreadsheet, and only CSV and JSON Lines are read: save it as CSV")
	}
	text, err := decode(raw)
	if err != nil {
		return nil, nil, err
	}
	l := experts{seen: map[string]int{}}
	switch trimmed := strings.TrimSpace(text); {
	case trimmed == "":
		return nil, nil, errors.New("the file is empty")
	case strings.HasPrefix(trimmed, "{"):
		err = l.jsonLines(text)
	default:
		err = l.csv(text)
	}
	if err != nil {
		return nil, nil, err
	}
	return l.rows, l.bad, nil
}

// experts collects rows while they are read.
type experts struct {
	rows []Expert
	bad  []Bad
	seen map[string]int // line by what an expert is known by
}

func (l *experts) refuse(line int, column, reason string) {
	l.bad = append(l.bad, Bad{line, column, reason})
}

// personal is the error for a column that is not read at all.
func personal(column string) error {
	return fmt.Errorf("column %q says that it holds numbers of identity or bank cards: the pool keeps none, so delete the column and read the file again", column)
}

func (l *experts) jsonLines(text string) error {
	scan, line := bufio.NewScanner(strings.NewReader(text)), 0
	scan.Buffer(nil, Limit)
	for scan.Scan() {
		line++
		if strings.TrimSpace(scan.Text()) == "" {
			continue
		}
		dec := json.NewDecoder(strings.NewReader(scan.Text()))
		dec.UseNumber() // a card's number is not to become 6.2e18
		var object map[string]any
		if err := dec.Decode(&object); err != nil || dec.More() {
			l.refuse(line, "-", "not a JSON object")
			continue
		}
		fields, other, twice := map[string]string{}, "", ""
		for _, name := range slices.Sorted(maps.Keys(object)) {
			value, column := flat(object[name]), expertColumns[strings.ToLower(strings.TrimSpace(name))]
			if review.PersonalColumn(name) {
				return personal(name)
			}
			if review.PersonalNumber(value) {
				other = wordOf(name)
			}
			if column == "" || value == "" {
				continue
			}
			if fields[column] != "" {
				twice = column
			}
			fields[column] = value
		}
		if twice != "" {
			l.refuse(line, twice, "stands twice")
			continue
		}
		l.add(line, fields, other)
	}
	if err := scan.Err(); err != nil {
		l.refuse(line+1, "-", "not a line: "+err.Error())
	}
	return nil
}

// flat puts a value into the words of a cell; the entries of a list are set apart.
func flat(v any) string {
	if list, ok := v.([]any); ok {
		parts := make([]string, len(list))
		for i, x := range list {
			parts[i] = flat(x)
		}
		return strings.Join(parts, "；")
	}
	if s, ok := v.(string); ok {
		return s
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func wordOf(column string) string {
	if ours := expertColumns[strings.ToLower(strings.TrimSpace(column))]; ours != "" {
		return ours
	}
	return column
}

func (l *experts) csv(text string) error {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return fmt.Errorf("the first line is not a CSV header: %w", err)
	}
	names := make([]string, len(head))
	for i, h := range head {
		if review.PersonalColumn(h) {
			return personal(h)
		}
		names[i] = expertColumns[strings.ToLower(strings.TrimSpace(h))]
		if names[i] != "" && slices.Index(names, names[i]) != i {
			return fmt.Errorf("column %q stands twice in the header", h)
		}
	}
	for _, need := range []string{"name", "fields", "institution", "from"} {
		if !slices.Contains(names, need) {
			return fmt.Errorf("the header has no column %q: name the columns name, account, fields, institution, region, employers, works, interests, from, to, or in Chinese 姓名, 账号, 领域, 工作单位, 地区, 曾任职单位, 受委托工作, 利益关系, 聘期起, 聘期止", need)
		}
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			l.refuse(broken.Line, "-", "not a CSV row: "+broken.Err.Error())
			continue
		} else if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		if len(record) > len(names) {
			l.refuse(line, "-", fmt.Sprintf("%d values, but the header has %d columns", len(record), len(names)))
			continue
		}
		fields, other := map[string]string{}, ""
		for i, v := range record {
			if review.PersonalNumber(v) {
				other = wordOf(head[i])
			}
			if names[i] != "" {
				fields[names[i]] = v
			}
		}
		l.add(line, fields, other)
	}
}

// add checks one row; personal is a column whose value looks like a card's number. The first thing wrong with it is named.
func (l *experts) add(line int, f map[string]string, personal string) {
	if personal != "" {
		l.refuse(line, personal, "looks like the number of an identity or bank card, which the pool does not keep: take it out")
		return
	}
	for _, c := range []struct {
		column string
		runes  int
	}{{"name", 100}, {"account", 64}, {"institution", 100}, {"region", 100}, {"from", 10}, {"to", 10}, {"fields", 2000}, {"employers", 5000}, {"works", 5000}, {"interests", 5000}} {
		f[c.column] = strings.TrimSpace(f[c.column])
		if !review.CleanString(f[c.column]) {
			l.refuse(line, c.column, "holds control characters")
			return
		}
		if n := utf8.RuneCountInString(f[c.column]); n > c.runes {
			l.refuse(line, c.column, fmt.Sprintf("has %d characters, %d at most", n, c.runes))
			return
		}
	}
	for _, column := range []string{"name", "fields", "institution", "from"} {
		if f[column] == "" {
			l.refuse(line, column, "is empty")
			return
		}
	}
	e := Expert{Line: line, Name: f["name"], Account: f["account"], Institution: f["institution"], Region: f["region"],
		Fields: list(f["fields"], "；;、,，"), Interests: list(f["interests"], "；;"), From: review.Date(f["from"]), To: review.Date(f["to"])}
	for _, d := range []struct {
		column string
		day    review.Date
	}{{"from", e.From}, {"to", e.To}} {
		if d.day != "" && !d.day.Valid() {
			l.refuse(line, d.column, fmt.Sprintf("%q is not a day: write YYYY-MM-DD", d.day))
			return
		}
	}
	if e.To != "" && e.To < e.From {
		l.refuse(line, "to", "is before the first day of the term")
		return
	}
	if len(e.Fields) == 0 || len(e.Fields) > 20 {
		l.refuse(line, "fields", fmt.Sprintf("holds %d fields, 1 to 20 are possible", len(e.Fields)))
		return
	}
	for _, p := range []struct {
		column string
		into   *[]review.Past
	}{{"employers", &e.Employers}, {"works", &e.Works}} {
		var err error
		if *p.into, err = pasts(f[p.column]); err != nil {
			l.refuse(line, p.column, err.Error())
			return
		}
	}
	for _, c := range []struct {
		column string
		values []string
	}{{"fields", e.Fields}, {"interests", e.Interests}} {
		if len(c.values) > 50 || slices.ContainsFunc(c.values, func(s string) bool { return utf8.RuneCountInString(s) > 100 }) {
			l.refuse(line, c.column, "has an entry of more than 100 characters, or more than 50 entries: put a semicolon between entries")
			return
		}
	}
	key := "name\x00" + e.Name + "\x00" + review.PlainName(e.Institution)
	if e.Account != "" {
		key = "account\x00" + strings.ToLower(e.Account)
	}
	if before := l.seen[key]; before != 0 {
		l.refuse(line, "name", fmt.Sprintf("is the expert of row %d", before))
		return
	}
	l.seen[key] = line
	l.rows = append(l.rows, e)
}

// list splits a cell at any of the marks, and leaves out what is empty or there already.
func list(cell, marks string) []string {
	var out []string
	for _, s := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(marks, r) || r == '\n' || r == '\r' }) {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// years ends an entry of employers or works: 2010-2019, 2019, 2010- or 2010-至今.
var years = regexp.MustCompile(`^(.*?)[\s（(]*((?:19|20)\d\d)年?\s*(?:([-—–~～至到])+\s*((?:19|20)\d\d|至今|今|现在|now)?年?)?[）)]*$`)

// pasts reads entries with a semicolon between them, each a body and its years: 湖山市财政局 2010-2019. Without an end, or without
// years, it counts as going on: what is not known stands against the expert.
func pasts(cell string) ([]review.Past, error) {
	var out []review.Past
	for _, s := range list(cell, "；;") {
		p := review.Past{With: review.Body{Name: s}}
		if m := years.FindStringSubmatch(s); m != nil {
			p.With.Name = strings.TrimSpace(m[1])
			p.From, _ = strconv.Atoi(m[2])
			p.To = p.From // a single year
			if m[3] != "" {
				p.To, _ = strconv.Atoi(m[4]) // 至今 is 0
			}
		}
		switch {
		case p.With.Name == "":
			return nil, fmt.Errorf("%q names no body: write the body, then the years, such as 湖山市财政局 2010-2019", s)
		case p.To != 0 && p.To < p.From:
			return nil, fmt.Errorf("%q ends before it begins", s)
		case utf8.RuneCountInString(p.With.Name) > 100:
			return nil, errors.New("has an entry of more than 100 characters: put a semicolon between entries")
		}
		out = append(out, p)
	}
	if len(out) > 50 {
		return nil, errors.New("has more than 50 entries")
	}
	return out, nil
}
