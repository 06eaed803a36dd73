// Package intake reads records of measures from files that other people made: JSON Lines or CSV, UTF-8 or GB18030. It
// decides nothing; it says of every row what it holds or what is wrong with it, by row, column and reason.
package intake

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/fairreview/fairreview/review"
)

// Limit bounds a file, in bytes.
const Limit = 64 << 20

// Row is one good record.
type Row struct {
	Line    int // in the file, from 1; the header of a CSV file is line 1
	Title   string
	Issuer  string
	DocNo   string
	Issued  review.Date // "" when the source gives no full date
	Field   string
	Outcome review.Outcome
	Decided review.Date // day of the decision, or ""
	Reason  string
}

// Bad is one row that cannot be taken, and why.
type Bad struct {
	Line   int
	Column string
	Reason string
}

// String is the line a person reads.
func (b Bad) String() string { return fmt.Sprintf("row %d, column %s: %s", b.Line, b.Column, b.Reason) }

// columns maps what people call a column to ours.
var columns = map[string]string{
	"title": "title", "标题": "title", "名称": "title", "文件名称": "title", "政策措施名称": "title",
	"issuer": "issuer", "制定机关": "issuer", "起草单位": "issuer", "发文单位": "issuer",
	"doc_no": "doc_no", "docno": "doc_no", "文号": "doc_no", "发文字号": "doc_no",
	"date": "date", "日期": "date", "发文日期": "date", "印发日期": "date",
	"subject area": "field", "field": "field", "领域": "field", "行业领域": "field",
	"outcome": "outcome", "结果": "outcome", "清理结果": "outcome", "处理结果": "outcome",
	"decided_on": "decided", "decided": "decided", "决定日期": "decided", "清理日期": "decided",
	"reason": "reason", "原因": "reason", "理由": "reason",
}

var outcomes = map[string]review.Outcome{
	"kept": review.Keep, "keep": review.Keep, "保留": review.Keep,
	"amended": review.Amend, "amend": review.Amend, "修改": review.Amend, "已修改": review.Amend,
	"repealed": review.Repeal, "repeal": review.Repeal, "废止": review.Repeal, "已废止": review.Repeal,
}

// Read reads a whole file. A file that is neither JSON Lines nor CSV, larger than Limit or in an unknown encoding is an
// error; anything wrong with one row is a Bad.
func Read(r io.Reader) ([]Row, []Bad, error) {
	raw, err := io.ReadAll(io.LimitReader(r, Limit+1))
	if err != nil {
		return nil, nil, err
	}
	if len(raw) > Limit {
		return nil, nil, fmt.Errorf("the file is larger than %d MB: split it", Limit>>20)
	}
	text, err := decode(raw)
	if err != nil {
		return nil, nil, err
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil, errors.New("the file is empty")
	}
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		rows, bad := jsonLines(text)
		return rows, bad, nil
	}
	return csvRows(text)
}

// decode returns the text: UTF-8 as it is, without its byte order mark, else GB18030. The decoder puts U+FFFD for what
// is not GB18030 and reports nothing, so that is looked for.
func decode(raw []byte) (string, error) {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if utf8.Valid(raw) {
		return string(raw), nil
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return "", errors.New("the file is neither UTF-8 nor GB18030: save it as UTF-8")
	}
	return string(out), nil
}

func jsonLines(text string) (rows []Row, bad []Bad) {
	scan, line := bufio.NewScanner(strings.NewReader(text)), 0
	scan.Buffer(nil, Limit)
	for scan.Scan() {
		line++
		if strings.TrimSpace(scan.Text()) == "" {
			continue
		}
		var object map[string]any
		if err := json.Unmarshal(scan.Bytes(), &object); err != nil {
			bad = append(bad, Bad{line, "-", "not a JSON object"})
			continue
		}
		fields := map[string]string{}
		for name, value := range object {
			column, known := columns[strings.ToLower(strings.TrimSpace(name))]
			if !known || value == nil {
				continue
			}
			s, ok := value.(string)
			if !ok {
				s = fmt.Sprint(value)
			}
			fields[column] = s
		}
		rows, bad = add(rows, bad, line, fields)
	}
	return rows, bad
}

func csvRows(text string) (rows []Row, bad []Bad, err error) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("the first line is not a CSV header: %w", err)
	}
	names := make([]string, len(head))
	for i, h := range head {
		names[i] = columns[strings.ToLower(strings.TrimSpace(h))]
		if names[i] != "" && slices.Index(names, names[i]) != i {
			return nil, nil, fmt.Errorf("column %q stands twice in the header", h)
		}
	}
	for _, need := range []string{"title", "issuer", "outcome"} {
		if !slices.Contains(names, need) {
			return nil, nil, fmt.Errorf("the header has no column %q: name the columns title, issuer, doc_no, date, outcome, decided_on, reason, or in Chinese 标题, 制定机关, 文号, 日期, 结果, 决定日期, 原因", need)
		}
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, bad, nil
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			bad = append(bad, Bad{broken.Line, "-", "not a CSV row: " + broken.Err.Error()})
			continue
		} else if err != nil {
			return rows, bad, err
		}
		line, _ := r.FieldPos(0)
		if len(record) > len(names) {
			bad = append(bad, Bad{line, "-", fmt.Sprintf("%d values, but the header has %d columns", len(record), len(names))})
			continue
		}
		fields := map[string]string{}
		for i, v := range record {
			if names[i] != "" {
				fields[names[i]] = v
			}
		}
		rows, bad = add(rows, bad, line, fields)
	}
}

// add checks one row. The first thing wrong with it is named.
func add(rows []Row, bad []Bad, line int, f map[string]string) ([]Row, []Bad) {
	refuse := func(column, reason string) ([]Row, []Bad) { return rows, append(bad, Bad{line, column, reason}) }
	limits := []struct {
		column string
		runes  int
	}{{"title", 300}, {"issuer", 100}, {"doc_no", 100}, {"field", 100}, {"reason", 2000}, {"date", 10}, {"decided", 10}, {"outcome", 20}}
	for _, l := range limits {
		f[l.column] = strings.TrimSpace(f[l.column])
		if !review.CleanString(f[l.column]) {
			return refuse(l.column, "holds control characters")
		}
		if n := utf8.RuneCountInString(f[l.column]); n > l.runes {
			return refuse(l.column, fmt.Sprintf("has %d characters, %d at most", n, l.runes))
		}
	}
	for _, column := range []string{"title", "issuer"} {
		if f[column] == "" {
			return refuse(column, "is empty")
		}
	}
	row := Row{Line: line, Title: f["title"], Issuer: f["issuer"], DocNo: f["doc_no"], Field: f["field"], Reason: f["reason"]}
	var known bool
	switch row.Outcome, known = outcomes[strings.ToLower(f["outcome"])]; {
	case f["outcome"] == "":
		return refuse("outcome", "is empty: only finished records can be imported; open the others as cases")
	case f["outcome"] == "suspended" || f["outcome"] == "停止执行":
		return refuse("outcome", "停止执行 is interim, not an outcome: open it as a case")
	case !known:
		return refuse("outcome", fmt.Sprintf("%q is none of kept, amended, repealed (保留, 修改, 废止)", f["outcome"]))
	}
	if d := f["date"]; len(d) == len("2006-01-02") {
		if row.Issued = review.Date(d); !row.Issued.Valid() && d >= "2000" {
			return refuse("date", fmt.Sprintf("%q is not a day", d))
		} else if d < "2000" {
			row.Issued = ""
		}
	} else if d != "" && !partial(d) {
		return refuse("date", fmt.Sprintf("%q is no date: write YYYY-MM-DD, YYYY-MM or YYYY", d))
	}
	if d := f["decided"]; d != "" {
		if row.Decided = review.Date(d); !row.Decided.Valid() {
			return refuse("decided_on", fmt.Sprintf("%q is not a day: write YYYY-MM-DD", d))
		}
	}
	return append(rows, row), bad
}

// partial reports whether d is a year or a month, which sources often give.
func partial(d string) bool {
	if len(d) == len("2006") {
		d += "-01"
	}
	return len(d) == len("2006-01") && review.Date("2000"+d[4:]+"-01").Valid() && strings.Trim(d[:4], "0123456789") == ""
}
