package intake_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/fairreview/fairreview/internal/intake"
	"github.com/fairreview/fairreview/review"
)

const experts = "姓名,领域,工作单位,地区,曾任职单位,受委托工作,利益关系,聘期起,聘期止,备注\n" +
	"王专家,竞争法；产业组织,湖山大学,湖山,湖山市财政局 2010-2019；湄州建设（集团）有限公司（2019—2022）,湖山市发改委 2024,湄州建设集团,2026-01-01,2028-12-31,x\n" +
	"冯专家,政府采购,嘉穑律师事务所,,某局 2015-至今；另一局,,,2026-01-01,,\n"

func past(name string, from, to int) review.Past {
	return review.Past{With: review.Body{Name: name}, From: from, To: to}
}

var wantExperts = []intake.Expert{
	{Line: 2, Name: "王专家", Fields: []string{"竞争法", "产业组织"}, Institution: "湖山大学", Region: "湖山",
		Employers: []review.Past{past("湖山市财政局", 2010, 2019), past("湄州建设（集团）有限公司", 2019, 2022)}, Works: []review.Past{past("湖山市发改委", 2024, 2024)},
		Interests: []string{"湄州建设集团"}, From: "2026-01-01", To: "2028-12-31"},
	{Line: 3, Name: "冯专家", Fields: []string{"政府采购"}, Institution: "嘉穑律师事务所", Employers: []review.Past{past("某局", 2015, 0), past("另一局", 0, 0)}, From: "2026-01-01"},
}

func TestExpertsAreReadTheSameFromEveryEncoding(t *testing.T) {
	t.Parallel()
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(experts)
	if err != nil {
		t.Fatal(err)
	}
	lines := `{"name":"王专家","fields":["竞争法","产业组织"],"institution":"湖山大学","region":"湖山","employers":["湖山市财政局 2010-2019","湄州建设（集团）有限公司 2019至2022"],"works":"湖山市发改委 2024年","interests":"湄州建设集团","from":"2026-01-01","to":"2028-12-31"}
{"姓名":"冯专家","领域":"政府采购","单位":"嘉穑律师事务所","曾任职单位":"某局 2015-；另一局","聘期起":"2026-01-01","to":null}`
	for name, text := range map[string]string{"UTF-8": experts, "with a byte order mark": "\ufeff" + experts, "GB18030": gb, "Windows line ends": strings.ReplaceAll(experts, "\n", "\r\n"), "JSON Lines": "\n" + lines} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, bad, err := intake.ReadExperts(strings.NewReader(text))
			if err != nil || len(bad) > 0 {
				t.Fatal(err, bad)
			}
			if d := cmp.Diff(wantExperts, rows); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestStrangeExpertsAreNamed(t *testing.T) {
	t.Parallel()
	const card = "looks like the number of an identity or bank card, which the pool does not keep: take it out"
	for name, c := range map[string]struct {
		row  string
		want intake.Bad
	}{
		"no name":                       {`"fields":"法","institution":"甲","from":"2026-01-01"`, intake.Bad{Line: 2, Column: "name", Reason: "is empty"}},
		"no field":                      {`"name":"丙","fields":"；、","institution":"甲","from":"2026-01-01"`, intake.Bad{Line: 2, Column: "fields", Reason: "holds 0 fields, 1 to 20 are possible"}},
		"no institution":                {`"name":"丙","fields":"法","from":"2026-01-01"`, intake.Bad{Line: 2, Column: "institution", Reason: "is empty"}},
		"no first day":                  {`"name":"丙","fields":"法","institution":"甲"`, intake.Bad{Line: 2, Column: "from", Reason: "is empty"}},
		"a day that never was":          {`"name":"丙","fields":"法","institution":"甲","from":"2026-02-30"`, intake.Bad{Line: 2, Column: "from", Reason: `"2026-02-30" is not a day: write YYYY-MM-DD`}},
		"an Excel serial":               {`"name":"丙","fields":"法","institution":"甲","from":45352`, intake.Bad{Line: 2, Column: "from", Reason: `"45352" is not a day: write YYYY-MM-DD`}},
		"an end before the start":       {`"name":"丙","fields":"法","institution":"甲","from":"2026-01-02","to":"2026-01-01"`, intake.Bad{Line: 2, Column: "to", Reason: "is before the first day of the term"}},
		"years without a body":          {`"name":"丙","fields":"法","institution":"甲","from":"2026-01-01","employers":"2010-2019"`, intake.Bad{Line: 2, Column: "employers", Reason: `"2010-2019" names no body: write the body, then the years, such as 湖山市财政局 2010-2019`}},
		"years backwards":               {`"name":"丙","fields":"法","institution":"甲","from":"2026-01-01","works":"某局 2019-2010"`, intake.Bad{Line: 2, Column: "works", Reason: `"某局 2019-2010" ends before it begins`}},
		"an identity number":            {`"name":"丙","fields":"法","institution":"甲 330501198001011234","from":"2026-01-01"`, intake.Bad{Line: 2, Column: "institution", Reason: card}},
		"a card number that is no text": {`"name":"丙","fields":"法","institution":"甲","from":"2026-01-01","remark":6222020012345678901`, intake.Bad{Line: 2, Column: "remark", Reason: card}},
		"a NUL":                         {`"name":"丙\u0000","fields":"法","institution":"甲","from":"2026-01-01"`, intake.Bad{Line: 2, Column: "name", Reason: "holds control characters"}},
		"a long name":                   {`"name":"` + strings.Repeat("长", 101) + `","fields":"法","institution":"甲","from":"2026-01-01"`, intake.Bad{Line: 2, Column: "name", Reason: "has 101 characters, 100 at most"}},
		"the same expert":               {`"name":"王","fields":"法","institution":"湖山 大学","from":"2026-01-01"`, intake.Bad{Line: 2, Column: "name", Reason: "is the expert of row 1"}},
		"a column twice":                {`"name":"丙","姓名":"丁","fields":"法","institution":"甲","from":"2026-01-01"`, intake.Bad{Line: 2, Column: "name", Reason: "stands twice"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, bad, err := intake.ReadExperts(strings.NewReader(`{"name":"王","fields":"法","institution":"湖山大学","from":"2026-01-01"}` + "\n{" + c.row + "}"))
			if err != nil || len(rows) != 1 {
				t.Fatal(rows, err)
			}
			if d := cmp.Diff([]intake.Bad{c.want}, bad); d != "" {
				t.Error(d)
			}
			for _, b := range bad {
				if strings.Contains(b.String(), "3305") || strings.Contains(b.String(), "6222") {
					t.Errorf("the number is repeated: %s", b)
				}
			}
		})
	}
	for name, c := range map[string]struct{ text, says string }{
		"an identity column":      {"姓名,领域,工作单位,聘期起,身份证号\n", `column "身份证号" says that it holds numbers of identity or bank cards`},
		"a bank column in JSON":   {`{"name":"王","Bank account":"1"}`, `column "Bank account"`},
		"a spreadsheet":           {"PK\x03\x04…", "save it as CSV"},
		"an old spreadsheet":      {"\xd0\xcf\x11\xe0\xa1\xb1", "save it as CSV"},
		"nothing":                 {" \n", "empty"},
		"no column for the field": {"姓名,工作单位,聘期起\n", `no column "fields"`},
		"a column twice":          {"姓名,name,领域,工作单位,聘期起\n", "stands twice"},
	} {
		if _, _, err := intake.ReadExperts(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// CSV: rows that are broken or too long are named, and those after them read.
	rows, bad, err := intake.ReadExperts(strings.NewReader("name,fields,institution,from\n丙,法,甲,2026-01-01,多\n丁,\"法\"x,甲,2026-01-01\n戊,法,甲,2026-01-01\n"))
	if err != nil || len(bad) != 2 || bad[0].Line != 2 || bad[1].Line != 3 || len(rows) != 1 || rows[0].Name != "戊" {
		t.Errorf("%v, %v, %v", rows, bad, err)
	}
}
