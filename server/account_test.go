package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

const newPassword = "山色空蒙 lamplight 渡口"

// jar is a browser: it keeps cookies and sends forms.
type jar struct {
	*site
	cookies map[string]string
	csrf    string
	headers []string
}

func (s *site) browser(headers ...string) *jar {
	return &jar{site: s, cookies: map[string]string{}, headers: headers}
}

func (j *jar) keep(g got) got {
	for _, c := range g.Cookies() {
		if c.MaxAge < 0 || !c.Expires.IsZero() && c.Expires.Before(time.Now()) {
			delete(j.cookies, c.Name)
		} else {
			j.cookies[c.Name] = c.Value
		}
	}
	return g
}

func (j *jar) header() string {
	var all []string
	for k, v := range j.cookies {
		all = append(all, k+"="+v)
	}
	return strings.Join(all, "; ")
}

// api asks the API by cookie.
func (j *jar) api(method, path string, body any) got {
	j.t.Helper()
	return j.keep(j.call("", method, path, body, append([]string{"Cookie", j.header(), csrfHeader, j.csrf}, j.headers...)...))
}

func (j *jar) page(path string) got {
	j.t.Helper()
	g := j.keep(j.call("", "GET", path, nil, append([]string{"Cookie", j.header(), "Accept", "text/html"}, j.headers...)...))
	if m := regexp.MustCompile(`name="csrf" value="([^"]*)"`).FindSubmatch(g.body); m != nil {
		j.csrf = string(m[1])
	}
	return g
}

// send sends a form with the token of the page that was looked at last.
func (j *jar) form(path string, fields ...string) got {
	j.t.Helper()
	v := url.Values{"csrf": {j.csrf}}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	req, err := http.NewRequestWithContext(context.Background(), "POST", path, strings.NewReader(v.Encode()))
	must(j.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Cookie", j.header())
	for i := 0; i+1 < len(j.headers); i += 2 {
		req.Header.Set(j.headers[i], j.headers[i+1])
	}
	g := j.keep(j.send(req))
	if m := regexp.MustCompile(`name="csrf" value="([^"]*)"`).FindSubmatch(g.body); m != nil {
		j.csrf = string(m[1])
	}
	return g
}

// enter signs in through the API.
func (j *jar) enter(login, password string) got {
	j.t.Helper()
	g := j.api("POST", "/api/v1/sessions", obj{"login": login, "password": password})
	var me Me
	if g.StatusCode == 200 {
		g.into(j.t, &me)
		j.csrf = me.CSRF
	}
	return g
}

// codeOf is what a phone shows for a secret, so many steps from now.
func codeOf(t testing.TB, secret string, steps int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(secret, " ", ""))
	must(t, err)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(time.Now().Unix()/30+steps))
	mac := hmac.New(sha1.New, key)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff)%1e6)
}

// keyed gives the site a key for second factors.
func (s *site) keyed() {
	s.t.Helper()
	must(s.t, s.db.Govern(postgres.Accounts{Keys: []postgres.SecretKey{{ID: "k", Secret: bytes.Repeat([]byte("k"), 32)}}}))
}

// administrators gives the site its three, each with a second factor, and returns their browsers by role.
func (s *site) administrators() map[review.Role]*jar {
	s.t.Helper()
	s.keyed()
	out := map[review.Role]*jar{}
	for role, id := range map[review.Role]string{review.Admin: "sys", review.SecurityAdmin: "sec", review.AuditAdmin: "aud"} {
		must(s.t, s.db.CreatePerson(context.Background(), postgres.NewPerson{ID: id, Login: id, Name: "管理员" + id, Password: newPassword,
			Memberships: []postgres.Membership{{Unit: "amr", Role: role}}}))
		j := s.browser()
		if g := j.enter(id, newPassword); g.StatusCode != 200 {
			s.t.Fatalf("%s: %d %s", id, g.StatusCode, g.body)
		}
		var e postgres.Enrolment
		j.api("POST", "/api/v1/account/second-factor", obj{"password": newPassword}).into(s.t, &e)
		if g := j.api("POST", "/api/v1/account/second-factor/confirm", obj{"code": codeOf(s.t, e.Secret, 0)}); g.StatusCode != 200 {
			s.t.Fatalf("%s: %d %s", id, g.StatusCode, g.body)
		}
		out[role] = j
	}
	return out
}

func TestAnAdministratorSetsUpASecondFactorBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.keyed()
	must(t, s.db.CreatePerson(context.Background(), postgres.NewPerson{ID: "sys", Login: "sys", Name: "系统", Password: newPassword,
		Memberships: []postgres.Membership{{Unit: "amr", Role: review.Admin}}}))
	j := s.browser()
	j.page("/login")
	if g := j.form("/login", "login", "sys", "password", newPassword); g.StatusCode != 303 {
		t.Fatalf("signing in: %d %s", g.StatusCode, g.body)
	}
	for _, path := range []string{"/", "/cases", "/tasks", "/metrics"} {
		if g := j.page(path); g.StatusCode != 303 || g.Header.Get("Location") != "/account" {
			t.Errorf("%s: %d to %q", path, g.StatusCode, g.Header.Get("Location"))
		}
	}
	for _, call := range [][2]string{{"GET", "/api/v1/me"}, {"GET", "/api/v1/counts"}, {"GET", "/api/v1/tokens"}, {"GET", "/api/v1/units"}, {"POST", "/api/v1/admin/people"}} {
		if g := j.api(call[0], call[1], nil); g.StatusCode != 403 || g.problem().Code != "enrol_first" {
			t.Errorf("%s %s: %d %s", call[0], call[1], g.StatusCode, g.body)
		}
	}
	g := j.page("/account")
	checkPage(t, g)
	if !bytes.Contains(g.body, []byte("必须先设置第二步验证")) || bytes.Contains(g.body, []byte(`action="/account/tokens"`)) {
		t.Errorf("the page shows more than the second factor, or not that")
	}
	if g := j.form("/account/tokens", "label", "x", "scope", "read", "days", "1"); g.StatusCode != 403 {
		t.Errorf("a token before the factor: %d", g.StatusCode)
	}
	if g := j.form("/account/factor/begin", "password", "wrong"); g.StatusCode != 422 || !bytes.Contains(g.body, []byte("当前密码不正确")) {
		t.Errorf("a wrong password: %d %s", g.StatusCode, g.body)
	}
	g = j.form("/account/factor/begin", "password", newPassword)
	checkPage(t, g)
	m := regexp.MustCompile(`<code>((?:[A-Z2-7]{4} ?){8})</code>`).FindSubmatch(g.body)
	if g.StatusCode != 200 || m == nil || !bytes.Contains(g.body, []byte("otpauth://totp/")) {
		t.Fatalf("beginning: %d %s", g.StatusCode, g.body)
	}
	secret := string(m[1])
	if g := j.form("/account/factor/confirm", "code", "000000"); g.StatusCode != 422 || !bytes.Contains(g.body, m[1]) {
		t.Errorf("a wrong code does not show the key again: %d", g.StatusCode)
	}
	g = j.form("/account/factor/confirm", "code", codeOf(t, secret, 0))
	codes := regexp.MustCompile(`[a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4}-[a-z2-7]{4}`).FindAllString(string(g.body), -1)
	if g.StatusCode != 200 || len(codes) != 10 {
		t.Fatalf("confirming: %d, %d recovery codes", g.StatusCode, len(codes))
	}
	if g := j.page("/account"); bytes.Contains(g.body, []byte(codes[0])) || !bytes.Contains(g.body, []byte(`action="/account/tokens"`)) {
		t.Error("the codes are shown again, or the account stays closed")
	}
	if g := j.page("/metrics"); g.StatusCode != 200 {
		t.Errorf("after setting up: %d", g.StatusCode)
	}
	// From now on there is a second step.
	k := s.browser()
	k.page("/login?next=/account")
	g = k.form("/login", "login", "sys", "password", newPassword, "next", "/account")
	if g.StatusCode != 303 || !strings.HasPrefix(g.Header.Get("Location"), "/login/code?next=") || k.cookies[sessionCookie] != "" || k.cookies[stepCookie] == "" {
		t.Fatalf("the first step: %d to %q, %v", g.StatusCode, g.Header.Get("Location"), k.cookies)
	}
	if g := k.page("/account"); g.StatusCode != 303 {
		t.Errorf("between the steps: %d", g.StatusCode)
	}
	checkPage(t, k.page(g.Header.Get("Location")))
	if g := k.form("/login/code", "code", "000000", "next", "/account"); g.StatusCode != 422 || !bytes.Contains(g.body, []byte("验证码不正确")) {
		t.Errorf("a wrong code: %d", g.StatusCode)
	}
	if g := k.form("/login/code", "code", codes[3], "next", "/account"); g.StatusCode != 303 || g.Header.Get("Location") != "/account" || k.cookies[stepCookie] != "" || k.cookies[deviceCookie] == "" {
		t.Errorf("a recovery code: %d to %q, %v", g.StatusCode, g.Header.Get("Location"), k.cookies)
	}
	if g := k.page("/account"); g.StatusCode != 200 {
		t.Errorf("after both: %d", g.StatusCode)
	}
	if g := s.browser().form("/login/code", "code", "000000"); g.StatusCode != 403 {
		t.Errorf("the form of the second step without its token: %d", g.StatusCode)
	}
	// By the API the same.
	a := s.browser()
	var me Me
	a.enter("sys", newPassword).into(t, &me)
	if !me.SecondStep || me.ID != "" || me.CSRF != "" || a.cookies[sessionCookie] != "" {
		t.Errorf("%+v", me)
	}
	a.api("POST", "/api/v1/sessions/second-step", obj{"code": codes[4]}).into(t, &me)
	if a.csrf = me.CSRF; me.ID != "sys" {
		t.Errorf("%+v", me)
	}
	if g := a.api("POST", "/api/v1/account/second-factor/off", obj{"password": newPassword, "code": codes[5]}); g.StatusCode != 204 {
		t.Errorf("off: %d %s", g.StatusCode, g.body)
	}
	if g := a.api("GET", "/api/v1/me", nil); g.problem().Code != "enrol_first" {
		t.Errorf("an administrator whose factor is off: %d %s", g.StatusCode, g.body)
	}
	for _, secret := range []string{newPassword, secret, codes[3], k.cookies[sessionCookie], k.cookies[deviceCookie]} {
		if strings.Contains(s.log.String(), secret) {
			t.Error("a secret is in the log")
		}
	}
}

func TestTheDemosAdministratorNeedsNoSecondFactor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	must(t, s.db.SetSetting(context.Background(), "demo", "true"))
	must(t, s.db.CreatePerson(context.Background(), postgres.NewPerson{ID: "sys", Login: "sys", Name: "系统", Password: "fair-review-demo",
		Memberships: []postgres.Membership{{Unit: "amr", Role: review.Admin}}}))
	j := s.browser()
	if g := j.enter("sys", "fair-review-demo"); g.StatusCode != 200 {
		t.Fatalf("the demo's password: %d %s", g.StatusCode, g.body)
	}
	if g := j.api("GET", "/api/v1/me", nil); g.StatusCode != 200 {
		t.Errorf("%d %s", g.StatusCode, g.body)
	}
}

func TestOnesOwnAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	j, k := s.browser("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"), s.browser("User-Agent", "Mozilla/5.0 Chrome/139.0 Safari/537.36")
	j.enter("drafter", password)
	k.enter("drafter", password)
	var list Sessions
	j.api("GET", "/api/v1/account/sessions", nil).into(t, &list)
	if len(list.Sessions) != 2 {
		t.Fatalf("%+v", list)
	}
	other := ""
	for _, one := range list.Sessions {
		if want := map[bool]string{true: "Firefox", false: "Chrome"}[one.Current]; one.Browser != want {
			t.Errorf("%+v", one)
		}
		if !one.Current {
			other = one.ID
		}
	}
	g := j.page("/account")
	checkPage(t, g)
	if !bytes.Contains(g.body, []byte("Chrome")) || bytes.Contains(g.body, []byte(k.cookies[sessionCookie])) {
		t.Error("the page does not list the sessions, or shows a token")
	}
	if g := j.page("/account?lang=en"); hasHan(string(regexp.MustCompile(`(?s)<main.*</main>`).Find(g.body))) && !bytes.Contains(g.body, []byte("Change the password")) {
		t.Error("no English")
	}
	delete(j.cookies, "lang")
	j.page("/account")
	if g := j.form("/account/sessions/end", "id", other); g.StatusCode != 303 {
		t.Fatalf("ending one: %d %s", g.StatusCode, g.body)
	}
	if g := k.api("GET", "/api/v1/me", nil); g.StatusCode != 401 {
		t.Errorf("the ended session: %d", g.StatusCode)
	}
	k.enter("drafter", password)
	var ended Ended
	j.api("DELETE", "/api/v1/account/sessions", nil).into(t, &ended)
	if ended.Ended != 1 || k.api("GET", "/api/v1/me", nil).StatusCode != 401 || j.api("GET", "/api/v1/me", nil).StatusCode != 200 {
		t.Errorf("%+v", ended)
	}
	if g := j.api("DELETE", "/api/v1/account/sessions/"+other, nil); g.StatusCode != 404 {
		t.Errorf("a session that is no more: %d", g.StatusCode)
	}
	// Password
	for _, tt := range []struct{ name, old, next, again, says string }{
		{"not the same twice", password, newPassword, newPassword + "!", "两次输入"},
		{"a wrong present one", "wrong", newPassword, newPassword, "当前密码不正确"},
		{"a short one", password, "short", "short", "12 至 128"},
		{"a common one", password, "Password2026!", "Password2026!", "容易被猜到"},
	} {
		if g := j.form("/account/password", "old", tt.old, "new", tt.next, "again", tt.again); g.StatusCode != 422 || !bytes.Contains(g.body, []byte(tt.says)) {
			t.Errorf("%s: %d", tt.name, g.StatusCode)
		} else {
			checkPage(t, g)
		}
	}
	if g := j.form("/account/password", "old", password, "new", newPassword, "again", newPassword); g.StatusCode != 303 {
		t.Fatalf("changing it: %d %s", g.StatusCode, g.body)
	}
	if g := k.enter("drafter", password); g.StatusCode != 401 {
		t.Errorf("the old password: %d", g.StatusCode)
	}
	if g := k.enter("drafter", newPassword); g.StatusCode != 200 {
		t.Errorf("the new one: %d", g.StatusCode)
	}
	j.csrf = postgres.FormToken(j.cookies[sessionCookie])
	if g := j.api("POST", "/api/v1/account/password", obj{"old": newPassword, "new": password}); g.StatusCode != 422 {
		t.Errorf("%d %s", g.StatusCode, g.body) // the one that everybody quotes
	}
	// Nobody's account is touched with a token, and nobody's form without its own.
	for _, call := range [][2]string{{"GET", "/api/v1/tokens"}, {"POST", "/api/v1/tokens"}, {"GET", "/api/v1/account/sessions"}, {"DELETE", "/api/v1/account/sessions"}, {"POST", "/api/v1/account/password"},
		{"POST", "/api/v1/account/second-factor"}} {
		if g := s.call("drafter", call[0], call[1], nil); g.StatusCode != 403 || g.problem().Code != "session_needed" {
			t.Errorf("%s %s with a token: %d %s", call[0], call[1], g.StatusCode, g.body)
		}
		if g := s.call("", call[0], call[1], nil); g.StatusCode != 401 {
			t.Errorf("%s %s without sign-in: %d", call[0], call[1], g.StatusCode)
		}
	}
	forged := j.csrf
	for _, path := range []string{"/account/password", "/account/sessions/end", "/account/factor/begin", "/account/factor/confirm", "/account/factor/off", "/account/tokens", "/account/tokens/revoke", "/logout"} {
		j.csrf = "forged"
		if g := j.form(path); g.StatusCode != 403 {
			t.Errorf("%s without its token: %d", path, g.StatusCode)
		}
	}
	j.csrf = forged
	if g := s.call("", "GET", "/account", nil, "Accept", "text/html"); g.StatusCode != 303 {
		t.Errorf("nobody's account: %d", g.StatusCode)
	}
}

func TestTokensOverHTTP(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	j := s.browser()
	j.enter("officer", password)
	make := func(body obj) NewToken {
		t.Helper()
		var n NewToken
		g := j.api("POST", "/api/v1/tokens", body)
		if g.StatusCode != 200 {
			t.Fatalf("%d %s", g.StatusCode, g.body)
		}
		g.into(t, &n)
		return n
	}
	read := make(obj{"label": "报表", "scopes": []string{"read"}, "days": 30})
	act := make(obj{"label": "对接", "scopes": []string{"act"}, "unit": "amr", "days": 366})
	s.tokens["read"], s.tokens["act"] = read.Secret, act.Secret
	for _, tt := range []struct {
		who, method, path string
		body              any
		status            int
		code              string
	}{
		{"read", "GET", "/api/v1/me", nil, 200, ""},
		{"read", "GET", "/api/v1/counts", nil, 200, ""},
		{"read", "POST", "/api/v1/texts", obj{"text": "第一条 甲。"}, 403, "scope_lacking"},
		{"read", "GET", "/metrics", nil, 403, "scope_lacking"},
		{"act", "POST", "/api/v1/texts", obj{"text": "第一条 甲。"}, 200, ""},
		{"act", "GET", "/api/v1/cases", nil, 403, "scope_lacking"},
		{"act", "POST", "/api/v1/tokens", obj{"label": "x", "scopes": []string{"act"}, "days": 1}, 403, ""},
	} {
		if g := s.call(tt.who, tt.method, tt.path, tt.body, "X-Forwarded-For", "192.0.2.1"); g.StatusCode != tt.status || tt.code != "" && g.problem().Code != tt.code {
			t.Errorf("%s %s with %s: %d %s", tt.method, tt.path, tt.who, g.StatusCode, g.body)
		}
	}
	for name, body := range map[string]obj{
		"no scope": {"label": "x", "scopes": []string{}, "days": 1}, "an unknown one": {"label": "x", "scopes": []string{"root"}, "days": 1},
		"two years": {"label": "x", "scopes": []string{"read"}, "days": 700}, "another's unit": {"label": "x", "scopes": []string{"read"}, "days": 1, "unit": "ind"},
	} {
		if g := j.api("POST", "/api/v1/tokens", body); g.StatusCode != 422 {
			t.Errorf("%s: %d %s", name, g.StatusCode, g.body)
		}
	}
	// The same key: the same token, and nothing to show any more.
	body := obj{"label": "一次", "scopes": []string{"read"}, "days": 1}
	var one, two NewToken
	s.ok(200, "", "POST", "/api/v1/tokens", body, "Cookie", j.header(), csrfHeader, j.csrf, keyHeader, "once").into(t, &one)
	s.ok(200, "", "POST", "/api/v1/tokens", body, "Cookie", j.header(), csrfHeader, j.csrf, keyHeader, "once").into(t, &two)
	if one.ID != two.ID || one.Secret == "" || two.Secret != "" {
		t.Errorf("%+v, then %+v", one, two)
	}
	var list Tokens
	g := j.api("GET", "/api/v1/tokens", nil)
	g.into(t, &list)
	if len(list.Tokens) != 4 || bytes.Contains(g.body, []byte(read.Secret)) { // with the test's own
		t.Errorf("%s", g.body)
	}
	if g := j.api("DELETE", "/api/v1/tokens/"+read.ID, nil); g.StatusCode != 204 {
		t.Errorf("revoking: %d %s", g.StatusCode, g.body)
	}
	if g := s.call("read", "GET", "/api/v1/me", nil); g.StatusCode != 401 {
		t.Errorf("a revoked token: %d", g.StatusCode)
	}
	if g := s.call("officer", "GET", "/api/v1/me", nil); g.StatusCode != 200 {
		t.Errorf("a token from before there were scopes: %d", g.StatusCode)
	}
	// By form.
	j.page("/account")
	if g := j.form("/account/tokens", "label", "", "days", "1"); g.StatusCode != 422 {
		t.Errorf("without a label: %d", g.StatusCode)
	}
	g = j.form("/account/tokens", "label", "表单", "days", "7", "scope", "read", "scope", "act", "unit", "amr")
	m := regexp.MustCompile(`fr_[A-Za-z0-9_-]{43}`).Find(g.body)
	if g.StatusCode != 200 || m == nil {
		t.Fatalf("%d %s", g.StatusCode, g.body)
	}
	checkPage(t, g)
	s.tokens["form"] = string(m)
	s.ok(200, "form", "GET", "/api/v1/me", nil)
	g = j.page("/account")
	if bytes.Contains(g.body, m) || !bytes.Contains(g.body, []byte("表单")) {
		t.Error("the token is shown again, or not listed")
	}
	id := regexp.MustCompile(`(?s)表单.*?name="id" value="([^"]+)"`).FindSubmatch(g.body)
	if g := j.form("/account/tokens/revoke", "id", string(id[1])); g.StatusCode != 303 {
		t.Errorf("%d %s", g.StatusCode, g.body)
	}
	if g := s.call("form", "GET", "/api/v1/me", nil); g.StatusCode != 401 {
		t.Errorf("a revoked token: %d", g.StatusCode)
	}
	if strings.Contains(s.log.String(), read.Secret) || strings.Contains(s.log.String(), string(m)) {
		t.Error("a token is in the log")
	}
}

func TestThreeAdministratorsEachHaveTheirPart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admins := s.administrators()
	j := s.browser()
	j.enter("drafter", password)
	for _, tt := range []struct {
		method, path string
		body         any
		status       map[review.Role]int
	}{
		{"POST", "/api/v1/admin/people", obj{"login": "new.one", "name": "新人"}, map[review.Role]int{review.Admin: 200}},
		{"POST", "/api/v1/admin/people/officer/link", nil, map[review.Role]int{review.Admin: 200}},
		{"POST", "/api/v1/admin/people/expert2/active", obj{"active": false}, map[review.Role]int{review.Admin: 204}},
		{"GET", "/api/v1/admin/people/drafter/sessions", nil, map[review.Role]int{review.SecurityAdmin: 200}},
		{"GET", "/api/v1/admin/people/drafter/tokens", nil, map[review.Role]int{review.SecurityAdmin: 200}},
		{"POST", "/api/v1/admin/people/new.one/roles", obj{"unit": "ind", "role": "handler", "post": "科员"}, map[review.Role]int{review.SecurityAdmin: 204}},
		{"POST", "/api/v1/admin/people/new.one/roles/end", obj{"unit": "ind", "role": "handler"}, map[review.Role]int{review.SecurityAdmin: 204}},
		{"DELETE", "/api/v1/admin/people/drafter/sessions", nil, map[review.Role]int{review.SecurityAdmin: 200}},
		{"DELETE", "/api/v1/admin/people/drafter/second-factor", nil, map[review.Role]int{review.SecurityAdmin: 409}}, // has none
		{"GET", "/api/v1/admin/security-events", nil, map[review.Role]int{review.AuditAdmin: 200}},
	} {
		body := tt.body
		if tt.method == "POST" && body == nil {
			body = "{}"
		}
		for _, role := range []review.Role{review.AuditAdmin, review.SecurityAdmin, review.Admin} {
			want := tt.status[role]
			if want == 0 {
				want = 403
			}
			if g := admins[role].api(tt.method, tt.path, body); g.StatusCode != want {
				t.Errorf("%s %s by %s: %d, want %d: %s", tt.method, tt.path, role, g.StatusCode, want, g.body)
			}
		}
		if g := s.call("approver", tt.method, tt.path, body); g.StatusCode != 403 {
			t.Errorf("%s %s by an approver: %d", tt.method, tt.path, g.StatusCode)
		}
		if g := s.call("", tt.method, tt.path, body); g.StatusCode != 401 {
			t.Errorf("%s %s by nobody: %d", tt.method, tt.path, g.StatusCode)
		}
	}
	if g := j.api("GET", "/api/v1/me", nil); g.StatusCode != 401 {
		t.Errorf("a session that the security administrator ended: %d", g.StatusCode)
	}
	// Nobody is two, nobody appoints themselves, and the system administrator appoints only where there is nobody yet.
	give := func(by review.Role, who, role string) Problem {
		return admins[by].api("POST", "/api/v1/admin/people/"+who+"/roles", obj{"unit": "amr", "role": role}).problem()
	}
	if p := give(review.SecurityAdmin, "sys", "audit_admin"); p.Code != "admins_apart" || p.Status != 409 || !strings.Contains(p.Detail, "同一人不能同时担任") {
		t.Errorf("%+v", p)
	}
	if p := give(review.SecurityAdmin, "sec", "audit_admin"); p.Code != "not_oneself" {
		t.Errorf("%+v", p)
	}
	if p := give(review.Admin, "new.one", "security_admin"); p.Code != "forbidden" {
		t.Errorf("%+v", p)
	}
	if p := give(review.SecurityAdmin, "new.one", "king"); p.Status != 422 {
		t.Errorf("%+v", p)
	}
	empty := newSite(t)
	empty.tokens["root"] = s.tokens["root"]
	var err error
	empty.tokens["root"], err = empty.db.CreateToken(context.Background(), "root", "test", time.Hour)
	must(t, err)
	empty.ok(204, "root", "POST", "/api/v1/admin/people/expert1/roles", obj{"unit": "amr", "role": "security_admin"})
	if g := empty.call("root", "POST", "/api/v1/admin/people/expert2/roles", obj{"unit": "amr", "role": "security_admin"}); g.StatusCode != 403 {
		t.Errorf("a second one: %d", g.StatusCode)
	}
	if g := empty.call("root", "POST", "/api/v1/admin/people/expert2/roles", obj{"unit": "amr", "role": "approver"}); g.StatusCode != 403 {
		t.Errorf("another role: %d", g.StatusCode)
	}
	// The log tells it, and holds no secret.
	g := admins[review.AuditAdmin].api("GET", "/api/v1/admin/security-events?limit=500", nil)
	for _, want := range []string{`"kind":"role_given"`, `"kind":"role_taken"`, `"kind":"account_made"`, `"kind":"account_deactivated"`, `"kind":"session_ended"`, `"kind":"link_made"`, `"kind":"second_factor_on"`, `"kind":"sign_in"`} {
		if !bytes.Contains(g.body, []byte(want)) {
			t.Errorf("the log lacks %s", want)
		}
	}
	if bytes.Contains(g.body, []byte(newPassword)) || bytes.Contains(g.body, []byte(password)) {
		t.Error("a password is in the log")
	}
	if report, err := s.db.VerifySecurity(context.Background(), nil); err != nil || report.Bad != nil {
		t.Errorf("%+v, %v", report, err)
	}
	var refused int
	must(t, s.db.SQL().Get(&refused, `SELECT coalesce(sum(times), 0) FROM (SELECT kind, times FROM security_counts UNION ALL SELECT kind, times FROM security_events) x WHERE kind = 'refused'`))
	if refused < 20 {
		t.Errorf("%d refusals are noted", refused)
	}
}

func TestAOneTimeLinkSetsAPasswordOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admins := s.administrators()
	var link OneTimeLink
	admins[review.Admin].api("POST", "/api/v1/admin/people", obj{"login": "new.one", "name": "新人"}).into(t, &link)
	j := s.browser()
	for range 2 { // looking uses nothing up
		g := j.page(link.Link)
		checkPage(t, g)
		if g.StatusCode != 200 || !bytes.Contains(g.body, []byte("new.one")) || g.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Fatalf("%d %s", g.StatusCode, g.body)
		}
	}
	secret := strings.TrimPrefix(link.Link, "/link?t=")
	if g := j.form("/link", "t", secret, "password", "Password2026!", "again", "Password2026!"); g.StatusCode != 422 {
		t.Errorf("a common password: %d", g.StatusCode)
	}
	if g := j.form("/link", "t", secret, "password", newPassword, "again", "other"); g.StatusCode != 422 {
		t.Errorf("not the same twice: %d", g.StatusCode)
	}
	csrf := j.csrf
	j.csrf = "forged"
	if g := j.form("/link", "t", secret, "password", newPassword, "again", newPassword); g.StatusCode != 403 {
		t.Errorf("without its token: %d", g.StatusCode)
	}
	j.csrf = csrf
	if g := j.form("/link", "t", secret, "password", newPassword, "again", newPassword); g.StatusCode != 303 {
		t.Fatalf("%d %s", g.StatusCode, g.body)
	}
	if g := j.enter("new.one", newPassword); g.StatusCode != 200 {
		t.Errorf("%d %s", g.StatusCode, g.body)
	}
	if g := j.page(link.Link); g.StatusCode != 404 || !bytes.Contains(g.body, []byte("链接已经用过")) {
		t.Errorf("used: %d", g.StatusCode)
	}
	if strings.Contains(s.log.String(), secret) {
		t.Error("the link is in the log")
	}
}

func TestTheFirstAdministratorComesByTheLinkOnTheConsole(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := context.Background()
	if link, err := s.db.FirstLink(ctx); err != nil || link != "" {
		t.Fatalf("a site with an administrator: %q, %v", link, err)
	}
	must(t, s.db.TakeRole(ctx, "drafter", "root", postgres.Membership{Unit: "amr", Role: review.Admin}, ""))
	_, err := s.db.SQL().Exec(`DELETE FROM memberships WHERE role = 'admin'`)
	must(t, err)
	token, err := s.db.FirstLink(ctx)
	must(t, err)
	j := s.browser()
	checkPage(t, j.page("/link?t="+token))
	g := j.form("/link", "t", token, "login", "wei.lan", "name", "魏兰", "unit", "amr", "unitName", "云溪市市场监督管理局", "password", "short", "again", "short")
	if g.StatusCode != 422 || !bytes.Contains(g.body, []byte(`value="wei.lan"`)) {
		t.Errorf("what was typed is lost: %d", g.StatusCode)
	}
	if g := j.form("/link", "t", token, "login", "wei.lan", "name", "魏兰", "unit", "amr", "unitName", "云溪市市场监督管理局", "password", newPassword, "again", newPassword); g.StatusCode != 303 {
		t.Fatalf("%d %s", g.StatusCode, g.body)
	}
	if g := j.enter("wei.lan", newPassword); g.StatusCode != 200 {
		t.Errorf("%d %s", g.StatusCode, g.body)
	}
	if g := j.api("GET", "/api/v1/me", nil); g.problem().Code != "enrol_first" {
		t.Errorf("%d %s", g.StatusCode, g.body)
	}
}

func TestFixationAndReuseOverHTTP(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	j := s.browser()
	j.cookies[sessionCookie] = "planted"
	j.page("/login")
	j.form("/login", "login", "drafter", "password", password)
	first := j.cookies[sessionCookie]
	if first == "planted" || first == "" {
		t.Fatalf("the session is %q", first)
	}
	if g := s.call("", "GET", "/api/v1/me", nil, "Cookie", sessionCookie+"=planted"); g.StatusCode != 401 {
		t.Errorf("the planted one: %d", g.StatusCode)
	}
	j.enter("drafter", password) // over the running session
	if second := j.cookies[sessionCookie]; second == first {
		t.Error("signing in kept the token")
	}
	if g := s.call("", "GET", "/api/v1/me", nil, "Cookie", sessionCookie+"="+first); g.StatusCode != 401 {
		t.Errorf("the session from before: %d", g.StatusCode)
	}
	last := j.cookies[sessionCookie]
	j.page("/account")
	if g := j.form("/logout"); g.StatusCode != 303 {
		t.Fatalf("%d %s", g.StatusCode, g.body)
	}
	if g := s.call("", "GET", "/api/v1/me", nil, "Cookie", sessionCookie+"="+last); g.StatusCode != 401 {
		t.Errorf("after signing out: %d", g.StatusCode)
	}
}

func TestOnlyTrustedProxiesAreBelieved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, tt := range []struct {
		name    string
		trust   []string
		forward []string
		proto   string
		from    string
		secure  bool
	}{
		{"nobody is trusted", nil, []string{"198.51.100.7"}, "https", "0.0.0.0", false},
		{"the peer is not among the trusted", []string{"10.0.0.0/8"}, []string{"198.51.100.7"}, "https", "0.0.0.0", false},
		{"the peer is trusted", []string{"0.0.0.0/32"}, []string{"198.51.100.7"}, "https", "198.51.100.7", true},
		{"plain HTTP before it", []string{"0.0.0.0/32"}, []string{"198.51.100.7"}, "http", "198.51.100.7", false},
		{"what the client wrote itself stands before it", []string{"0.0.0.0/32"}, []string{"1.1.1.1, 198.51.100.7"}, "https", "198.51.100.7", true},
		{"in a header of its own", []string{"0.0.0.0/32"}, []string{"1.1.1.1", "198.51.100.7"}, "", "198.51.100.7", false},
		{"two proxies of ours", []string{"0.0.0.0/32", "10.0.0.0/8"}, []string{"1.1.1.1, 198.51.100.7, 10.0.0.3"}, "", "198.51.100.7", false},
		{"only ours", []string{"0.0.0.0/32", "10.0.0.0/8"}, []string{"10.0.0.9, 10.0.0.3"}, "", "10.0.0.9", false},
		{"nonsense before it", []string{"0.0.0.0/32", "10.0.0.0/8"}, []string{"evil, 10.0.0.3"}, "", "10.0.0.3", false},
		{"nonsense only", []string{"0.0.0.0/32"}, []string{"evil"}, "", "0.0.0.0", false},
		{"nothing", []string{"0.0.0.0/32"}, nil, "", "0.0.0.0", false},
		{"with a port", []string{"0.0.0.0/32"}, []string{"198.51.100.7:4711"}, "", "198.51.100.7", false},
		{"IPv6", []string{"0.0.0.0/32"}, []string{"2001:db8::7"}, "", "2001:db8::7", false},
		{"the client says https as well", []string{"0.0.0.0/32"}, []string{"198.51.100.7"}, "https, http", "198.51.100.7", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var nets []netip.Prefix
			for _, p := range tt.trust {
				nets = append(nets, netip.MustParsePrefix(p))
			}
			srv, err := New(Options{DB: s.db, Reviews: s.reviews, Proxies: nets, Log: s.Server.log})
			must(t, err)
			req, err := http.NewRequestWithContext(context.Background(), "POST", "/api/v1/sessions", strings.NewReader(`{"login":"drafter","password":"`+password+`"}`))
			must(t, err)
			req.Header.Set("Content-Type", "application/json")
			for _, f := range tt.forward {
				req.Header.Add("X-Forwarded-For", f)
			}
			if tt.proto != "" {
				req.Header.Set("X-Forwarded-Proto", tt.proto)
			}
			resp, err := srv.App().Test(req, 30_000)
			must(t, err)
			_ = resp.Body.Close()
			if resp.StatusCode != 200 {
				t.Fatalf("%d", resp.StatusCode)
			}
			secure := 0
			for _, c := range resp.Cookies() {
				if c.Secure {
					secure++
				}
				if c.Name == deviceCookie && (c.SameSite != http.SameSiteStrictMode || !c.HttpOnly) {
					t.Errorf("cookie %+v", c)
				}
			}
			if (secure == len(resp.Cookies())) != tt.secure || secure != 0 && !tt.secure || (resp.Header.Get("Strict-Transport-Security") != "") != tt.secure {
				t.Errorf("%d of %d cookies are secure, HSTS %q", secure, len(resp.Cookies()), resp.Header.Get("Strict-Transport-Security"))
			}
			list, err := s.db.Sessions(context.Background(), "drafter", "")
			must(t, err)
			if list[0].Address != tt.from {
				t.Errorf("it came from %s, want %s", list[0].Address, tt.from)
			}
			_, err = s.db.EndOtherSessions(context.Background(), "drafter", "drafter", "", "")
			must(t, err)
		})
	}
	// Who makes up addresses is throttled under their own.
	for i := range 6 {
		g := s.call("", "POST", "/api/v1/sessions", obj{"login": "officer", "password": "wrong"}, "X-Forwarded-For", fmt.Sprint("198.51.100.", i))
		if want := map[bool]int{true: 429, false: 401}[i == 5]; g.StatusCode != want {
			t.Errorf("guess %d: %d", i, g.StatusCode)
		}
	}
}

func TestBrowsersAreKnownByTheirFamily(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36":                     "Chrome",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0":       "Edge",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15":                  "Safari",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50": "WeChat",
		"curl/8.5.0": "curl", "": "", "<script>": "",
	} {
		if got := browserOf(agent); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
}
