package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fairreview/fairreview/review"
)

// openWrites are the writes that nobody need be signed in for, and what stands in for the session's token.
var openWrites = map[string]string{
	"POST /login":                       "the form's own token, in a cookie",
	"POST /login/code":                  "the form's own token, in a cookie",
	"POST /link":                        "the form's own token, in a cookie",
	"POST /api/v1/sessions":             "JSON, which no form can send, and the account and password",
	"POST /api/v1/sessions/second-step": "JSON, which no form can send, and a cookie that no other site's request brings along",
}

func TestEveryWriteNeedsATokenOfItsSession(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admins := s.administrators()
	drafter, other := s.browser(), s.browser()
	drafter.enter("drafter", password)
	other.enter("officer", password)
	writes := 0
	for route, who := range s.policies {
		method, path, _ := strings.Cut(route, " ")
		if method == "GET" {
			continue
		}
		writes++
		t.Run(route, func(t *testing.T) {
			j := drafter
			switch who {
			case system, roleGift, operator:
				j = admins[review.Admin]
			case security:
				j = admins[review.SecurityAdmin]
			case auditing:
				j = admins[review.AuditAdmin]
			}
			at := strings.NewReplacer(":id", uuid.NewString(), ":hash", strings.Repeat("a", 64), ":kind", "opinion").Replace(path)
			try := func(token string, headers ...string) got {
				if strings.HasPrefix(path, "/api/") {
					return j.call("", method, at, obj{}, append([]string{"Cookie", j.header(), csrfHeader, token}, headers...)...)
				}
				form := url.Values{"csrf": {token}}.Encode()
				return j.call("", method, at, form, append([]string{"Cookie", j.header(), "Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
			}
			if g := try("", "Sec-Fetch-Site", "cross-site"); g.StatusCode != 403 || g.problem().Code != "cross_site" {
				t.Errorf("from a page of another site: %d %s", g.StatusCode, g.body)
			}
			if openWrites[route] != "" && strings.HasPrefix(path, "/api/") {
				if g := j.call("", method, at, "login=drafter", "Content-Type", "application/x-www-form-urlencoded"); g.StatusCode != 415 {
					t.Errorf("as a form: %d %s", g.StatusCode, g.body)
				}
				if g := j.call("", method, at, `{"login":"drafter","password":"x"}`, "Content-Type", "text/plain"); g.StatusCode != 415 {
					t.Errorf("as plain text, which a form can send: %d %s", g.StatusCode, g.body)
				}
				return
			}
			if who == anyone && openWrites[route] == "" {
				t.Errorf("is open to anyone; say in openWrites why that is safe")
			}
			for name, token := range map[string]string{"without a token": "", "with another's": other.csrf, "with one made up": strings.Repeat("a", len(drafter.csrf))} {
				if g := try(token); g.StatusCode != 403 || g.problem().Code != "stale_form" {
					t.Errorf("%s: %d %s", name, g.StatusCode, g.body)
				}
			}
			if who != anyone {
				if g := j.call("", method, at, obj{}); g.StatusCode != 401 {
					t.Errorf("by nobody: %d %s", g.StatusCode, g.body)
				}
				if g := try(j.csrf); g.problem().Code == "stale_form" || g.problem().Code == "cross_site" { // it is the token that was missing
					t.Errorf("with its own token: %d %s", g.StatusCode, g.body)
				}
				if path == "/logout" || path == apiPrefix+"/sessions" { // that worked
					j.cookies = map[string]string{}
					j.enter("drafter", password)
				}
			}
		})
	}
	if writes < 40 {
		t.Errorf("only %d writes", writes)
	}
}

func TestAWriteComesFromAPageOfThisSite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	j := s.browser()
	j.enter("drafter", password)
	proxied, err := New(Options{DB: s.db, Reviews: s.reviews, Log: s.Server.log, Secure: true, Proxies: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32")}})
	must(t, err)
	own := *s
	own.Server = proxied
	k := own.browser()
	k.enter("drafter", password)
	for _, tt := range []struct {
		name    string
		j       *jar
		headers []string
		ok      bool
	}{
		{"a program", j, nil, true},
		{"this page", j, []string{"Sec-Fetch-Site", "same-origin"}, true},
		{"typed in by the user", j, []string{"Sec-Fetch-Site", "none"}, true},
		{"another host of the same domain", j, []string{"Sec-Fetch-Site", "same-site"}, false},
		{"another site", j, []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"another site that names us", j, []string{"Sec-Fetch-Site", "cross-site", "Origin", "http://fairreview.example"}, false},
		{"nonsense", j, []string{"Sec-Fetch-Site", "same-origin, cross-site"}, false},
		{"an old browser here", j, []string{"Origin", "http://fairreview.example"}, true},
		{"an old browser here, capitals", j, []string{"Origin", "http://FairReview.example"}, true},
		{"an old browser elsewhere", j, []string{"Origin", "http://evil.example"}, false},
		{"an old browser on another port", j, []string{"Origin", "http://fairreview.example:8080"}, false},
		{"an old browser that hides where", j, []string{"Origin", "null"}, false},
		{"an origin that is none", j, []string{"Origin", "://"}, false},
		{"who passes it on is not trusted", j, []string{"Origin", "http://evil.example", "X-Forwarded-Host", "evil.example"}, false},
		{"through a proxy that keeps the name", k, []string{"Origin", "https://fairreview.example"}, true},
		{"through a proxy that says the name", k, []string{"Origin", "https://review.example", "X-Forwarded-Host", "review.example"}, true},
		{"by plain HTTP to a site with HTTPS", k, []string{"Origin", "http://fairreview.example"}, false},
		{"elsewhere through a proxy", k, []string{"Origin", "https://evil.example", "X-Forwarded-Host", "review.example"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cookies := tt.j.header()
			g := tt.j.call("", "POST", "http://fairreview.example/api/v1/texts", obj{"text": "文"}, append([]string{"Cookie", cookies, csrfHeader, tt.j.csrf}, tt.headers...)...)
			if want := map[bool]int{true: 200, false: 403}[tt.ok]; g.StatusCode != want || !tt.ok && g.problem().Code != "cross_site" {
				t.Errorf("%d %s", g.StatusCode, g.body)
			}
		})
	}
	// A bearer token goes with no request by itself, and looking does no harm.
	if g := s.call("drafter", "POST", "/api/v1/texts", obj{"text": "文"}, "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site"); g.StatusCode != 200 {
		t.Errorf("by token from elsewhere: %d %s", g.StatusCode, g.body)
	}
	if g := s.call("", "GET", "/", nil, "Sec-Fetch-Site", "cross-site", "Accept", "text/html"); g.StatusCode != 200 {
		t.Errorf("a link from elsewhere: %d", g.StatusCode)
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	s.submit(&r)
	var file FileAnswer
	s.upload("drafter", "/api/v1/cases/"+r.Case+"/files", "a.pdf", []byte("%PDF-1.7\n"), "kind", "other").into(t, &file)
	for _, tt := range []struct {
		name, who, method, path string
		body                    any
		status                  int
		policy                  string
	}{
		{"a page", "", "GET", "/", nil, 200, pagePolicy},
		{"a case", "officer", "GET", "/cases/" + r.Case, nil, 200, pagePolicy},
		{"the sign-in page", "", "GET", "/login", nil, 200, pagePolicy},
		{"the page of a link", "", "GET", "/link?t=x", nil, 404, pagePolicy},
		{"the page of an error", "officer", "GET", "/nowhere", nil, 404, pagePolicy},
		{"a redirect", "", "GET", "/cases", nil, 303, dataPolicy},
		{"the API", "officer", "GET", "/api/v1/cases/" + r.Case, nil, 200, dataPolicy},
		{"a refusal of the API", "officer", "GET", "/api/v1/nowhere", nil, 404, dataPolicy},
		{"a method that is none", "officer", "PUT", "/api/v1/cases", obj{}, 405, dataPolicy},
		{"nobody", "", "GET", "/api/v1/cases", nil, 401, dataPolicy},
		{"a text", "officer", "GET", "/api/v1/texts/" + s.put("officer", "报告"), nil, 200, dataPolicy},
		{"a download", "officer", "GET", "/api/v1/cases/" + r.Case + "/files/" + file.Hash, nil, 200, "sandbox; default-src 'none'"},
		{"the style sheet", "", "GET", "/static/style.css?v=" + assets["style.css"], nil, 200, dataPolicy},
		{"an icon", "", "GET", "/static/icon.svg", nil, 200, dataPolicy},
		{"the description", "", "GET", "/openapi.json", nil, 200, dataPolicy},
		{"the metrics", "root", "GET", "/metrics", nil, 200, dataPolicy},
		{"health", "", "GET", "/healthz", nil, 200, dataPolicy},
		{"a head", "", "HEAD", "/", nil, 200, pagePolicy},
	} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, secure %v", tt.name, secure), func(t *testing.T) {
				s.Server.secure = secure
				g := s.call(tt.who, tt.method, tt.path, tt.body, "Accept", "text/html")
				if g.StatusCode != tt.status {
					t.Fatalf("%d %.200s", g.StatusCode, g.body)
				}
				h := g.Header
				if p := h.Get("Content-Security-Policy"); p != tt.policy || len(h.Values("Content-Security-Policy")) != 1 {
					t.Errorf("policy %q", h.Values("Content-Security-Policy"))
				}
				for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
					"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
					if v := h.Get(name); v != want && !(name == "Referrer-Policy" && v == "no-referrer") {
						t.Errorf("%s: %q", name, v)
					}
				}
				if !strings.Contains(h.Get("Permissions-Policy"), "camera=()") || h.Get("X-Request-Id") == "" {
					t.Errorf("permissions %q, request %q", h.Get("Permissions-Policy"), h.Get("X-Request-Id"))
				}
				kept := h.Get("Cache-Control")
				if strings.HasPrefix(tt.path, "/static/") && strings.Contains(tt.path, "?v=") {
					if kept != "public, max-age=31536000, immutable" {
						t.Errorf("an asset is kept as %q", kept)
					}
				} else if kept != "no-store" {
					t.Errorf("may be kept: %q", kept)
				}
				if hsts := h.Get("Strict-Transport-Security"); (hsts != "") != secure {
					t.Errorf("HSTS %q", hsts)
				}
				if h.Get("Server") != "" || h.Get("X-Powered-By") != "" {
					t.Errorf("says what it is: %q", h.Get("Server"))
				}
			})
		}
	}
	s.Server.secure = false
	if g := s.ok(200, "officer", "GET", "/api/v1/cases/"+r.Case+"/files/"+file.Hash, nil); !strings.HasPrefix(g.Header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("a download is shown: %q", g.Header.Get("Content-Disposition"))
	}
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(pagePolicy, part) {
			t.Errorf("the policy of pages lacks %s", part)
		}
	}
	if strings.Contains(pagePolicy, "unsafe") || strings.Contains(pagePolicy, "script-src") || strings.Contains(pagePolicy, "http") {
		t.Errorf("the policy of pages is %s", pagePolicy)
	}
}

func TestCookiesByHTTPSAreOfThisHostAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Server.secure = true
	j := s.browser()
	page := j.page("/login?lang=en")
	form := j.form("/login", "login", "drafter", "password", password)
	if form.StatusCode != 303 {
		t.Fatalf("signing in: %d %s", form.StatusCode, form.body)
	}
	names := map[string]bool{}
	for _, g := range []got{page, form, s.call("", "POST", "/api/v1/sessions", obj{"login": "drafter", "password": password})} {
		for _, c := range g.Cookies() {
			names[c.Name] = true
			if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("cookie %+v", c)
			}
			if !strings.HasPrefix(c.Name, hostPrefix) && c.Name != "lang" {
				t.Errorf("cookie %s has no prefix", c.Name)
			}
		}
	}
	for _, want := range []string{hostPrefix + sessionCookie, hostPrefix + deviceCookie, hostPrefix + loginCookie, "lang"} {
		if !names[want] {
			t.Errorf("no cookie %s among %v", want, names)
		}
	}
	if g := j.page("/account"); g.StatusCode != 200 {
		t.Errorf("the account: %d", g.StatusCode)
	}
	// The same value without the prefix, as another host of the domain could plant it, opens nothing, also beside the right one.
	value := j.cookies[hostPrefix+sessionCookie]
	if g := s.call("", "GET", "/api/v1/me", nil, "Cookie", sessionCookie+"="+value); g.StatusCode != 401 {
		t.Errorf("without the prefix: %d", g.StatusCode)
	}
	if g := s.call("", "GET", "/api/v1/me", nil, "Cookie", sessionCookie+"=planted; "+hostPrefix+sessionCookie+"="+value); g.StatusCode != 200 {
		t.Errorf("beside a planted one: %d", g.StatusCode)
	}
	if g := j.form("/logout"); g.StatusCode != 303 || j.cookies[hostPrefix+sessionCookie] != "" {
		t.Errorf("signing out: %d, left %v", g.StatusCode, j.cookies)
	}
	// By plain HTTP the prefix would make browsers drop them.
	s.Server.secure = false
	for _, c := range s.call("", "POST", "/api/v1/sessions", obj{"login": "drafter", "password": password}).Cookies() {
		if strings.HasPrefix(c.Name, hostPrefix) || c.Secure || !c.HttpOnly {
			t.Errorf("by plain HTTP: %+v", c)
		}
	}
}

func TestRedirectsStayOnThisSite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	j := s.browser()
	j.enter("drafter", password)
	for next, want := range map[string]string{
		"/cases": "/cases", "/cases?q=a%20b": "/cases?q=a%20b", "/cases/x#y": "/cases/x", "": "/", "cases": "/", "?x": "/",
		"//evil.example": "/", "///evil.example": "/", `/\evil.example`: "/", `\\evil.example`: "/", "/%09/evil.example": "/", "/\t/evil.example": "/", "\t//evil.example": "/",
		"http://evil.example": "/", "HTTPS://evil.example/": "/", "javascript:alert(1)": "/", "data:text/html,x": "/", "http:evil.example": "/", "//user@evil.example": "/",
		"/a\r\nSet-Cookie: x=y": "/", "/a%0d%0aSet-Cookie:%20x=y": "/", "/%2f/evil.example": "/", "/%5cevil.example": "/", "/ok/../..//evil.example": "/ok/../..//evil.example",
		"/\x00": "/", "/\u2028": "/",
	} {
		got := within(next)
		if want == "/" && got != "/" && !staysHere(got) || want != "/" && got != want {
			t.Errorf("%q goes on to %q, want %q", next, got, want)
		}
		g := j.call("", "GET", "/login?next="+url.QueryEscape(next), nil, "Cookie", j.header(), "Accept", "text/html")
		if at := g.Header.Get("Location"); g.StatusCode == 303 && !staysHere(at) || len(g.Header.Values("Set-Cookie")) != 0 || g.StatusCode != 303 && g.StatusCode != 400 {
			t.Errorf("%q: %d to %q, cookies %q", next, g.StatusCode, at, g.Header.Values("Set-Cookie"))
		}
	}
	// Whoever must sign in comes back to where they were, and to nowhere else.
	for _, path := range []string{"/cases?q=x", "//evil.example/", "/cases/%2f%2fevil.example", `/\evil.example`, "/tasks?next=//evil.example"} {
		g := s.call("", "GET", "http://fairreview.example"+path, nil, "Accept", "text/html")
		at := g.Header.Get("Location")
		if g.StatusCode == 303 && !strings.HasPrefix(at, "/login?next=%2F") {
			t.Errorf("%s: to %q", path, at)
		}
		u, err := url.Parse(at)
		must(t, err)
		if back := within(u.Query().Get("next")); !staysHere(back) {
			t.Errorf("%s comes back to %q", path, back)
		}
	}
}

// staysHere reports whether a browser that follows this stays here: one slash, and nothing it would take for another.
func staysHere(at string) bool {
	return strings.HasPrefix(at, "/") && !strings.HasPrefix(at, "//") && !strings.ContainsAny(at, "\\\r\n\t\x00")
}

func TestTheHostThatIsAskedForIsRepeatedNowhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	s.submit(&r)
	for _, path := range []string{"/", "/login", "/cases", "/cases/" + r.Case, "/docs", "/openapi.json", "/nowhere", "/link?t=x", "/account", "/api/v1/me", "/api/v1/cases/" + r.Case,
		"/api/v1/cases/" + r.Case + "/letters", "/metrics"} {
		for _, who := range []string{"", "officer"} {
			req, err := http.NewRequestWithContext(context.Background(), "GET", "http://evil-host.example"+path, nil)
			must(t, err)
			req.Header = http.Header{"Accept": {"text/html"}, "X-Forwarded-Host": {"evil-host.example"}, "X-Original-Url": {"/evil-host"}, "X-Rewrite-Url": {"/evil-host"}, "Forwarded": {"host=evil-host.example"}}
			if who != "" {
				req.Header.Set("Authorization", "Bearer "+s.tokens[who])
			}
			g := s.send(req)
			var all strings.Builder
			_ = g.Header.Write(&all)
			if strings.Contains(all.String()+string(g.body), "evil-host") {
				t.Errorf("%s by %q repeats the host", path, who)
			}
		}
	}
}

func TestNothingThatIsSentBecomesAHeader(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	for i, name := range []string{"a\r\nSet-Cookie: x=y.pdf", "a\nX-Evil: 1.pdf", `a";filename=evil.html;x=".pdf`, "公告；\u2028\u202e.pdf", "%0d%0aSet-Cookie: x=y.pdf", strings.Repeat("长", 500) + ".pdf", "a\x00b.pdf", "CON.pdf"} {
		body := append([]byte("%PDF-1.7\n"), byte('0'+i))
		var b bytes.Buffer
		quoted := strings.NewReplacer("\r", "%0D", "\n", "%0A", `"`, "%22").Replace(name)
		fmt.Fprintf(&b, "--b\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\nother\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n\r\n%s\r\n--b--\r\n", quoted, body)
		var f FileAnswer
		g := s.call("drafter", "POST", "/api/v1/cases/"+r.Case+"/files", b.String(), "Content-Type", "multipart/form-data; boundary=b")
		if g.StatusCode != 200 {
			continue // refused is as good
		}
		g.into(t, &f)
		d := s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case+"/files/"+f.Hash, nil)
		if at := d.Header.Get("Content-Disposition"); !regexp.MustCompile(`^attachment; filename="[0-9a-f]{12}\.pdf"; filename\*=UTF-8''[A-Za-z0-9._~%-]+$`).MatchString(at) || d.Header.Get("X-Evil") != "" || d.Header.Get("Set-Cookie") != "" {
			t.Errorf("%q is sent as %q", name, at)
		}
	}
	for _, id := range []string{"a\r\nX-Evil: 1", strings.Repeat("x", 65), "汉", `a"b`, "a b"} {
		g := s.call("", "GET", "/healthz", nil, "X-Request-Id", strings.NewReplacer("\r", "", "\n", "").Replace(id))
		if back := g.Header.Get("X-Request-Id"); uuid.Validate(back) != nil && back == id {
			t.Errorf("the request's number %q comes back", back)
		}
	}
}

func TestOnlyWhatIsListedIsAnswered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	paths := map[string]map[string]bool{}
	for route := range s.policies {
		method, path, _ := strings.Cut(route, " ")
		if paths[path] == nil {
			paths[path] = map[string]bool{}
		}
		paths[path][method] = true
		if method == "GET" {
			paths[path]["HEAD"] = true
		}
	}
	for path, methods := range paths {
		at := strings.NewReplacer(":id", uuid.NewString(), ":hash", strings.Repeat("a", 64), ":name", "style.css", ":kind", "opinion", ":part", "x").Replace(path)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"} {
			if methods[method] || method == "CONNECT" {
				continue
			}
			g := s.call("officer", method, at, nil)
			if g.StatusCode != 405 || method != "HEAD" && g.problem().Code != "method_not_allowed" {
				// A fixed name may stand where another route has a parameter, which then answers for it.
				if g.StatusCode != 404 || !slices.ContainsFunc(slices.Collect(maps.Keys(s.policies)), func(route string) bool { return stands(route, method, at) }) {
					t.Errorf("%s %s: %d %s", method, path, g.StatusCode, g.body)
				}
				continue
			}
			if allow := g.Header.Get("Allow"); allow == "" {
				t.Errorf("%s %s does not say what is allowed", method, path)
			}
		}
	}
	for _, path := range []string{"/CASES", "/Login", "/API/v1/me", "/api/V1/me", "/static/../server.go", "/static/%2e%2e/server.go", "/static/..%2fpages.go", "/.git/config", "/debug/pprof/", "/admin", "/static/", "/cases/../metrics"} {
		if g := s.call("drafter", "GET", path, nil, "X-Forwarded-For", "192.0.2.1"); g.StatusCode != 404 && g.StatusCode != 403 {
			t.Errorf("%s: %d", path, g.StatusCode)
		}
	}
}

// stands reports whether the address fits the route, which has a parameter.
func stands(route, method, at string) bool {
	m, pattern, _ := strings.Cut(route, " ")
	parts, given := strings.Split(pattern, "/"), strings.Split(at, "/")
	if m != method && !(m == "GET" && method == "HEAD") || len(parts) != len(given) || !strings.Contains(pattern, ":") {
		return false
	}
	for i, p := range parts {
		if p != given[i] && !strings.HasPrefix(p, ":") {
			return false
		}
	}
	return true
}

// TestSlowAndLargeRequests speaks to a real port, byte by byte.
func TestSlowAndLargeRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Server.patience = 500 * time.Millisecond
	s.App().Server().ReadTimeout = 500 * time.Millisecond
	addr := strings.TrimPrefix(s.listen(), "http://")
	// ask sends the beginning, then drips one byte after another until it is answered or cut off.
	ask := func(begin string, drip bool) (status int, took time.Duration) {
		t.Helper()
		c, err := net.Dial("tcp", addr)
		must(t, err)
		defer func() { _ = c.Close() }()
		start := time.Now()
		must(t, c.SetDeadline(start.Add(20*time.Second)))
		_, _ = io.WriteString(c, begin)
		done := make(chan struct{})
		defer func() { <-done }()
		answered := make(chan struct{})
		go func() {
			defer close(done)
			for drip {
				select {
				case <-answered:
					return
				case <-time.After(20 * time.Millisecond):
					if _, err := io.WriteString(c, "x"); err != nil {
						return
					}
				}
			}
		}()
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		took = time.Since(start)
		close(answered)
		if err != nil {
			return 0, took
		}
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		for _, inner := range []string{"fasthttp", "fiber", "goroutine", ".go:", "small read buffer", "i/o timeout"} {
			if bytes.Contains(b, []byte(inner)) {
				t.Errorf("%.40q is answered with %s", begin, b)
			}
		}
		return resp.StatusCode, took
	}
	auth := "Host: x\r\nAuthorization: Bearer " + s.tokens["drafter"] + "\r\n"
	var many strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&many, "X-H%d: 1\r\n", i)
	}
	for _, tt := range []struct {
		name, begin string
		drip        bool
		status      []int
	}{
		{"a header of 64 KiB", "GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", false, []int{431, 0}},
		{"two thousand headers", "GET / HTTP/1.1\r\nHost: x\r\n" + many.String() + "\r\n", false, []int{431, 0}},
		{"cookies of 64 KiB", "GET / HTTP/1.1\r\nHost: x\r\nCookie: " + strings.Repeat("a=b; ", 13<<10) + "\r\n\r\n", false, []int{431, 0}},
		{"a query of 64 KiB", "GET /cases?q=" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\n" + auth + "\r\n", false, []int{431, 0}},
		{"a query of 12 KiB", "GET /api/v1/cases?q=" + strings.Repeat("a", 12<<10) + " HTTP/1.1\r\n" + auth + "\r\n", false, []int{422}},
		{"headers that never end", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", true, []int{408, 400, 0}},
		{"a body that never ends", "POST /api/v1/texts HTTP/1.1\r\n" + auth + "Idempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{", true, []int{400, 408, 0}},
		{"a body in pieces that never ends", "POST /api/v1/texts HTTP/1.1\r\n" + auth + "Idempotency-Key: k\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\n", true, []int{400, 408, 0}},
		{"nobody's body that never ends", "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\n", true, []int{400, 408, 0}},
		{"two lengths", "POST /api/v1/texts HTTP/1.1\r\n" + auth + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", false, []int{400, 422, 0}},
		{"a length and pieces", "POST /api/v1/texts HTTP/1.1\r\n" + auth + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, []int{400, 415, 422, 0}},
		{"no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", false, []int{400, 0}},
		{"a method that is none", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n", false, []int{400, 405, 501, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, took := ask(tt.begin, tt.drip)
			if !slices.Contains(tt.status, status) {
				t.Errorf("%d, want %v", status, tt.status)
			}
			if tt.drip && took > 8*time.Second {
				t.Errorf("it held out for %s", took)
			}
		})
	}
}

// leaks are words of the inside that no answer may have.
var leaks = regexp.MustCompile(`pq:|sqlx|SELECT |INSERT |goroutine|\.go:\d|/srv/|fasthttp|panic|runtime error|no rows|dial tcp|connection refused|go1\.\d|database is closed|SQLSTATE`)

func TestErrorsTellNothingOfTheInside(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "ind")
	act := "/api/v1/cases/" + r.Case + "/actions"
	s.reviews.err = errors.New("pq: SELECT secret at /srv/x.go:12")
	faults := []got{s.call("drafter", "POST", act, obj{"kind": "ask_withdraw", "seen": r.Version, "reason": "不再制定"})}
	s.reviews.err = nil
	s.Server.ready = func(context.Context) error { panic("runtime error: goroutine 7") }
	faults = append(faults, s.call("", "GET", "/readyz", nil), s.call("", "GET", "/readyz", nil, "Accept", "text/html"))
	must(t, s.db.Close()) // from here on everything fails
	for _, path := range []string{"/", "/cases", "/login", "/account", "/api/v1/me", "/api/v1/cases", "/api/v1/counts", "/api/v1/cases/" + r.Case, "/readyz"} {
		for _, accept := range []string{"text/html", "application/json"} {
			for _, who := range []string{"", "drafter"} {
				faults = append(faults, s.call(who, "GET", path, nil, "Accept", accept))
			}
		}
	}
	failed := 0
	for _, g := range faults {
		if g.StatusCode >= 500 {
			failed++
			if g.Header.Get("X-Request-Id") == "" || g.Header.Get("Content-Security-Policy") == "" {
				t.Errorf("an error without its number or policy: %v", g.Header)
			}
		}
		var h strings.Builder
		_ = g.Header.Write(&h)
		if m := leaks.FindString(h.String() + string(g.body)); m != "" {
			t.Errorf("%s: %d tells %q: %.300s", g.Request.URL, g.StatusCode, m, g.body)
		}
	}
	if failed < 15 {
		t.Errorf("only %d failed", failed)
	}
	if log := s.log.String(); !strings.Contains(log, "goroutine 7") || !strings.Contains(log, "SELECT secret") {
		t.Error("what happened is not in the log either")
	}
}

func TestSecretsAreRepeatedNowhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	debug := &lockedBuffer{}
	srv, err := New(Options{DB: s.db, Reviews: s.reviews, Log: slog.New(slog.NewJSONHandler(debug, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	must(t, err)
	s.Server = srv
	const secret = "绝密配方RECOGNISABLE-7f3a"
	const wrong = "wrong-RECOGNISABLE-9c1d-password"
	j := s.browser()
	var answers []got
	keep := func(g got) got {
		answers = append(answers, g)
		return g
	}
	// A password in the wrong place, a wrong one, a right one.
	keep(s.call("", "POST", "/api/v1/sessions", obj{"login": wrong, "password": "x"}))
	keep(s.call("", "POST", "/api/v1/sessions", obj{"login": "drafter", "password": wrong}))
	keep(s.call("", "POST", "/api/v1/sessions", obj{"login": "drafter", "password": wrong, "extra": secret}))
	keep(s.call("", "POST", "/api/v1/sessions", `{"login":"drafter","password":"`+wrong+`",`))
	j.page("/login")
	keep(j.form("/login", "login", "drafter", "password", wrong))
	if g := j.form("/login", "login", "drafter", "password", password); g.StatusCode != 303 {
		t.Fatalf("signing in: %d", g.StatusCode)
	}
	session, device := j.cookies[sessionCookie], j.cookies[deviceCookie]
	j.page("/account")
	made := j.api("POST", "/api/v1/tokens", obj{"label": "备份", "scopes": []string{"read"}, "days": 1})
	var token NewToken
	made.into(t, &token)
	if made.StatusCode != 200 || token.Secret == "" {
		t.Fatalf("a token: %d %s", made.StatusCode, made.body)
	}
	s.ok(200, "", "GET", "/api/v1/me", nil, "Authorization", "Bearer "+token.Secret)
	keep(s.call("", "GET", "/api/v1/me", nil, "Authorization", "Bearer x"+token.Secret))
	keep(j.api("POST", "/api/v1/account/password", obj{"old": wrong, "new": wrong + "2"}))
	link, err := s.db.MakeLink(context.Background(), "root", "checker", "")
	must(t, err)
	keep(j.page("/link?t=" + url.QueryEscape(link)))
	// A case whose words are nobody else's: in its title, its text, its reason, a search, a path, and in what is refused.
	o := opening("new", "ind")
	o["measure"].(obj)["title"] = secret
	var r Receipt
	s.ok(201, "drafter", "POST", "/api/v1/cases", o).into(t, &r)
	keep(s.call("drafter", "POST", "/api/v1/cases", merge(o, obj{"unit": secret})))
	s.put("drafter", draft+secret)
	act := "/api/v1/cases/" + r.Case + "/actions"
	keep(s.call("drafter", "POST", act, obj{"kind": "send_check", "seen": 1, "reason": secret}))
	keep(s.call("drafter", "POST", act, obj{"kind": "start_review", "seen": "1", "reason": secret}))
	keep(s.call("drafter", "POST", act, obj{"kind": "start_review", "seen": 1, "text": obj{"hash": secret}}))
	keep(s.call("findrafter", "GET", "/api/v1/cases/"+r.Case, nil))
	keep(s.call("findrafter", "GET", "/cases?q="+url.QueryEscape(secret), nil, "Accept", "application/json"))
	keep(s.call("", "GET", "/cases?q="+url.QueryEscape("x"), nil))
	keep(s.call("drafter", "GET", "/api/v1/cases?status="+url.QueryEscape(secret), nil))
	keep(s.call("drafter", "GET", "/api/v1/cases?q="+url.QueryEscape(secret), nil, "Accept", "application/json"))
	s.do(&r, "drafter", "ask_withdraw", obj{"reason": secret})
	s.reviews.err = errors.New("act on " + r.Case)
	keep(s.call("head", "POST", act, obj{"kind": "withdraw", "seen": r.Version, "reason": secret}))
	s.reviews.err = nil
	events, err := json.Marshal(s.securityLog())
	must(t, err)
	metrics := string(s.ok(200, "root", "GET", "/metrics", nil).body)
	hidden := map[string]string{"the password": password, "a wrong password": "RECOGNISABLE-9c1d", "the session": session, "the known browser": device, "the form's token": j.csrf,
		"the API token": token.Secret, "a bearer token": s.tokens["drafter"], "a one-time link": link, "the case's words": "RECOGNISABLE-7f3a"}
	for what, words := range hidden {
		if words == "" {
			t.Fatalf("there is no %s to look for", what)
		}
		for where, text := range map[string]string{"the log": debug.String(), "the metrics": metrics, "the security log": string(events)} {
			if at := strings.Index(text, words); at >= 0 {
				t.Errorf("%s is in %s: …%s…", what, where, text[max(0, at-120):min(len(text), at+20)])
			}
		}
		for _, g := range answers {
			// Their own case is shown to those who may read it, and their own link to who has it; neither in a refusal.
			if g.StatusCode < 400 {
				continue
			}
			if bytes.Contains(g.body, []byte(words)) {
				t.Errorf("%s is in the answer to %s %s: %d %.300s", what, g.Request.Method, g.Request.URL.Path, g.StatusCode, g.body)
			}
		}
	}
	if len(debug.String()) < 5000 || !strings.Contains(debug.String(), r.Case) {
		t.Error("the log was not looked at")
	}
}

// securityLog is what the security log holds, as the database has it.
func (s *site) securityLog() []map[string]any {
	s.t.Helper()
	rows, err := s.db.SQL().Queryx("SELECT to_jsonb(e) AS row FROM security_events e ORDER BY 1")
	must(s.t, err)
	defer func() { _ = rows.Close() }()
	var out []map[string]any
	for rows.Next() {
		var raw []byte
		must(s.t, rows.Scan(&raw))
		m := map[string]any{}
		must(s.t, json.Unmarshal(raw, &m))
		out = append(out, m)
	}
	must(s.t, rows.Err())
	if len(out) == 0 {
		s.t.Error("the security log is empty")
	}
	return out
}
