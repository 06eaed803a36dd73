package intake_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/fairreview/fairreview/internal/intake"
	"github.com/fairreview/fairreview/review"
)

const sheet = "标题,制定机关,文号,日期,结果,决定日期\n" +
	"云泽市演示办法,云泽市演示局,云演〔2019〕1号,2019-05-01,保留,2024-06-30\n" +
	"云泽市第二办法,云泽市演示局,,2020,废止,\n"

var want = []intake.Row{
	{Line: 2, Title: "云泽市演示办法", Issuer: "云泽市演示局", DocNo: "云演〔2019〕1号", Issued: "2019-05-01", Outcome: review.Keep, Decided: "2024-06-30"},
	{Line: 3, Title: "云泽市第二办法", Issuer: "云泽市演示局", Outcome: review.Repeal},
}

func TestReadTheSameFromEveryEncoding(t *testing.T) {
	t.Parallel()
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(sheet)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"UTF-8": sheet, "with a byte order mark": "\ufeff" + sheet, "GB18030": gb, "Windows line ends": strings.ReplaceAll(sheet, "\n", "\r\n")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, bad, err := intake.Read(strings.NewReader(text))
			if err != nil || len(bad) > 0 {
				t.Fatal(err, bad)
			}
			if d := cmp.Diff(want, rows); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestBadRowsAreNamed(t *testing.T) {
	t.Parallel()
	line := func(s string) string { return `{"title":"甲办法","issuer":"乙局","outcome":"kept"}` + "\n" + s }
	for name, c := range map[string]struct {
		text string
		want intake.Bad
	}{
		"no title":                  {line(`{"issuer":"乙局","outcome":"kept"}`), intake.Bad{Line: 2, Column: "title", Reason: "is empty"}},
		"null issuer":               {line(`{"title":"丙","issuer":null,"outcome":"kept"}`), intake.Bad{Line: 2, Column: "issuer", Reason: "is empty"}},
		"no outcome":                {line(`{"title":"丙","issuer":"乙局","outcome":null}`), intake.Bad{Line: 2, Column: "outcome", Reason: "is empty: only finished records can be imported; open the others as cases"}},
		"interim outcome":           {line(`{"title":"丙","issuer":"乙局","outcome":"suspended"}`), intake.Bad{Line: 2, Column: "outcome", Reason: "停止执行 is interim, not an outcome: open it as a case"}},
		"unknown outcome":           {line(`{"title":"丙","issuer":"乙局","outcome":"lost"}`), intake.Bad{Line: 2, Column: "outcome", Reason: `"lost" is none of kept, amended, repealed (保留, 修改, 废止)`}},
		"a day that never was":      {line(`{"title":"丙","issuer":"乙局","outcome":"kept","date":"2025-02-30"}`), intake.Bad{Line: 2, Column: "date", Reason: `"2025-02-30" is not a day`}},
		"an Excel serial":           {line(`{"title":"丙","issuer":"乙局","outcome":"kept","date":45352}`), intake.Bad{Line: 2, Column: "date", Reason: `"45352" is no date: write YYYY-MM-DD, YYYY-MM or YYYY`}},
		"a decision day in words":   {line(`{"title":"丙","issuer":"乙局","outcome":"kept","decided_on":"去年"}`), intake.Bad{Line: 2, Column: "decided_on", Reason: `"去年" is not a day: write YYYY-MM-DD`}},
		"a NUL":                     {line(`{"title":"丙\u0000","issuer":"乙局","outcome":"kept"}`), intake.Bad{Line: 2, Column: "title", Reason: "holds control characters"}},
		"a title of 301 characters": {line(`{"title":"` + strings.Repeat("长", 301) + `","issuer":"乙局","outcome":"kept"}`), intake.Bad{Line: 2, Column: "title", Reason: "has 301 characters, 300 at most"}},
		"not JSON":                  {line(`{"title":`), intake.Bad{Line: 2, Column: "-", Reason: "not a JSON object"}},
		"too many values":           {"title,issuer,outcome\n甲,乙局,kept\n丙,乙局,kept,x\n", intake.Bad{Line: 3, Column: "-", Reason: "4 values, but the header has 3 columns"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, bad, err := intake.Read(strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]intake.Bad{c.want}, bad); d != "" {
				t.Error(d)
			}
			if len(rows) != 1 {
				t.Errorf("the good row is kept: %v", rows)
			}
		})
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"empty":              {" \n", "the file is empty"},
		"neither encoding":   {"title,issuer,outcome\n\xff\xff\xff,b,c\n", "the file is neither UTF-8 nor GB18030: save it as UTF-8"},
		"a column too many":  {"title,标题,issuer,outcome\n", `column "标题" stands twice in the header`},
		"a column is absent": {"title,issuer\n", `the header has no column "outcome"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := intake.Read(strings.NewReader(c.text))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// FuzzRead holds that no file makes the reader panic, and that every good row is within bounds.
func FuzzRead(f *testing.F) {
	f.Add([]byte(sheet))
	f.Add([]byte(`{"title":"甲","issuer":"乙","outcome":"kept"}`))
	f.Add([]byte("title,issuer,outcome\n\"a\"b,c,d\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		rows, _, _ := intake.Read(strings.NewReader(string(raw)))
		for _, r := range rows {
			if r.Title == "" || r.Issuer == "" || !r.Outcome.Reviewed() || r.Issued != "" && !r.Issued.Valid() {
				t.Errorf("bad row passed: %+v", r)
			}
		}
	})
}
