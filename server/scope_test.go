package server

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// opens is the body of a case of the drafter's unit; with puts more into it, and "measure.x" into the measure.
func opens(kind, issuer string, with obj) obj {
	b := opening(kind, issuer)
	b["measure"].(obj)["publicInterest"] = "none"
	for k, v := range with {
		if m, ok := strings.CutPrefix(k, "measure."); ok {
			b["measure"].(obj)[m] = v
		} else {
			b[k] = v
		}
	}
	return b
}

// town is a site with a congress, a township and a unit that is no longer active.
func town(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	for _, u := range []postgres.Unit{
		{ID: "rd", Name: "云溪市人民代表大会", Kind: "congress", Regulator: "amr", Active: true},
		{ID: "zhen", Name: "清河镇人民政府", Kind: "township", Regulator: "amr", Active: true},
		{ID: "gone", Name: "云溪市经济委员会", Kind: "department", Regulator: "amr"},
	} {
		must(t, s.db.CreateUnit(t.Context(), u))
	}
	return s
}

func TestOpeningDecidesTheRoute(t *testing.T) {
	t.Parallel()
	s := town(t)
	why := "市政府已决定由市场监管部门审查"
	for _, tc := range []struct {
		name, kind, issuer string
		with               obj
		by                 review.IssueBy
		route, derived     review.Route
		article            string
	}{
		{"a department issues", "new", "ind", nil, review.ByDepartment, review.Department, review.Department, "条例 13"},
		{"a government issues", "new", "gov", nil, review.ByGovernment, review.Government, review.Government, "条例 14; 办法 30"},
		{"a congress decides", "new", "rd", nil, review.ByCongress, review.Government, review.Government, "条例 14; 办法 30; B1-1"},
		{"a township issues", "new", "zhen", nil, review.ByTownship, review.Department, review.Department, "条例 2, 13, 14; B2-3"},
		{"a township is not a government of 条例 14", "new", "zhen", obj{"issueBy": "government"}, review.ByGovernment, review.Department, review.Department, "条例 2, 13, 14; B2-3"},
		{"the general office forwards", "new", "gov", obj{"issueBy": "forwarded"}, review.ByForwarding, review.Government, review.Government, "条例 14; 办法 30; B1-1"},
		{"the government approves and the department issues", "new", "ind", obj{"issueBy": "government_approved"}, review.AfterApproval, review.Department, review.Department, "条例 13; B1-3"},
		{"an agreement in the government's name", "new", "gov", obj{"issueBy": "agreement", "measure.nature": "agreement"}, review.ByAgreement, review.Department, review.Department, "条例 13; 办法 2; B1-2; B2-5"},
		{"an agreement in the government's name, by its nature", "new", "gov", obj{"measure.nature": "memorandum"}, review.ByAgreement, review.Department, review.Department, "条例 13; 办法 2; B1-2; B2-5"},
		{"a government that buys", "new", "gov", obj{"measure.nature": "tender_document"}, review.ByTender, review.Department, review.Department, "条例 13; B1-6"},
		{"several departments, the drafting unit leads", "new", "ind", obj{"issueBy": "joint_departments", "with": []string{"fin", "dev"}}, review.ByDepartments, review.Department, review.Department, "条例 13"},
		{"several departments, as the units say", "new", "ind", obj{"with": []string{"fin"}}, review.ByDepartments, review.Department, review.Department, "条例 13"},
		{"the other route, with a reason", "new", "ind", obj{"route": "government", "routeReason": why}, review.ByDepartment, review.Government, review.Department, "条例 14; 办法 30"},
		{"the same route said aloud needs none", "new", "ind", obj{"route": "department"}, review.ByDepartment, review.Department, review.Department, "条例 13"},
		{"the government's, though a department is named, with a reason", "new", "ind", obj{"issueBy": "government", "routeReason": why}, review.ByGovernment, review.Government, review.Government, "条例 14; 办法 30"},
		{"an existing measure of the government", "existing", "gov", nil, review.ByGovernment, review.Government, review.Government, "条例 14; 办法 30"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := s.call("drafter", "POST", "/api/v1/cases", opens(tc.kind, tc.issuer, tc.with))
			if g.StatusCode != 201 {
				t.Fatalf("%d %s", g.StatusCode, g.body)
			}
			var r Receipt
			g.into(t, &r)
			var c CaseAnswer
			s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
			if c.IssueBy != string(tc.by) || c.Route != tc.route || c.RouteDerived != tc.derived || c.RouteArticle != tc.article {
				t.Errorf("by %s: %s (%s), derived %s; want by %s: %s (%s), derived %s", c.IssueBy, c.Route, c.RouteArticle, c.RouteDerived, tc.by, tc.route, tc.article, tc.derived)
			}
			if with, _ := tc.with["with"].([]string); !slices.Equal(c.With, with) {
				t.Errorf("issued with %v, want %v", c.With, with)
			}
			if reason, _ := tc.with["routeReason"].(string); c.RouteReason != reason {
				t.Errorf("reason %q, want %q", c.RouteReason, reason)
			}
			if c.Procedure != review.Procedure || c.Measure.PublicInterest != "none" {
				t.Errorf("procedure %d, public interest %q", c.Procedure, c.Measure.PublicInterest)
			}
		})
	}
}

func TestARouteThatLooksWrongNeedsAReason(t *testing.T) {
	t.Parallel()
	s := town(t)
	for _, tc := range []struct {
		name, issuer string
		with         obj
		derived      review.Route
		article      string
	}{
		{"the other route", "ind", obj{"route": "government"}, review.Department, "条例 13"},
		{"away from the regulator", "gov", obj{"route": "department"}, review.Government, "条例 14; 办法 30"},
		{"a blank reason is none", "gov", obj{"route": "department", "routeReason": " \u3000"}, review.Government, "条例 14; 办法 30"},
		{"the government's, and a department is named", "ind", obj{"issueBy": "government"}, review.Government, "条例 14; 办法 30"},
		{"in its own name, and a government is named", "gov", obj{"issueBy": "own"}, review.Department, "条例 13"},
		{"a request that the government issues", "gov", obj{"issueBy": "request"}, review.Department, "条例 2, 13; B2-1"},
		{"an agreement sent to the regulator", "gov", obj{"measure.nature": "agreement", "route": "government"}, review.Department, "条例 13; 办法 2; B1-2; B2-5"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := opens("new", tc.issuer, tc.with)
			p := s.call("drafter", "POST", "/api/v1/cases", body).problem()
			if p.Status != 422 || p.Code != "route_odd" || p.Params["route"] != string(tc.derived) || p.Params["article"] != tc.article {
				t.Fatalf("%+v", p)
			}
			if !strings.Contains(p.Detail, routeNames[tc.derived].zh) || !strings.Contains(p.Detail, tc.article) || !strings.Contains(p.Detail, "理由") {
				t.Errorf("detail %q", p.Detail)
			}
			if en := s.call("drafter", "POST", "/api/v1/cases", body, "Accept-Language", "en").problem(); !strings.Contains(en.Detail, routeNames[tc.derived].en) {
				t.Errorf("detail %q", en.Detail)
			}
			body["routeReason"] = "经市政府专题会议研究确定"
			if g := s.call("drafter", "POST", "/api/v1/cases", body); g.StatusCode != 201 {
				t.Errorf("with a reason: %d %s", g.StatusCode, g.body)
			}
		})
	}
}

func TestOpeningsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := town(t)
	var open Receipt
	s.ok(201, "drafter", "POST", "/api/v1/cases", opens("new", "ind", nil)).into(t, &open)
	other := make([]string, 21)
	for i := range other {
		other[i] = "fin"
	}
	for _, tc := range []struct {
		name, who, kind, issuer string
		with                    obj
		status                  int
		code, field             string
	}{
		{"a way of issuing that is none", "drafter", "new", "ind", obj{"issueBy": "letter"}, 422, "invalid", "issueBy"},
		{"a route that is none", "drafter", "new", "ind", obj{"route": "sea"}, 422, "invalid", "route"},
		{"jointly with nobody", "drafter", "new", "ind", obj{"issueBy": "joint_departments"}, 422, "missing", "with"},
		{"jointly with oneself", "drafter", "new", "ind", obj{"issueBy": "joint_departments", "with": []string{"ind"}}, 422, "invalid", "with"},
		{"jointly with one unit twice", "drafter", "new", "ind", obj{"with": []string{"fin", "dev", "fin"}}, 422, "invalid", "with"},
		{"jointly with a unit that is none", "drafter", "new", "ind", obj{"with": []string{"nowhere"}}, 422, "invalid", "with"},
		{"jointly with a unit that is gone", "drafter", "new", "ind", obj{"with": []string{"gone"}}, 422, "invalid", "with"},
		{"jointly with 21 units", "drafter", "new", "ind", obj{"with": other}, 422, "invalid", "with"},
		{"others where the government issues", "drafter", "new", "gov", obj{"with": []string{"fin"}}, 422, "invalid", "with"},
		{"others where the department issues in its own name", "drafter", "new", "ind", obj{"issueBy": "own", "with": []string{"fin"}}, 422, "invalid", "with"},
		{"public interest in other words", "drafter", "new", "ind", obj{"measure.publicInterest": "some"}, 422, "invalid", "measure.publicInterest"},
		{"a new measure issued without review", "drafter", "new", "ind", obj{"unreviewed": true}, 422, "invalid", "unreviewed"},
		{"an officer registers a new measure", "officer", "new", "ind", nil, 403, "not_your_role", ""},
		{"an officer inventories what was reviewed", "officer", "existing", "ind", nil, 403, "not_your_role", ""},
		{"the approver opens one issued without review", "approver", "existing", "ind", obj{"unreviewed": true}, 403, "not_your_role", ""},
		{"another unit opens one issued without review", "findrafter", "existing", "ind", obj{"unreviewed": true}, 403, "not_your_role", ""},
		{"it carries on no case", "drafter", "new", "ind", obj{"extends": "the old one"}, 422, "invalid", "extends"},
		{"it carries on a case that is none", "drafter", "new", "ind", obj{"extends": "018f6c1e-0000-7000-8000-000000000000"}, 422, "invalid", "extends"},
		{"it carries on a case that is no exception", "drafter", "new", "ind", obj{"extends": open.Case}, 422, "invalid", "extends"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := s.call(tc.who, "POST", "/api/v1/cases", opens(tc.kind, tc.issuer, tc.with)).problem()
			if at := p.Params["field"]; p.Status != tc.status || p.Code != tc.code || at != tc.field && !strings.HasPrefix(at, tc.field+"[") || p.Detail == "" {
				t.Errorf("%+v, want %d %s %s", p, tc.status, tc.code, tc.field)
			}
		})
	}
}

func TestAnOfficerOpensWhatWasIssuedWithoutReview(t *testing.T) {
	t.Parallel()
	s := town(t)
	var r Receipt
	s.ok(201, "officer", "POST", "/api/v1/cases", opens("existing", "ind", obj{"unreviewed": true, "measure.reviewedBefore": true})).into(t, &r)
	var c CaseAnswer
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if !c.Unreviewed || c.Measure.ReviewedBefore || c.Status != review.Inventoried || c.Unit != "ind" {
		t.Errorf("%+v", c.Case)
	}
	if !slices.ContainsFunc(c.Actions, func(p Possible) bool { return p.Kind == review.StartReview }) {
		t.Errorf("the drafter may %v", c.Actions)
	}
	var h Events
	s.ok(200, "officer", "GET", "/api/v1/cases/"+r.Case+"/events", nil).into(t, &h)
	if a := h.Events[0].Action.Actor; a.Person != "officer" || a.Role != review.Officer || a.Unit != "amr" {
		t.Errorf("opened by %+v", a)
	}
	s.ok(201, "drafter", "POST", "/api/v1/cases", opens("existing", "ind", obj{"unreviewed": true, "measure.docNo": "云工信〔2022〕3号"})).into(t, &r)
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if !c.Unreviewed {
		t.Errorf("the handler's: %+v", c.Case)
	}
}

func TestACaseCarriesOnAnExceptionInForce(t *testing.T) {
	t.Parallel()
	s := town(t)
	var old Receipt
	s.ok(201, "drafter", "POST", "/api/v1/cases", opens("new", "ind", nil)).into(t, &old)
	// The exception is put in force by hand: how a case comes there is not what is asked here.
	put := func(status review.Status) {
		t.Helper()
		c := s.reviews.cases[old.Case]
		from := c.Status
		c.Version, c.Status = c.Version+1, status
		c.Main.Version = c.Version
		e := review.Event{Case: c.ID, Version: c.Version, Round: c.Round, From: from, To: status, At: time.Now(),
			Action: review.Action{Kind: review.RegisterIssue, Actor: review.Actor{Person: "drafter", Unit: "ind", Role: review.Handler}}}
		_, err := s.db.Save(t.Context(), review.Record{Case: c, Event: e, Request: review.Request{ID: strings.Repeat("a", 63) + strconv.Itoa(c.Version), Digest: strings.Repeat("b", 64)}})
		must(t, err)
		s.reviews.cases[c.ID] = c
	}
	put(review.IssuedException)
	var r Receipt
	s.ok(201, "drafter", "POST", "/api/v1/cases", opens("new", "ind", obj{"extends": old.Case})).into(t, &r)
	var c CaseAnswer
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if c.Extends != old.Case {
		t.Errorf("it carries on %q", c.Extends)
	}
	// Another unit cannot see the exception, and so cannot find out that there is one.
	theirs := opens("new", "fin", obj{"extends": old.Case, "unit": "fin"})
	if p := s.call("findrafter", "POST", "/api/v1/cases", theirs).problem(); p.Status != 422 || p.Params["field"] != "extends" {
		t.Errorf("another unit's exception: %+v", p)
	}
	put(review.ExceptionDue)
	if p := s.call("drafter", "POST", "/api/v1/cases", opens("new", "ind", obj{"extends": old.Case})).problem(); p.Status != 422 || p.Params["field"] != "extends" {
		t.Errorf("an exception that is over: %+v", p)
	}
}

func TestScopeAndRoutingAreShown(t *testing.T) {
	t.Parallel()
	s := town(t)
	var sc ScopeAnswers
	s.ok(200, "drafter", "GET", "/api/v1/scope", nil).into(t, &sc)
	if sc.Version != review.ScopeVersion || !reflect.DeepEqual(sc.Questions, review.ScopeTree()) {
		t.Errorf("version %q, %d questions", sc.Version, len(sc.Questions))
	}
	if len(sc.Ways) != len(review.WaysOfIssuing()) || sc.Ways[0].ID != "own" || sc.Ways[0].Route != review.Department || sc.Ways[0].WhyZh == "" {
		t.Errorf("ways %+v", sc.Ways)
	}
	for _, tc := range []struct {
		name, query string
		want        RoutingAnswer
	}{
		{"a way and a government", "issueBy=forwarded&issuer=gov", RoutingAnswer{IssueBy: "forwarded", Route: review.Government, Article: "条例 14; 办法 30; B1-1", WhyKey: "government_forwards"}},
		{"left to the issuer", "issuer=zhen", RoutingAnswer{IssueBy: "township", Route: review.Department, Article: "条例 2, 13, 14; B2-3", WhyKey: "below_county"}},
		{"by the nature", "issuer=gov&nature=agreement", RoutingAnswer{IssueBy: "agreement", Route: review.Department, Article: "条例 13; 办法 2; B1-2; B2-5", WhyKey: "agreement", Lead: true}},
		{"an issuer that does not fit", "issueBy=government&issuer=ind", RoutingAnswer{IssueBy: "government", Route: review.Government, Article: "条例 14; 办法 30", WhyKey: "government_issues", Odd: true}},
	} {
		for _, l := range []lang{zh, en} {
			var got RoutingAnswer
			s.ok(200, "officer", "GET", "/api/v1/routing?"+tc.query, nil, "Accept-Language", string(l)).into(t, &got)
			want := tc.want
			want.Name, want.Why = issueWays[review.IssueBy(want.IssueBy)].in(l), routeWhys[want.WhyKey].in(l)
			if got != want {
				t.Errorf("%s, %s: %+v, want %+v", tc.name, l, got, want)
			}
		}
	}
	for query, field := range map[string]string{"": "issuer", "issuer=nowhere": "issuer", "issuer=gone": "issuer", "issuer=ind&issueBy=letter": "issueBy", "issuer=ind&nature=A": "nature"} {
		if p := s.call("drafter", "GET", "/api/v1/routing?"+query, nil).problem(); p.Status != 422 || p.Params["field"] != field {
			t.Errorf("?%s: %+v", query, p)
		}
	}
	for _, path := range []string{"/api/v1/scope", "/api/v1/routing?issuer=ind"} {
		s.ok(401, "", "GET", path, nil)
	}
}

func TestScopeAndRoutesHaveWordsInBothLanguages(t *testing.T) {
	t.Parallel()
	said := func(what string, zh, en string) {
		t.Helper()
		if !hasHan(zh) || en == "" || hasHan(en) {
			t.Errorf("%s: %q, %q", what, zh, en)
		}
	}
	whys := map[string]bool{}
	for _, by := range review.WaysOfIssuing() {
		said(string(by), issueWays[by].zh, issueWays[by].en)
		for _, kind := range []review.IssuerKind{review.IssuerGovernment, review.IssuerTownship} {
			r, err := review.RouteFor(by, kind, "")
			must(t, err)
			said(r.Why, routeWhys[r.Why].zh, routeWhys[r.Why].en)
			whys[r.Why] = true
		}
	}
	if len(whys) != len(routeWhys) || len(issueWays) != len(review.WaysOfIssuing()) {
		t.Errorf("%d reasons of %d are used; %d ways have a name", len(whys), len(routeWhys), len(issueWays))
	}
	note := func(what, zh, en string) {
		if zh+en != "" {
			said(what, zh, en)
		}
	}
	grounds := map[string]bool{}
	for _, q := range review.ScopeTree() {
		said(q.ID, q.Zh, q.En)
		said(q.ID+" help", q.HelpZh, q.HelpEn)
		if w := inWords(zh, "question", q.ID); w != q.Zh {
			t.Errorf("question %s in a sentence: %q", q.ID, w)
		}
		for _, o := range q.Options {
			said(q.ID+" "+o.ID, o.Zh, o.En)
			note(q.ID+" "+o.ID, o.NoteZh, o.NoteEn)
			if v := o.Verdict; v != nil {
				note(q.ID+" "+o.ID, v.NoteZh, v.NoteEn)
				grounds[v.Ground] = true
			}
		}
	}
	delete(grounds, "")
	for g := range grounds {
		said(g, scopeGrounds[g].zh, scopeGrounds[g].en)
	}
	if len(scopeGrounds) != len(scopeGroundsInOrder) || len(grounds) != len(scopeGrounds) {
		t.Errorf("%d grounds are used, %d named, %d in order", len(grounds), len(scopeGrounds), len(scopeGroundsInOrder))
	}
}
