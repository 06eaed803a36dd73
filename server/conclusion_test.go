package server

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fairreview/fairreview/review"
)

func TestDraftsAreForTheRegulatorAndSayWhatChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	hash := s.submit(&r)
	at := "/api/v1/cases/" + r.Case + "/drafts"
	var d Drafts
	s.ok(200, "officer", "GET", at, nil).into(t, &d)
	if len(d.Drafts) != 0 || d.Signing != nil || len(d.Missing) != 0 {
		t.Errorf("before the first draft: %+v", d)
	}
	draft := func(written string, with obj) {
		t.Helper()
		k := s.conclusion("officer", "meets", hash)
		k["prelim"], k["written"] = "初审认为符合", s.put("officer", written)
		for key, v := range with {
			k[key] = v
		}
		s.do(&r, "officer", "draft_opinion", obj{"conclusion": k})
	}
	draft("公平竞争审查意见\n一、审查情况\n二、结论：符合\n三、日期\n", nil)
	s.ok(200, "approver", "GET", at, nil).into(t, &d)
	if len(d.Drafts) != 1 || d.Drafts[0].Since != nil || d.Drafts[0].ByName != "陈承办" || d.Signing.Any() {
		t.Errorf("one draft: %+v", d)
	}
	if page := s.ok(200, "approver", "GET", "/cases/"+r.Case, nil, "Accept", "text/html"); !bytes.Contains(page.body, []byte("本轮首次拟稿")) {
		t.Error("the page does not show the first draft")
	}
	s.do(&r, "approver", "send_back", obj{"reason": "请补充建议"})
	draft("公平竞争审查意见\n一、审查情况\n二、结论：符合标准\n三、日期\n", obj{"advice": []string{"建议公开申报程序"}})
	s.ok(200, "approver", "GET", at, nil).into(t, &d)
	since := d.Drafts[1].Since
	var fields []string
	for _, f := range since.Fields {
		fields = append(fields, f.Field)
	}
	if !slices.Equal(fields, []string{"conclusion.written", "conclusion.advice"}) || since.Fields[1].Name == "" {
		t.Errorf("fields %v", since.Fields)
	}
	want := []DiffLine{{"same", "公平竞争审查意见"}, {"same", "一、审查情况"}, {"old", "二、结论：符合"}, {"new", "二、结论：符合标准"}, {"same", "三、日期"}}
	if !slices.Equal(since.Lines, want) {
		t.Errorf("lines %v", since.Lines)
	}
	page := s.ok(200, "approver", "GET", "/cases/"+r.Case, nil, "Accept", "text/html")
	checkPage(t, page)
	for _, say := range []string{"自上次拟稿以来的变化", "<del>二、结论：符合</del>", "<ins>二、结论：符合标准</ins>", "建议公开申报程序"} {
		if !bytes.Contains(page.body, []byte(say)) {
			t.Errorf("the approver's page does not show %s", say)
		}
	}
	for _, who := range []string{"drafter", "head", "finhead", "expert1", "root"} {
		if p := s.call(who, "GET", at, nil).problem(); p.Status != 404 {
			t.Errorf("%s: %+v", who, p)
		}
	}
	for _, who := range []string{"drafter", "head"} {
		for _, path := range []string{"/api/v1/cases/" + r.Case, "/api/v1/cases/" + r.Case + "/events", "/cases/" + r.Case} {
			if g := s.ok(200, who, "GET", path, nil, "Accept", "text/html"); bytes.Contains(g.body, []byte("建议公开申报程序")) {
				t.Errorf("%s reads the draft at %s", who, path)
			}
		}
	}
	s.ok(401, "", "GET", at, nil)
	// A taken-back draft stays in the list and says so.
	s.do(&r, "officer", "undo", obj{"reason": "再核一遍"})
	s.ok(200, "officer", "GET", at, nil).into(t, &d)
	if len(d.Drafts) != 2 || !d.Drafts[1].TakenBack || d.Drafts[0].TakenBack {
		t.Errorf("after taking back: %+v", d.Drafts)
	}
	// Signed, the opinion is a letter with the number of the case, and waits to be delivered.
	draft("公平竞争审查意见\n", obj{"risks": []string{"实施细则不得另设门槛"}})
	s.do(&r, "approver", "approve_pass", obj{"conclusion": obj{"docNo": "云市监竞审〔2026〕5号"}})
	var c CaseAnswer
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if !slices.ContainsFunc(c.Marks, func(m MarkAnswer) bool { return m.Code == "to_deliver" }) {
		t.Errorf("marks %v", c.Marks)
	}
	i := slices.IndexFunc(c.Letters, func(l LetterRef) bool { return l.Kind == review.OpinionLetter })
	if i < 0 {
		t.Fatalf("letters %+v", c.Letters)
	}
	var l LetterAnswer
	s.ok(200, "drafter", "GET", c.Letters[i].Link, nil).into(t, &l)
	text := fmt.Sprint(l.Paragraphs)
	if l.Number != r.Number || c.Number != r.Number || l.DocNo != "云市监竞审〔2026〕5号" || l.Signatory != "钱签发" || !strings.Contains(text, "风险提示") || strings.Contains(text, "工作建议") {
		t.Errorf("%+v", l)
	}
	checkPage(t, s.ok(200, "drafter", "GET", c.Letters[i].Page, nil, "Accept", "text/html"))
}

func TestLinesThatDiffer(t *testing.T) {
	t.Parallel()
	long := func(n int, line string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%s %d\n", line, i)
		}
		return b.String()
	}
	for name, tc := range map[string]struct {
		was, is string
		want    []DiffLine
	}{
		"the same":             {"a\nb\n", "a\nb\n", nil},
		"the last line's end":  {"a\nb", "a\nb\n", nil},
		"other line ends":      {"a\r\nb\r\n", "a\nb\n", nil},
		"a line changed":       {"a\nb\nc", "a\nB\nc", []DiffLine{{"same", "a"}, {"old", "b"}, {"new", "B"}, {"same", "c"}}},
		"a line more":          {"a\nc", "a\nb\nc", []DiffLine{{"same", "a"}, {"new", "b"}, {"same", "c"}}},
		"a line less":          {"a\nb", "a", []DiffLine{{"same", "a"}, {"old", "b"}}},
		"lines moved":          {"a\nb\nc", "b\nc\na", []DiffLine{{"old", "a"}, {"same", "b"}, {"same", "c"}, {"new", "a"}}},
		"far from each other":  {"x\n1\n2\n3\n4\n5\n6\ny", "X\n1\n2\n3\n4\n5\n6\nY", []DiffLine{{"old", "x"}, {"new", "X"}, {"same", "1"}, {"same", "2"}, {Op: "gap"}, {"same", "5"}, {"same", "6"}, {"old", "y"}, {"new", "Y"}}},
		"nothing near the top": {"1\n2\n3\n4\nx", "1\n2\n3\n4\ny", []DiffLine{{Op: "gap"}, {"same", "3"}, {"same", "4"}, {"old", "x"}, {"new", "y"}}},
		"nothing was there":    {"", "a", []DiffLine{{"old", ""}, {"new", "a"}}},
	} {
		if got, ok := diffLines(tc.was, tc.is); !ok || !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v %v, want %v", name, got, ok, tc.want)
		}
	}
	if got, ok := diffLines(long(300, "a"), long(300, "b")); ok || len(got) != diffShown {
		t.Errorf("more lines than are shown: %d, %v", len(got), ok)
	}
	if got, ok := diffLines(long(2000, "a"), long(2000, "b")); ok || got != nil {
		t.Errorf("more lines than are compared: %d, %v", len(got), ok)
	}
	if got, ok := diffLines(long(5000, "a")+"x\n", long(5000, "a")+"y\n"); !ok || len(got) != 5 {
		t.Errorf("a long text with one line changed: %v, %v", got, ok)
	}
}

func TestTakingBackIsOfferedWithWhatItTakesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	s.submit(&r)
	find := func(who string, kind review.ActionKind) (p Possible, ok bool) {
		t.Helper()
		var c CaseAnswer
		s.ok(200, who, "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
		i := slices.IndexFunc(c.Actions, func(p Possible) bool { return p.Kind == kind })
		if i < 0 {
			return p, false
		}
		return c.Actions[i], true
	}
	p, ok := find("officer", review.Undo)
	if !ok || !strings.Contains(p.Note, "接收") {
		t.Errorf("the officer may take back: %v, %+v", ok, p)
	}
	if _, ok := find("officer2", review.Undo); ok {
		t.Error("another officer may take it back")
	}
	if _, ok := find("drafter", review.Urge); !ok {
		t.Error("the unit may not urge")
	}
	_, err := s.db.SQL().Exec(`UPDATE cases SET state = CAST(jsonb_set(CAST(state AS jsonb), '{main,at}', '"2026-01-05T02:00:00Z"') AS json) WHERE id = $1`, r.Case)
	must(t, err)
	if _, ok := find("officer", review.Undo); ok {
		t.Error("it is offered on another day")
	}
	s.do(&r, "drafter", "urge", obj{"reason": "市政府常务会议将于下周审议"})
	for _, l := range []string{"zh", "en"} {
		g := s.ok(200, "officer", "GET", "/cases/"+r.Case+"?lang="+l, nil, "Accept", "text/html")
		checkPage(t, g)
		if want := map[string]string{"zh": "已催办1次", "en": "Urged, times: 1"}[l]; !bytes.Contains(g.body, []byte(want)) {
			t.Errorf("the page does not say %s", want)
		}
	}
}

func TestAPacketWithADocumentOfTheLocalList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	// The case opened under a local list, set by hand in the record and in the running case.
	c := s.reviews.cases[r.Case]
	c.Rules.Slots = []review.SlotRule{{ID: "legal_bases", Zh: "法律法规政策依据", En: "legal and policy bases", Required: true}}
	s.reviews.cases[r.Case] = c
	_, err := s.db.SQL().Exec(`UPDATE cases SET state = CAST(jsonb_set(CAST(state AS jsonb), '{rules,slots}', '[{"id":"legal_bases","zh":"法律法规政策依据","en":"legal and policy bases","required":true}]') AS json) WHERE id = $1`, r.Case)
	must(t, err)
	hash := s.toSign(&r)
	s.do(&r, "head", "sign_prelim", nil)
	var before CaseAnswer
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &before)
	var names []string
	for _, m := range before.PacketMissing {
		names = append(names, m.Name)
	}
	if want := []string{"政策措施草案", "起草说明", "公平竞争审查初审意见", "听取意见情况", "法律法规政策依据"}; !slices.Equal(names, want) {
		t.Errorf("missing %v, want %v", names, want)
	}
	if g := s.ok(200, "drafter", "GET", "/cases/"+r.Case, nil, "Accept", "text/html"); !bytes.Contains(g.body, []byte("送审材料还缺")) {
		t.Error("the page does not say what is missing")
	}
	documents := obj{"draft": hash, "note": s.put("drafter", "起草说明"), "prelim": s.put("drafter", "初审意见"), "heard": s.put("drafter", "听取意见情况")}
	submit := func() got {
		return s.call("drafter", "POST", "/api/v1/cases/"+r.Case+"/actions", obj{"kind": "submit", "seen": r.Version,
			"packet": obj{"documents": documents, "noteBasis": "产业政策", "noteHeard": "已采纳", "letterNo": "云工信函〔2026〕12号"}})
	}
	if p := submit().problem(); p.Code != "packet_open" || p.Params["slot"] != "legal_bases" {
		t.Errorf("without it: %+v", p)
	}
	documents["legal_bases"], documents["another"] = s.put("drafter", "依据"), s.put("drafter", "依据")
	if p := submit().problem(); p.Code != "invalid" {
		t.Errorf("with a document of no list: %+v", p)
	}
	delete(documents, "another")
	if g := submit(); g.StatusCode != 200 {
		t.Errorf("complete: %s", g.body)
	}
	var l LetterAnswer
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case+"/letters/receipt", nil).into(t, &l)
	if text := fmt.Sprint(l.Paragraphs); !strings.Contains(text, "法律法规政策依据") {
		t.Errorf("the receipt: %s", text)
	}
}
