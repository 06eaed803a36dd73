package server

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// join adds somebody to the tests' people, signed in by token.
func (s *site) join(id, unit string, role review.Role) {
	s.t.Helper()
	must(s.t, s.db.CreatePerson(context.Background(), postgres.NewPerson{ID: id, Login: id, Name: "测试" + id,
		Memberships: []postgres.Membership{{Unit: unit, Role: role, Post: "科员"}}}))
	var err error
	s.tokens[id], err = s.db.CreateToken(context.Background(), id, "test", time.Hour)
	must(s.t, err)
}

// crowd is everybody who could stand in some relation to a case, by their one membership.
func (s *site) crowd() map[string]postgres.Membership {
	s.t.Helper()
	must(s.t, s.db.CreateUnit(context.Background(), postgres.Unit{ID: "amr2", Name: "邻市市场监督管理局", Kind: "regulator", Regulator: "amr2", Active: true}))
	out := map[string]postgres.Membership{}
	for _, p := range cast {
		out[p.id] = postgres.Membership{Unit: p.unit, Role: p.role}
	}
	for _, p := range []struct {
		id, unit string
		role     review.Role
	}{
		{"middle", "amr", review.Checker}, {"govhandler", "gov", review.Handler}, {"govhead", "gov", review.UnitHead}, {"officer9", "amr2", review.Officer},
		{"approver9", "amr2", review.Approver}, {"expert3", "pool", review.Expert}, {"security", "amr", review.SecurityAdmin}, {"auditing", "ind", review.AuditAdmin},
	} {
		s.join(p.id, p.unit, p.role)
		out[p.id] = postgres.Membership{Unit: p.unit, Role: p.role}
	}
	return out
}

// watch compares, for everybody, what the site says about a case with what the domain says, and tries some of what is refused.
type watch struct {
	*site
	people map[string]postgres.Membership
	seen   map[review.Status]bool
	cells  int
	tried  map[review.Code]int
}

func (w *watch) look(r *Receipt) {
	w.t.Helper()
	w.reviews.mu.Lock()
	c := w.reviews.cases[r.Case]
	w.reviews.mu.Unlock()
	w.seen[c.Status] = true
	var kinds []review.ActionKind
	for _, m := range review.Moves() {
		if !m.Action.Opens() && !slices.Contains(kinds, m.Action) {
			kinds = append(kinds, m.Action)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.people)) {
		m := w.people[id]
		v := viewerOf(postgres.Person{ID: id, Memberships: []postgres.Membership{m}}, nil)
		visible := slices.ContainsFunc(review.Grants(c), func(g review.Grant) bool {
			return g.Unit != "" && slices.Contains(v.Units, g.Unit) || g.Person != "" && g.Person == id
		})
		g := w.call(id, "GET", "/api/v1/cases/"+r.Case, nil)
		if !visible {
			if g.StatusCode != 404 || bytes.Contains(g.body, []byte(c.Measure.Title)) || bytes.Contains(g.body, []byte(c.Number)) {
				w.t.Errorf("%s: %s sees it: %d %s", c.Status, id, g.StatusCode, g.body)
			}
		} else if g.StatusCode != 200 {
			w.t.Errorf("%s: %s does not see it: %d %s", c.Status, id, g.StatusCode, g.body)
			continue
		}
		var got CaseAnswer
		if visible {
			g.into(w.t, &got)
		}
		for i, kind := range kinds {
			w.cells++
			as := review.Actor{Person: id, Unit: m.Unit, Role: m.Role}
			err := review.Permit(c, as, kind)
			offered := slices.ContainsFunc(got.Actions, func(p Possible) bool { return p.Kind == kind && p.Unit == m.Unit && p.Role == m.Role && p.For == "" })
			if offered != (visible && err == nil) {
				w.t.Errorf("%s: %s is offered %s: %v; the domain says %v", c.Status, id, kind, offered, err)
			}
			// Every one in nine of what is refused, another nine each time; what only time does is no kind that anybody can ask for.
			if err == nil || (w.cells+i)%9 != 0 || slices.Contains([]review.ActionKind{review.ReturnOverdue, review.JointDue, review.PanelDue, review.ExceptionNotice,
				review.EvaluationDue, review.Escalate, review.Reclock}, kind) {
				continue
			}
			p := w.call(id, "POST", "/api/v1/cases/"+r.Case+"/actions", obj{"kind": string(kind), "seen": c.Version}).problem()
			want := review.CodeOf(err)
			if !visible {
				want = review.NotFound
			}
			w.tried[want]++
			if p.Code != string(want) || p.Status != statusOf[want] || p.Status != 403 && p.Status != 404 && p.Status != 409 {
				w.t.Errorf("%s: %s by %s: %d %s, want %s", c.Status, kind, id, p.Status, p.Code, want)
			}
		}
	}
	w.reviews.mu.Lock()
	defer w.reviews.mu.Unlock()
	if now := w.reviews.cases[r.Case]; now.Version != c.Version || now.Status != c.Status {
		w.t.Errorf("%s: what was refused changed the case: %s", c.Status, now.Status)
	}
}

// time does what time does, as if the period were over.
func (w *watch) time(r *Receipt, kind review.ActionKind) {
	w.t.Helper()
	w.reviews.mu.Lock()
	c := w.reviews.cases[r.Case]
	k := *c.Clock
	k.Due, k.Provisional = time.Now().Add(-time.Hour), false
	c.Clock = &k
	w.reviews.cases[r.Case] = c
	w.reviews.mu.Unlock()
	id := "timer/" + r.Case + "/" + string(kind)
	got, err := w.reviews.do(context.Background(), review.Case{}, review.Request{ID: id, Digest: id},
		review.Action{Kind: kind, Actor: review.Actor{Role: review.Timer}, Seen: c.Version}, r.Case)
	must(w.t, err)
	r.Version, r.Status = got.Version, got.Status
}

func aFinding() []obj {
	return []obj{{"clause": "第二条", "item": "IMP-14-1", "effect": "歧视外地经营者", "change": "删去注册地条件", "basis": "none"}}
}

func found(hash string) obj {
	l := checklist(hash)
	l["findings"] = aFinding()
	l["clear"] = slices.DeleteFunc(clear(), func(id string) bool { return id == "IMP-14-1" })
	return l
}

var anException = obj{"ground": "REG-12-3", "effect": "限定供应渠道", "alternatives": "招标来不及", "until": string(today().AddDays(300)), "periodWhy": "一个汛期"}

// TestPermissionsOverHTTP walks cases through every status and looks at each from everywhere.
func TestPermissionsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := &watch{site: s, people: s.crowd(), seen: map[review.Status]bool{}, tried: map[review.Code]int{}}
	rules, err := s.db.Rules(context.Background())
	must(t, err)
	with := func(version string, change func(*review.Rules)) {
		t.Helper()
		next := rules
		next.Version, next.Joint, next.Panel = version, true, true
		change(&next)
		must(t, s.db.AddRules(context.Background(), next, "测试"))
	}
	do := func(r *Receipt, who, kind string, body obj) {
		t.Helper()
		s.do(r, who, kind, body)
		w.look(r)
	}
	because := obj{"reason": "经研究，理由见附件"}
	started := func(kind, issuer string) (*Receipt, string) {
		r := s.open(kind, issuer)
		hash := s.put("drafter", draft+r.Case)
		s.do(&r, "drafter", "start_review", obj{"text": obj{"hash": hash}, "heard": heard})
		return &r, hash
	}
	signing := func(issuer string) (*Receipt, string) {
		r, hash := started("new", issuer)
		s.do(r, "drafter", "send_check", obj{"checklist": checklist(hash)})
		s.do(r, "checker", "send_sign", nil)
		return r, hash
	}
	issued := func(hash string) obj {
		return obj{"issue": obj{"docNo": "云工信〔2026〕9号", "on": string(today()), "textHash": hash}}
	}
	concluded := func(result, hash string) obj {
		k := s.conclusion("head", result, hash)
		k["docNo"] = "云工信竞审〔2026〕3号"
		if result == "fails" {
			k["findings"] = aFinding()
		}
		return obj{"conclusion": k}
	}

	// Department route
	r := s.open("new", "ind")
	w.look(&r)
	hash := s.put("drafter", draft+"a")
	do(&r, "drafter", "start_review", obj{"text": obj{"hash": hash}, "heard": heard})
	do(&r, "drafter", "send_check", obj{"checklist": checklist(hash)})
	do(&r, "checker", "send_sign", nil)
	do(&r, "head", "conclude_pass", concluded("meets", hash))
	do(&r, "drafter", "send_legality", nil)
	s.do(&r, "drafter", "record_legality", obj{"legal": obj{"result": "pass", "by": "市司法局", "on": string(today())}})
	do(&r, "drafter", "register_issue", issued(hash))
	amending := r.Case
	p, _ := started("new", "ind")
	do(p, "drafter", "revise", obj{"findings": aFinding()})
	do(p, "drafter", "ask_withdraw", because)
	do(p, "head", "withdraw", nil)
	p, hash = started("new", "ind")
	s.do(p, "drafter", "send_check", obj{"checklist": found(hash), "exception": anException})
	s.do(p, "checker", "send_sign", nil)
	do(p, "head", "conclude_exception", concluded("exception", hash))
	do(p, "drafter", "register_issue", issued(hash))
	do(p, "drafter", "exception_ends", because)
	do(p, "drafter", "register_stop", obj{"issue": obj{"docNo": "云工信〔2026〕10号", "on": string(today())}})
	p, hash = signing("ind")
	do(p, "head", "conclude_fail", concluded("fails", hash))
	do(p, "head", "give_up", because)
	p, hash = signing("ind")
	s.do(p, "head", "conclude_pass", concluded("meets", hash))
	do(p, "head", "close_unissued", because)
	r = s.open("new", "ind")
	do(&r, "head", "mark_out_of_scope", obj{"scope": obj{"reason": "内部值班安排", "textHash": s.put("head", "值班安排"), "answers": []obj{{"question": "kind", "answer": "internal"}, {"question": "internal", "answer": "none", "reason": "仅涉及值班"}}}})

	// Government route
	with("t1", func(r *review.Rules) { r.Middle = true })
	p, hash = signing("gov")
	do(p, "head", "sign_prelim", nil)
	packet := obj{"packet": obj{"documents": obj{"draft": hash, "note": s.put("drafter", "起草说明"), "prelim": s.put("drafter", "初审意见"),
		"heard": s.put("drafter", "听取意见情况")}, "noteBasis": "产业政策", "noteHeard": "已听取并采纳", "letterNo": "云工信函〔2026〕12号"}}
	do(p, "drafter", "submit", packet)
	do(p, "officer", "ask_correction", obj{"reason": "缺少依据", "slots": []string{"note"}, "days": 3})
	w.time(p, review.ReturnOverdue)
	w.look(p)
	s.do(p, "drafter", "submit", packet)
	do(p, "officer", "suspend", obj{"reason": "未听取意见", "days": 10})
	s.do(p, "drafter", "resume", obj{"heard": heard})
	do(p, "officer", "accept", nil)
	do(p, "officer", "convene", obj{"seats": []obj{{"unit": "fin"}, {"unit": "dev"}}})
	do(p, "finhead", "give_position", obj{"noObjection": true})
	s.do(p, "devhead", "give_position", obj{"positions": []obj{{"clause": "第二条", "value": -2, "reason": "限定注册地", "item": "IMP-14-1"}}})
	do(p, "officer", "close_joint", nil)
	do(p, "officer2", "form_panel", obj{"panel": obj{"questions": []string{"是否歧视？"}, "experts": []string{"expert1", "expert2"}, "quorum": 2}})
	for _, e := range []string{"expert1", "expert2"} {
		do(p, e, "accept_invitation", obj{"noConflict": true, "pledge": true})
		s.do(p, e, "give_opinion", obj{"opinion": obj{"position": -1, "reasons": "限制流动", "confidence": 4}})
	}
	do(p, "officer", "open_opinions", nil)
	s.do(p, "officer", "close_panel", obj{"report": s.put("officer", "论证报告")})
	do(p, "officer", "put_breach", obj{"findings": aFinding()})
	do(p, "drafter", "no_change", because)
	k := s.conclusion("officer", "fails", hash)
	k["prelim"], k["useJoint"], k["usePanel"], k["findings"] = "初审认为符合", "已研究", "已采纳", aFinding()
	do(p, "officer", "draft_opinion", obj{"conclusion": k})
	do(p, "middle", "send_sign", nil)
	do(p, "approver", "approve_fail", obj{"conclusion": obj{"result": "fails", "docNo": "云市监竞审〔2026〕5号"}})

	// Existing measures
	with("t2", func(r *review.Rules) { r.StockConfirm = true })
	stock := func(proposal string) (*Receipt, string) {
		r, hash := started("existing", "ind")
		w.look(r)
		body := obj{"checklist": checklist(hash), "heard": heard, "proposal": proposal}
		if proposal != "keep" && proposal != "repeal" {
			body["checklist"] = found(hash)
		}
		if proposal == "exception" {
			body["exception"] = anException
		}
		do(r, "drafter", "send_sign", body)
		return r, hash
	}
	r = s.open("existing", "ind")
	w.look(&r)
	do(&r, "head", "mark_lapsed", because)
	p, hash = stock("keep")
	do(p, "head", "keep", concluded("meets", hash))
	p, hash = stock("exception")
	do(p, "head", "keep_exception", concluded("exception", hash))
	p, _ = stock("revise")
	do(p, "head", "to_revise", because)
	do(p, "drafter", "register_amendment", obj{"issue": obj{"docNo": "云工信〔2026〕11号", "on": string(today())}, "linked": amending})
	p, _ = stock("repeal")
	do(p, "head", "to_repeal", because)
	do(p, "drafter", "register_repeal", obj{"issue": obj{"docNo": "云工信〔2026〕12号", "on": string(today())}})
	p, _ = started("existing", "ind")
	do(p, "drafter", "stop_execution", obj{"issue": obj{"docNo": "云工信〔2026〕13号", "on": string(today())}})
	p, _ = started("existing", "gov")
	s.do(p, "drafter", "send_sign", obj{"checklist": checklist(w.text(p)), "heard": heard, "proposal": "keep"})
	do(p, "head", "send_confirm", nil)

	for _, st := range review.Statuses() {
		if !w.seen[st] && st != review.Extended { // carried on by a second case: closed like the others
			t.Errorf("no case was at %s", st)
		}
	}
	for _, code := range []review.Code{review.NotFound, review.NotYourRole, review.NotYourTurn, review.AlreadyDone, review.WrongRoute, review.SecondNeeded, review.NothingAsked} {
		if w.tried[code] == 0 {
			t.Errorf("nothing was tried that is refused as %s", code)
		}
	}
	t.Logf("%d cells, tried %v", w.cells, w.tried)
}

// text is the hash of the text that a case stands on.
func (w *watch) text(r *Receipt) string {
	w.reviews.mu.Lock()
	defer w.reviews.mu.Unlock()
	return w.reviews.cases[r.Case].Text.Hash
}

// TestWhatOneMayNotSeeDoesNotExist asks every address that names something, and every list, about a case that is somebody else's: an
// internal one of strangers, and a restricted one of the colleagues of those who read it.
func TestWhatOneMayNotSeeDoesNotExist(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for id, m := range map[string]postgres.Membership{"clerk": {Unit: "ind", Role: review.ReviewBody}, "govclerk": {Unit: "gov", Role: review.Handler},
		"above": {Unit: "prov", Role: review.Officer}, "security": {Unit: "amr", Role: review.SecurityAdmin}, "auditing": {Unit: "amr", Role: review.AuditAdmin}} {
		if m.Unit == "prov" {
			must(t, s.db.CreateUnit(context.Background(), postgres.Unit{ID: "prov", Name: "省市场监督管理局", Kind: "regulator", Regulator: "prov", Active: true}))
		}
		s.join(id, m.Unit, m.Role)
	}
	const secretWord = "绝无仅有之题名"
	make := func(secrecy string) (*Receipt, string) {
		t.Helper()
		o := opening("new", "gov")
		o["secrecy"], o["measure"].(obj)["title"] = secrecy, secretWord+secrecy
		var r Receipt
		s.ok(201, "drafter", "POST", "/api/v1/cases", o).into(t, &r)
		hash := s.submit(&r, secrecy)
		s.do(&r, "officer", "ask_correction", obj{"reason": "缺少依据", "slots": []string{"note"}, "days": 3})
		return &r, hash
	}
	internal, text := make("internal")
	restricted, hidden := make("restricted")
	file := map[string]string{}
	for _, r := range []*Receipt{internal, restricted} {
		var f FileAnswer
		s.upload("drafter", "/api/v1/cases/"+r.Case+"/files", "附件.txt", []byte(secretWord+r.Case), "kind", "other").into(t, &f)
		file[r.Case] = f.Hash
	}
	var draw struct {
		ID string `json:"id"`
	}
	s.concluded(2)
	s.ok(201, "officer", "POST", "/api/v1/draws", spotCheck()).into(t, &draw)

	// Every address with a name in it: what it is for these cases, who is answered (the insider), and what a stranger gets.
	type address struct {
		path    func(r *Receipt, hash string) string
		insider string
		refused int
	}
	of := func(rest string) func(*Receipt, string) string {
		return func(r *Receipt, hash string) string {
			return strings.NewReplacer("{id}", r.Case, "{hash}", hash, "{file}", file[r.Case], "{draw}", draw.ID).Replace(rest)
		}
	}
	addresses := map[string]address{
		"GET /cases/:id":                         {of("/cases/{id}"), "drafter", 404},
		"GET /cases/:id/letters/:kind":           {of("/cases/{id}/letters/correction"), "drafter", 404},
		"GET /api/v1/cases/:id":                  {of("/api/v1/cases/{id}"), "drafter", 404},
		"GET /api/v1/cases/:id/events":           {of("/api/v1/cases/{id}/events"), "drafter", 404},
		"GET /api/v1/cases/:id/compare":          {of("/api/v1/cases/{id}/compare?from={hash}&to={hash}"), "drafter", 404},
		"GET /api/v1/cases/:id/files":            {of("/api/v1/cases/{id}/files"), "drafter", 404},
		"GET /api/v1/cases/:id/files/:hash":      {of("/api/v1/cases/{id}/files/{file}"), "drafter", 404},
		"GET /api/v1/cases/:id/letters":          {of("/api/v1/cases/{id}/letters"), "drafter", 404},
		"GET /api/v1/cases/:id/letters/:kind":    {of("/api/v1/cases/{id}/letters/correction"), "drafter", 404},
		"GET /api/v1/cases/:id/drafts":           {of("/api/v1/cases/{id}/drafts"), "officer", 404},
		"GET /api/v1/cases/:id/panel":            {of("/api/v1/cases/{id}/panel"), "officer", 404},
		"GET /api/v1/cases/:id/reads":            {of("/api/v1/cases/{id}/reads"), "head", 404},
		"GET /api/v1/texts/:hash":                {of("/api/v1/texts/{hash}"), "drafter", 404},
		"GET /api/v1/texts/:hash/clauses":        {of("/api/v1/texts/{hash}/clauses?case={id}"), "drafter", 404},
		"GET /api/v1/draws/:id":                  {of("/api/v1/draws/{draw}"), "officer", 403},
		"GET /api/v1/admin/people/:id/sessions":  {of("/api/v1/admin/people/drafter/sessions"), "security", 403},
		"GET /api/v1/admin/people/:id/tokens":    {of("/api/v1/admin/people/drafter/tokens"), "security", 403},
		"GET /api/v1/admin/people/:id/posts":     {of("/api/v1/admin/people/drafter/posts"), "security", 403},
		"GET /api/v1/admin/people/:id/hand-over": {of("/api/v1/admin/people/drafter/hand-over"), "root", 403},
		"GET /docs/:part":                        {of("/docs/cases"), "drafter", 200},
		"GET /api/v1/webhooks/:id/dead":          {of("/api/v1/webhooks/0b5cb1f6-1111-4222-8333-944444444444/dead"), "", 403},
		"GET /static/:name":                      {of("/static/style.css"), "drafter", 200},
	}
	for key := range s.policies {
		if strings.HasPrefix(key, "GET ") && strings.Contains(key, ":") {
			if _, ok := addresses[key]; !ok {
				t.Errorf("%s is in no row of this test", key)
			}
		}
	}
	strangers := []string{"findrafter", "finhead", "expert1", "above", "clerk2"}
	s.join("clerk2", "dev", review.Handler)
	ask := func(who, path string) got {
		return s.call(who, "GET", path, nil, "Accept", "text/html, application/json")
	}
	tells := func(g got, r *Receipt) bool {
		return bytes.Contains(g.body, []byte(secretWord)) || bytes.Contains(g.body, []byte(r.Number)) // the id is in the address, which an error page repeats
	}
	check := func(r *Receipt, hash string, who []string) {
		t.Helper()
		for key, a := range addresses {
			path := a.path(r, hash)
			if g := ask(a.insider, path); a.insider != "" && g.StatusCode != 200 {
				t.Errorf("%s by %s: %d %s", key, a.insider, g.StatusCode, g.body)
			}
			for _, id := range who {
				if strings.Contains(key, "draws") && (id == "above" || id == "officer2") {
					continue // the one has draws of its own regulator, of which this is none; the other's it is
				}
				g := ask(id, path)
				if g.StatusCode != a.refused {
					t.Errorf("%s by %s: %d, want %d: %s", key, id, g.StatusCode, a.refused, g.body)
				}
				if a.refused == 404 && tells(g, r) {
					t.Errorf("%s by %s tells of it: %s", key, id, g.body)
				}
			}
		}
		for _, id := range who {
			for _, path := range []string{"/cases", "/cases?q=" + "%E7%BB%9D%E6%97%A0", "/tasks", "/notifications", "/", "/api/v1/cases", "/api/v1/cases?q=" + r.Number, "/api/v1/cases?group=inProgress",
				"/api/v1/cases?status=CORRECTION", "/api/v1/tasks", "/api/v1/notices", "/api/v1/draws"} {
				g := ask(id, path)
				if g.StatusCode >= 500 || bytes.Contains(g.body, []byte(secretWord+map[*Receipt]string{internal: "internal", restricted: "restricted"}[r])) || bytes.Contains(g.body, []byte(r.Case)) {
					t.Errorf("%s tells %s of it: %d", path, id, g.StatusCode)
				}
			}
			var list Cases
			s.ok(200, id, "GET", "/api/v1/cases?q="+r.Number, nil).into(t, &list)
			if list.Total != 0 || len(list.Cases) != 0 {
				t.Errorf("%s counts it: %+v", id, list)
			}
			for _, kind := range []string{"undo", "urge", "correct", "set_secrecy"} {
				if p := s.call(id, "POST", "/api/v1/cases/"+r.Case+"/actions", obj{"kind": kind, "seen": 1, "reason": "试探"}).problem(); p.Status != 404 {
					t.Errorf("%s by %s: %+v", kind, id, p)
				}
			}
		}
	}
	check(internal, text, strangers)
	// Of the restricted one, those who read an internal one but act in it no more, or never did.
	check(restricted, hidden, append(strangers, "clerk", "govclerk", "officer2"))
	for _, id := range []string{"clerk", "govclerk", "officer2"} {
		if g := ask(id, "/api/v1/cases/"+internal.Case); g.StatusCode != 200 {
			t.Errorf("%s does not read the internal case: %d", id, g.StatusCode)
		}
	}
	// Numbers are of all cases; the lists behind them are of what one may read.
	var n Counts
	s.ok(200, "findrafter", "GET", "/api/v1/counts", nil).into(t, &n)
	if n.InProgress < 2 {
		t.Errorf("the totals leave something out: %+v", n)
	}
	// An administrator reads none, by whatever address.
	for _, id := range []string{"root", "security", "auditing"} {
		for key, a := range addresses {
			if g := ask(id, a.path(internal, text)); strings.Contains(key, "cases") && g.StatusCode != 404 || a.refused == 404 && tells(g, internal) {
				t.Errorf("%s by %s: %d %s", key, id, g.StatusCode, g.body)
			}
		}
	}
}

// TestReadsOfARestrictedCaseAreWrittenDown, each person and day once, with how often; and shown to whom it concerns.
func TestReadsOfARestrictedCaseAreWrittenDown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.join("auditing", "ind", review.AuditAdmin)
	s.join("drafter2", "ind", review.Handler)
	s.join("clerk", "ind", review.ReviewBody)
	r := s.open("new", "ind")
	s.ok(200, "head", "GET", "/api/v1/cases/"+r.Case, nil)
	hash := s.put("drafter", draft)
	s.do(&r, "drafter", "start_review", obj{"text": obj{"hash": hash}, "heard": heard})
	s.do(&r, "drafter", "send_check", obj{"checklist": checklist(hash)})
	if g := s.call("head", "POST", "/api/v1/cases/"+r.Case+"/actions", obj{"kind": "set_secrecy", "seen": r.Version, "reason": "尚未公开", "secrecy": "restricted", "readers": []string{"finhead"}}); g.problem().Code != "invalid" {
		t.Errorf("a reader of another unit: %s", g.body)
	}
	s.do(&r, "head", "set_secrecy", obj{"reason": "尚未公开", "secrecy": "restricted", "readers": []string{"drafter2"}})
	for _, path := range []string{"/api/v1/cases/" + r.Case, "/api/v1/cases/" + r.Case + "/events", "/cases/" + r.Case} {
		s.ok(200, "drafter2", "GET", path, nil, "Accept", "text/html")
	}
	s.ok(200, "clerk", "GET", "/api/v1/texts/"+hash, nil) // the review body's turn
	s.ok(200, "drafter", "GET", "/api/v1/texts/"+hash, nil)
	s.ok(404, "findrafter", "GET", "/api/v1/cases/"+r.Case, nil)
	var list CaseReads
	s.ok(200, "head", "GET", "/api/v1/cases/"+r.Case+"/reads", nil).into(t, &list)
	times := map[string]int{}
	for _, x := range list.Reads {
		times[x.Person] += x.Times
		if x.Case != r.Case || x.Day != today() {
			t.Errorf("%+v", x)
		}
	}
	if len(list.Reads) != 3 || times["drafter2"] != 3 || times["clerk"] != 1 || times["head"] != 1 || times["drafter"] != 0 {
		t.Errorf("reads %v", times)
	}
	if p := s.call("drafter2", "GET", "/api/v1/cases/"+r.Case+"/reads", nil).problem(); p.Status != 403 {
		t.Errorf("a reader lists the readers: %+v", p)
	}
	g := s.ok(200, "auditing", "GET", "/api/v1/admin/case-reads", nil)
	g.into(t, &list)
	if len(list.Reads) != 3 || bytes.Contains(g.body, []byte("关于支持工业企业")) {
		t.Errorf("the audit administrator reads %s", g.body)
	}
	for _, who := range []string{"head", "root", "officer"} {
		s.ok(403, who, "GET", "/api/v1/admin/case-reads", nil)
	}
	page := s.ok(200, "head", "GET", "/cases/"+r.Case, nil, "Accept", "text/html")
	for _, say := range []string{"限制阅读", "国家秘密一律不得录入本系统"} {
		if !bytes.Contains(page.body, []byte(say)) {
			t.Errorf("the page does not say %s", say)
		}
	}
	checkPage(t, page)
}

// TestANamedReaderWhoLeavesReadsNoMore: by name, but only in their unit.
func TestANamedReaderWhoLeavesReadsNoMore(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.join("drafter2", "ind", review.Handler)
	o := opening("new", "ind")
	o["secrecy"], o["readers"] = "restricted", []string{"drafter2"}
	var r Receipt
	s.ok(201, "drafter", "POST", "/api/v1/cases", o).into(t, &r)
	hash := s.put("drafter", draft)
	s.do(&r, "drafter", "start_review", obj{"text": obj{"hash": hash}, "heard": heard})
	s.do(&r, "drafter", "send_check", obj{"checklist": checklist(hash)})
	for _, who := range []string{"drafter", "drafter2"} {
		s.ok(200, who, "GET", "/api/v1/cases/"+r.Case, nil)
		must(t, s.db.CreatePerson(context.Background(), postgres.NewPerson{ID: who, Login: who, Name: "离任", Memberships: []postgres.Membership{{Unit: "fin", Role: review.Handler}}}))
		s.ok(404, who, "GET", "/api/v1/cases/"+r.Case, nil)
		s.ok(404, who, "GET", "/api/v1/cases/"+r.Case+"/events", nil)
	}
	for name, change := range map[string]func(obj){"state_secret": func(o obj) { o["secret"] = true }, "invalid": func(o obj) { o["secrecy"] = "restricted"; o["readers"] = []string{"expert1"} }} {
		o := opening("new", "ind")
		change(o)
		if p := s.call("checker", "POST", "/api/v1/cases", o).problem(); p.Code != name && p.Code != "not_your_role" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// TestAnAgentActsForAWhileAndNeverOnTheirOwnPaper over HTTP: with the principal's desk, under both names.
func TestAnAgentActsForAWhileAndNeverOnTheirOwnPaper(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.join("drafter2", "ind", review.Handler)
	until := string(today().AddDays(10))
	appoint := func(who, agent string, with obj) got {
		body := obj{"agent": agent, "unit": "ind", "role": "unit_head", "from": string(today()), "to": until, "reason": "出差"}
		for k, v := range with {
			body[k] = v
		}
		return s.call(who, "POST", "/api/v1/agents", body)
	}
	for name, tt := range map[string]struct {
		who, agent string
		with       obj
		status     int
		code       string
	}{
		"91 days":                     {"head", "drafter", obj{"to": string(today().AddDays(90))}, 422, "agent_days"},
		"of another unit":             {"head", "findrafter", nil, 422, "agent_outside"},
		"a role one does not hold":    {"drafter", "drafter2", nil, 422, "agent_outside"},
		"an expert":                   {"expert1", "expert2", obj{"unit": "pool", "role": "expert"}, 422, "invalid"},
		"oneself":                     {"head", "head", nil, 422, "invalid"},
		"yesterday":                   {"head", "drafter", obj{"from": string(today().AddDays(-1))}, 422, "invalid"},
		"ended before it begins":      {"head", "drafter", obj{"to": string(today().AddDays(-1))}, 422, "invalid"},
		"for a colleague, by no head": {"drafter2", "drafter", obj{"principal": "head"}, 403, "forbidden"},
		"by the head, who would act":  {"head", "head", obj{"principal": "drafter", "role": "handler"}, 403, "forbidden"},
		"by the head of another unit": {"finhead", "drafter2", obj{"principal": "drafter", "role": "handler"}, 403, "forbidden"},
		"an administrator's role":     {"root", "officer", obj{"unit": "amr", "role": "admin"}, 422, "invalid"},
		"no reason":                   {"head", "drafter", obj{"reason": " "}, 422, "missing"},
	} {
		if p := appoint(tt.who, tt.agent, tt.with).problem(); p.Status != tt.status || p.Code != tt.code || p.Detail == "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
	r := s.open("new", "ind")
	hash := s.toSign(&r)
	k := s.conclusion("head", "meets", hash)
	k["docNo"] = "云工信竞审〔2026〕3号"
	sign := func(who string, as obj) Problem {
		body := obj{"kind": "conclude_pass", "seen": r.Version, "conclusion": k}
		if as != nil {
			body["as"] = as
		}
		k["written"] = s.put(who, "公平竞争审查结论"+who)
		g := s.call(who, "POST", "/api/v1/cases/"+r.Case+"/actions", body)
		if g.StatusCode == 200 {
			g.into(t, &r)
		}
		return g.problem()
	}
	if p := sign("drafter2", nil); p.Code != "not_your_role" {
		t.Errorf("no agent: %+v", p)
	}
	// The drafter as the head's agent signs nothing that they put forward.
	var own, other postgres.Agent
	appoint("head", "drafter", nil).into(t, &own)
	if p := sign("drafter", nil); p.Code != "same_hand" || p.Status != 403 {
		t.Errorf("the drafter signs for the head: %+v", p)
	}
	appoint("head", "drafter2", nil).into(t, &other)
	var list Agents
	s.ok(200, "drafter2", "GET", "/api/v1/agents", nil).into(t, &list)
	if len(list.Agents) != 1 || list.Agents[0].PrincipalName != "吴负责" || list.Agents[0].Last != review.Date(until) {
		t.Errorf("agents %+v", list)
	}
	s.ok(200, "findrafter", "GET", "/api/v1/agents", nil).into(t, &list)
	if len(list.Agents) != 0 {
		t.Errorf("a stranger reads %+v", list)
	}
	s.ok(404, "findrafter", "DELETE", "/api/v1/agents/"+other.ID, nil)
	var tasks Tasks
	s.ok(200, "drafter2", "GET", "/api/v1/tasks", nil).into(t, &tasks)
	if len(tasks.Tasks) != 1 || tasks.Tasks[0].Role != review.UnitHead {
		t.Errorf("the agent's tasks: %+v", tasks.Tasks)
	}
	var c CaseAnswer
	s.ok(200, "drafter2", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if !slices.ContainsFunc(c.Actions, func(p Possible) bool {
		return p.Kind == review.ConcludePass && p.For == "head" && p.Role == review.UnitHead
	}) {
		t.Errorf("offered %+v", c.Actions)
	}
	// Ended, and begun only tomorrow, it is nothing.
	s.ok(204, "head", "DELETE", "/api/v1/agents/"+other.ID, nil)
	if p := sign("drafter2", nil); p.Code != "not_your_role" {
		t.Errorf("ended: %+v", p)
	}
	appoint("head", "drafter2", obj{"from": string(today().AddDays(1))})
	if p := sign("drafter2", nil); p.Code != "not_your_role" {
		t.Errorf("not begun: %+v", p)
	}
	appoint("head", "drafter2", nil)
	if p := sign("drafter2", obj{"unit": "ind", "role": "unit_head", "for": "checker"}); p.Code != "not_your_role" {
		t.Errorf("for somebody else: %+v", p)
	}
	if p := sign("drafter2", nil); p.Code != "" || r.Status != review.ConcludedPass {
		t.Fatalf("%+v", p)
	}
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if c.Conclusion.Approver != "drafter2" || c.Conclusion.ApproverFor != "head" || !slices.Contains(c.Hands, review.Hand{Person: "head", Side: review.UnitSide}) {
		t.Errorf("signed by %s for %s, hands %v", c.Conclusion.Approver, c.Conclusion.ApproverFor, c.Hands)
	}
	page := s.ok(200, "drafter", "GET", "/cases/"+r.Case, nil, "Accept", "text/html")
	if !bytes.Contains(page.body, []byte("测试drafter2（代吴负责）")) {
		t.Error("the page does not say for whom")
	}
	checkPage(t, page)
	// Whose post ends lends nothing.
	q := s.open("new", "ind")
	s.toSign(&q, "再审")
	must(t, s.db.CreatePerson(context.Background(), postgres.NewPerson{ID: "head", Login: "head", Name: "吴负责"}))
	s.ok(403, "drafter2", "POST", "/api/v1/cases/"+q.Case+"/actions", obj{"kind": "send_back", "seen": q.Version, "reason": "再核"})
}
