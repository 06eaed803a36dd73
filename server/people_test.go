package server

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// officers adds the other two administrators to the tests' people.
func (s *site) officers() {
	s.t.Helper()
	s.join("security", "amr", review.SecurityAdmin)
	s.join("auditing", "amr", review.AuditAdmin)
}

// noted are the kinds in the log of what concerns security, oldest first, with what was done.
func (s *site) noted() string {
	s.t.Helper()
	list, err := s.db.SecurityEvents(context.Background(), 0, 500)
	must(s.t, err)
	var out []string
	for _, e := range slices.Backward(list) {
		out = append(out, string(e.Kind)+" "+e.What)
	}
	return strings.Join(out, "\n")
}

func TestUnitsAreTheSystemAdministrators(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.officers()
	unit := func(with obj) obj {
		u := obj{"name": "云溪市商务局", "kind": "department", "parent": "gov", "regulator": "amr"}
		for k, v := range with {
			u[k] = v
		}
		return u
	}
	for name, tt := range map[string]struct {
		who, path string
		body      obj
		status    int
		code      string
	}{
		"a drafter makes one":             {"drafter", "", unit(obj{"id": "com"}), 403, "forbidden"},
		"the security administrator":      {"security", "", unit(obj{"id": "com"}), 403, "forbidden"},
		"the audit administrator":         {"auditing", "", unit(obj{"id": "com"}), 403, "forbidden"},
		"an id with a slash":              {"root", "", unit(obj{"id": "amr/officer"}), 422, "invalid"},
		"an id that is taken":             {"root", "", unit(obj{"id": "ind"}), 422, "invalid"},
		"without a name":                  {"root", "", unit(obj{"id": "com", "name": " "}), 422, "missing"},
		"of no kind":                      {"root", "", unit(obj{"id": "com", "kind": "ministry"}), 422, "invalid"},
		"without a regulator":             {"root", "", unit(obj{"id": "com", "regulator": ""}), 422, "missing"},
		"regulated by a department":       {"root", "", unit(obj{"id": "com", "regulator": "fin"}), 422, "invalid"},
		"below what is not there":         {"root", "", unit(obj{"id": "com", "parent": "nowhere"}), 422, "invalid"},
		"a change of what is not there":   {"root", "/nowhere", unit(nil), 404, "not_found"},
		"below itself":                    {"root", "/gov", unit(obj{"name": "云溪市人民政府", "kind": "government", "parent": "gov"}), 422, "unit_circle"},
		"a merger with what is not there": {"root", "/ind/merge", obj{"into": "nowhere"}, 422, "invalid"},
		"a merger of what is not there":   {"root", "/nowhere/merge", obj{"into": "ind"}, 404, "not_found"},
		"a department into the regulator": {"root", "/ind/merge", obj{"into": "amr"}, 422, "invalid"},
		"a unit into itself":              {"root", "/ind/merge", obj{"into": "ind"}, 422, "invalid"},
		"a merger by another":             {"head", "/ind/merge", obj{"into": "fin"}, 403, "forbidden"},
	} {
		if p := s.call(tt.who, "POST", "/api/v1/admin/units"+tt.path, tt.body).problem(); p.Status != tt.status || p.Code != tt.code || p.Detail == "" {
			t.Errorf("%s: %d %s, want %d %s", name, p.Status, p.Code, tt.status, tt.code)
		}
	}
	var made postgres.Unit
	s.ok(200, "root", "POST", "/api/v1/admin/units", unit(obj{"id": "com"})).into(t, &made)
	if made.Name != "云溪市商务局" || made.Parent != "gov" || made.Regulator != "amr" || !made.Active {
		t.Errorf("%+v", made)
	}
	s.ok(200, "root", "POST", "/api/v1/admin/units/com", unit(obj{"name": "云溪市商务和投资促进局"})).into(t, &made)
	if made.Name != "云溪市商务和投资促进局" {
		t.Errorf("%+v", made)
	}
	// Two steps round: gov below com, which is below gov.
	if p := s.call("root", "POST", "/api/v1/admin/units/gov", unit(obj{"name": "云溪市人民政府", "kind": "government", "parent": "com"})).problem(); p.Code != "unit_circle" {
		t.Errorf("%+v", p)
	}
	log := s.noted()
	for _, say := range []string{"unit_made com 云溪市商务局", "unit_changed com: 云溪市商务局, department, parent gov, regulator amr → 云溪市商务和投资促进局"} {
		if !strings.Contains(log, say) {
			t.Errorf("the log does not say %q:\n%s", say, log)
		}
	}
}

// TestAMergedUnitsCasesGoOnInTheOther: its people come along, whoever holds the role there acts, the case keeps the old name.
func TestAMergedUnitsCasesGoOnInTheOther(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.officers()
	r := s.open("new", "ind")
	hash := s.toSign(&r)
	s.ok(404, "finhead", "GET", "/api/v1/cases/"+r.Case, nil)
	s.ok(200, "root", "POST", "/api/v1/admin/units/ind/merge", obj{"into": "fin"})
	for _, again := range []string{"/api/v1/admin/units/ind/merge", "/api/v1/admin/units/ind"} {
		if p := s.call("root", "POST", again, obj{"into": "dev", "name": "x", "kind": "department", "regulator": "amr"}).problem(); p.Status < 400 {
			t.Errorf("%s: %+v", again, p)
		}
	}
	var me Me
	s.ok(200, "drafter", "GET", "/api/v1/me", nil).into(t, &me)
	units := []string{}
	for _, m := range me.Memberships {
		units = append(units, m.Unit+" "+string(m.Role))
	}
	slices.Sort(units)
	if !slices.Equal(units, []string{"fin handler", "ind handler"}) {
		t.Errorf("the drafter's posts are now %v", units)
	}
	// A head of the other unit, who had nothing to do with it.
	var tasks Tasks
	s.ok(200, "finhead", "GET", "/api/v1/tasks", nil).into(t, &tasks)
	if len(tasks.Tasks) != 1 || tasks.Tasks[0].ID != r.Case {
		t.Fatalf("tasks %+v", tasks.Tasks)
	}
	k := s.conclusion("finhead", "meets", hash)
	k["docNo"] = "云财竞审〔2026〕1号"
	s.do(&r, "finhead", "conclude_pass", obj{"conclusion": k})
	var c CaseAnswer
	s.ok(200, "findrafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if c.Unit != "ind" || c.Names["ind"] != "云溪市工业和信息化局" || c.Conclusion.Approver != "finhead" {
		t.Errorf("%s %v", c.Unit, c.Names)
	}
	// What was not its case stays closed, and new cases open in the other unit.
	if p := s.call("drafter", "POST", "/api/v1/cases", opening("new", "ind")).problem(); p.Code != "invalid" {
		t.Errorf("a case of a unit that is no more: %+v", p)
	}
	o := opening("new", "fin")
	o["unit"] = "fin"
	var q Receipt
	s.ok(201, "drafter", "POST", "/api/v1/cases", o).into(t, &q)
	s.ok(404, "devhead", "GET", "/api/v1/cases/"+r.Case, nil)
	// And once more: what fin took over, whoever takes over fin takes as well.
	s.ok(200, "root", "POST", "/api/v1/admin/units/fin/merge", obj{"into": "dev"})
	s.ok(200, "devhead", "GET", "/api/v1/cases/"+r.Case, nil)
	if g := s.call("devhead", "GET", "/cases/"+r.Case, nil, "Accept", "text/html"); g.StatusCode != 200 {
		t.Errorf("%d %s\n%s", g.StatusCode, g.body, s.log)
	}
	if log := s.noted(); !strings.Contains(log, "unit_merged ind → fin") || !strings.Contains(log, "unit_merged fin → dev") {
		t.Errorf("the log says\n%s", log)
	}
}

func TestPostsHaveDays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.officers()
	at := "/api/v1/admin/people/drafter/posts"
	post := obj{"unit": "fin", "role": "handler", "from": string(today()), "to": string(today().AddDays(3))}
	with := func(k string, v any) obj {
		p := obj{}
		for key, value := range post {
			p[key] = value
		}
		p[k] = v
		return p
	}
	for name, tt := range map[string]struct {
		who  string
		path string
		body obj
		code string
	}{
		"by who opens accounts":  {"root", at, post, "forbidden"},
		"by nobody of the three": {"head", at, post, "forbidden"},
		"to oneself":             {"security", "/api/v1/admin/people/security/posts", post, "not_oneself"},
		"yesterday":              {"security", at, with("from", string(today().AddDays(-1))), "invalid"},
		"over before it begins":  {"security", at, with("to", string(today())), "invalid"},
		"no such unit":           {"security", at, with("unit", "nowhere"), "invalid"},
		"no such role":           {"security", at, with("role", "king"), "invalid"},
		"nobody":                 {"security", "/api/v1/admin/people/nobody/posts", post, "not_found"},
	} {
		if p := s.call(tt.who, "POST", tt.path, tt.body).problem(); p.Code != tt.code {
			t.Errorf("%s: %+v", name, p)
		}
	}
	s.ok(204, "security", "POST", at, post)
	if p := s.call("security", "POST", at, post).problem(); p.Code != "invalid" {
		t.Errorf("twice: %+v", p)
	}
	var me Me
	s.ok(200, "drafter", "GET", "/api/v1/me", nil).into(t, &me)
	if len(me.Memberships) != 2 {
		t.Errorf("%+v", me.Memberships)
	}
	var posts Posts
	s.ok(200, "security", "GET", at, nil).into(t, &posts)
	if len(posts.Posts) != 2 || posts.Posts[0].From != today() {
		t.Errorf("%+v", posts.Posts)
	}
	// One to come gives nothing yet; one that ends today gives nothing any more.
	s.ok(204, "security", "POST", "/api/v1/admin/people/head/posts", with("from", string(today().AddDays(1))))
	s.ok(200, "head", "GET", "/api/v1/me", nil).into(t, &me)
	if len(me.Memberships) != 1 {
		t.Errorf("to come: %+v", me.Memberships)
	}
	r := s.open("new", "ind")
	s.ok(204, "security", "POST", at+"/end", obj{"unit": "ind", "role": "handler", "to": string(today())})
	s.ok(404, "drafter", "GET", "/api/v1/cases/"+r.Case, nil)
	s.ok(404, "security", "POST", at+"/end", obj{"unit": "ind", "role": "handler", "to": string(today())})
}

// TestAnAccountIsClosedWhenEverythingHasAHome: a role that nobody else holds, an expert's seat, and an agent.
func TestAnAccountIsClosedWhenEverythingHasAHome(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.officers()
	s.join("drafter2", "ind", review.Handler)
	r := s.open("new", "ind")
	s.toSign(&r)
	var agent postgres.Agent
	s.ok(200, "checker", "POST", "/api/v1/agents", obj{"agent": "head", "unit": "ind", "role": "review_body", "from": string(today()), "to": string(today().AddDays(30)), "reason": "培训"}).into(t, &agent)
	hanging := func(who string) []postgres.Hanging {
		var h HangingOn
		s.ok(200, "root", "GET", "/api/v1/admin/people/"+who+"/hand-over", nil).into(t, &h)
		return h.Hanging
	}
	h := hanging("head")
	if len(h) != 2 || h[0].Key != "agent:"+agent.ID || h[0].For != "checker" || h[1].Key != "role:ind/unit_head" || h[1].Tasks != 1 {
		t.Fatalf("%+v", h)
	}
	if h := hanging("drafter"); len(h) != 0 {
		t.Errorf("what a colleague can do hangs on nobody: %+v", h)
	}
	at := "/api/v1/admin/people/head/close"
	role, lent := obj{"key": "role:ind/unit_head", "to": "checker"}, obj{"key": "agent:" + agent.ID, "to": "drafter2"}
	for name, tt := range map[string]struct {
		who   string
		homes []obj
		code  string
	}{
		"without a home":                {"root", nil, "hand_over_open"},
		"with one of two":               {"root", []obj{role}, "hand_over_open"},
		"to oneself":                    {"root", []obj{lent, {"key": "role:ind/unit_head", "to": "head"}}, "invalid"},
		"to another unit":               {"root", []obj{lent, {"key": "role:ind/unit_head", "to": "finhead"}}, "invalid"},
		"to an expert":                  {"root", []obj{lent, {"key": "role:ind/unit_head", "to": "expert1"}}, "invalid"},
		"to nobody there is":            {"root", []obj{lent, {"key": "role:ind/unit_head", "to": "nobody"}}, "invalid"},
		"an agent of another unit":      {"root", []obj{role, {"key": "agent:" + agent.ID, "to": "findrafter"}}, "invalid"},
		"by the security administrator": {"security", []obj{role, lent}, "forbidden"},
		"by a colleague":                {"checker", []obj{role, lent}, "forbidden"},
	} {
		g := s.call(tt.who, "POST", at, obj{"homes": tt.homes})
		if p := g.problem(); p.Code != tt.code || p.Detail == "" || tt.code == "hand_over_open" && (p.Status != 409 || !strings.Contains(p.Detail, p.Params["first"])) {
			t.Errorf("%s: %+v", name, p)
		}
		if len(hanging("head")) != 2 {
			t.Fatalf("%s: it changed something", name)
		}
	}
	s.ok(200, "head", "GET", "/api/v1/me", nil)
	s.ok(204, "root", "POST", at, obj{"homes": []obj{role, lent}})
	s.ok(401, "head", "GET", "/api/v1/me", nil)
	s.ok(404, "root", "POST", at, obj{"homes": []obj{role, lent}})
	var tasks Tasks
	s.ok(200, "checker", "GET", "/api/v1/tasks", nil).into(t, &tasks)
	if len(tasks.Tasks) != 1 || tasks.Tasks[0].Role != review.UnitHead {
		t.Errorf("the role's new home: %+v", tasks.Tasks)
	}
	var list Agents
	s.ok(200, "drafter2", "GET", "/api/v1/agents", nil).into(t, &list)
	if len(list.Agents) != 1 || list.Agents[0].Principal != "checker" || list.Agents[0].Last != agent.Last {
		t.Errorf("the new agent: %+v", list.Agents)
	}
	log := s.noted()
	for _, say := range []string{"handed_over head role:ind/unit_head → checker", "handed_over head agent:" + agent.ID + " → drafter2", "account_deactivated head"} {
		if !strings.Contains(log, say) {
			t.Errorf("the log does not say %q:\n%s", say, log)
		}
	}
	if bytes.Contains([]byte(s.log.String()), []byte("培训")) {
		t.Error("the reason is in the server's log")
	}
}

// TestAnExpertsSeatIsSeenThroughByAnOfficer: nobody gives the opinion for them, and the case does not stand still.
func TestAnExpertsSeatIsSeenThroughByAnOfficer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	s.submit(&r)
	s.do(&r, "officer", "ask_panel", obj{"reason": "涉及面广"})
	s.do(&r, "officer2", "form_panel", obj{"panel": obj{"questions": []string{"是否歧视？"}, "experts": []string{"expert1", "expert2"}, "quorum": 1}, "days": 3})
	at := "/api/v1/admin/people/expert1/close"
	if p := s.call("root", "POST", at, obj{}).problem(); p.Code != "hand_over_open" || p.Params["first"] != "seat:"+r.Case {
		t.Errorf("%+v", p)
	}
	for _, to := range []string{"approver", "expert2", "drafter"} {
		if p := s.call("root", "POST", at, obj{"homes": []obj{{"key": "seat:" + r.Case, "to": to}}}).problem(); p.Code != "invalid" {
			t.Errorf("to %s: %+v", to, p)
		}
	}
	s.ok(204, "root", "POST", at, obj{"homes": []obj{{"key": "seat:" + r.Case, "to": "officer2"}}})
	s.ok(401, "expert1", "GET", "/api/v1/tasks", nil)
	s.do(&r, "expert2", "accept_invitation", obj{"noConflict": true, "pledge": true})
	s.do(&r, "expert2", "give_opinion", obj{"opinion": obj{"position": 1, "reasons": "不影响", "confidence": 4}})
	var c CaseAnswer
	s.ok(200, "officer2", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if !slices.ContainsFunc(c.Actions, func(p Possible) bool { return p.Kind == review.OpenOpinions }) {
		t.Errorf("the officer can do %+v", c.Actions)
	}
}
