package server

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// candidates adds n experts with a field to the pool and gives each a token.
func (s *site) candidates(n int, field string) []string {
	s.t.Helper()
	var out []string
	for i := range n {
		id := fmt.Sprintf("zj%02d", i)
		s.join(id, "pool", review.Expert)
		s.pooled(id, field)
		out = append(out, id)
	}
	return out
}

// governmental is a case at the desk of the regulator, of major public interest: a panel is proposed.
func (s *site) governmental(more ...string) Receipt {
	s.t.Helper()
	o := opening("new", "gov")
	o["measure"].(obj)["publicInterest"] = "major"
	var r Receipt
	s.ok(201, "drafter", "POST", "/api/v1/cases", o).into(s.t, &r)
	hash := s.put("drafter", draft+strings.Join(more, ""))
	h := obj{}
	for k, v := range heard {
		h[k] = v
	}
	h["publicHeard"], h["kinds"] = true, []string{"competitors", "public"}
	s.do(&r, "drafter", "start_review", obj{"text": obj{"hash": hash}, "heard": h})
	s.do(&r, "drafter", "send_check", obj{"checklist": checklist(hash)})
	s.do(&r, "checker", "send_sign", nil)
	s.do(&r, "head", "sign_prelim", nil)
	s.do(&r, "drafter", "submit", obj{"packet": obj{"documents": obj{"draft": hash, "note": s.put("drafter", "起草说明"), "prelim": s.put("drafter", "初审意见"),
		"heard": s.put("drafter", "听取意见情况")}, "noteBasis": "产业政策", "noteHeard": "已听取并采纳", "letterNo": "云工信函〔2026〕12号"}})
	s.do(&r, "officer", "accept", nil)
	return r
}

func expertBody(id string, more ...any) obj {
	o := obj{"person": id, "fields": []string{"竞争法"}, "institution": "湖山大学", "from": "2020-01-01"}
	for i := 0; i+1 < len(more); i += 2 {
		o[more[i].(string)] = more[i+1]
	}
	return o
}

func panel(experts ...string) obj {
	return obj{"panel": obj{"questions": []string{"是否歧视？"}, "experts": experts, "quorum": 1}}
}

// forms tries to form a panel and answers what came of it.
func (s *site) forms(r Receipt, who string, experts ...string) got {
	s.t.Helper()
	body := panel(experts...)
	body["kind"], body["seen"] = "form_panel", r.Version
	return s.call(who, "POST", "/api/v1/cases/"+r.Case+"/actions", body)
}

func (s *site) check(r Receipt, who string, fields ...string) map[string]PanelCandidate {
	s.t.Helper()
	var c PanelCheck
	s.ok(200, who, "POST", "/api/v1/cases/"+r.Case+"/panel/check", obj{"fields": append([]string{}, fields...)}).into(s.t, &c)
	out := map[string]PanelCandidate{}
	eligible := 0
	for _, e := range c.Experts {
		out[e.Person] = e
		if e.Eligible {
			eligible++
		}
	}
	if eligible != c.Eligible || len(out) != len(c.Experts) {
		s.t.Errorf("the check counts %d eligible of %d: %+v", c.Eligible, len(c.Experts), c.Experts)
	}
	return out
}

func TestThePoolIsKeptByItsRegulator(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.join("zj", "pool", review.Expert)
	var e postgres.PoolExpert
	s.ok(200, "officer", "POST", "/api/v1/pool", expertBody("zj", "employers", []obj{{"with": "云溪市财政局", "from": 2010, "to": 2024}}, "fields", []string{"产业组织", "竞争法", "竞争法"})).into(t, &e)
	if e.Name != "测试zj" || !slices.Equal(e.Fields, []string{"产业组织", "竞争法"}) || !e.Active || e.Regulator != "amr" || len(e.Employers) != 1 {
		t.Errorf("entered %+v", e)
	}
	s.ok(200, "approver", "POST", "/api/v1/pool", expertBody("zj", "region", "云溪", "reason", "更正地区")).into(t, &e)
	s.ok(200, "officer2", "POST", "/api/v1/pool/zj/end", obj{"to": "2026-01-31", "reason": "本人辞聘"}).into(t, &e)
	if e.To != "2026-01-31" || e.Region != "云溪" {
		t.Errorf("ended %+v", e)
	}
	var h PoolChanges
	s.ok(200, "officer", "GET", "/api/v1/pool/changes?person=zj", nil).into(t, &h)
	if len(h.Changes) != 3 || h.Changes[0].By != "officer2" || h.Changes[0].Reason != "本人辞聘" || h.Changes[2].Entry.Employers[0].With != "云溪市财政局" || h.Changes[1].Name != "钱签发" {
		t.Errorf("history %+v", h)
	}
	var p Pool
	s.ok(200, "officer", "GET", "/api/v1/pool?on=2026-02-01", nil).into(t, &p)
	if len(p.Experts) != 2 || p.Years != 3 {
		t.Errorf("in term: %+v", p)
	}
	s.ok(200, "officer", "GET", "/api/v1/pool?field=%E7%AB%9E%E4%BA%89%E6%B3%95", nil).into(t, &p)
	if len(p.Experts) != 3 {
		t.Errorf("of the field: %+v", p)
	}
	for name, tc := range map[string]struct {
		body  obj
		code  review.Code
		field string
	}{
		"somebody who is no expert":     {expertBody("drafter"), review.Invalid, "person"},
		"nobody":                        {expertBody("nobody"), review.Invalid, "person"},
		"an identity number":            {expertBody("zj", "institution", "湖山大学 330501198001011234"), review.PersonalData, "institution"},
		"a card number in the reason":   {expertBody("zj", "reason", "6222 0200 1234 5678"), review.PersonalData, "reason"},
		"a field with a comma":          {expertBody("zj", "fields", []string{"a,b"}), review.Invalid, "fields"},
		"an empty field":                {expertBody("zj", "fields", []string{" "}), review.Missing, "fields"},
		"a day that never was":          {expertBody("zj", "from", "2026-02-30"), review.Invalid, "from"},
		"an end before the start":       {expertBody("zj", "to", "2019-01-01"), review.Invalid, "to"},
		"an employer left before it":    {expertBody("zj", "employers", []obj{{"with": "甲局", "from": 2020, "to": 2019}}), review.Invalid, "employers"},
		"a column nobody asked for":     {expertBody("zj", "idCard", "x"), review.Invalid, "idCard"},
		"somebody else's pool":          {expertBody("zj", "regulator", "amr2"), review.Forbidden, ""},
		"an interest in no case at all": {expertBody("zj", "interests", []obj{{"with": "甲", "case": "x"}}), review.Invalid, "interests"},
	} {
		g := s.call("officer", "POST", "/api/v1/pool", tc.body)
		if p := g.problem(); p.Code != string(tc.code) || tc.field != "" && p.Params["field"] != tc.field || bytes.Contains(g.body, []byte("330501")) {
			t.Errorf("%s: %d %s", name, g.StatusCode, g.body)
		}
	}
	for _, who := range []string{"drafter", "head", "finhead", "expert1", "root", "checker"} {
		for _, call := range []struct {
			method, path string
			body         any
		}{{"GET", "/api/v1/pool", nil}, {"POST", "/api/v1/pool", expertBody("zj")}, {"POST", "/api/v1/pool/zj/end", obj{"to": "2026-01-01", "reason": "x"}}, {"GET", "/api/v1/pool/changes?person=zj", nil}} {
			if g := s.call(who, call.method, call.path, call.body); g.StatusCode != 403 || bytes.Contains(g.body, []byte("湖山大学")) {
				t.Errorf("%s %s by %s: %d %s", call.method, call.path, who, g.StatusCode, g.body)
			}
		}
	}
	if log := s.log.String(); strings.Contains(log, "330501") {
		t.Error("an identity number is in the log")
	}
}

func TestTheCheckNamesWhatStandsAgainstEach(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ids := s.candidates(8, "竞争法")
	put := func(id string, more ...any) {
		t.Helper()
		s.ok(200, "officer", "POST", "/api/v1/pool", expertBody(id, more...))
	}
	put(ids[0], "institution", "云溪市工业和信息化局")
	put(ids[1], "employers", []obj{{"with": "云溪市人民政府", "from": 2000, "to": int(today()[0]-'0')*1000 + int(today()[1]-'0')*100 + int(today()[2]-'0')*10 + int(today()[3]-'0')}})
	put(ids[2], "works", []obj{{"with": "云溪市工业和信息化局"}})
	put(ids[3], "interests", []obj{{"with": "湄州重工（集团）有限公司"}})
	put(ids[4], "to", "2020-12-31")
	put(ids[5], "fields", []string{"农业"})
	put(ids[6], "employers", []obj{{"with": "云溪市工业和信息化局", "from": 1990, "to": 2001}})
	s.join(ids[7], "ind", review.Expert) // kept under the drafting unit by the account, whatever the pool says
	r := s.governmental("第四条 参照湄州重工(集团)有限公司的做法。\n")
	version, notices := r.Version, s.ok(200, "expert1", "GET", "/api/v1/notices", nil).body
	got := s.check(r, "officer", "竞争法")
	for id, want := range map[string]string{ids[0]: "institution/unit", ids[1]: "former_employer/issuer", ids[2]: "prior_work/unit", ids[3]: "declared/text", ids[4]: "out_of_term/pool",
		ids[6]: "", ids[7]: "institution/unit", "expert1": ""} {
		var kinds []string
		for _, i := range got[id].Reasons {
			kinds = append(kinds, i.Kind+"/"+i.Source)
			if i.Words == "" {
				t.Errorf("%s has no words", i.Kind)
			}
		}
		if strings.Join(kinds, " ") != want || got[id].Eligible != (want == "") {
			t.Errorf("%s: %v, want %q; %+v", id, kinds, want, got[id])
		}
	}
	if _, there := got[ids[5]]; there || len(got) != 9 {
		t.Errorf("of another field: %+v", got)
	}
	if len(s.check(r, "approver")) != 10 {
		t.Error("of any field all are checked")
	}
	// Nothing changed, nobody was told.
	var c CaseAnswer
	s.ok(200, "officer", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if c.Version != version || c.Panel != nil || !bytes.Equal(notices, s.ok(200, "expert1", "GET", "/api/v1/notices", nil).body) {
		t.Errorf("the check left something: version %d after %d", c.Version, version)
	}
	// The tenant's years.
	must(t, s.db.SetSetting(t.Context(), "conflict_years", "40"))
	if got := s.check(r, "officer", "竞争法"); got[ids[6]].Eligible {
		t.Error("within forty years it is a conflict")
	}
	must(t, s.db.SetSetting(t.Context(), "conflict_years", "0"))
	s.check(r, "officer")
}

func TestWhatComesBeforeAPanelIsTheRegulatorsOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.candidates(6, "竞争法")
	s.join("elsewhere", "amr", review.Checker)
	must(t, s.db.CreateUnit(t.Context(), postgres.Unit{ID: "amr2", Name: "邻市市场监督管理局", Kind: "regulator", Regulator: "amr2", Active: true}))
	s.join("next", "amr2", review.Officer)
	r := s.governmental()
	draw := s.ok(201, "officer", "POST", "/api/v1/cases/"+r.Case+"/panel/draw", obj{"take": 3, "alternates": 2}).record(t)
	s.ok(200, "officer", "POST", "/api/v1/draws/"+draw.ID+"/seed", obj{})
	for _, who := range []string{"drafter", "checker", "head", "finhead", "findrafter", "expert1", "zj00", "root", "elsewhere", "next"} {
		for _, call := range []struct {
			method, path string
			body         any
		}{
			{"POST", "/api/v1/cases/" + r.Case + "/panel/check", obj{}}, {"POST", "/api/v1/cases/" + r.Case + "/panel/override", obj{"expert": "expert1", "reason": "x"}},
			{"POST", "/api/v1/cases/" + r.Case + "/panel/draw", obj{"take": 3, "alternates": 2}}, {"GET", "/api/v1/cases/" + r.Case + "/panel", nil},
		} {
			if g := s.call(who, call.method, call.path, call.body); g.StatusCode != 404 || g.problem().Code != "not_found" {
				t.Errorf("%s %s by %s: %d %s", call.method, call.path, who, g.StatusCode, g.body)
			}
		}
		for _, call := range [][2]string{{"GET", ""}, {"POST", "/seed"}, {"POST", "/agree"}} {
			var body any
			if call[0] == "POST" {
				body = obj{}
			}
			if g := s.call(who, call[0], "/api/v1/draws/"+draw.ID+call[1], body); g.StatusCode != 404 && g.StatusCode != 403 || bytes.Contains(g.body, []byte("zj0")) {
				t.Errorf("%s draw%s by %s: %d %s", call[0], call[1], who, g.StatusCode, g.body)
			}
		}
	}
	var list Draws
	s.ok(200, "officer", "GET", "/api/v1/draws", nil).into(t, &list)
	if len(list.Draws) != 0 {
		t.Errorf("the list of spot checks holds %+v", list)
	}
	var p PanelAnswer
	s.ok(200, "officer2", "GET", "/api/v1/cases/"+r.Case+"/panel", nil).into(t, &p)
	if len(p.Draws) != 1 || p.Draws[0].ID != draw.ID || p.Draws[0].DrawnAt == nil || len(p.Formations) != 0 {
		t.Errorf("before the panel: %+v", p)
	}
	if log := s.log.String(); strings.Contains(log, "测试zj") {
		t.Error("an expert's name is in the log")
	}
	// A restricted case is not known to an officer who has no part in it, and neither is its draw.
	var rr Receipt
	o := opening("new", "gov")
	o["secrecy"] = "restricted"
	o["measure"].(obj)["publicInterest"] = "major"
	s.ok(201, "drafter", "POST", "/api/v1/cases", o).into(t, &rr)
	if g := s.call("officer2", "POST", "/api/v1/cases/"+rr.Case+"/panel/check", obj{}); g.StatusCode != 404 {
		t.Errorf("a restricted case: %d %s", g.StatusCode, g.body)
	}
}

func TestAConflictKeepsAnExpertOutUnlessASecondOfficerLetsThemIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.join("stranger", "pool", review.Expert)
	s.ok(200, "officer", "POST", "/api/v1/pool", expertBody("expert2", "institution", "云溪市工业和信息化局"))
	r := s.governmental()
	over := "/api/v1/cases/" + r.Case + "/panel/override"
	p := s.forms(r, "officer", "expert1", "expert2").problem()
	if p.Status != 409 || p.Code != "conflict_of_interest" || p.Params["expert"] != "专家乙" || p.Params["kind"] != "institution" || strings.Contains(p.Detail, "工业") || !strings.Contains(p.Detail, "现工作单位") {
		t.Errorf("a conflict: %+v", p)
	}
	if p := s.forms(r, "officer", "stranger").problem(); p.Status != 409 || p.Code != "not_in_pool" || p.Params["expert"] != "专家甲" || p.Params["kind"] != "not_in_pool" {
		t.Errorf("outside the pool: %+v", p)
	}
	s.ok(200, "officer", "POST", "/api/v1/pool/expert1/end", obj{"to": "2021-01-01", "reason": "届满"})
	if p := s.forms(r, "officer", "expert1").problem(); p.Code != "not_in_pool" || p.Params["kind"] != "out_of_term" {
		t.Errorf("out of term: %+v", p)
	}
	s.pooled("expert1", "竞争法") // the same key: answered as before
	s.ok(200, "officer", "POST", "/api/v1/pool", expertBody("expert1", "reason", "续聘"))
	for name, tc := range map[string]struct {
		who, expert, reason string
		status              int
		code                review.Code
	}{
		"nothing stands against them": {"officer2", "expert1", "x", 422, review.Invalid},
		"no expert":                   {"officer2", "head", "x", 422, review.Invalid},
		"nobody":                      {"officer2", "nobody", "x", 422, review.Invalid},
		"without a reason":            {"officer2", "expert2", " ", 422, review.Missing},
	} {
		if p := s.call(tc.who, "POST", over, obj{"expert": tc.expert, "reason": tc.reason}).problem(); p.Status != tc.status || p.Code != string(tc.code) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	// Of one's own hand it counts for nothing.
	s.ok(200, "officer", "POST", over, obj{"expert": "expert2", "reason": "本市仅其一人熟悉该领域"})
	if p := s.forms(r, "officer", "expert2").problem(); p.Code != "conflict_of_interest" {
		t.Errorf("overridden by the one who forms: %+v", p)
	}
	g := s.ok(200, "officer2", "POST", over, obj{"expert": "expert2", "reason": "本市仅其一人熟悉该领域"}, keyHeader, "twice")
	if again := s.ok(200, "officer2", "POST", over, obj{"expert": "expert2", "reason": "本市仅其一人熟悉该领域"}, keyHeader, "twice"); !bytes.Equal(g.body, again.body) {
		t.Errorf("a double click: %s after %s", again.body, g.body)
	}
	if c := s.check(r, "officer")["expert2"]; c.Eligible || c.Override == "" {
		t.Errorf("overridden is not eligible: %+v", c)
	}
	// What comes up later is not covered.
	s.ok(200, "officer", "POST", "/api/v1/pool", expertBody("expert2", "institution", "云溪市工业和信息化局", "employers", []obj{{"with": "云溪市人民政府"}}))
	if p := s.forms(r, "officer", "expert1", "expert2").problem(); p.Code != "conflict_of_interest" {
		t.Errorf("a later conflict: %+v", p)
	}
	s.ok(200, "approver", "POST", over, obj{"expert": "expert2", "reason": "同意"})
	s.do(&r, "officer", "form_panel", panel("expert1", "expert2"))
	var a PanelAnswer
	s.ok(200, "officer", "GET", "/api/v1/cases/"+r.Case+"/panel", nil).into(t, &a)
	if len(a.Overrides) != 3 || len(a.Formations) != 1 || a.Formations[0].How != "hand_picked" || a.Formations[0].Version != r.Version || !slices.Equal(a.Formations[0].Overrides, []string{a.Overrides[2].ID}) {
		t.Errorf("recorded: %+v", a)
	}
	// Nobody lets in a side of the case, or somebody who withdrew.
	s.do(&r, "expert1", "recuse", obj{"reason": "亲属在企业任职"})
	if p := s.call("officer2", "POST", over, obj{"expert": "expert1", "reason": "x"}).problem(); p.Code != "not_your_turn" {
		t.Errorf("while a panel sits: %+v", p)
	}
	s.do(&r, "officer", "close_panel", obj{"noneFormed": true, "reason": "人数不足"})
	if p := s.call("officer2", "POST", over, obj{"expert": "expert1", "reason": "x"}).problem(); p.Status != 409 || p.Code != "conflict_for_good" {
		t.Errorf("after withdrawing: %+v", p)
	}
	if p := s.forms(r, "officer", "expert1").problem(); p.Code != "conflict_of_interest" || p.Params["kind"] != "recused" {
		t.Errorf("named again: %+v", p)
	}
}

func TestAPanelIsDrawnAndFormedAsDrawn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ids := append(s.candidates(7, "产业组织"), "expert1")
	s.ok(200, "officer", "POST", "/api/v1/pool", expertBody("zj06", "institution", "云溪市人民政府", "fields", []string{"产业组织"}))
	r := s.governmental()
	at := "/api/v1/cases/" + r.Case + "/panel/draw"
	body := func(more ...any) obj {
		o := obj{"fields": []string{"产业组织"}, "take": 3, "alternates": 2}
		for i := 0; i+1 < len(more); i += 2 {
			o[more[i].(string)] = more[i+1]
		}
		return o
	}
	for name, tc := range map[string]struct {
		body  obj
		code  review.Code
		field string
	}{
		"an even number":      {body("take", 4), review.Invalid, "take"},
		"one":                 {body("take", 1), review.Invalid, "take"},
		"seventeen":           {body("take", 17), review.Invalid, "take"},
		"too few alternates":  {body("take", 5, "alternates", 2), review.Invalid, "alternates"},
		"a list of one's own": {body("eligible", []string{"zj00"}), review.Invalid, "eligible"},
	} {
		if p := s.call("officer", "POST", at, tc.body).problem(); p.Status != 422 || p.Code != string(tc.code) || p.Params["field"] != tc.field {
			t.Errorf("%s: %+v", name, p)
		}
	}
	p := s.call("officer", "POST", at, body("take", 5, "alternates", 3)).problem()
	if p.Status != 409 || p.Code != "pool_too_small" || p.Params["lack"] != "2" || p.Params["have"] != "6" || !strings.Contains(p.Detail, "还差 2 人") {
		t.Errorf("too small: %+v", p)
	}
	asked := s.ok(201, "officer", "POST", at, body(), keyHeader, "ask").record(t)
	if asked.Seed != "" || asked.What != "panel" || asked.Filter.Case != r.Case || asked.Filter.Fields != "产业组织" || !slices.Equal(asked.Eligible, ids[:6]) {
		t.Errorf("asked for: %+v", asked)
	}
	drawn := s.ok(200, "officer2", "POST", "/api/v1/draws/"+asked.ID+"/seed", obj{}).record(t)
	if len(drawn.Drawn) != 3 || len(drawn.Alternates) != 2 || drawn.EligibleHash != asked.EligibleHash || drawn.RequestHash != asked.RequestHash || drawn.Labels[0] != "测试"+drawn.Drawn[0] {
		t.Errorf("drawn: %+v", drawn)
	}
	if again := s.ok(201, "officer", "POST", at, body(), keyHeader, "ask").record(t); again.Sum != drawn.Sum {
		t.Errorf("a double click after the draw: %+v", again)
	}
	// Drawn for this round already: another list is no way out, drawing again takes a reason and two.
	if p := s.call("officer", "POST", at, body("fields", []string{})).problem(); p.Status != 409 || p.Code != "drawn_before" || p.Params["draw"] != drawn.ID {
		t.Errorf("once more: %+v", p)
	}
	// Another case draws from the same list.
	r2 := s.governmental("第五条 另案。\n")
	other := s.ok(201, "officer", "POST", "/api/v1/cases/"+r2.Case+"/panel/draw", body()).record(t)
	if other = s.ok(200, "officer", "POST", "/api/v1/draws/"+other.ID+"/seed", obj{}).record(t); other.EligibleHash != drawn.EligibleHash {
		t.Errorf("another case: %+v", other)
	}
	for name, experts := range map[string][]string{"others": drawn.Alternates, "less one": drawn.Drawn[:2], "one more": append(slices.Clone(drawn.Drawn), drawn.Alternates[0]), "an alternate for one": {drawn.Drawn[0], drawn.Drawn[1], drawn.Alternates[0]}} {
		if p := s.forms(r, "officer", experts...).problem(); p.Status != 409 || p.Code != "panel_not_drawn" || p.Params["draw"] != drawn.ID {
			t.Errorf("%s: %+v", name, p)
		}
	}
	// Drawing again.
	second := s.ok(201, "officer", "POST", at, body("reason", "两名专家出国", "alternates", 3)).record(t)
	if second.AgainOf != drawn.ID || second.Reason != "两名专家出国" {
		t.Errorf("again: %+v", second)
	}
	if p := s.call("officer", "POST", "/api/v1/draws/"+second.ID+"/seed", obj{}).problem(); p.Code != "draw_unagreed" {
		t.Errorf("without a second officer: %+v", p)
	}
	if p := s.call("officer", "POST", "/api/v1/draws/"+second.ID+"/agree", obj{}).problem(); p.Code != "same_hand" {
		t.Errorf("agreeing with oneself: %+v", p)
	}
	s.ok(200, "approver", "POST", "/api/v1/draws/"+second.ID+"/agree", obj{})
	second = s.ok(200, "officer", "POST", "/api/v1/draws/"+second.ID+"/seed", obj{}).record(t)
	// Something comes up against one who was drawn: the first alternate stands in, and nobody else.
	out := second.Drawn[1]
	s.ok(200, "officer", "POST", "/api/v1/pool", expertBody(out, "fields", []string{"产业组织"}, "interests", []obj{{"with": "亲属", "case": r.Case}}))
	if p := s.forms(r, "officer", second.Drawn...).problem(); p.Code != "conflict_of_interest" || p.Params["expert"] != "专家乙" || p.Params["kind"] != "declared" {
		t.Errorf("a late conflict: %+v", p)
	}
	want := []string{second.Drawn[0], second.Drawn[2], second.Alternates[0]}
	if p := s.forms(r, "officer", second.Drawn[0], second.Drawn[2], second.Alternates[1]).problem(); p.Code != "panel_not_drawn" {
		t.Errorf("the second alternate first: %+v", p)
	}
	slices.Reverse(want) // the order in which they are named does not matter
	s.do(&r, "officer", "form_panel", panel(want...))
	var a PanelAnswer
	s.ok(200, "officer", "GET", "/api/v1/cases/"+r.Case+"/panel", nil).into(t, &a)
	if len(a.Draws) != 2 || a.Draws[1].Again != second.ID || len(a.Formations) != 1 || a.Formations[0].How != "drawn" || a.Formations[0].Draw != second.ID {
		t.Errorf("recorded: %+v", a)
	}
	for _, who := range []string{"drafter", "head"} {
		for _, path := range []string{"", "/events"} {
			if g := s.ok(200, who, "GET", "/api/v1/cases/"+r.Case+path, nil); bytes.Contains(g.body, []byte("zj0")) {
				t.Errorf("%s sees who was drawn at %s: %s", who, path, g.body)
			}
		}
	}
	// A running panel is load; who has answered is not counted before the opening.
	load := func(id string) (int, int) {
		var p Pool
		s.ok(200, "officer", "GET", "/api/v1/pool?person="+id, nil).into(t, &p)
		return p.Experts[0].Load, p.Experts[0].Served
	}
	s.do(&r, want[0], "accept_invitation", obj{"noConflict": true, "pledge": true})
	s.do(&r, want[0], "give_opinion", obj{"opinion": obj{"position": 1, "reasons": "影响有限", "confidence": 3}})
	for _, id := range want {
		if l, n := load(id); l != 1 || n != 0 {
			t.Errorf("%s: load %d, served %d", id, l, n)
		}
	}
	for _, id := range want[1:] {
		s.do(&r, id, "decline_invitation", nil)
	}
	s.do(&r, "officer", "open_opinions", nil)
	s.do(&r, "officer", "close_panel", obj{"report": s.put("officer", "论证报告")})
	if l, n := load(want[0]); l != 0 || n != 1 {
		t.Errorf("afterwards: load %d, served %d", l, n)
	}
	if l, n := load(want[1]); l != 0 || n != 0 {
		t.Errorf("who declined: load %d, served %d", l, n)
	}
}

func TestACountyDrawsFromThePoolOfTheCity(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, u := range []postgres.Unit{{ID: "city", Name: "云溪市", Kind: "government", Regulator: "amr", Active: true},
		{ID: "county", Name: "青渚县人民政府", Kind: "government", Parent: "city", Regulator: "amr", Active: true},
		{ID: "amr", Name: "云溪市市场监督管理局", Kind: "regulator", Parent: "city", Regulator: "amr", Active: true},
		{ID: "amrc", Name: "青渚县市场监督管理局", Kind: "regulator", Parent: "county", Regulator: "amrc", Active: true}} {
		must(t, s.db.CreateUnit(t.Context(), u))
	}
	s.join("countyofficer", "amrc", review.Officer)
	var p Pool
	s.ok(200, "countyofficer", "GET", "/api/v1/pool", nil).into(t, &p)
	if len(p.Experts) != 2 {
		t.Errorf("the county sees %+v", p)
	}
	s.ok(200, "countyofficer", "POST", "/api/v1/pool", expertBody("expert1", "region", "青渚"))
	s.ok(200, "countyofficer", "GET", "/api/v1/pool", nil).into(t, &p)
	if len(p.Experts) != 3 {
		t.Errorf("with its own: %+v", p)
	}
	s.ok(200, "officer", "GET", "/api/v1/pool", nil).into(t, &p)
	if len(p.Experts) != 2 {
		t.Errorf("the city sees %+v", p)
	}
	if g := s.call("countyofficer", "POST", "/api/v1/pool/expert2/end", obj{"to": "2026-01-01", "reason": "x"}); g.StatusCode != 404 {
		t.Errorf("the county ends a term of the city: %d", g.StatusCode)
	}
}

func TestRefusalsAboutExpertsHaveWords(t *testing.T) {
	t.Parallel()
	for _, code := range []review.Code{review.NotInPool, review.ConflictOfInterest, review.ConflictForGood, review.PoolTooSmall, review.PanelNotDrawn, review.PersonalData} {
		if w := sentences[code]; w.zh == "" || w.en == "" || statusOf[code] == 0 {
			t.Errorf("%s has no sentence or no status", code)
		}
	}
	for _, kind := range []string{review.InterestDeclared, review.InterestInstitution, review.InterestEmployer, review.InterestWork, review.InterestRole, review.InterestRecused, review.InterestNoPool, review.InterestTerm} {
		if w := interestKinds[kind]; !hasHan(w.zh) || w.en == "" || hasHan(w.en) {
			t.Errorf("%s has no words", kind)
		}
	}
}
