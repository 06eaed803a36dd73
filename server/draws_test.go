package server

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// concluded concludes n cases today and returns their numbers by id.
func (s *site) concluded(n int) map[string]string {
	s.t.Helper()
	numbers := map[string]string{}
	for range n {
		r := s.open("new", "ind")
		s.conclude(&r)
		var c CaseAnswer
		s.ok(200, "officer", "GET", "/api/v1/cases/"+r.Case, nil).into(s.t, &c)
		numbers[r.Case] = c.Number
	}
	return numbers
}

func spotCheck(more ...any) obj {
	o := obj{"from": string(today()), "to": string(today()), "group": "kept", "take": 2, "alternates": 1}
	for i := 0; i+1 < len(more); i += 2 {
		o[more[i].(string)] = more[i+1]
	}
	return o
}

// record reads the record as verify-draw does, and wants it to fit.
func (g got) record(t *testing.T) review.DrawRecord {
	t.Helper()
	r, err := review.ReadDraw(g.body)
	if err != nil {
		t.Fatalf("%v in %s", err, g.body)
	}
	if err := r.Verify(); err != nil {
		t.Errorf("%v in %s", err, g.body)
	}
	return r
}

func TestASpotCheckIsAskedForDrawnAndRedrawnByTwo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	numbers := s.concluded(5)
	g := s.ok(201, "officer", "POST", "/api/v1/draws", spotCheck(), keyHeader, "ask")
	asked := g.record(t)
	at := "/api/v1/draws/" + asked.ID
	if asked.Seed != "" || len(asked.Eligible) != 5 || asked.RequestedBy != "officer" || g.Header.Get("Location") != at || len(asked.Drawn) != 0 {
		t.Errorf("asked for: %+v at %s", asked, g.Header.Get("Location"))
	}
	if again := s.ok(201, "officer", "POST", "/api/v1/draws", spotCheck(), keyHeader, "ask"); !bytes.Equal(again.body, g.body) {
		t.Errorf("a double click: %s after %s", again.body, g.body)
	}
	if p := s.call("officer", "POST", "/api/v1/draws", spotCheck("take", 3), keyHeader, "ask").problem(); p.Status != 422 || p.Code != "key_reused" {
		t.Errorf("the key with another content: %+v", p)
	}
	// The approver draws; whoever draws after finds the same.
	drawn := s.ok(200, "approver", "POST", at+"/seed", obj{}).record(t)
	for _, who := range []string{"approver", "officer", "officer2"} {
		if r := s.ok(200, who, "POST", at+"/seed", obj{}).record(t); r.Sum != drawn.Sum {
			t.Errorf("%s draws %s, it was %s", who, r.Seed, drawn.Seed)
		}
	}
	if got := s.ok(200, "officer2", "GET", at, nil).record(t); got.Sum != drawn.Sum || got.DrawnBy != "approver" || got.EligibleHash != asked.EligibleHash {
		t.Errorf("read again: %+v", got)
	}
	for i, id := range slices.Concat(drawn.Drawn, drawn.Alternates) {
		if numbers[id] == "" || numbers[id] != drawn.Labels[i] {
			t.Errorf("%s is labelled %s, its number is %s", id, drawn.Labels[i], numbers[id])
		}
	}
	if len(drawn.Drawn) != 2 || len(drawn.Alternates) != 1 {
		t.Errorf("drawn %+v", drawn)
	}
	// Asking anew for the same list is drawing again by another door.
	p := s.call("officer2", "POST", "/api/v1/draws", spotCheck("take", 1)).problem()
	if p.Status != 409 || p.Code != "drawn_before" || p.Params["draw"] != drawn.ID {
		t.Errorf("the same list once more: %+v", p)
	}
	// Drawing again: one asks, another agrees, then there is a seed.
	if p := s.call("officer", "POST", at+"/again", obj{}).problem(); p.Status != 422 || p.Code != "missing" {
		t.Errorf("without a reason: %+v", p)
	}
	var again review.DrawRecord
	g = s.ok(201, "officer", "POST", at+"/again", obj{"reason": "抽中的案件已由上级重点抽查 <办法 39>"})
	again = g.record(t)
	to := "/api/v1/draws/" + again.ID
	if again.AgainOf != drawn.ID || again.Seed != "" || g.Header.Get("Location") != to || again.ID == drawn.ID {
		t.Errorf("asked again: %+v", again)
	}
	for _, tc := range []struct {
		name, who, path string
		status          int
		code            string
	}{
		{"a seed before anybody agreed", "officer2", to + "/seed", 409, "draw_unagreed"},
		{"agreeing with oneself", "officer", to + "/agree", 403, "same_hand"},
		{"agreeing to a first draw", "officer2", at + "/agree", 409, "draw_not_again"},
	} {
		if p := s.call(tc.who, "POST", tc.path, obj{}).problem(); p.Status != tc.status || string(p.Code) != tc.code {
			t.Errorf("%s: %+v", tc.name, p)
		}
	}
	if p := s.call("officer2", "POST", at+"/again", obj{"reason": "另一理由"}).problem(); p.Code != "drawn_before" || p.Params["draw"] != again.ID {
		t.Errorf("asking again twice: %+v", p)
	}
	if p := s.call("officer2", "POST", to+"/again", obj{"reason": "还没抽"}).problem(); p.Status != 409 || p.Code != "draw_undrawn" {
		t.Errorf("asking again for what is not drawn: %+v", p)
	}
	s.ok(200, "officer2", "POST", to+"/agree", obj{})
	p = s.call("approver", "POST", to+"/agree", obj{}).problem()
	if p.Status != 409 || p.Code != "draw_agreed" || !strings.Contains(p.Detail, "郑承办") || !strings.Contains(p.Detail, "年") {
		t.Errorf("a third agrees: %+v", p)
	}
	second := s.ok(200, "officer", "POST", to+"/seed", obj{}).record(t)
	if second.SecondBy != "officer2" || second.Seed == drawn.Seed || second.EligibleHash != drawn.EligibleHash || second.Reason != "抽中的案件已由上级重点抽查 <办法 39>" {
		t.Errorf("drawn again: %+v", second)
	}
	var list Draws
	s.ok(200, "officer2", "GET", "/api/v1/draws", nil).into(t, &list)
	if len(list.Draws) != 2 || list.Draws[0].ID != again.ID || list.Draws[1].Again != again.ID || list.Draws[0].SecondByName != "郑承办" || list.Draws[1].Eligible != 5 {
		t.Errorf("list %+v", list)
	}
	s.ok(200, "officer2", "GET", "/api/v1/draws?limit=1", nil).into(t, &list)
	if len(list.Draws) != 1 || list.Next == "" {
		t.Errorf("first page %+v", list)
	}
}

func TestOnlyOfficersAndApproversOfARegulatorDraw(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.concluded(2)
	id := s.ok(201, "officer", "POST", "/api/v1/draws", spotCheck()).record(t).ID
	calls := []struct {
		method, path string
		body         any
	}{
		{"POST", "/api/v1/draws", spotCheck()}, {"GET", "/api/v1/draws", nil}, {"GET", "/api/v1/draws/" + id, nil}, {"POST", "/api/v1/draws/" + id + "/seed", obj{}},
		{"POST", "/api/v1/draws/" + id + "/again", obj{"reason": "x"}}, {"POST", "/api/v1/draws/" + id + "/agree", obj{}},
	}
	for _, c := range calls {
		for _, who := range []string{"drafter", "checker", "head", "finhead", "expert1", "root"} {
			if p := s.call(who, c.method, c.path, c.body).problem(); p.Status != 403 || p.Code != "forbidden" {
				t.Errorf("%s %s by %s: %+v", c.method, c.path, who, p)
			}
		}
		if p := s.call("", c.method, c.path, c.body).problem(); p.Status != 401 {
			t.Errorf("%s %s by nobody: %+v", c.method, c.path, p)
		}
	}
	// An officer of another regulator is told that there is no such draw, and draws from no case of ours.
	must(t, s.db.CreateUnit(t.Context(), postgres.Unit{ID: "amr2", Name: "邻市市场监督管理局", NameEN: "Next door", Kind: "regulator", Regulator: "amr2", Active: true}))
	must(t, s.db.CreatePerson(t.Context(), postgres.NewPerson{ID: "next", Login: "next", Name: "邻市承办", Memberships: []postgres.Membership{{Unit: "amr2", Role: review.Officer}}}))
	var err error
	s.tokens["next"], err = s.db.CreateToken(t.Context(), "next", "test", 3600e9)
	must(t, err)
	for _, c := range calls[2:] {
		if p := s.call("next", c.method, c.path, c.body).problem(); p.Status != 404 {
			t.Errorf("%s %s from next door: %+v", c.method, c.path, p)
		}
	}
	if p := s.call("next", "POST", "/api/v1/draws", spotCheck()).problem(); p.Status != 422 || p.Code != "draw_empty" {
		t.Errorf("next door draws: %+v", p)
	}
	if p := s.call("next", "POST", "/api/v1/draws", spotCheck("regulator", "amr")).problem(); p.Status != 403 {
		t.Errorf("next door draws for us: %+v", p)
	}
	var list Draws
	s.ok(200, "next", "GET", "/api/v1/draws", nil).into(t, &list)
	if len(list.Draws) != 0 {
		t.Errorf("next door lists %+v", list)
	}
}

func TestARequestForADrawThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.concluded(1)
	s.open("new", "ind")
	for name, tc := range map[string]struct {
		body   any
		status int
		code   review.Code
		field  string
	}{
		"nobody taken":             {spotCheck("take", 0), 422, review.Invalid, "take"},
		"too many taken":           {spotCheck("take", 501), 422, review.Invalid, "take"},
		"half a case":              {`{"from":"2026-01-01","to":"2026-12-31","group":"kept","take":1.5}`, 422, review.Invalid, "take"},
		"too many alternates":      {spotCheck("alternates", 51), 422, review.Invalid, "alternates"},
		"cases in progress":        {spotCheck("group", "inProgress"), 422, review.Invalid, "group"},
		"no period":                {obj{"group": "kept", "take": 1}, 422, review.Missing, ""},
		"a day that never was":     {spotCheck("from", "2025-02-30"), 422, review.Invalid, "from"},
		"an end before the start":  {spotCheck("to", "2000-01-01"), 422, review.Invalid, "to"},
		"an unknown field":         {spotCheck("seed", "00"), 422, review.Invalid, "seed"},
		"a seed of one's own":      {spotCheck("eligible", []string{"a"}), 422, review.Invalid, "eligible"},
		"nothing out of scope yet": {spotCheck("group", "outOfScope"), 422, review.DrawEmpty, ""},
		"another unit":             {spotCheck("unit", "fin"), 422, review.DrawEmpty, ""},
		"another route":            {spotCheck("route", "government"), 422, review.DrawEmpty, ""},
	} {
		p := s.call("officer", "POST", "/api/v1/draws", tc.body).problem()
		if p.Status != tc.status || p.Code != string(tc.code) || tc.field != "" && p.Params["field"] != tc.field {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if p := s.call("officer", "POST", "/api/v1/draws", spotCheck(), keyHeader, "").problem(); p.Code != "missing" {
		t.Errorf("without a key: %+v", p)
	}
	r := s.ok(201, "officer", "POST", "/api/v1/draws", spotCheck("take", 500, "alternates", 50, "unit", "ind", "route", "department")).record(t)
	if len(r.Eligible) != 1 {
		t.Errorf("eligible %v", r.Eligible)
	}
	if r = s.ok(200, "officer", "POST", "/api/v1/draws/"+r.ID+"/seed", obj{}).record(t); len(r.Drawn) != 1 || len(r.Alternates) != 0 {
		t.Errorf("one of one: %+v", r)
	}
	if p := s.call("officer", "POST", "/api/v1/draws/"+r.ID+"/seed", obj{"seed": strings.Repeat("0", 64)}).problem(); p.Status != 422 {
		t.Errorf("a seed of one's own: %+v", p)
	}
	if p := s.call("officer", "GET", "/api/v1/draws/x", nil).problem(); p.Status != 404 {
		t.Errorf("no id: %+v", p)
	}
}

// Spot checks reach what was found not to be under review (办法 39 with 条例 2): that finding is nobody's way out.
func TestNotInScopeCanBeDrawn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.concluded(1)
	out := s.open("new", "ind")
	why := "仅规定本单位内部值班安排，不涉及经营者经济活动。"
	s.do(&out, "head", "mark_out_of_scope", obj{"scope": obj{"reason": why, "textHash": s.put("head", "值班安排"),
		"answers": []obj{{"question": "kind", "answer": "internal"}, {"question": "internal", "answer": "none", "reason": why}}}})
	r := s.ok(201, "officer", "POST", "/api/v1/draws", spotCheck("group", "outOfScope", "take", 1)).record(t)
	if r = s.ok(200, "officer", "POST", "/api/v1/draws/"+r.ID+"/seed", obj{}).record(t); !slices.Equal(r.Drawn, []string{out.Case}) {
		t.Errorf("drawn %v, want %s", r.Drawn, out.Case)
	}
}

func TestManyWhoDrawAtOnceGetOneSeed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.concluded(3)
	id := s.ok(201, "officer", "POST", "/api/v1/draws", spotCheck()).record(t).ID
	var all sync.WaitGroup
	var sums [12]string
	for i := range sums {
		who := []string{"officer", "officer2", "approver"}[i%3]
		all.Go(func() {
			g := (&site{Server: s.Server, t: t, tokens: s.tokens}).call(who, "POST", "/api/v1/draws/"+id+"/seed", obj{}, keyHeader, fmt.Sprint("at-once-", i))
			if r, err := review.ReadDraw(g.body); err == nil {
				sums[i] = r.Sum
			}
		})
	}
	all.Wait()
	for i, sum := range sums {
		if sum == "" || sum != sums[0] {
			t.Errorf("%d: %q, 0 got %q", i, sum, sums[0])
		}
	}
}

func TestDrawsArePublishedAsTheyAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, want := range map[string]string{"/draws": "201", "/draws/{id}/again": "201", "/draws/{id}/seed": "200", "/draws/{id}/agree": "200"} {
		got := s.api.OpenAPI().Paths[apiPrefix+path].Post.Responses
		for _, status := range []string{"200", "201"} {
			if (got[status] != nil) != (status == want) {
				t.Errorf("%s is published with %s: %v", path, status, got[status])
			}
		}
	}
	for _, code := range []review.Code{review.DrawEmpty, review.DrawnBefore, review.DrawUndrawn, review.DrawUnagreed, review.DrawAgreed, review.DrawNotAgain} {
		if w := sentences[code]; w.zh == "" || w.en == "" || statusOf[code] == 0 {
			t.Errorf("%s has no sentence or no status", code)
		}
	}
}
