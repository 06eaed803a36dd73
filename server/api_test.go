package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

func TestDepartmentRoute(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	g := s.ok(201, "drafter", "POST", "/api/v1/cases", opening("new", "ind"))
	var r Receipt
	g.into(t, &r)
	if r.Status != review.Drafting || r.Version != 1 || r.Number == "" || g.Header.Get("Location") != "/api/v1/cases/"+r.Case {
		t.Errorf("opened %+v at %q", r, g.Header.Get("Location"))
	}
	s.conclude(&r)
	if r.Status != review.ConcludedPass {
		t.Fatalf("status %s", r.Status)
	}
	var c CaseAnswer
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if c.Route != review.Department || c.Outcome != review.Keep || c.Case.Conclusion == nil || c.Version != r.Version {
		t.Errorf("case %+v", c.Case)
	}
	if !slices.ContainsFunc(c.Actions, func(p Possible) bool { return p.Kind == review.SendLegality && p.Role == review.Handler }) {
		t.Errorf("the drafter may %v", c.Actions)
	}
	if !slices.Equal(c.Text.Clauses, []string{"第一条", "第二条", "第三条"}) {
		t.Errorf("clauses %v", c.Text.Clauses)
	}
	var h Events
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case+"/events", nil).into(t, &h)
	if len(h.Events) != r.Version || h.Events[0].ActorName != "沈起草" || h.Events[0].Hash == "" {
		t.Errorf("history %+v", h)
	}
	var n Counts
	s.ok(200, "", "GET", "/api/v1/counts", nil).into(t, &n)
	if n.Reviewed != 1 || n.Kept != 1 || n.New.Kept != 1 || n.Period.Zone != "UTC+8" {
		t.Errorf("counts %+v", n)
	}
}

func TestGovernmentRouteWithJointReviewAndPanel(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	hash := s.submit(&r)
	s.do(&r, "officer", "convene", obj{"seats": []obj{{"unit": "fin"}, {"unit": "dev"}}})
	seen := r.Version
	s.do(&r, "finhead", "give_position", obj{"positions": []obj{{"clause": "第二条", "value": -2, "reason": "注册地条件歧视外地经营者", "item": "REG-9-5"}}})
	// A running joint review shows a seat nothing of the others, not even who has answered.
	var c CaseAnswer
	s.ok(200, "devhead", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if seat := c.Seat("fin"); seat.Status != "" || seat.Positions != nil {
		t.Errorf("dev sees %+v of fin", seat)
	}
	s.do(&Receipt{Case: r.Case, Version: seen}, "devhead", "give_position", obj{"noObjection": true}) // an older version is no conflict here
	s.ok(200, "officer", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	r.Version = c.Version
	s.do(&r, "officer", "close_joint", nil)
	s.ok(200, "officer", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if c.Divergence != 3 || !slices.Contains(c.Triggers, review.DepartmentDisagreement) {
		t.Errorf("divergence %v, triggers %v", c.Divergence, c.Triggers)
	}
	g := s.call("officer", "POST", "/api/v1/cases/"+r.Case+"/actions", obj{"kind": "form_panel", "seen": r.Version, "panel": obj{"questions": []string{"是否歧视？"}, "experts": []string{"drafter"}, "quorum": 1}})
	if p := g.problem(); p.Status != 422 || p.Params["field"] != "panel.experts" {
		t.Errorf("a panel of somebody who is no expert: %+v", p)
	}
	s.do(&r, "officer", "form_panel", obj{"panel": obj{"questions": []string{"第二条是否歧视外地经营者？"}, "experts": []string{"expert1", "expert2"}, "quorum": 2}})
	for _, e := range []string{"expert1", "expert2"} {
		s.do(&r, e, "accept_invitation", obj{"noConflict": true, "pledge": true})
		s.do(&r, e, "give_opinion", obj{"opinion": obj{"position": -2, "reasons": "限定注册地缺乏依据。", "confidence": 4}})
	}
	for _, who := range []string{"drafter", "officer", "expert1"} {
		g := s.ok(200, who, "GET", "/api/v1/cases/"+r.Case, nil)
		if n := bytes.Count(g.body, []byte("限定注册地缺乏依据")); n != map[string]int{"expert1": 1}[who] {
			t.Errorf("%s sees %d sealed opinions", who, n)
		}
		if who == "drafter" && (bytes.Contains(g.body, []byte("expert1")) || bytes.Contains(g.body, []byte("王专家"))) {
			t.Errorf("the drafter sees who the experts are")
		}
	}
	s.do(&r, "officer", "open_opinions", nil)
	s.do(&r, "officer", "close_panel", obj{"report": s.put("officer", "论证报告")})
	k := s.conclusion("officer", "fails", hash)
	k["prelim"], k["useJoint"], k["usePanel"] = "初审认为符合", "采纳财政部门意见", "采纳专家意见"
	k["findings"] = []obj{{"clause": "第二条", "item": "REG-9-5", "effect": "歧视外地经营者", "change": "删去注册地条件"}}
	s.do(&r, "officer", "draft_opinion", obj{"conclusion": k})
	g = s.call("officer", "POST", "/api/v1/cases/"+r.Case+"/actions", obj{"kind": "approve_fail", "seen": r.Version, "conclusion": k})
	if p := g.problem(); p.Status != 403 {
		t.Errorf("the officer signs: %+v", p)
	}
	s.do(&r, "approver", "approve_fail", obj{"conclusion": obj{"result": "fails", "docNo": "云市监竞审〔2026〕5号"}})
	if r.Status != review.ConcludedFail {
		t.Errorf("status %s", r.Status)
	}
	// Pages of a case with everything in it, in both languages, for everybody who may read it.
	for _, who := range []string{"drafter", "officer", "finhead", "expert1"} {
		for _, l := range []string{"zh", "en"} {
			checkPage(t, s.ok(200, who, "GET", "/cases/"+r.Case+"?lang="+l, nil, "Accept", "text/html"))
		}
	}
}

func TestAStaleVersionSaysWhoWasFirstAndWhen(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	s.submit(&r)
	stale := r.Version
	s.do(&r, "officer", "ask_panel", obj{"reason": "涉及面广"})
	g := s.call("officer2", "POST", "/api/v1/cases/"+r.Case+"/actions", obj{"kind": "convene", "seen": stale, "seats": []obj{{"unit": "fin"}}})
	p := g.problem()
	if p.Status != 409 || p.Code != "conflict" || p.Params["who"] != "officer" || p.Params["name"] != "陈承办" {
		t.Errorf("%+v", p)
	}
	if !strings.Contains(p.Detail, "陈承办") || !strings.Contains(p.Detail, "年") || !strings.Contains(p.Detail, "建议提请论证") {
		t.Errorf("detail %q", p.Detail)
	}
	en := s.call("officer2", "POST", "/api/v1/cases/"+r.Case+"/actions", obj{"kind": "convene", "seen": stale, "seats": []obj{{"unit": "fin"}}}, "Accept-Language", "en").problem()
	if !strings.Contains(en.Detail, "陈承办 acted first") || !strings.Contains(en.Detail, "UTC+8") {
		t.Errorf("detail %q", en.Detail)
	}
}

func TestTheSameKeyHappensOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.ok(201, "drafter", "POST", "/api/v1/cases", opening("new", "ind"), keyHeader, "click")
	again := s.ok(201, "drafter", "POST", "/api/v1/cases", opening("new", "ind"), keyHeader, "click")
	if !bytes.Equal(first.body, again.body) {
		t.Errorf("second click: %s after %s", again.body, first.body)
	}
	other := s.call("drafter", "POST", "/api/v1/cases", opening("new", "gov"), keyHeader, "click")
	if p := other.problem(); p.Status != 422 || p.Code != "key_reused" {
		t.Errorf("the key with another content: %+v", p)
	}
	var r Receipt
	first.into(t, &r)
	path := "/api/v1/cases/" + r.Case + "/actions"
	act := obj{"kind": "ask_withdraw", "seen": r.Version, "reason": "不再制定"}
	a1 := s.ok(200, "drafter", "POST", path, act, keyHeader, "act")
	a2 := s.ok(200, "drafter", "POST", path, `{"reason":"不再制定","seen":1,  "kind":"ask_withdraw"}`, keyHeader, "act") // order and spacing do not matter
	if !bytes.Equal(a1.body, a2.body) {
		t.Errorf("second click: %s after %s", a2.body, a1.body)
	}
	act["reason"] = "另有原因"
	if p := s.call("drafter", "POST", path, act, keyHeader, "act").problem(); p.Code != "key_reused" {
		t.Errorf("the key with another content: %+v", p)
	}
	t1 := s.ok(200, "drafter", "POST", "/api/v1/texts", obj{"text": draft}, keyHeader, "text")
	t2 := s.ok(200, "drafter", "POST", "/api/v1/texts", obj{"text": draft}, keyHeader, "text")
	if !bytes.Equal(t1.body, t2.body) {
		t.Errorf("text twice: %s after %s", t2.body, t1.body)
	}
	if p := s.call("drafter", "POST", "/api/v1/texts", obj{"text": draft + "又"}, keyHeader, "text").problem(); p.Code != "key_reused" {
		t.Errorf("the key with another text: %+v", p)
	}
}

func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	s.submit(&r)
	codes := make([]int, 2)
	var wg sync.WaitGroup
	for i, who := range []string{"officer", "officer2"} {
		wg.Go(func() {
			body, _ := json.Marshal(obj{"kind": "convene", "seen": r.Version, "seats": []obj{{"unit": "fin"}}})
			req, _ := http.NewRequest("POST", "/api/v1/cases/"+r.Case+"/actions", bytes.NewReader(body))
			req.Header.Set("Authorization", "Bearer "+s.tokens[who])
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set(keyHeader, "both")
			if resp, err := s.App().Test(req, 30_000); err == nil {
				codes[i] = resp.StatusCode
				_ = resp.Body.Close()
			}
		})
	}
	wg.Wait()
	slices.Sort(codes)
	if !slices.Equal(codes, []int{200, 409}) {
		t.Errorf("two at once: %v", codes)
	}
}

func TestWhoMayUseWhat(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	// Every route that is registered has a policy, and every API route is in the published description.
	var published struct {
		Paths map[string]map[string]struct {
			OperationID string           `json:"operationId"`
			Security    []map[string]any `json:"security"`
			Responses   map[string]any   `json:"responses"`
		} `json:"paths"`
	}
	s.ok(200, "", "GET", "/openapi.json", nil).into(t, &published)
	operations := 0
	for _, route := range s.App().GetRoutes(true) {
		if route.Method == "HEAD" {
			continue // comes with GET
		}
		who := s.policies[route.Method+" "+route.Path]
		if who == "" {
			t.Errorf("%s %s has no policy", route.Method, route.Path)
		}
		if rest, api := strings.CutPrefix(route.Path, apiPrefix); api {
			path := apiPrefix + strings.NewReplacer(":id", "{id}", ":hash", "{hash}", ":kind", "{kind}").Replace(rest)
			op, ok := published.Paths[path][strings.ToLower(route.Method)]
			if !ok || op.OperationID == "" || len(op.Security) == 0 || len(op.Responses) < 2 {
				t.Errorf("%s %s is published as %+v", route.Method, path, op)
			}
			if operationNames[op.OperationID] == "" {
				t.Errorf("%s has no Chinese name", op.OperationID)
			}
			operations++
		}
		path := strings.NewReplacer(":id", uuid.NewString(), ":hash", strings.Repeat("a", 64), ":name", "style.css", ":part", "cases").Replace(route.Path)
		api, page := s.call("", route.Method, path, nil), s.call("", route.Method, path, nil, "Accept", "text/html")
		switch who {
		case signedIn:
			if g := s.call("officer", route.Method, path+"?lang=en", nil); strings.Contains(string(g.body), `"field":"lang"`) {
				t.Errorf("%s %s in English: %d %s", route.Method, path, g.StatusCode, g.body)
			}
			if api.StatusCode != 401 || api.problem().Code != "unauthenticated" {
				t.Errorf("%s %s without sign-in: %d %s", route.Method, path, api.StatusCode, api.body)
			}
			if route.Method == "GET" && !strings.HasPrefix(path, "/api/") && (page.StatusCode != 303 || !strings.HasPrefix(page.Header.Get("Location"), "/login?next=%2F")) {
				t.Errorf("%s %s in a browser: %d %q", route.Method, path, page.StatusCode, page.Header.Get("Location"))
			}
		case operator:
			if g := s.call("", route.Method, path, nil, "X-Forwarded-For", "192.0.2.1"); g.StatusCode != 401 {
				t.Errorf("%s for somebody elsewhere: %d", path, g.StatusCode)
			}
			if g := s.call("drafter", route.Method, path, nil, "X-Forwarded-For", "192.0.2.1"); g.StatusCode != 403 {
				t.Errorf("%s for a drafter elsewhere: %d", path, g.StatusCode)
			}
			if g := s.call("root", route.Method, path, nil, "X-Forwarded-For", "192.0.2.1"); g.StatusCode != 200 {
				t.Errorf("%s for an administrator elsewhere: %d", path, g.StatusCode)
			}
		case anyone, totals:
			if g := s.call("", route.Method, path+"?lang=en", nil); route.Method == "GET" && g.StatusCode != 200 {
				t.Errorf("%s in English: %d %s", path, g.StatusCode, g.body)
			}
			if route.Method == "GET" && api.StatusCode != 200 {
				t.Errorf("%s without sign-in: %d %s", path, api.StatusCode, api.body)
			}
		}
	}
	published2 := 0
	for _, methods := range published.Paths {
		published2 += len(methods)
	}
	if operations == 0 || operations != published2 {
		t.Errorf("%d operations registered, %d published", operations, published2)
	}
	// A person without a part in a case is told that there is none, whatever they try.
	r := s.open("new", "ind")
	hash := s.toSign(&r)
	for _, call := range [][2]string{{"GET", "/api/v1/cases/" + r.Case}, {"GET", "/api/v1/cases/" + r.Case + "/events"}, {"GET", "/api/v1/texts/" + hash},
		{"POST", "/api/v1/cases/" + r.Case + "/actions"}, {"GET", "/cases/" + r.Case}} {
		var body any
		if call[0] == "POST" {
			body = obj{"kind": "send_sign", "seen": 1}
		}
		if g := s.call("findrafter", call[0], call[1], body); g.StatusCode != 404 || g.problem().Code != "not_found" {
			t.Errorf("%s %s by an outsider: %d %s", call[0], call[1], g.StatusCode, g.body)
		}
	}
	var list Cases
	s.ok(200, "findrafter", "GET", "/api/v1/cases", nil).into(t, &list)
	if len(list.Cases) != 0 || list.Total != 0 {
		t.Errorf("an outsider lists %+v", list)
	}
	if g := s.call("drafter", "GET", "/api/v1/people?role=expert", nil); g.StatusCode != 403 {
		t.Errorf("the drafter lists experts: %d", g.StatusCode)
	}
	s.ok(200, "officer", "GET", "/api/v1/people?role=expert", nil)
	if g := s.call("drafter", "GET", "/api/v1/me", nil, "Authorization", "Bearer nonsense"); g.StatusCode != 401 {
		t.Errorf("a made-up token: %d", g.StatusCode)
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if g := s.call("", "POST", "/api/v1/sessions", obj{"login": "drafter", "password": "wrong"}); g.StatusCode != 401 {
		t.Errorf("wrong password: %d %s", g.StatusCode, g.body)
	}
	if g := s.call("", "POST", "/api/v1/sessions", obj{"login": "nobody", "password": "wrong"}); g.StatusCode != 401 {
		t.Errorf("unknown account: %d %s", g.StatusCode, g.body)
	}
	g := s.ok(200, "", "POST", "/api/v1/sessions", obj{"login": "drafter", "password": password}, keyHeader, "")
	cookie := g.Header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q has no %s", cookie, want)
		}
	}
	var me Me
	g.into(t, &me)
	session, _, _ := strings.Cut(cookie, ";")
	s.ok(200, "", "GET", "/api/v1/me", nil, "Cookie", session)
	if g := s.call("", "POST", "/api/v1/cases", opening("new", "ind"), "Cookie", session); g.StatusCode != 403 || g.problem().Code != "stale_form" {
		t.Errorf("a write by cookie without its token: %d %s", g.StatusCode, g.body)
	}
	s.ok(201, "", "POST", "/api/v1/cases", opening("new", "ind"), "Cookie", session, csrfHeader, me.CSRF)
	if g := s.call("", "DELETE", "/api/v1/sessions", nil, "Cookie", session); g.StatusCode != 403 {
		t.Errorf("signing out by cookie without its token: %d", g.StatusCode)
	}
	s.ok(204, "", "DELETE", "/api/v1/sessions", nil, "Cookie", session, csrfHeader, me.CSRF)
	if g := s.call("", "GET", "/api/v1/me", nil, "Cookie", session); g.StatusCode != 401 {
		t.Errorf("after signing out: %d", g.StatusCode)
	}
	if log := s.log.String(); strings.Contains(log, password) || strings.Contains(log, me.CSRF) || strings.Contains(log, strings.TrimPrefix(session, sessionCookie+"=")) || strings.Contains(log, s.tokens["drafter"]) {
		t.Error("a secret is in the log")
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "ind")
	before := r.Version
	deep := strings.Repeat("[", 10_000)
	long := strings.Repeat("长", 3000)
	act := "/api/v1/cases/" + r.Case + "/actions"
	for _, tc := range []struct {
		name, method, path string
		body               any
		headers            []string
		status             int
		code, field        string
	}{
		{"no key", "POST", "/api/v1/cases", opening("new", "ind"), []string{keyHeader, ""}, 422, "missing", keyHeader},
		{"no key on a text", "POST", "/api/v1/texts", obj{"text": "文"}, []string{keyHeader, ""}, 422, "missing", keyHeader},
		{"no key on an action", "POST", act, obj{"kind": "accept", "seen": 1}, []string{keyHeader, ""}, 422, "missing", keyHeader},
		{"a key with a blank", "POST", act, obj{"kind": "accept", "seen": 1}, []string{keyHeader, "a b"}, 422, "invalid", keyHeader},
		{"a key of 201 characters", "POST", act, obj{"kind": "accept", "seen": 1}, []string{keyHeader, strings.Repeat("k", 201)}, 422, "invalid", keyHeader},
		{"no body", "POST", act, "", nil, 400, "malformed", ""},
		{"half a body", "POST", act, `{"kind":`, nil, 400, "malformed", ""},
		{"two bodies", "POST", act, `{"kind":"accept","seen":1}{}`, nil, 400, "malformed", ""},
		{"not an object", "POST", act, `[1,2]`, nil, 422, "invalid", "body"},
		{"null", "POST", act, `null`, nil, 422, "invalid", "body"},
		{"a field twice", "POST", act, `{"kind":"accept","seen":1,"seen":2}`, nil, 400, "malformed", ""},
		{"deep nesting", "POST", act, deep, nil, 400, "malformed", ""},
		{"invalid UTF-8", "POST", act, "{\"kind\":\"accept\",\"seen\":1,\"reason\":\"\xff\"}", nil, 400, "malformed", ""},
		{"half a surrogate", "POST", act, `{"kind":"accept","seen":1,"reason":"\ud800"}`, nil, 422, "bad_characters", "reason"},
		{"NUL", "POST", act, `{"kind":"accept","seen":1,"reason":"a\u0000b"}`, nil, 422, "bad_characters", "reason"},
		{"a control character in a name", "POST", act, `{"kind":"accept","seen":1,"re\u0007ason":"a"}`, nil, 422, "bad_characters", ""},
		{"NUL in a text", "POST", "/api/v1/texts", `{"text":"a\u0000b"}`, nil, 422, "bad_characters", "text"},
		{"an empty text", "POST", "/api/v1/texts", obj{"text": " \n"}, nil, 422, "missing", "text"},
		{"a text over 1 MiB", "POST", "/api/v1/texts", obj{"text": strings.Repeat("文", 400_000)}, nil, 413, "too_large", "text"},
		{"unknown field", "POST", act, obj{"kind": "accept", "seen": 1, "status": "ISSUED"}, nil, 422, "invalid", "status"},
		{"unknown field inside", "POST", "/api/v1/cases", obj{"kind": "new", "unit": "ind", "measure": obj{"title": "甲", "nature": "rule", "issuer": "ind", "madeUp": true}}, nil, 422, "invalid", "measure.madeUp"},
		{"opening an open case", "POST", act, obj{"kind": "register", "seen": 1}, nil, 422, "invalid", "kind"},
		{"an opening on an action", "POST", act, obj{"kind": "accept", "seen": 1, "opening": obj{}}, nil, 422, "invalid", "opening"},
		{"the timer's action", "POST", act, obj{"kind": "return_overdue", "seen": 1}, nil, 422, "invalid", "kind"},
		{"a version that is not there yet", "POST", act, obj{"kind": "accept", "seen": 99}, nil, 422, "invalid", "seen"},
		{"the timer's role", "POST", act, obj{"kind": "accept", "seen": 1, "as": obj{"unit": "ind", "role": "timer"}}, nil, 422, "invalid", "as.role"},
		{"another's role", "POST", act, obj{"kind": "accept", "seen": 1, "as": obj{"unit": "amr", "role": "officer"}}, nil, 403, "not_your_role", ""},
		{"a number for a text", "POST", act, `{"kind":"accept","seen":1,"reason":5}`, nil, 422, "invalid", "reason"},
		{"a text for a number", "POST", act, `{"kind":"accept","seen":"1"}`, nil, 422, "invalid", "seen"},
		{"a fraction for a number", "POST", act, `{"kind":"accept","seen":1.5}`, nil, 422, "invalid", "seen"},
		{"a huge number", "POST", act, `{"kind":"accept","seen":1e999}`, nil, 400, "malformed", ""},
		{"over-long", "POST", act, obj{"kind": "ask_withdraw", "seen": 1, "reason": long}, nil, 422, "invalid", "reason"},
		{"no kind", "POST", act, obj{"seen": 1}, nil, 422, "missing", "kind"},
		{"nothing in it", "POST", act, obj{}, nil, 422, "missing", "kind"},
		{"out of turn", "POST", act, obj{"kind": "send_check", "seen": 1}, nil, 409, "not_your_turn", ""},
		{"the other route's action", "POST", act, obj{"kind": "accept", "seen": 1}, nil, 409, "wrong_route", ""},
		{"a hash that is none", "POST", act, obj{"kind": "start_review", "seen": 1, "text": obj{"hash": "abc"}}, nil, 422, "invalid", "text.hash"},
		{"a hash of nothing", "POST", act, obj{"kind": "start_review", "seen": 1, "text": obj{"hash": strings.Repeat("a", 64)}, "heard": heard}, nil, 422, "invalid", "text.hash"},
		{"30 February", "POST", act, obj{"kind": "start_review", "seen": 1, "text": obj{"hash": s.put("drafter", draft)}, "heard": heardFrom("2025-02-30", "2025-03-01")}, nil, 422, "invalid", "heard.from, heard.to"},
		{"opinions heard in another century", "POST", act, obj{"kind": "start_review", "seen": 1, "text": obj{"hash": s.put("drafter", draft)}, "heard": heardFrom("1999-12-31", "2025-03-01")}, nil, 422, "invalid", "heard.from, heard.to"},
		{"an end before the start", "POST", act, obj{"kind": "start_review", "seen": 1, "text": obj{"hash": s.put("drafter", draft)}, "heard": heardFrom("2025-03-02", "2025-03-01")}, nil, 422, "invalid", "heard.from, heard.to"},
		{"opinions heard tomorrow", "POST", act, obj{"kind": "start_review", "seen": 1, "text": obj{"hash": s.put("drafter", draft)}, "heard": heardFrom("2025-03-02", string(today().AddDays(1)))}, nil, 422, "invalid", "heard.from, heard.to"},
		{"an opinion without what became of it", "POST", act, obj{"kind": "start_review", "seen": 1, "text": obj{"hash": s.put("drafter", draft)}, "heard": merge(heard, obj{"opinions": []obj{{"from": "协会", "said": "删除", "answer": "not"}}})}, nil, 422, "missing", "heard.opinions.why"},
		{"50,000 characters in a reason", "POST", act, obj{"kind": "accept", "seen": 1, "reason": strings.Repeat("长", 50_000)}, nil, 422, "invalid", "reason"},
		{"50,000 characters with a control character", "POST", "/api/v1/texts", obj{"text": strings.Repeat("长", 25_000) + "\u0008" + strings.Repeat("长", 25_000)}, nil, 422, "bad_characters", "text"},
		{"issued on 30 February", "POST", "/api/v1/cases", obj{"kind": "existing", "unit": "ind", "measure": obj{"title": "甲", "nature": "rule", "issuer": "ind", "docNo": "1", "issuedOn": "2025-02-30"}}, nil, 422, "invalid", "measure.issuedOn"},
		{"an issuer that is none", "POST", "/api/v1/cases", opening("new", "nowhere"), nil, 422, "invalid", "measure.issuer"},
		{"another unit's case", "POST", "/api/v1/cases", obj{"kind": "new", "unit": "fin", "measure": obj{"title": "甲", "nature": "rule", "issuer": "fin"}}, nil, 403, "not_your_role", ""},
		{"a state secret", "POST", "/api/v1/cases", obj{"kind": "new", "unit": "ind", "secret": true, "measure": obj{"title": "甲", "nature": "rule", "issuer": "ind"}}, nil, 403, "state_secret", ""},
		{"a label outside a demo", "POST", "/api/v1/cases", obj{"kind": "new", "unit": "ind", "label": "x", "measure": obj{"title": "甲", "nature": "rule", "issuer": "ind"}}, nil, 422, "invalid", "madeUp"},
		{"existing without its number", "POST", "/api/v1/cases", obj{"kind": "existing", "unit": "ind", "measure": obj{"title": "甲", "nature": "rule", "issuer": "ind", "publicInterest": "none"}}, nil, 422, "missing", "measure.docNo"},
		{"as text", "POST", act, `{}`, []string{"Content-Type", "text/plain"}, 415, "not_json", ""},
		{"as two types", "POST", act, `{}`, []string{"Content-Type", "application/json, text/html"}, 415, "not_json", ""},
		{"in another charset", "POST", act, `{}`, []string{"Content-Type", "application/json; charset=gb18030"}, 415, "not_json", ""},
		{"a parameter on an action", "POST", act + "?dry=1", obj{"kind": "accept", "seen": 1}, nil, 422, "invalid", "dry"},
		{"a case id in capitals", "GET", "/api/v1/cases/" + strings.ToUpper(r.Case), nil, nil, 404, "not_found", ""},
		{"no such case", "GET", "/api/v1/cases/" + uuid.NewString(), nil, nil, 404, "not_found", ""},
		{"no case number", "GET", "/api/v1/cases/17", nil, nil, 404, "not_found", ""},
		{"a case id with NUL", "GET", "/api/v1/cases/%00", nil, nil, 404, "not_found", ""},
		{"a case id in Chinese", "GET", "/api/v1/cases/%E4%B8%8A", nil, nil, 404, "not_found", ""},
		{"an action on no case", "POST", "/api/v1/cases/" + uuid.NewString() + "/actions", obj{"kind": "accept", "seen": 1}, nil, 404, "not_found", ""},
		{"history of no case", "GET", "/api/v1/cases/x/events", nil, nil, 404, "not_found", ""},
		{"no such text", "GET", "/api/v1/texts/" + strings.Repeat("b", 64), nil, nil, 404, "not_found", ""},
		{"a text by another name", "GET", "/api/v1/texts/..%2f..%2fetc", nil, nil, 404, "not_found", ""},
		{"a limit of 0", "GET", "/api/v1/cases?limit=0", nil, nil, 422, "invalid", "limit"},
		{"a limit of 201", "GET", "/api/v1/cases?limit=201", nil, nil, 422, "invalid", "limit"},
		{"a limit in words", "GET", "/api/v1/cases?limit=ten", nil, nil, 422, "invalid", "limit"},
		{"a cursor that is none", "GET", "/api/v1/cases?cursor=zzz", nil, nil, 422, "invalid", "cursor"},
		{"a status that is none", "GET", "/api/v1/cases?status=DONE", nil, nil, 422, "invalid", "status"},
		{"a group that is none", "GET", "/api/v1/cases?group=all", nil, nil, 422, "invalid", "group"},
		{"an unknown parameter", "GET", "/api/v1/cases?title=x", nil, nil, 422, "invalid", "title"},
		{"a parameter twice", "GET", "/api/v1/cases?q=a&q=b", nil, nil, 400, "malformed", ""},
		{"a parameter that is no text", "GET", "/api/v1/cases?q=%ff", nil, nil, 400, "malformed", ""},
		{"NUL in a parameter", "GET", "/api/v1/cases?q=%00", nil, nil, 400, "malformed", ""},
		{"counts from 30 February", "GET", "/api/v1/counts?from=2025-02-30", nil, nil, 422, "invalid", "from"},
		{"counts to before from", "GET", "/api/v1/counts?from=2026-02-03&to=2026-02-02", nil, nil, 422, "invalid", "to"},
		{"counts as of nonsense", "GET", "/api/v1/counts?asOf=yesterday", nil, nil, 422, "invalid", "asOf"},
		{"counts by a route that is none", "GET", "/api/v1/counts?route=sea", nil, nil, 422, "invalid", "route"},
		{"the catalogue of no day", "GET", "/api/v1/catalogue?on=2025-02-30", nil, nil, 422, "invalid", "on"},
		{"people of a role that is none", "GET", "/api/v1/people?role=king", nil, nil, 422, "invalid", "role"},
		{"signing in without a password", "POST", "/api/v1/sessions", obj{"login": "drafter"}, nil, 422, "missing", "password"},
		{"signing in with an endless password", "POST", "/api/v1/sessions", obj{"login": "drafter", "password": strings.Repeat("x", 1001)}, nil, 422, "invalid", "password"},
		{"nowhere", "GET", "/api/v1/nowhere", nil, nil, 404, "not_found", ""},
		{"no such method", "PUT", "/api/v1/cases", obj{}, nil, 405, "method_not_allowed", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := s.call("drafter", tc.method, tc.path, tc.body, tc.headers...)
			p := g.problem()
			if g.StatusCode != tc.status || p.Code != tc.code || tc.field != "" && p.Params["field"] != tc.field {
				t.Errorf("%d %s, want %d %s %s", g.StatusCode, g.body, tc.status, tc.code, tc.field)
			}
			if ct := g.Header.Get("Content-Type"); ct != "application/problem+json" {
				t.Errorf("content type %q", ct)
			}
			if p.Detail == "" || p.Title == "" || p.Instance == "" || p.Status != tc.status || strings.ContainsAny(p.Detail, "{}") {
				t.Errorf("problem %+v", p)
			}
			if !hasHan(p.Detail) || hasHan(s.call("drafter", tc.method, tc.path, tc.body, append(tc.headers, "Accept-Language", "en")...).problem().Detail) {
				t.Errorf("not in both languages: %q", p.Detail)
			}
			if bytes.Contains(g.body, []byte("pq:")) || bytes.Contains(g.body, []byte("expected")) {
				t.Errorf("inner words: %s", g.body)
			}
		})
	}
	var c CaseAnswer
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if c.Version != before {
		t.Errorf("something of it changed the case: version %d", c.Version)
	}
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 0x4e00 && r <= 0x9fff })
}

func TestABodyOf20MBIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	at := s.listen()
	for _, chunked := range []bool{false, true} {
		var body io.Reader = strings.NewReader(`{"text":"` + strings.Repeat("x", 20<<20) + `"}`)
		if chunked {
			body = io.MultiReader(body) // of unknown length
		}
		req, err := http.NewRequest("POST", at+"/api/v1/texts", body)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+s.tokens["drafter"])
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(keyHeader, "big")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatalf("chunked %v: %v", chunked, err)
		}
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		p := got{resp, b}.problem()
		if resp.StatusCode != 413 || p.Code != "too_large" || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("chunked %v: %d %s", chunked, resp.StatusCode, b)
		}
	}
}

func TestTwoContentTypesAreNone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	req, err := http.NewRequest("POST", s.listen()+"/api/v1/texts", strings.NewReader(`{"text":"文"}`))
	must(t, err)
	req.Header = http.Header{"Authorization": {"Bearer " + s.tokens["drafter"]}, keyHeader: {"k"}, "Content-Type": {"text/plain", "application/json"}}
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	_ = resp.Body.Close()
	if resp.StatusCode != 415 {
		t.Errorf("two content types: %d", resp.StatusCode)
	}
}

func TestWhatIsOursStaysOurs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "ind")
	path := "/api/v1/cases/" + r.Case + "/actions"
	body := obj{"kind": "ask_withdraw", "seen": r.Version, "reason": "不再制定"}
	for _, tc := range []struct {
		err    error
		status int
		code   string
		header string
	}{
		{errors.New("pq: secret detail"), 500, "internal", ""},
		{review.Refuse(review.Unavailable), 503, "unavailable", "Retry-After"},
		{review.Refuse(review.Forked), 409, "forked", ""},
		{fmt.Errorf("act: %w", review.Refuse(review.OpenCaseExists, "case", r.Case)), 409, "open_case_exists", ""},
	} {
		s.reviews.err = tc.err
		g := s.call("drafter", "POST", path, body)
		p := g.problem()
		if g.StatusCode != tc.status || p.Code != tc.code || bytes.Contains(g.body, []byte("secret detail")) || tc.header != "" && g.Header.Get(tc.header) == "" {
			t.Errorf("%v: %d %s", tc.err, g.StatusCode, g.body)
		}
	}
	s.reviews.err = review.Refuse(review.UnderWay)
	g := s.ok(202, "drafter", "POST", path, body)
	if g.Header.Get("Location") != "/api/v1/cases/"+r.Case || !strings.Contains(string(g.body), "under_way") {
		t.Errorf("under way: %q %s", g.Header.Get("Location"), g.body)
	}
	if !strings.Contains(s.log.String(), "secret detail") {
		t.Error("the inner error is not in the log")
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for range 3 {
		r := s.open("new", "ind")
		s.conclude(&r)
	}
	r := s.open("new", "ind")
	s.do(&r, "drafter", "ask_withdraw", obj{"reason": "不再制定"})
	s.do(&r, "head", "withdraw", nil)
	s.open("new", "gov")
	r = s.open("existing", "ind")
	hash := s.put("drafter", draft)
	s.do(&r, "drafter", "start_review", obj{"text": obj{"hash": hash}})
	s.do(&r, "drafter", "send_sign", obj{"checklist": checklist(hash), "heard": heard, "proposal": "repeal"})
	s.do(&r, "head", "to_repeal", obj{"reason": "已不适应"})
	s.do(&r, "head", "register_repeal", obj{"issue": obj{"docNo": "云工信〔2026〕9号", "on": string(today())}})

	var n Counts
	s.ok(200, "", "GET", "/api/v1/counts", nil).into(t, &n)
	if n.Reviewed != 4 || n.Kept != 3 || n.Repealed != 1 || n.Withdrawn != 1 || n.InProgress != 1 || n.NotIssued != 0 || n.Existing.Repealed != 1 {
		t.Errorf("counts %+v", n)
	}
	if n.Kept+n.Amended+n.Repealed != n.Reviewed {
		t.Errorf("%+v does not add up", n)
	}
	for _, filter := range []string{"unit=ind", "route=department", "kind=new", "asOf=2026-06-30"} {
		if g := s.call("", "GET", "/api/v1/counts?"+filter, nil); g.StatusCode != 401 || g.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s without sign-in: %d", filter, g.StatusCode)
		}
		s.ok(200, "officer", "GET", "/api/v1/counts?"+filter, nil)
	}
	s.ok(200, "", "GET", "/api/v1/counts?from=2026-01-01&to=2026-12-31", nil)
	for _, filter := range []string{"", "?kind=new", "?kind=existing", "?route=government", "?unit=ind"} {
		var n Counts
		g := s.ok(200, "officer", "GET", "/api/v1/counts"+filter, nil)
		g.into(t, &n)
		for group, want := range map[string]int{"reviewed": n.Reviewed, "kept": n.Kept, "amended": n.Amended, "repealed": n.Repealed,
			"inProgress": n.InProgress, "withdrawn": n.Withdrawn, "outOfScope": n.OutOfScope, "lapsed": n.Lapsed} {
			var list Cases
			s.ok(200, "officer", "GET", n.Links[group], nil).into(t, &list)
			if len(list.Cases) != want || list.Total != want {
				t.Errorf("%s %s: %d, and the list behind it has %d of %d", filter, group, want, len(list.Cases), list.Total)
			}
		}
	}
	// Pages of one, stable and complete.
	var all []string
	for next := "/api/v1/cases?limit=1"; next != ""; {
		var page Cases
		s.ok(200, "officer", "GET", next, nil).into(t, &page)
		for _, c := range page.Cases {
			all = append(all, c.ID)
		}
		if next = ""; page.Next != "" {
			next = "/api/v1/cases?limit=1&cursor=" + page.Next
		}
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != 6 {
		t.Errorf("paging found %d cases", len(all))
	}
}

func TestTasksAndMe(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "ind")
	s.toSign(&r)
	var tasks Tasks
	s.ok(200, "head", "GET", "/api/v1/tasks", nil).into(t, &tasks)
	if len(tasks.Tasks) != 1 || tasks.Tasks[0].ID != r.Case || tasks.Tasks[0].Role != review.UnitHead {
		t.Errorf("the head's tasks: %+v", tasks)
	}
	s.ok(200, "drafter", "GET", "/api/v1/tasks", nil).into(t, &tasks)
	if len(tasks.Tasks) != 0 {
		t.Errorf("the drafter's tasks: %+v", tasks)
	}
	var me Me
	s.ok(200, "head", "GET", "/api/v1/me", nil).into(t, &me)
	if me.ID != "head" || me.Name != "吴负责" || len(me.Memberships) != 1 || me.Memberships[0].Unit != "ind" {
		t.Errorf("me %+v", me)
	}
	var cat Catalogue
	s.ok(200, "head", "GET", "/api/v1/catalogue", nil).into(t, &cat)
	if len(cat.Items) != len(clear()) || cat.Version == "" {
		t.Errorf("catalogue of %d", len(cat.Items))
	}
}

func TestSixtySeatsAnswerAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	var seats []obj
	for i := range 60 {
		unit := fmt.Sprintf("seat%02d", i)
		must(t, s.db.CreateUnit(ctx, postgres.Unit{ID: unit, Name: "云溪市第" + fmt.Sprint(i+1) + "局", Kind: "department", Regulator: "amr", Active: true}))
		must(t, s.db.CreatePerson(ctx, postgres.NewPerson{ID: unit + "head", Login: unit, Name: "负责人", Memberships: []postgres.Membership{{Unit: unit, Role: review.UnitHead}}}))
		var err error
		s.tokens[unit], err = s.db.CreateToken(ctx, unit+"head", "test", time.Hour)
		must(t, err)
		seats = append(seats, obj{"unit": unit})
	}
	r := s.open("new", "gov")
	s.submit(&r, strings.Repeat("本条所称企业，包括各类所有制企业。\n", 2000))
	s.do(&r, "officer", "convene", obj{"seats": seats})
	statuses := make([]int, len(seats))
	var wg sync.WaitGroup
	for i := range seats {
		wg.Go(func() {
			body, _ := json.Marshal(obj{"kind": "give_position", "seen": r.Version, "positions": []obj{{"clause": "第一条", "value": 1},
				{"clause": "第二条", "value": i%5 - 2, "reason": strings.Repeat("理由<&>", 1+399*(1-min(i%4, 1)))}}})
			req, _ := http.NewRequest("POST", "/api/v1/cases/"+r.Case+"/actions", bytes.NewReader(body))
			req.Header.Set("Authorization", "Bearer "+s.tokens[fmt.Sprintf("seat%02d", i)])
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set(keyHeader, "seat")
			if resp, err := s.App().Test(req, 60_000); err == nil {
				statuses[i] = resp.StatusCode
				_ = resp.Body.Close()
			}
		})
	}
	wg.Wait()
	if n := len(slices.DeleteFunc(statuses, func(s int) bool { return s == 200 })); n > 0 {
		t.Errorf("%d of 60 seats were refused: %v", n, statuses)
	}
	g := s.ok(200, "officer", "GET", "/cases/"+r.Case, nil, "Accept", "text/html")
	checkPage(t, g)
	if !bytes.Contains(g.body, []byte("另有未列出")) {
		t.Error("the page does not say what it leaves out")
	}
}

// Strings of a request must outlive it: connections are kept and their buffers used again.
func TestStringsOutliveTheirRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	at := s.listen()
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	kept := &keeper{direct: s.reviews}
	s.Server.reviews = kept
	r := s.open("new", "ind")
	for i := range 30 {
		body := fmt.Sprintf(`{"kind":"ask_withdraw","seen":%d,"reason":"%s"}`, r.Version+i, strings.Repeat(string(rune('a'+i%26)), 20))
		req, err := http.NewRequest("POST", at+"/api/v1/cases/"+r.Case+"/actions", strings.NewReader(body))
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+s.tokens["drafter"])
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(keyHeader, fmt.Sprintf("k%02d", i))
		resp, err := client.Do(req)
		must(t, err)
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Fatalf("request %d: %d", i, resp.StatusCode)
		}
	}
	for i, k := range kept.got {
		if k.id != r.Case || k.a.Reason != strings.Repeat(string(rune('a'+i%26)), 20) || k.a.Actor.Person != "drafter" {
			t.Errorf("request %d became %+v", i, k)
		}
	}
}

// merge is a with what b has instead.
func merge(a, b obj) obj {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func heardFrom(from, to string) obj { return merge(heard, obj{"from": from, "to": to}) }
