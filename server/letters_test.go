package server

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fairreview/fairreview/review"
)

var update = flag.Bool("update", false, "write the golden files anew")

// letterCase is a case of the government route on its way through the regulator, as a letter sees it.
func letterCase(change func(*review.Case)) review.Case {
	at := time.Date(2026, 3, 4, 1, 30, 0, 0, time.UTC)
	hash := strings.Repeat("3fa9c1d27be4", 6)[:64]
	c := review.Case{ID: "018f6c1e-0000-7000-8000-000000000001", Number: "2026-000123-7", Version: 9, Round: 1, Procedure: 2, Kind: review.New,
		Route: review.Government, RouteArticle: "条例 14", Unit: "ind", Regulator: "amr", Officer: "officer", Status: review.Submitted, Since: at, Texts: 2,
		Measure: review.Measure{Title: "关于支持工业企业创新发展的若干措施", Issuer: "gov"}, Text: review.Text{Hash: hash},
		Rules: review.Rules{Slots: []review.SlotRule{{ID: "legal_bases", Zh: "法律法规政策依据", En: "legal and policy bases", Required: true}}},
		Packet: &review.Packet{LetterNo: "云工信函〔2026〕12号", Documents: map[review.Slot]string{review.SlotDraft: hash, review.SlotNote: strings.Repeat("b", 64),
			review.SlotPrelim: strings.Repeat("c", 64), review.SlotHeard: strings.Repeat("d", 64), "legal_bases": strings.Repeat("e", 64)}},
		Joint: &review.Joint{Seats: []review.Seat{{Unit: "fin"}}, Closed: true},
		Panel: &review.Panel{Members: []review.Member{{Person: "expert1", Status: "answered"}}}}
	change(&c)
	return c
}

func asked(kind review.ActionKind, reason string, slots ...review.Slot) *review.Asked {
	return &review.Asked{Kind: kind, Slots: slots, Reason: reason, By: "officer", At: time.Date(2026, 3, 5, 2, 0, 0, 0, time.UTC)}
}

func signed1(c *review.Case, status review.Status, result review.Result) *review.Conclusion {
	c.Status = status
	c.Conclusion = &review.Conclusion{Result: result, TextHash: c.Text.Hash, Standards: "2025-04-20", HowHeard: "书面征求了12家企业和市工业经济联合会的意见，收到意见3条，采纳2条。",
		Prelim: "起草单位初审认为符合审查标准。", UseJoint: "采纳市财政局关于第二条的意见。", UsePanel: "专家组认为注册地条件缺乏依据，已采纳。",
		DocNo: "云市监竞审〔2026〕5号", SignedOn: "2026-03-18", By: "officer", Approver: "approver", Pattern: "i"}
	return c.Conclusion
}

var goldenNames = map[string]string{"amr": "云溪市市场监督管理局", "ind": "云溪市工业和信息化局", "gov": "云溪市人民政府", "officer": "陈承办", "approver": "钱签发", "head": "吴负责"}

var goldenNamesEN = map[string]string{"amr": "Yunxi Administration for Market Regulation", "ind": "Yunxi Bureau of Industry", "gov": "Government of Yunxi", "officer": "陈承办", "approver": "钱签发", "head": "吴负责"}

// goldenLetters are every kind of letter, and the ways in which each can read.
func goldenLetters() map[string]struct {
	kind review.LetterKind
	c    review.Case
} {
	type entry = struct {
		kind review.LetterKind
		c    review.Case
	}
	end := &review.Exception{Ground: "REG-12-3", Effect: "对非节能设备生产企业的销售有限制效果。", Alternatives: "比较了信息披露、分级补贴两种方案，均不能达到节能目标。",
		Until: "2027-12-31", PeriodWhy: "与节能改造计划的期限一致。", Other: "不涉及外地企业准入。"}
	return map[string]entry{
		"receipt": {review.ReceiptLetter, letterCase(func(c *review.Case) {
			c.Review = &review.Meter{Days: 10, Spans: []review.Span{{From: c.Since}}}
		})},
		"correction": {review.CorrectionLetter, letterCase(func(c *review.Case) {
			c.Status, c.Asked = review.CorrectionAsked, asked(review.AskCorrection, "起草说明没有写明听取意见的时间和对象；听取意见情况缺少采纳情况{n}。", review.SlotNote, review.SlotHeard, "legal_bases")
			c.Clock = &review.Clock{Days: 3, Due: time.Date(2026, 3, 10, 16, 0, 0, 0, time.UTC)}
		})},
		"suspension": {review.SuspensionLetter, letterCase(func(c *review.Case) {
			c.Status, c.Asked = review.Suspended, asked(review.Suspend, "起草过程中没有征求任何企业和行业协会的意见。")
		})},
		"suspension_with_period": {review.SuspensionLetter, letterCase(func(c *review.Case) {
			c.Status, c.Asked = review.Suspended, asked(review.Suspend, "起草过程中没有征求任何企业和行业协会的意见。")
			c.Clock = &review.Clock{Days: 10, Due: time.Date(2026, 3, 19, 16, 0, 0, 0, time.UTC)}
		})},
		"return": {review.ReturnLetter, letterCase(func(c *review.Case) {
			c.Status, c.Since, c.Asked = review.Returned, time.Date(2026, 3, 10, 16, 0, 0, 0, time.UTC), asked(review.AskCorrection, "听取意见情况缺少采纳情况。", review.SlotHeard)
		})},
		"return_unheard": {review.ReturnLetter, letterCase(func(c *review.Case) {
			c.Status, c.Since, c.Asked = review.Returned, time.Date(2026, 3, 19, 16, 0, 0, 0, time.UTC), asked(review.Suspend, "起草过程中没有征求任何企业和行业协会的意见。")
		})},
		"opinion_meets": {review.OpinionLetter, letterCase(func(c *review.Case) {
			k := signed1(c, review.ConcludedPass, review.Meets)
			k.Advice, k.Risks = []string{"建议明确奖励的申报程序。", "建议公开评审结果。"}, []string{"实施细则不得另设本地业绩条件。"}
			c.Changes = []review.Change{{ID: "r1-1", Closed: true, Finding: review.Finding{Clause: "第四条", Item: "REG-9-2", Change: "删去“本地”"}}}
			k.Dropped = []review.Withdrawal{{Change: "r1-1", Reason: "该条已经整体删除。"}}
		})},
		"opinion_exception": {review.OpinionLetter, letterCase(func(c *review.Case) {
			k := signed1(c, review.ConcludedException, review.MeetsByExc)
			k.NotHeard, k.HowHeard, k.UseJoint, k.UsePanel = "limited", "本措施在限定范围内征求意见，依规定说明。", "", ""
			c.Exception = end
		})},
		"opinion_fails": {review.OpinionLetter, letterCase(func(c *review.Case) {
			k := signed1(c, review.ConcludedFail, review.Fails)
			k.Findings = []review.Finding{{Clause: "第五条", Item: "REG-10-1", Effect: "变相给予特定经营者税收优惠。", Change: "删去第五条。", Basis: "未查到法律、行政法规依据"}}
			c.Changes = []review.Change{
				{ID: "r1-1", TextHash: strings.Repeat("9", 64), Finding: review.Finding{Clause: "第二条", Item: "REG-9-5", Effect: "外地企业不能同等享受奖励。", Change: "删去“在本市注册的”。"}},
				{ID: "r1-2", TextHash: strings.Repeat("9", 64), Answer: "adopted", Finding: review.Finding{Clause: "第三条", Item: "REG-9-2", Effect: "已改。", Change: "已改。"}},
				{ID: "r1-3", TextHash: c.Text.Hash, Finding: k.Findings[0]}}
		})},
		"conclusion_department": {review.ConclusionLetter, letterCase(func(c *review.Case) {
			c.Route, c.Measure.Issuer, c.Officer, c.Packet = review.Department, "ind", "", nil
			k := signed1(c, review.ConcludedPass, review.Meets)
			k.Prelim, k.UseJoint, k.UsePanel, k.Approver, k.DocNo = "", "", "", "head", "云工信竞审〔2026〕3号"
		})},
		"conclusion_existing": {review.ConclusionLetter, letterCase(func(c *review.Case) {
			c.Kind, c.Packet, c.Hands = review.Existing, nil, []review.Hand{{Person: "approver", Side: review.RegulatorSide}}
			k := signed1(c, review.Kept, review.Meets)
			k.Prelim, k.UseJoint, k.UsePanel = "", "", ""
		})},
		"exception_soon": {review.ExceptionDueLetter, letterCase(func(c *review.Case) {
			signed1(c, review.IssuedException, review.MeetsByExc)
			c.Exception, c.Sunset = end, &review.Sunset{From: "2026-04-01", Until: "2027-12-31", Noticed: 30}
		})},
		"exception_due": {review.ExceptionDueLetter, letterCase(func(c *review.Case) {
			signed1(c, review.ExceptionDue, review.MeetsByExc)
			c.Exception, c.Since = end, review.Date("2027-12-31").End()
		})},
	}
}

func TestLettersReadAsTheyShould(t *testing.T) {
	t.Parallel()
	kinds := map[review.LetterKind]bool{}
	for name, g := range goldenLetters() {
		for _, l := range []lang{zh, en} {
			letter, err := review.Write(g.c, g.kind)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			kinds[g.kind] = true
			names := goldenNames
			if l == en {
				names = goldenNamesEN
			}
			got := plain(letterAnswer(l, g.c, letter, names))
			if !strings.Contains(got, g.c.Number) {
				t.Errorf("%s: another number", name)
			}
			for _, bad := range []string{"expert1", "无效", "void", "—"} { // B1-18; a place that was not filled in
				if strings.Contains(got, bad) {
					t.Errorf("%s says %q", name, bad)
				}
			}
			path := filepath.Join("testdata", "letters", name+"."+string(l)+".txt")
			if *update {
				must(t, os.WriteFile(path, []byte(got), 0o600))
			}
			want, err := os.ReadFile(path)
			must(t, err)
			if got != string(want) {
				t.Errorf("%s reads:\n%s\nwant:\n%s", path, got, want)
			}
		}
	}
	for _, k := range review.LetterKinds() {
		if w := letterTitles[k]; !kinds[k] || !hasHan(w.zh) || w.en == "" || hasHan(w.en) {
			t.Errorf("%s: golden %v, title %v", k, kinds[k], w)
		}
	}
}

// plain is a letter as plain text.
func plain(l LetterAnswer) string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.TrimSpace(strings.Join(parts, "")) + "\n") }
	line(l.Number)
	line(l.Title)
	line(l.DocNo)
	line(l.To)
	line()
	for _, p := range l.Paragraphs {
		switch {
		case p.Heading:
			b.WriteString("\n" + p.Text + "\n")
		case p.Entry:
			b.WriteString("  - " + p.Text + "\n")
		default:
			line(p.Text)
		}
	}
	line()
	line(l.From)
	line(string(l.Date))
	line("due ", string(l.Due), "; signed ", l.Signatory, "; officer ", l.Officer)
	return b.String()
}

func TestEveryPartOfALetterHasItsWords(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for name, g := range goldenLetters() {
		letter, err := review.Write(g.c, g.kind)
		must(t, err)
		for _, p := range letter.Parts {
			used[p.Key] = true
			w := letterParts[p.Key]
			if w.zh == "" || w.en == "" || p.Key != "plain" && hasHan(w.en) {
				t.Errorf("%s: %s in words: %v", name, p.Key, w)
			}
			for _, text := range []string{w.zh, w.en} {
				for _, place := range parameter.FindAllString(text, -1) {
					if _, ok := p.Params[place[1:len(place)-1]]; !ok && place != "{basis}" {
						t.Errorf("%s: %s is given no %s", name, p.Key, place)
					}
				}
			}
		}
	}
	for key := range letterParts {
		if !used[key] && !slices.Contains([]string{"exception.met", "exception.condition"}, key) {
			t.Errorf("no letter of the tests says %s", key)
		}
	}
}

func TestNumbersAsTheLawIsCited(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{1: "一", 9: "九", 10: "十", 12: "十二", 20: "二十", 31: "三十一", 48: "四十八"} {
		if got := inHan(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
	for _, tc := range []struct{ got, want string }{
		{articles(zh, "条例 14, 17; 办法 33"), "《公平竞争审查条例》第十四条、第十七条和《公平竞争审查条例实施办法》第三十三条"},
		{articles(en, "条例 14, 17; 办法 33"), "Regulation on Fair Competition Review, art. 14, 17, and the Measures for the Implementation of the Regulation on Fair Competition Review, art. 33"},
		{cite(zh, "REG-9-5"), "《公平竞争审查条例》第九条第五项"}, {cite(en, "REG-9-5"), "Regulation art. 9(5)"},
		{cite(zh, "IMP-24"), "《公平竞争审查条例实施办法》第二十四条"}, {cite(zh, "DET-15-1-2"), "《公平竞争审查制度实施细则》第十五条第一项第二目"},
		{cite(zh, "NEW-1"), "NEW-1"}, {cite(zh, "REG-x"), "REG-x"}, {cite(zh, "REG"), "REG"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s, want %s", tc.got, tc.want)
		}
	}
}

func TestALetterIsForWhomItConcerns(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	s.submit(&r)
	s.do(&r, "officer", "convene", obj{"seats": []obj{{"unit": "fin"}, {"unit": "dev"}}})
	at := "/api/v1/cases/" + r.Case + "/letters"
	for _, who := range []string{"drafter", "head", "officer", "approver"} {
		var list LetterList
		s.ok(200, who, "GET", at, nil).into(t, &list)
		if len(list.Letters) != 1 || list.Letters[0].Kind != review.ReceiptLetter || list.Letters[0].Link != at+"/receipt" || list.Letters[0].Page != "/cases/"+r.Case+"/letters/receipt" {
			t.Fatalf("%s sees %+v", who, list)
		}
		var l LetterAnswer
		s.ok(200, who, "GET", at+"/receipt", nil).into(t, &l)
		if l.Number != r.Number || l.To != "云溪市工业和信息化局" || l.From != "云溪市市场监督管理局" || l.ReadingCopy {
			t.Errorf("%s reads %+v", who, l)
		}
		page := s.ok(200, who, "GET", list.Letters[0].Page, nil, "Accept", "text/html")
		checkPage(t, page)
		if !bytes.Contains(page.body, []byte(r.Number)) || !bytes.Contains(page.body, []byte("用印处")) {
			t.Errorf("the page for %s has no number, or no place for the seal", who)
		}
		copied := s.ok(200, who, "GET", list.Letters[0].Page+"?lang=en", nil, "Accept", "text/html")
		checkPage(t, copied)
		if !bytes.Contains(copied.body, []byte("reading copy")) || !bytes.Contains(copied.body, []byte("Yunxi Bureau of Industry")) {
			t.Error("the English page does not say that it is a reading copy")
		}
	}
	for who, list := range map[string]int{"finhead": 200, "root": 404, "expert1": 404} { // a seat reads the case, and gets no letter
		g := s.ok(list, who, "GET", at, nil)
		if list == 200 && string(bytes.TrimSpace(g.body)) != `{"letters":[]}` && !bytes.Contains(g.body, []byte(`"letters":[]`)) {
			t.Errorf("%s sees %s", who, g.body)
		}
		s.ok(404, who, "GET", at+"/receipt", nil)
		s.ok(404, who, "GET", "/cases/"+r.Case+"/letters/receipt", nil, "Accept", "text/html")
	}
	for _, kind := range []string{"opinion", "correction", "draft", "..", "%00", strings.Repeat("x", 21)} {
		if g := s.call("drafter", "GET", at+"/"+kind, nil); g.StatusCode != 404 && g.StatusCode != 422 {
			t.Errorf("%q: %d", kind, g.StatusCode)
		}
	}
	s.ok(401, "", "GET", at, nil)
	s.ok(404, "drafter", "GET", "/api/v1/cases/018f6c1e-0000-7000-8000-000000000000/letters", nil)
}

func TestACorrectionIsWrittenWhenItsEndIsCertain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	s.submit(&r)
	s.do(&r, "officer", "ask_correction", obj{"slots": []string{"heard"}, "reason": "缺少采纳情况", "days": 3})
	// The days are set by hand, whatever calendars the database holds.
	set := func(provisional bool) {
		t.Helper()
		v := "false"
		if provisional {
			v = "true"
		}
		_, err := s.db.SQL().Exec(`UPDATE cases SET state = CAST(jsonb_set(jsonb_set(CAST(state AS jsonb), '{clock,provisional}', CAST($2 AS jsonb)), '{clock,due}', '"2027-01-05T16:00:00Z"') AS json) WHERE id = $1`, r.Case, v)
		must(t, err)
	}
	at := "/api/v1/cases/" + r.Case + "/letters"
	set(true)
	if p := s.call("officer", "GET", at+"/correction", nil).problem(); p.Status != 409 || p.Code != "provisional_due" {
		t.Errorf("a letter with a provisional day: %+v", p)
	}
	if g := s.call("officer", "GET", "/cases/"+r.Case+"/letters/correction", nil, "Accept", "text/html"); g.StatusCode != 409 || bytes.Contains(g.body, []byte("2027")) {
		t.Errorf("its page: %d", g.StatusCode)
	}
	var c CaseAnswer
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	i := slices.IndexFunc(c.Letters, func(l LetterRef) bool { return l.Kind == review.CorrectionLetter })
	if i < 0 || c.Letters[i].Link != "" || c.Letters[i].Withheld == "" {
		t.Errorf("listed as %+v", c.Letters)
	}
	if !slices.ContainsFunc(c.Marks, func(m MarkAnswer) bool { return m.Code == "provisional" && m.Reason != "" }) {
		t.Errorf("marks %+v", c.Marks)
	}
	set(false)
	var l LetterAnswer
	s.ok(200, "drafter", "GET", at+"/correction", nil).into(t, &l)
	if l.Due != "2027-01-05" || l.Officer != "陈承办" || l.Number != r.Number {
		t.Errorf("%+v", l)
	}
}

func TestWhatStandsOutOnACase(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 4, 0, 0, 0, time.UTC)
	until := review.DateOf(now).AddDays(40)
	for name, tc := range map[string]struct {
		change func(*review.Case)
		want   []string
	}{
		"nothing":                                 {func(*review.Case) {}, nil},
		"issued without review":                   {func(c *review.Case) { c.Unreviewed = true }, []string{"unreviewed"}},
		"a period that ends later":                {func(c *review.Case) { c.Clock = &review.Clock{Due: now.Add(time.Hour)} }, nil},
		"a period that is over":                   {func(c *review.Case) { c.Clock = &review.Clock{Due: now} }, []string{"overdue"}},
		"a provisional period that would be over": {func(c *review.Case) { c.Clock = &review.Clock{Due: now, Provisional: true} }, []string{"provisional"}},
		"the regulator is late": {func(c *review.Case) {
			c.Review = &review.Meter{Past: true, Spans: []review.Span{{From: now}}, Due: now.Add(-time.Hour)}
		}, []string{"overdue"}},
		"urged twice":           {func(c *review.Case) { c.Urged = &review.Urging{Times: 2, Reason: "期限临近"} }, []string{"urged"}},
		"adopted in words only": {func(c *review.Case) { c.Changes = []review.Change{{ID: "r1-1", Flagged: true}} }, []string{"unchanged"}},
		"and closed since":      {func(c *review.Case) { c.Changes = []review.Change{{ID: "r1-1", Flagged: true, Closed: true}} }, nil},
		"another route": {func(c *review.Case) {
			c.RouteDerived, c.RouteReason = review.Department, "按市政府要求会同审查"
		}, []string{"route_differs"}},
		"the route that follows": {func(c *review.Case) { c.RouteDerived = review.Government }, nil},
		"signed":                 {func(c *review.Case) { c.Status, c.Conclusion = review.ConcludedPass, &review.Conclusion{} }, []string{"to_deliver"}},
		"signed and delivered": {func(c *review.Case) {
			c.Status, c.Conclusion, c.Delivery = review.ConcludedPass, &review.Conclusion{}, &review.Delivery{}
		}, nil},
		"an exception in its last quarter": {func(c *review.Case) {
			c.Status, c.Exception = review.IssuedException, &review.Exception{Until: until}
		}, []string{"exception_soon"}},
		"an exception of years": {func(c *review.Case) {
			c.Status, c.Exception = review.IssuedException, &review.Exception{Until: until.AddYears(2)}
		}, nil},
		"an exception that ends by a condition": {func(c *review.Case) {
			c.Status, c.Exception = review.IssuedException, &review.Exception{Condition: "试点结束"}
		}, nil},
	} {
		for _, l := range []lang{zh, en} {
			var got []string
			for _, m := range marks(l, letterCase(tc.change), now) {
				got = append(got, m.Code)
				if m.Name == "" || l == en && hasHan(m.Name) || strings.Contains(m.Name, "{") {
					t.Errorf("%s: %s in words: %q", name, m.Code, m.Name)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("%s: %v, want %v", name, got, tc.want)
			}
		}
	}
	if m := marks(zh, letterCase(func(c *review.Case) { c.Urged = &review.Urging{Times: 2} }), now); m[0].Name != "已催办2次" {
		t.Errorf("%+v", m)
	}
}

func TestWordsOfTheRecord(t *testing.T) {
	t.Parallel()
	for what, list := range map[string]map[string]words{"heard": heardWords, "interest": interestWords, "based": basedWords, "delivery": deliveryWords,
		"legality": legalWords, "pattern": patternWords, "mark": markWords} {
		for k, w := range list {
			if !hasHan(w.zh) || w.en == "" || hasHan(w.en) {
				t.Errorf("%s %s: %v", what, k, w)
			}
		}
	}
	for _, k := range review.HeardKinds() {
		if heardWords[k].zh == "" {
			t.Errorf("%s has no words", k)
		}
	}
	if got := inWords(zh, "fields", "conclusion.howHeard, conclusion.prelim"); got != "听取意见情况、初审情况" {
		t.Error(got)
	}
	if got := inWords(en, "slot", "note, legal_bases"); got != "drafting note, legal_bases" {
		t.Error(got)
	}
	for field, w := range fieldNames {
		if !hasHan(w.zh) || w.en == "" || hasHan(w.en) {
			t.Errorf("field %s: %v", field, w)
		}
	}
}

// A letter is the same on the day it is sent and years after, whatever became of the case.
func TestALetterOfThePastIsPrintedAsItWas(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	hash := s.toSign(&r)
	s.do(&r, "head", "sign_prelim", nil)
	s.do(&r, "drafter", "submit", obj{"packet": obj{"documents": obj{"draft": hash, "note": s.put("drafter", "起草说明"), "prelim": s.put("drafter", "初审意见"),
		"heard": s.put("drafter", "听取意见情况")}, "noteBasis": "产业政策", "noteHeard": "已听取并采纳", "letterNo": "云工信函〔2026〕12号"}})
	at := "/api/v1/cases/" + r.Case + "/letters"
	s.do(&r, "officer", "ask_correction", obj{"reason": "说明没有写明依据", "slots": []string{"note"}, "days": 3})
	sent := s.ok(200, "drafter", "GET", at+"/correction", nil).body
	s.do(&r, "drafter", "correct", obj{"packet": obj{"documents": obj{"note": s.put("drafter", "起草说明（补正）")}}})
	s.do(&r, "officer", "accept", nil)
	s.ok(404, "drafter", "GET", at+"/correction", nil)
	var list LetterList
	s.ok(200, "drafter", "GET", at, nil).into(t, &list)
	i := slices.IndexFunc(list.Letters, func(l LetterRef) bool { return l.Kind == review.CorrectionLetter })
	if i < 0 || !strings.Contains(list.Letters[i].Link, "?version=") {
		t.Fatalf("letters %+v", list.Letters)
	}
	if now := s.ok(200, "drafter", "GET", list.Letters[i].Link, nil).body; string(now) != string(sent) {
		t.Errorf("sent:\n%s\nnow:\n%s", sent, now)
	}
	if page := s.ok(200, "drafter", "GET", list.Letters[i].Page, nil).body; !bytes.Contains(page, []byte("补正通知书")) || !bytes.Contains(page, []byte("说明没有写明依据")) {
		t.Errorf("page:\n%s", page)
	}
	if page := s.ok(200, "officer", "GET", "/cases/"+r.Case, nil).body; !bytes.Contains(page, []byte(list.Letters[i].Page)) {
		t.Error("the case page does not lead there")
	}
	for _, who := range []string{"finhead", "expert1", "root"} {
		s.ok(404, who, "GET", list.Letters[i].Link, nil)
	}
	s.ok(404, "drafter", "GET", at+"/correction?version=999", nil)
	s.ok(422, "drafter", "GET", at+"/correction?version=x", nil)
}
