package server

import (
	"slices"
	"strings"
	"testing"

	"github.com/fairreview/fairreview/review"
)

const (
	textBefore = "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 在本市注册的工业企业，优先享受技术改造奖励，奖励金额不超过一百万元。\n第三条 本措施自印发之日起施行，有效期三年。\n"
	textUnsure = "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 工业企业开展技术改造的，由县区按照规定另行支持，奖励金额由县区确定。\n第三条 本措施自2026年起施行，由市工业和信息化局负责解释，有效期五年。\n"
	textAfter  = "若干措施\n第一条 为了支持全市工业企业创新发展，制定本措施。\n第二条 鼓励高校与科研院所开展联合攻关。\n第三条 在本市注册的工业企业，优先享受技术改造奖励，奖励金额不超过一百万元。\n第四条 本措施自印发之日起施行，有效期三年。\n"
)

func (s *site) caseText(id string) review.Text {
	s.t.Helper()
	var c CaseAnswer
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+id, nil).into(s.t, &c)
	return c.Text
}

func TestClausesKeepTheirIDs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "ind")
	first, second := s.put("drafter", textBefore), s.put("drafter", textAfter)
	s.do(&r, "drafter", "start_review", obj{"text": obj{"hash": first}, "heard": heard})
	if got := s.caseText(r.Case); !slices.Equal(got.Clauses, []string{"第一条", "第二条", "第三条"}) || !slices.Equal(got.IDs, []string{"c1", "c2", "c3"}) || len(got.Sums) != 4 {
		t.Errorf("%+v", got)
	}
	// What a page asks before the next text is handed in.
	var cs TextClauses
	s.ok(200, "drafter", "GET", "/api/v1/texts/"+second+"/clauses?case="+r.Case, nil).into(t, &cs)
	var seen []string
	for _, c := range cs.Clauses {
		seen = append(seen, c.ID+" "+c.Label+" "+c.Change)
	}
	if want := []string{"c0 首部 same", "c1 第一条 same", "c4 第二条 added", "c2 第三条 same", "c3 第四条 same"}; !slices.Equal(seen, want) || cs.Against != first || len(cs.Unsure) != 0 || !cs.Splittable {
		t.Errorf("%v against %s, unsure %v", seen, cs.Against, cs.Unsure)
	}
	if c := cs.Clauses[2]; c.First != 3 || c.Last != 3 || !strings.HasPrefix(c.Text, "第二条 鼓励") {
		t.Errorf("%+v", c)
	}
	// The case's own text, as it was recorded; and a text on its own.
	cs = TextClauses{}
	s.ok(200, "drafter", "GET", "/api/v1/texts/"+first+"/clauses?case="+r.Case, nil).into(t, &cs)
	if cs.Clauses[3].ID != "c3" || cs.Against != "" {
		t.Errorf("%+v", cs)
	}
	cs = TextClauses{}
	s.ok(200, "drafter", "GET", "/api/v1/texts/"+first+"/clauses", nil).into(t, &cs)
	if cs.Clauses[1].ID != "" || cs.Clauses[1].Label != "第一条" {
		t.Errorf("%+v", cs.Clauses[1])
	}
	for _, path := range []string{"/api/v1/texts/" + second + "/clauses", "/api/v1/texts/" + first + "/clauses?case=" + r.Case, "/api/v1/cases/" + r.Case + "/compare?from=" + first + "&to=" + first} {
		s.ok(404, "findrafter", "GET", path, nil)
	}
	s.ok(404, "drafter", "GET", "/api/v1/texts/"+first+"/clauses?case=17", nil)
}

func TestUnsureClausesAreAsked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	first, next := s.put("drafter", textBefore), s.put("drafter", textUnsure)
	s.do(&r, "drafter", "start_review", obj{"text": obj{"hash": first}, "heard": heard})
	s.do(&r, "drafter", "send_check", obj{"checklist": checklist(first)})
	s.do(&r, "checker", "send_sign", nil)
	s.do(&r, "head", "sign_prelim", nil)
	s.do(&r, "drafter", "submit", obj{"packet": obj{"documents": obj{"draft": first, "note": s.put("drafter", "起草说明"), "prelim": s.put("drafter", "初审意见"),
		"heard": s.put("drafter", "听取意见情况")}, "noteBasis": "产业政策", "noteHeard": "已听取并采纳", "letterNo": "云工信函〔2026〕12号"}})
	s.do(&r, "officer", "accept", nil)
	s.do(&r, "officer", "put_breach", obj{"findings": []obj{{"clause": "第二条", "item": "REG-9-5", "effect": "歧视外地经营者", "change": "删去注册地条件"}}})
	answers := func(text obj) obj {
		return obj{"kind": "change_at_once", "seen": r.Version, "text": text, "answers": []obj{{"change": "r1-1", "answer": "adopted", "clause": "第二条"}}}
	}
	act := "/api/v1/cases/" + r.Case + "/actions"
	p := s.call("drafter", "POST", act, answers(obj{"hash": next})).problem()
	if p.Status != 422 || p.Code != "clauses_unsure" || p.Params["labels"] != "第二条、第三条" || p.Params["candidates"] != "第二条: c2; 第三条: c3" || !strings.Contains(p.Detail, "第二条") {
		t.Fatalf("%+v", p)
	}
	var cs TextClauses
	s.ok(200, "drafter", "GET", "/api/v1/texts/"+next+"/clauses?case="+r.Case, nil).into(t, &cs)
	if len(cs.Unsure) != 2 || cs.Unsure[0].Label != "第二条" || len(cs.Unsure[0].Candidates) != 1 || cs.Unsure[0].Candidates[0].ID != "c2" || !strings.Contains(cs.Unsure[0].Candidates[0].Text, "注册") {
		t.Errorf("%+v", cs.Unsure)
	}
	if p := s.call("drafter", "POST", act, answers(obj{"hash": next, "matches": []obj{{"label": "第二条", "was": "c9"}}})).problem(); p.Code != "invalid" || p.Params["field"] != "text.matches" {
		t.Errorf("an id that never was: %+v", p)
	}
	s.do(&r, "drafter", "change_at_once", obj{"text": obj{"hash": next, "matches": []obj{{"label": "第二条", "was": "new"}, {"label": "第三条", "was": "c3"}}}, "answers": []obj{{"change": "r1-1", "answer": "adopted", "clause": "第二条"}}})
	if got := s.caseText(r.Case); !slices.Equal(got.IDs, []string{"c1", "c4", "c3"}) {
		t.Errorf("%+v", got)
	}
	var cmp Comparison
	s.ok(200, "officer", "GET", "/api/v1/cases/"+r.Case+"/compare?from="+first+"&to="+next, nil).into(t, &cmp)
	var rows []string
	for _, row := range cmp.Rows {
		rows = append(rows, row.ID+" "+row.State+" "+row.LabelBefore+"/"+row.LabelAfter)
	}
	if want := []string{"c0 same 首部/首部", "c1 same 第一条/第一条", "c2 removed 第二条/", "c4 added /第二条", "c3 changed 第三条/第三条"}; !slices.Equal(rows, want) || !strings.Contains(cmp.Rows[2].Before, "注册") {
		t.Errorf("%v", rows)
	}
	other := s.put("officer", "别的文稿")
	s.ok(404, "officer", "GET", "/api/v1/cases/"+r.Case+"/compare?from="+first+"&to="+other, nil) // one's own, and not this case's
	s.ok(422, "officer", "GET", "/api/v1/cases/"+r.Case+"/compare?from="+first, nil)
}

func TestATextIsSplitByHand(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "ind")
	hash := s.put("drafter", "关于支持企业的通知\n本市支持企业。\n具体办法另行规定。")
	act := "/api/v1/cases/" + r.Case + "/actions"
	bad := s.call("drafter", "POST", act, obj{"kind": "start_review", "seen": r.Version, "heard": heard, "text": obj{"hash": hash, "breaks": []obj{{"line": 9, "label": "甲"}}}}).problem()
	if bad.Code != "invalid" || bad.Params["field"] != "text.breaks" || bad.Params["line"] != "9" {
		t.Errorf("%+v", bad)
	}
	s.do(&r, "drafter", "start_review", obj{"heard": heard, "text": obj{"hash": hash, "breaks": []obj{{"line": 2, "label": "第一段"}, {"line": 3, "label": "第二段"}}}})
	if got := s.caseText(r.Case); !slices.Equal(got.Clauses, []string{"第一段", "第二段"}) || !slices.Equal(got.IDs, []string{"c1", "c2"}) || len(got.Breaks) != 2 {
		t.Errorf("%+v", got)
	}
	var cs TextClauses
	s.ok(200, "drafter", "GET", "/api/v1/texts/"+hash+"/clauses?case="+r.Case, nil).into(t, &cs)
	if cs.Splittable || len(cs.Clauses) != 3 || cs.Clauses[2].Label != "第二段" || cs.Clauses[2].ID != "c2" {
		t.Errorf("%+v", cs)
	}
}

func TestFindingsMayNameAPart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	hash := s.put("drafter", "第一条 甲。\n乙：\n（一）丙；\n（二）丁。")
	var cs TextClauses
	s.ok(200, "drafter", "GET", "/api/v1/texts/"+hash+"/clauses", nil).into(t, &cs)
	var parts []string
	for _, p := range cs.Clauses[0].Parts {
		parts = append(parts, p.Label)
	}
	if want := []string{"第一条第一款", "第一条第二款", "第一条第二款第（一）项", "第一条第二款第（二）项"}; !slices.Equal(parts, want) || cs.Clauses[0].Parts[3].First != 4 {
		t.Errorf("%v in %+v", parts, cs.Clauses[0].Parts)
	}
}

func TestFiftyThousandCharactersAreKept(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var b strings.Builder
	for i := range 300 {
		b.WriteString("第" + string([]rune("一二三四五六七八九")[i%9]) + "条 " + strings.Repeat("公平竞争审查", 28) + "\n")
	}
	text := b.String()
	hash := s.put("drafter", text)
	var out StoredText
	s.ok(200, "drafter", "GET", "/api/v1/texts/"+hash, nil).into(t, &out)
	if out.Text != text || len(out.Clauses) != 300 {
		t.Errorf("%d bytes, %d clauses", len(out.Text), len(out.Clauses))
	}
	if p := s.call("drafter", "POST", "/api/v1/texts", obj{"text": text + "\x07"}).problem(); p.Code != "bad_characters" {
		t.Errorf("%+v", p)
	}
}
