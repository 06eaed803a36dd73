package server

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/internal/document"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// FuzzJSON holds that a body that is taken is one JSON value in which nothing is said twice and nothing is hidden.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{"", "{}", `{"a":1,"a":2}`, `{"a":{"a":1}}`, "[[[[", strings.Repeat("[", 40) + strings.Repeat("]", 40), `{"a":"\ud800"}`, `{"a":"\u0000"}`, "{\"a\":\"\xff\"}", "{} {}", `{"a":1e999}`,
		`{"a":[1,{"b":null}],"c":"文"}`, "\ufeff{}", `{"":0}`, `{"a":"b","c":[]}`, `[{"a":1},{"a":1}]`, `"x"`, `{"a"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		err := readable(body)
		if err != nil {
			if code := review.CodeOf(err); code != review.Malformed && code != review.BadCharacters {
				t.Fatalf("refused as %q: %v", code, err)
			}
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) {
			t.Fatalf("taken, and not JSON: %q", body)
		}
		var v any
		if err := json.Unmarshal(body, &v); err != nil && !strings.Contains(err.Error(), "cannot unmarshal number") {
			t.Fatalf("taken, and not decoded: %v", err)
		}
		if deep(v) > jsonDepth {
			t.Errorf("%d deep", deep(v))
		}
		if fields(v) != bytes.Count(withoutStrings(body), []byte(":")) {
			t.Errorf("%d fields are left of %q", fields(v), body)
		}
	})
}

func deep(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			n = max(n, deep(e))
		}
		n++
	case []any:
		for _, e := range v {
			n = max(n, deep(e))
		}
		n++
	}
	return n
}

func fields(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			n += 1 + fields(e)
		}
	case []any:
		for _, e := range v {
			n += fields(e)
		}
	}
	return n
}

var stringPattern = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

func withoutStrings(body []byte) []byte { return stringPattern.ReplaceAll(body, nil) }

// FuzzAddress holds that an address that is taken is text, and that whatever is asked for as the next page is on this site.
func FuzzAddress(f *testing.F) {
	for _, s := range [][2]string{{"/cases", "q=%E6%96%87"}, {"/cases/%00", "q=%00"}, {"//evil.example", "next=//evil.example"}, {`/\evil.example`, `next=/\evil.example`}, {"/a\r\nX: y", "next=%0d%0aX:y"},
		{"/%2f%2fevil.example", "a=1&a=2"}, {"javascript:alert(1)", "%"}, {"/\u202e", "\xff"}, {"/a;b?c#d", "a;b"}, {"http://u@h/", "=&="}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		if err := cleanAddress(path, query); err == nil {
			if !utf8.ValidString(path) || strings.ContainsAny(path, "\r\n\x00") {
				t.Errorf("the path %q is taken", path)
			}
			values, err := url.ParseQuery(query)
			if err != nil {
				t.Fatalf("the query %q is taken: %v", query, err)
			}
			for k, v := range values {
				if len(v) != 1 || strings.ContainsAny(k+v[0], "\r\x00") {
					t.Errorf("%q is %q", k, v)
				}
			}
		}
		base := &url.URL{Scheme: "https", Host: "fairreview.example", Path: "/login"}
		for _, next := range []string{path, query, path + query} {
			at := within(next)
			u, err := base.Parse(at)
			if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil || !staysHere(at) {
				t.Errorf("%q goes on to %q", next, at)
			}
			// As a browser reads it: backslashes are slashes, tabs and ends of lines are nothing.
			read := strings.NewReplacer(`\`, "/", "\t", "", "\n", "", "\r", "").Replace(strings.TrimFunc(at, func(r rune) bool { return r <= ' ' }))
			if !strings.HasPrefix(read, "/") || strings.HasPrefix(read, "//") {
				t.Errorf("%q goes on to %q, which a browser reads as %q", next, at, read)
			}
		}
	})
}

// FuzzForm holds that a form with a file is taken whole or refused with a code, and that the file gets a name that is safe
// in a header and on a disk.
func FuzzForm(f *testing.F) {
	add := func(name, field, value string, body []byte) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		_ = w.SetBoundary("b")
		_ = w.WriteField(field, value)
		p, _ := w.CreateFormFile("file", name)
		_, _ = p.Write(body)
		_ = w.Close()
		f.Add(b.Bytes(), name)
	}
	add("若干措施（送审稿）.docx", "kind", "note", []byte("x"))
	add("../../etc/passwd", "kind", "scan", []byte("%PDF-1.7"))
	add("a\"b\\c.pdf", "kind", "", nil)
	add("CON.txt", "other", "note", []byte("第一条"))
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''%E7%A8%BF.docx\r\n\r\nx\r\n--b--\r\n"), "a\u202eb.\u2028pdf")
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"file\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=41\r\n--b--\r\n"), strings.Repeat("长", 300))
	f.Add([]byte("--b\r\n\r\n\r\n--b--"), "\xff\xfe")
	line := regexp.MustCompile(`^attachment; filename="[0-9a-f]{12}\.[a-z]{3,4}"; filename\*=UTF-8''[A-Za-z0-9._~%-]+$`)
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		got, err := formOf("multipart/form-data; boundary=b", body, 1<<10, "kind")
		switch {
		case err != nil:
			if review.CodeOf(err) == "" {
				t.Fatalf("a refusal without a code: %v", err)
			}
		case len(got.file) > 1<<10 || got.fields["kind"] == "" || !review.CleanString(got.fields["kind"]):
			t.Fatalf("taken: %q", got.fields)
		default:
			name = got.name
		}
		for _, format := range []string{document.PDF, document.JPEG, "docx"} {
			clean := cleanName(name, format)
			if !utf8.ValidString(clean) || utf8.RuneCountInString(clean) > nameLimit || strings.ContainsAny(clean, "/\\\x00\r\n\"<>|?*:") || strings.HasPrefix(clean, ".") || !strings.Contains(clean, ".") {
				t.Errorf("%q is called %q", name, clean)
			}
			if d := disposition(postgres.FileRow{Name: clean, Hash: strings.Repeat("a", 64), Format: format}); !line.MatchString(d) {
				t.Errorf("%q is sent as %q", name, d)
			}
		}
	})
}

// FuzzHeaders holds that nothing in a header makes us fall over or believe what we should not.
func FuzzHeaders(f *testing.F) {
	for _, s := range [][5]string{{"zh-CN,zh;q=0.9,en;q=0.8", "fairreview_session=x; lang=en", "Mozilla/5.0 Firefox/140.0", "198.51.100.7, 10.0.0.1", "https://fairreview.example"},
		{"*", "lang=zh; lang=en", "", "[2001:db8::1]:443", "null"}, {"en;q=0", "__Host-fairreview_session=a; fairreview_session=b", "\xff", "unknown, fe80::1%eth0", "://"},
		{strings.Repeat("a,", 500), strings.Repeat("a=b;", 500), "curl/8", ",,,", "http://[::1"}} {
		f.Add(s[0], s[1], s[2], s[3], s[4])
	}
	s := &Server{proxies: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32"), netip.MustParsePrefix("10.0.0.0/8")}, secure: true}
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true, ReadBufferSize: 64 << 10})
	app.Post("/*", func(c *fiber.Ctx) error {
		before := c.Cookies(sessionCookie)
		from, secure := s.peer(c)
		if _, err := netip.ParseAddr(from); err != nil {
			t := c.Get("X-Forwarded-For")
			return fiber.NewError(500, "from "+from+" of "+t)
		}
		takeHostCookies(c)
		if after := c.Cookies(sessionCookie); after != "" && after == before && !strings.Contains(c.Get("X-Cookie"), hostPrefix) {
			return fiber.NewError(500, "a cookie without its prefix is believed: "+after)
		}
		if l := language(c, secure); l != zh && l != en {
			return fiber.NewError(500, "language "+string(l))
		}
		if b := browserOf(c.Get(fiber.HeaderUserAgent)); len(b) > 20 {
			return fiber.NewError(500, "browser "+b)
		}
		_ = s.fromHere(c, &request{secure: secure})
		_ = formOnce(c)
		_ = jsonOnce(c)
		c.Cookie(&fiber.Cookie{Name: sessionCookie, Value: "x", Path: "/"})
		giveHostCookies(c)
		return nil
	})
	f.Fuzz(func(t *testing.T, accept, cookies, agent, forwarded, origin string) {
		oneLine := strings.NewReplacer("\r", "", "\n", "", "\x00", "")
		req, err := http.NewRequestWithContext(t.Context(), "POST", "/api/v1/x", nil)
		must(t, err)
		cookies = oneLine.Replace(cookies)
		req.Header = http.Header{"Accept-Language": {oneLine.Replace(accept)}, "Cookie": {cookies}, "X-Cookie": {cookies}, "User-Agent": {oneLine.Replace(agent)},
			"X-Forwarded-For": {oneLine.Replace(forwarded)}, "Origin": {oneLine.Replace(origin)}, "Content-Type": {oneLine.Replace(accept)}}
		resp, err := app.Test(req, 5000)
		if err != nil {
			return // not HTTP any more
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode >= 500 {
			b, _ := io.ReadAll(resp.Body)
			t.Fatalf("%d %s", resp.StatusCode, b)
		}
		if resp.StatusCode == 200 {
			for _, k := range resp.Header.Values("Set-Cookie") {
				if strings.HasPrefix(k, "fairreview_") {
					t.Errorf("a cookie goes out as %q", k)
				}
			}
		}
	})
}

// FuzzRequests asks a whole site: whatever stands in a key, a search, a day, a cursor or a path, there is an answer with a
// code, and never a fault of ours.
func FuzzRequests(f *testing.F) {
	s := newSite(f)
	s.auditor()
	r := s.open("new", "gov")
	s.submit(&r)
	for _, v := range []string{"", "k", "文", "%", "_", "\\", "'; DROP TABLE cases; --", "2026-02-30", "2026-03-02", "a b", "\xff", "\x00", strings.Repeat("长", 100), "2026-000123-7", "[", "(", "*", "0000-01-01",
		"MDAwMC0wMS0wMVQwMDowMDowMFogN2Q0NDQ4NDAtOWRjMC0xMWQxLWIyNDUtNWZmZGNlNzRmYWQy", "9223372036854775808", "-1", "../x", "%2e%2e", "\u202e", "❤️"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		q := url.QueryEscape(v)
		for _, path := range []string{"/api/v1/cases?q=" + q, "/api/v1/cases?cursor=" + q, "/api/v1/cases?from=" + q + "&to=2026-12-31", "/api/v1/counts?asOf=" + q, "/api/v1/audit?cursor=" + q, "/api/v1/audit?from=" + q, "/api/v1/draws?cursor=" + q,
			"/api/v1/notices?before=" + q, "/api/v1/catalogue?on=" + q, "/api/v1/routing?issueBy=" + q, "/api/v1/cases/" + url.PathEscape(v), "/api/v1/texts/" + url.PathEscape(v), "/cases?q=" + q, "/calendar?year=" + q, "/notifications?before=" + q, "/login?next=" + q} {
			req, err := http.NewRequestWithContext(t.Context(), "GET", path, nil)
			if err != nil {
				continue
			}
			req.Header.Set("Authorization", "Bearer "+s.tokens["auditor"])
			s.sane(t, req)
		}
		for _, key := range []string{v, "k" + v} {
			req, err := http.NewRequestWithContext(t.Context(), "POST", "/api/v1/texts", strings.NewReader(`{"text":"文"}`))
			must(t, err)
			req.Header = http.Header{"Authorization": {"Bearer " + s.tokens["drafter"]}, "Content-Type": {"application/json"}, keyHeader: {strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(key)}}
			s.sane(t, req)
		}
		body, err := json.Marshal(obj{"kind": "ask_withdraw", "seen": 1, "reason": v})
		must(t, err)
		for _, b := range []string{string(body), v} {
			req, err := http.NewRequestWithContext(t.Context(), "POST", "/api/v1/cases/"+r.Case+"/actions", strings.NewReader(b))
			must(t, err)
			req.Header = http.Header{"Authorization": {"Bearer " + s.tokens["findrafter"]}, "Content-Type": {"application/json"}, keyHeader: {"k"}}
			s.sane(t, req)
		}
	})
}

// sane asks and holds what is true of every answer.
func (s *site) sane(t *testing.T, req *http.Request) {
	t.Helper()
	resp, err := s.App().Test(req, 30_000)
	if err != nil {
		return // not HTTP any more
	}
	b, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	switch {
	case resp.StatusCode >= 500:
		t.Errorf("%s %s: %d %s", req.Method, req.URL, resp.StatusCode, b)
	case resp.StatusCode >= 400:
		if p := (got{resp, b}).problem(); p.Code == "" && req.Method != "HEAD" {
			t.Errorf("%s %s: %d %s", req.Method, req.URL, resp.StatusCode, b)
		}
	}
	if m := leaks.Find(b); m != nil && resp.StatusCode >= 400 {
		t.Errorf("%s %s tells %q: %s", req.Method, req.URL, m, b)
	}
}
