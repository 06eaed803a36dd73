package server

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

func TestEverythingHasWordsInBothLanguages(t *testing.T) {
	t.Parallel()
	said := func(what, key string, w words) {
		t.Helper()
		if !hasHan(w.zh) || w.en == "" || hasHan(w.en) {
			t.Errorf("%s %q: %q, %q", what, key, w.zh, w.en)
		}
	}
	codes := codesOf(t)
	if len(codes) < 40 {
		t.Fatalf("only %d codes found", len(codes))
	}
	for _, c := range append(codes, codeInternal, codeNoMethod, codeNotJSON, codeForm, codeHeaderBig, codeElsewhere, codeRate) {
		said("code", string(c), sentences[c])
		if status := statusOf[c]; status == 0 || titles[status].zh == "" {
			t.Errorf("code %s has status %d", c, status)
		}
	}
	for code := range sentences {
		if _, ok := statusOf[code]; !ok {
			t.Errorf("the sentence for %q is of no code", code)
		}
	}
	for _, s := range review.Statuses() {
		said("status", string(s), statuses[s])
	}
	for _, m := range review.Moves() {
		said("action", string(m.Action), actions[m.Action])
		for _, r := range m.By {
			said("role", string(r), roles[r])
		}
		for _, s := range m.From {
			said("status", string(s), statuses[s])
		}
	}
	for _, r := range []review.Role{review.Handler, review.ReviewBody, review.UnitHead, review.Officer, review.Approver, review.Expert, review.Admin, review.Timer} {
		said("role", string(r), roles[r])
	}
	for _, o := range review.Outcomes() {
		said("outcome", string(o), outcomes[o])
	}
	for key, w := range fieldRules {
		said("rule", key, w)
	}
	for status, w := range titles {
		said("title", strconv.Itoa(status), w)
	}
}

// codesOf reads the domain's codes out of its source, so that a new one cannot be forgotten.
func codesOf(t *testing.T) []review.Code {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../review/error.go", nil, 0)
	must(t, err)
	var out []review.Code
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			if id, ok := v.Type.(*ast.Ident); ok && id.Name == "Code" {
				s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				must(t, err)
				out = append(out, review.Code(s))
			}
		}
	}
	return out
}

var leftover = regexp.MustCompile(`\{\{|&lt;no value&gt;|%!|[A-Z]+_[A-Z_]+`)

// checkPage holds what is true of every page.
func checkPage(t *testing.T, g got) {
	t.Helper()
	if ct := g.Header.Get("Content-Type"); ct != "text/html; charset=utf-8" {
		t.Errorf("content type %q", ct)
	}
	if len(g.body) > 200<<10 {
		t.Errorf("page of %d bytes", len(g.body))
	}
	text := regexp.MustCompile(`(?s)<code>.*?</code>|value="[^"]*"|href="[^"]*"|id="[^"]*"`).ReplaceAll(g.body, nil)
	if m := leftover.Find(text); m != nil {
		t.Errorf("left over in the page: %s", m)
	}
	for _, bad := range []string{"<script", " style=", "onclick", "http://", "https://"} {
		if bytes.Contains(text, []byte(bad)) {
			t.Errorf("the page has %s", bad)
		}
	}
	if g.Header.Get("Content-Security-Policy") != pagePolicy {
		t.Errorf("content security policy %q", g.Header.Get("Content-Security-Policy"))
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "ind")
	s.conclude(&r)
	open := s.open("new", "gov")
	s.submit(&open)
	for _, who := range []string{"", "officer"} {
		for _, l := range []string{"zh", "en"} {
			for _, path := range []string{"/", "/?from=2026-01-01&to=2026-03-31", "/docs", "/docs/cases", "/docs/schemas", "/login", "/cases", "/cases?group=kept", "/cases/" + r.Case, "/cases/" + open.Case, "/tasks"} {
				sep := "?"
				if strings.Contains(path, "?") {
					sep = "&"
				}
				g := s.call(who, "GET", path+sep+"lang="+l, nil, "Accept", "text/html")
				switch {
				case who == "" && (strings.HasPrefix(path, "/cases") || path == "/tasks"):
					if g.StatusCode != 303 {
						t.Errorf("%s without sign-in: %d", path, g.StatusCode)
					}
				case who != "" && path == "/login":
					if g.StatusCode != 303 || g.Header.Get("Location") != "/" {
						t.Errorf("sign-in page when signed in: %d", g.StatusCode)
					}
				case g.StatusCode != 200:
					t.Errorf("%s by %q: %d %s", path, who, g.StatusCode, g.body)
				default:
					checkPage(t, g)
					if want := map[string]string{"zh": `lang="zh-CN"`, "en": `<html lang="en"`}[l]; !bytes.Contains(g.body, []byte(want)) {
						t.Errorf("%s in %s does not say so", path, l)
					}
				}
			}
		}
	}
	// The language is kept.
	g := s.call("", "GET", "/?lang=en", nil, "Accept", "text/html")
	cookie, _, _ := strings.Cut(g.Header.Get("Set-Cookie"), ";")
	if g := s.call("", "GET", "/", nil, "Accept", "text/html", "Cookie", cookie); !bytes.Contains(g.body, []byte("Counted apart")) {
		t.Error("English was asked for and not kept")
	}
	// Errors are pages for browsers.
	for path, status := range map[string]int{"/nowhere": 404, "/cases/17": 404, "/?from=2025-02-30": 422, "/cases?route=sea": 422} {
		g := s.call("officer", "GET", path, nil, "Accept", "text/html,*/*")
		if g.StatusCode != status {
			t.Errorf("%s: %d", path, g.StatusCode)
		}
		checkPage(t, g)
	}
	if g := s.call("", "GET", "/?unit=ind", nil, "Accept", "text/html"); g.StatusCode != 303 {
		t.Errorf("figures of one unit without sign-in: %d", g.StatusCode)
	}
}

func TestDemoSaysSo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	must(t, s.db.SetSetting(ctx, "demo", "true"))
	must(t, s.db.SetSetting(ctx, "demo_accounts", `[{"login":"drafter","name":"沈起草","role":"handler","unit":"云溪市工业和信息化局"}]`))
	must(t, s.db.SetSetting(ctx, "demo_password", password))
	for _, path := range []string{"/", "/docs", "/login"} {
		if g := s.ok(200, "", "GET", path, nil, "Accept", "text/html"); !bytes.Contains(g.body, []byte("均为虚构")) {
			t.Errorf("%s does not say that all is made up", path)
		}
	}
	g := s.ok(200, "", "GET", "/", nil, "Accept", "text/html")
	for _, want := range []string{"湖州市市场监督管理局", "2024 年 3 月 6 日", "771", "本系统的理解"} {
		if !bytes.Contains(g.body, []byte(want)) {
			t.Errorf("the front page does not say %s", want)
		}
	}
	if g := s.ok(200, "", "GET", "/login", nil, "Accept", "text/html"); !bytes.Contains(g.body, []byte("起草单位经办人")) || !bytes.Contains(g.body, []byte(password)) {
		t.Error("the demo accounts are not shown")
	}
	body := opening("new", "ind")
	body["madeUp"], body["label"] = true, "补正进行中"
	s.ok(201, "drafter", "POST", "/api/v1/cases", body)
}

func TestSigningInByForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	form := func(path string, cookies string, v url.Values) got {
		t.Helper()
		req, err := http.NewRequest("POST", path, strings.NewReader(v.Encode()))
		must(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Accept", "text/html")
		req.Header.Set("Cookie", cookies)
		return s.send(req)
	}
	field := func(g got, name string) string {
		m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindSubmatch(g.body)
		if m == nil {
			return ""
		}
		return string(m[1])
	}
	page := s.ok(200, "", "GET", "/login?next=/cases", nil, "Accept", "text/html")
	login, _, _ := strings.Cut(page.Header.Get("Set-Cookie"), ";")
	if g := form("/login", "", url.Values{"login": {"officer"}, "password": {password}}); g.StatusCode != 403 {
		t.Errorf("a form without its token: %d", g.StatusCode)
	}
	g := form("/login", login, url.Values{"csrf": {field(page, "csrf")}, "login": {"officer"}, "password": {"wrong"}, "next": {"/cases"}})
	if g.StatusCode != 401 || !bytes.Contains(g.body, []byte("请核对账号和密码")) || field(g, "next") != "/cases" || field(g, "login") != "" && field(g, "login") != "officer" {
		t.Errorf("a wrong password: %d", g.StatusCode)
	}
	for next, want := range map[string]string{"/cases": "/cases", "//evil.example/": "/", "https://evil.example/": "/", `/\evil.example`: "/", "javascript:alert(1)": "/", "/cases?q=%E6%96%87": "/cases?q=%E6%96%87", "": "/", "/%2f%2fevil.example": "/"} {
		g := form("/login", login, url.Values{"csrf": {field(page, "csrf")}, "login": {"officer"}, "password": {password}, "next": {next}})
		if at := g.Header.Get("Location"); g.StatusCode != 303 || at != want {
			t.Errorf("next %q: %d to %q, want %q", next, g.StatusCode, at, want)
		}
	}
	g = form("/login", login, url.Values{"csrf": {field(page, "csrf")}, "login": {"officer"}, "password": {password}})
	session := ""
	for _, c := range g.Cookies() {
		if c.Name == sessionCookie && c.Value != "" {
			session = c.Name + "=" + c.Value
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
				t.Errorf("cookie %+v", c)
			}
		}
	}
	tasks := s.ok(200, "", "GET", "/tasks", nil, "Cookie", session, "Accept", "text/html")
	checkPage(t, tasks)
	if g := form("/logout", session, url.Values{}); g.StatusCode != 403 {
		t.Errorf("signing out without the token: %d", g.StatusCode)
	}
	if g := form("/logout", session, url.Values{"csrf": {field(tasks, "csrf")}}); g.StatusCode != 303 || !strings.Contains(g.Header.Get("Set-Cookie"), "1970") {
		t.Errorf("signing out: %d %q", g.StatusCode, g.Header.Get("Set-Cookie"))
	}
	if g := s.call("", "GET", "/tasks", nil, "Cookie", session, "Accept", "text/html"); g.StatusCode != 303 {
		t.Errorf("after signing out: %d", g.StatusCode)
	}
}

func TestWhatIsAwayIsSaidToBeAway(t *testing.T) {
	t.Parallel()
	for _, err := range []error{context.DeadlineExceeded, &net.OpError{Op: "dial", Err: io.EOF}, fmt.Errorf("cases: %w", &pq.Error{Code: "57P01"})} {
		if e := refusal(err); e == nil || e.Code != review.Unavailable {
			t.Errorf("%v is told as %v", err, e)
		}
	}
	if e := refusal(&pq.Error{Code: "42P01"}); e != nil {
		t.Errorf("a fault of ours is told as %v", e)
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.ok(200, "", "GET", "/healthz", nil)
	s.ok(200, "", "GET", "/readyz", nil)
	s.Server.ready = func(context.Context) error { return review.Refuse(review.Unavailable) }
	if g := s.call("", "GET", "/readyz", nil); g.StatusCode != 503 {
		t.Errorf("not ready: %d", g.StatusCode)
	}
	s.ok(200, "officer", "GET", "/api/v1/cases", nil)
	g := s.ok(200, "root", "GET", "/metrics", nil)
	if !bytes.Contains(g.body, []byte(`fairreview_http_requests_total{method="GET",route="/api/v1/cases",status="200"} 1`)) {
		t.Errorf("metrics by route pattern: %s", g.body)
	}
	for _, h := range []string{"X-Content-Type-Options", "Referrer-Policy", "X-Request-Id", "X-Frame-Options"} {
		if g.Header.Get(h) == "" {
			t.Errorf("no %s", h)
		}
	}
	s.Server.secure = true
	if g := s.call("", "GET", "/healthz", nil); g.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS")
	}
}
