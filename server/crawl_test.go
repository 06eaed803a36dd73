package server

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// A crawler knows nothing of the site but what it is shown: it follows every link and sends every form that only looks.

// most is how many pages a role can be shown in one language here; more means that addresses are made without end.
const most = 2500

// crawler is somebody with a browser, and where it has been.
type crawler struct {
	*jar
	who  string
	lang string

	seen   map[string]bool   // canonical addresses
	linked map[string]string // address → a page that leads there
	got    map[string]int    // status
	todo   []string
	form   map[string]bool // forms whose every choice was tried
	post   map[string]bool // where forms that write are sent to
}

func (j *jar) crawler(who, l string) *crawler {
	return &crawler{jar: j, who: orElse(who, "nobody"), lang: l, seen: map[string]bool{}, linked: map[string]string{}, got: map[string]int{},
		form: map[string]bool{}, post: map[string]bool{}}
}

var (
	tagPattern    = regexp.MustCompile(`(?s)<(/?[a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"]*")?)*)\s*/?>`)
	attrPattern   = regexp.MustCompile(`([a-zA-Z-]+)(?:="([^"]*)")?`)
	hiddenPattern = regexp.MustCompile(`(?s)<code\b.*?</code>|<textarea\b.*?</textarea>|<title\b.*?</title>`)
	askedPattern  = regexp.MustCompile(`\b[a-zA-Z]+=[\w%.+-]+`) // filters, as an export is recorded with
	codePattern   = regexp.MustCompile(`\{[a-zA-Z_.]+\}|\b[a-z]+(_[a-z]+)+\b|\b[A-Z]+(_[A-Z]+)+\b|%!|&lt;no value&gt;|<no value>|\b(zh|en):`)
)

type element struct {
	name string
	at   map[string]string
	end  int // where what is in it begins
}

func tagsOf(body string) []element {
	var out []element
	for _, m := range tagPattern.FindAllStringSubmatchIndex(body, -1) {
		t := element{name: strings.ToLower(body[m[2]:m[3]]), at: map[string]string{}, end: m[1]}
		for _, a := range attrPattern.FindAllStringSubmatch(body[m[4]:m[5]], -1) {
			t.at[strings.ToLower(a[1])] = html.UnescapeString(a[2])
		}
		out = append(out, t)
	}
	return out
}

// canonical is an address on this site without the language, which is tried for itself, and without what is empty;
// "" when it leads elsewhere.
func canonical(base, ref string) string {
	b, err := url.Parse(base)
	if err != nil {
		return ""
	}
	u, err := b.Parse(ref)
	if err != nil || u.Host != b.Host || u.Scheme != b.Scheme || u.User != nil {
		return ""
	}
	q := u.Query()
	q.Del("lang")
	for k := range q {
		if q.Get(k) == "" {
			q.Del(k)
		}
	}
	u.RawQuery, u.Fragment, u.Scheme, u.Host = q.Encode(), "", "", ""
	return u.String()
}

func (c *crawler) add(from, ref string) {
	at := canonical("http://site"+from, ref)
	if at == "" {
		c.t.Errorf("%s, %s: %s leads away from the site: %s", c.who, c.lang, from, ref)
		return
	}
	if from != "" {
		c.linked[at] = from
	}
	if !c.seen[at] {
		c.seen[at] = true
		c.todo = append(c.todo, at)
	}
}

// crawl begins at every page that has one address, linked or not.
func (c *crawler) crawl(t *testing.T) {
	c.t = t
	for route := range c.policies {
		at, page := strings.CutPrefix(route, "GET ")
		if page && !strings.HasPrefix(at, "/api/") && !strings.Contains(at, ":") && at != "/metrics" {
			c.add("", at)
		}
	}
	slices.Sort(c.todo)
	for len(c.todo) > 0 && !t.Failed() {
		at := c.todo[0]
		c.todo = c.todo[1:]
		if len(c.seen) > most {
			t.Fatalf("%s: more than %d addresses, the last %s on %s", c.who, most, at, c.linked[at])
		}
		c.visit(at)
	}
	for at, from := range c.linked {
		if status := c.got[at]; status == 401 || status == 403 {
			t.Errorf("%s, %s: %s is linked from %s and refused: %d", c.who, c.lang, at, from, status)
		}
	}
}

// visit looks at one address and takes in where it leads.
func (c *crawler) visit(at string) {
	c.cookies["lang"] = c.lang
	g := c.page(at)
	c.got[at] = g.StatusCode
	switch {
	case g.StatusCode == 303:
		c.add("", g.Header.Get("Location"))
		return
	case g.StatusCode != 200 && g.StatusCode != 401 && g.StatusCode != 403:
		c.t.Errorf("%s, %s: %s, found on %s: %d %.300s", c.who, c.lang, at, c.linked[at], g.StatusCode, g.body)
		return
	}
	for _, f := range faults(at, c.lang, g) {
		c.t.Errorf("%s, %s: %s: %s", c.who, c.lang, at, f)
	}
	if g.StatusCode == 200 && strings.HasPrefix(g.Header.Get("Content-Type"), "text/html") {
		c.follow(at, string(g.body))
	}
}

// faults are what an answer must not have, page or not.
func faults(at, l string, g got) (out []string) {
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	body, policy := string(g.body), g.Header.Get("Content-Security-Policy")
	if kept := g.Header.Get("Cache-Control"); !strings.Contains(kept, "no-store") && !strings.HasPrefix(at, "/static/") {
		say("may be kept: %q", kept)
	}
	if !strings.HasPrefix(g.Header.Get("Content-Type"), "text/html") {
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "sandbox") {
			say("no page, and under the policy %q", policy)
		}
		return out
	}
	if policy != pagePolicy {
		say("under the policy %q", policy)
	}
	docs := strings.HasPrefix(at, "/docs")
	if len(body) > 200<<10 && !docs {
		say("%d bytes", len(body))
	}
	if want := map[string]string{"zh": `<html lang="zh-CN"`, "en": `<html lang="en"`}[l]; !strings.Contains(body, want) {
		say("not in %s", l)
	}
	for _, t := range tagsOf(body) {
		if slices.Contains([]string{"script", "style", "iframe", "object", "embed", "base"}, t.name) {
			say("<%s>", t.name)
		}
		for name, v := range t.at {
			if name == "style" || strings.HasPrefix(name, "on") {
				say("<%s %s=…>, which the policy forbids", t.name, name)
			}
			if slices.Contains([]string{"href", "src", "action", "formaction", "data", "poster", "srcset", "ping"}, name) && canonical("http://site"+at, v) == "" {
				say("<%s %s=%q> leads away", t.name, name, v)
			}
		}
	}
	if docs { // explains codes
		return out
	}
	text := askedPattern.ReplaceAllString(tagPattern.ReplaceAllString(hiddenPattern.ReplaceAllString(body, " "), " "), " ")
	for _, m := range codePattern.FindAllStringIndex(text, 3) {
		say("not in words: …%s…", strings.Join(strings.Fields(text[max(0, m[0]-60):min(len(text), m[1]+40)]), " "))
	}
	return out
}

func TestTheCrawlerFindsFaults(t *testing.T) {
	t.Parallel()
	page := func(body string, headers ...string) got {
		h := http.Header{"Content-Type": {"text/html; charset=utf-8"}, "Content-Security-Policy": {pagePolicy}, "Cache-Control": {"no-store"}}
		for i := 0; i+1 < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return got{&http.Response{Header: h, StatusCode: 200}, []byte(`<!doctype html><html lang="zh-CN"><body>` + body + `</body></html>`)}
	}
	for _, tt := range []struct {
		name string
		g    got
		want int
	}{
		{"a good page", page(`<p>措施 <a href="/cases?q=a_b">案件</a> <code>not_found</code> 2026-000123-7 <input name="a_b" value="x_y"></p>`), 0},
		{"a code of a refusal", page(`<p>not_your_turn</p>`), 1},
		{"a status", page(`<td>CONCLUDED_PASS</td>`), 1},
		{"a parameter that was not filled in", page(`<p>请在 {seconds} 秒后重试</p>`), 1},
		{"a verb that was not", page(`<p>%!d(string=x)</p>`), 1},
		{"script", page(`<script>alert(1)</script>`), 1},
		{"a handler", page(`<button onclick="x()">好</button>`), 1},
		{"style", page(`<p style="color:red">红</p>`), 1},
		{"another site's picture", page(`<img src="https://example.com/a.png" alt="">`), 1},
		{"another site's, by its own scheme", page(`<a href="//example.com/">去</a>`), 1},
		{"a link that runs", page(`<a href="javascript:alert(1)">去</a>`), 1},
		{"the other language", got{page("").Response, []byte(`<html lang="en">`)}, 1},
		{"too large", page(strings.Repeat("长", 70<<10)), 1},
		{"no policy", page("", "Content-Security-Policy", ""), 1},
		{"kept by caches", page("", "Cache-Control", "public"), 1},
		{"a file that a browser might show", page("", "Content-Type", "application/pdf"), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if fs := faults("/x", "zh", tt.g); len(fs) != tt.want {
				t.Errorf("found %q, want %d", fs, tt.want)
			}
		})
	}
}

// follow takes in the links and forms of a page.
func (c *crawler) follow(at, body string) {
	tags := tagsOf(body)
	switched := false
	for _, t := range tags {
		if href := t.at["href"]; href != "" && (t.name == "a" || t.name == "link") {
			c.add(at, href)
			switched = switched || t.name == "a" && strings.Contains(href, "lang=") && canonical("http://site"+at, href) == at
		}
		if src := t.at["src"]; src != "" {
			c.add(at, src)
		}
	}
	if !switched {
		c.t.Errorf("%s, %s: nothing on %s leads to it in the other language", c.who, c.lang, at)
	}
	for i, t := range tags {
		if t.name != "form" {
			continue
		}
		action := orElse(t.at["action"], at)
		if !strings.EqualFold(orElse(t.at["method"], "get"), "get") {
			c.post[canonical("http://site"+at, action)] = true
			continue
		}
		given, choices := url.Values{}, map[string][]string{}
		filled := url.Values{}
		name := ""
		for _, in := range tags[i+1:] {
			if in.name == "/form" {
				break
			}
			switch n := in.at["name"]; in.name {
			case "input":
				given.Set(n, in.at["value"])
				filled.Set(n, in.at["value"])
				switch in.at["type"] {
				case "date":
					filled.Set(n, string(today()))
				case "hidden", "number", "checkbox", "radio":
				default:
					filled.Set(n, orElse(in.at["value"], "措施 <b>&\"'"))
				}
			case "select":
				name = n
			case "option":
				v := in.at["value"]
				choices[name] = append(choices[name], v)
				if _, selected := in.at["selected"]; selected {
					given.Set(name, v)
					filled.Set(name, v)
				}
			}
		}
		delete(given, "")
		delete(filled, "")
		c.add(at, action+"?"+given.Encode())
		if c.form[action] {
			continue // every choice with every other would never end
		}
		c.form[action] = true
		c.add(at, action+"?"+filled.Encode())
		if c.lang == "en" { // what is chosen is the same in both
			continue
		}
		for name, values := range choices {
			for _, v := range values {
				one := url.Values{}
				for k := range given {
					one.Set(k, given.Get(k))
				}
				one.Set(name, v)
				c.add(at, action+"?"+one.Encode())
			}
		}
	}
}

// a town of cases at different desks, and for each its title, under which nobody else's is.
func (s *site) cases2() map[string]string {
	s.t.Helper()
	titles := map[string]string{}
	start := func(title, kind, issuer string, more obj) Receipt {
		s.t.Helper()
		o := opening(kind, issuer)
		for k, v := range more {
			o[k] = v
		}
		o["measure"].(obj)["title"] = title
		var r Receipt
		s.ok(201, "drafter", "POST", "/api/v1/cases", o).into(s.t, &r)
		titles[r.Case] = title
		return r
	}
	start("海棠创新券办法", "new", "ind", nil)
	start("银杏存量清理办法", "existing", "ind", nil)
	start("芙蓉内部限制办法", "new", "gov", obj{"secrecy": "restricted", "readers": []string{"head"}})
	r := start("石榴技改奖励办法", "new", "ind", nil)
	s.toSign(&r)
	r = start("玉兰首台套办法", "new", "ind", nil)
	s.conclude(&r)
	r = start("木槿补正办法", "new", "gov", nil)
	hash := s.toSign(&r)
	s.do(&r, "head", "sign_prelim", nil)
	s.do(&r, "drafter", "submit", obj{"packet": obj{"documents": obj{"draft": hash, "note": s.put("drafter", "起草说明"), "prelim": s.put("drafter", "初审意见"),
		"heard": s.put("drafter", "听取意见情况")}, "noteBasis": "产业政策", "noteHeard": "已听取并采纳", "letterNo": "云工信函〔2026〕12号"}})
	s.do(&r, "officer", "ask_correction", obj{"slots": []string{"note"}, "reason": "请补充政策目的"})
	r = start("丹桂会审办法", "new", "gov", nil)
	s.submit(&r)
	s.do(&r, "officer", "convene", obj{"seats": []obj{{"unit": "fin"}, {"unit": "dev"}}})
	s.do(&r, "finhead", "give_position", obj{"noObjection": true})
	r = start("腊梅论证办法", "new", "gov", nil)
	hash = s.submit(&r)
	s.do(&r, "officer", "convene", obj{"seats": []obj{{"unit": "fin"}, {"unit": "dev"}}})
	seen := r.Version
	s.do(&r, "finhead", "give_position", obj{"noObjection": true})
	r.Version = seen
	s.do(&r, "devhead", "give_position", obj{"positions": []obj{{"clause": "第二条", "value": -2, "reason": "注册地条件歧视外地经营者", "item": "REG-9-5"}}})
	s.do(&r, "officer", "close_joint", nil)
	s.do(&r, "officer", "form_panel", obj{"panel": obj{"questions": []string{"第二条是否歧视外地经营者？"}, "experts": []string{"expert1", "expert2"}, "quorum": 2}})
	for _, e := range []string{"expert1", "expert2"} {
		s.do(&r, e, "accept_invitation", obj{"noConflict": true, "pledge": true})
		s.do(&r, e, "give_opinion", obj{"opinion": obj{"position": -2, "reasons": "限定注册地缺乏依据。", "confidence": 4}})
	}
	s.do(&r, "officer", "open_opinions", nil)
	s.do(&r, "officer", "close_panel", obj{"report": s.put("officer", "论证报告")})
	k := s.conclusion("officer", "fails", hash)
	k["prelim"], k["useJoint"], k["usePanel"] = "初审认为符合", "采纳发改部门意见", "采纳专家意见"
	k["findings"] = []obj{{"clause": "第二条", "item": "REG-9-5", "effect": "歧视外地经营者", "change": "删去注册地条件"}}
	s.do(&r, "officer", "draft_opinion", obj{"conclusion": k})
	s.do(&r, "approver", "approve_fail", obj{"conclusion": obj{"result": "fails", "docNo": "云市监竞审〔2026〕5号"}})
	if g := s.upload("drafter", "/api/v1/cases/"+r.Case+"/files", "论证材料.txt", []byte("会议记录"), "kind", "other"); g.StatusCode != 200 {
		s.t.Fatalf("attaching: %d %s", g.StatusCode, g.body)
	}
	return titles
}

// everybody gives all of the cast a password and a session, and the three administrators beside; "" is a browser of nobody.
func (s *site) everybody() map[string]*jar {
	s.t.Helper()
	ctx := context.Background()
	out := map[string]*jar{"": s.browser()}
	for role, j := range s.administrators() {
		out[map[review.Role]string{review.Admin: "sys", review.SecurityAdmin: "sec", review.AuditAdmin: "aud"}[role]] = j
	}
	for _, p := range cast {
		if p.role == review.Admin { // a second one: sys is it
			continue
		}
		link, err := s.db.MakeLink(ctx, "root", p.id, "")
		must(s.t, err)
		must(s.t, s.db.UseLink(ctx, link, newPassword, ""))
		j := s.browser()
		if g := j.enter(p.id, newPassword); g.StatusCode != 200 {
			s.t.Fatalf("%s: %d %s", p.id, g.StatusCode, g.body)
		}
		out[p.id] = j
	}
	return out
}

// sees are, by the API, the cases that a person may read.
func (s *site) sees(who string, j *jar, titles map[string]string) map[string]bool {
	out := map[string]bool{}
	for id := range titles {
		out[id] = j.api("GET", "/api/v1/cases/"+id, nil).StatusCode == 200
	}
	return out
}

func TestCrawl(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	must(t, s.db.CreatePerson(context.Background(), postgres.NewPerson{ID: "regchecker", Login: "regchecker", Name: "何审核", Password: newPassword,
		Memberships: []postgres.Membership{{Unit: "amr", Role: review.Checker}}}))
	titles := s.cases2()
	people := s.everybody()
	people["regchecker"] = s.browser()
	people["regchecker"].enter("regchecker", newPassword)
	sees := map[string]map[string]bool{}
	for who, j := range people {
		sees[who] = s.sees(who, j, titles)
	}
	// So that what follows has something to find: some see none, some see one, nobody sees what is restricted but who is named.
	for who, want := range map[string]int{"": 0, "sys": 0, "sec": 0, "aud": 0, "drafter": 8, "head": 8, "finhead": 2, "devhead": 2, "expert1": 1} {
		if n := countTrue(sees[who]); n != want {
			t.Fatalf("%q sees %d cases, want %d", who, n, want)
		}
	}
	shown := map[string][]string{} // address → who was shown it
	all := map[string]*crawler{}
	posts := map[string]bool{}
	var mu sync.Mutex
	t.Run("following every link", func(t *testing.T) {
		for who, j := range people {
			t.Run(orElse(who, "nobody"), func(t *testing.T) {
				t.Parallel()
				own := *s
				own.t = t
				browser := &jar{site: &own, cookies: j.cookies, csrf: j.csrf}
				for _, l := range []string{"zh", "en"} {
					c := browser.crawler(who, l)
					c.crawl(t)
					mu.Lock()
					all[who+" "+l] = c
					for at := range c.seen {
						if !slices.Contains(shown[at], who) {
							shown[at] = append(shown[at], who)
						}
					}
					for at := range c.post {
						posts[at] = true
					}
					mu.Unlock()
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	pages := 0
	for _, c := range all {
		pages += len(c.seen)
	}
	t.Logf("%d addresses, %d pages in all, %d forms that write", len(shown), pages, len(posts))
	if len(shown) < 150 || len(posts) < 6 || all["drafter zh"].got["/cases"] != 200 || all["aud en"].got["/audit"] != 200 {
		t.Errorf("the crawler hardly got anywhere: %d addresses, forms %v", len(shown), posts)
	}
	for id := range titles {
		if !slices.Contains(shown["/cases/"+id], "drafter") {
			t.Errorf("the drafter is nowhere led to %s", titles[id])
		}
		// Beside what pages link to, what the same case has elsewhere.
		for _, more := range []string{"/api/v1/cases/" + id, "/api/v1/cases/" + id + "/events", "/api/v1/cases/" + id + "/files", "/api/v1/cases/" + id + "/letters",
			"/api/v1/cases/" + id + "/drafts", "/cases/" + id + "/letters/opinion", "/cases/" + id + "/letters/receipt"} {
			shown[more] = append(shown[more], "drafter")
		}
	}
	t.Run("trying everybody else's", func(t *testing.T) {
		for who, j := range people {
			t.Run(orElse(who, "nobody"), func(t *testing.T) {
				t.Parallel()
				own := *s
				own.t = t
				browser := &jar{site: &own, cookies: j.cookies, csrf: j.csrf}
				i := 0
				for at, by := range shown {
					if slices.Contains(by, who) && !strings.HasPrefix(at, "/api/") {
						continue
					}
					i++
					browser.cookies["lang"] = []string{"zh", "en"}[i%2]
					tryOther(t, browser, who, at, sees[who], titles)
				}
				for at := range posts {
					if g := (&jar{site: &own, cookies: browser.cookies}).form(at); g.StatusCode != 403 && !(who == "" && g.StatusCode == 401) {
						t.Errorf("%q sends the form of %s without a token: %d", who, at, g.StatusCode)
					}
				}
			})
		}
	})
}

// tryOther asks for what another was shown: there is an answer, never a fault of ours, and never a title that is not for them.
func tryOther(t *testing.T, j *jar, who, at string, sees map[string]bool, titles map[string]string) {
	t.Helper()
	g := j.page(at)
	switch {
	case g.StatusCode == 303 && canonical("http://site"+at, g.Header.Get("Location")) == "":
		t.Errorf("%q asks for %s: to %q", who, at, g.Header.Get("Location"))
	case !slices.Contains([]int{200, 303, 401, 403, 404, 409, 422}, g.StatusCode):
		t.Errorf("%q asks for %s: %d %.300s", who, at, g.StatusCode, g.body)
	}
	of := ""
	for id := range titles {
		if strings.Contains(at, id) {
			of = id
		}
		if !sees[id] && strings.Contains(string(g.body), titles[id]) {
			t.Errorf("%q asks for %s and reads of %s", who, at, titles[id])
		}
	}
	if of != "" && !sees[of] && !slices.Contains([]int{401, 404}, g.StatusCode) && !(g.StatusCode == 303 && who == "") {
		t.Errorf("%q asks for %s of a case that is not theirs: %d", who, at, g.StatusCode)
	}
}

func countTrue(m map[string]bool) int {
	n := 0
	for _, ok := range m {
		if ok {
			n++
		}
	}
	return n
}
