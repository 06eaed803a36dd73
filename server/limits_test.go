package server

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// clocked is a gate whose time stands still until it is moved.
func clocked(rate float64) (*gate, *time.Time) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	g := newGate(rate)
	g.now = func() time.Time { return at }
	return g, &at
}

func TestAGateLetsThroughWhatItsRateAllows(t *testing.T) {
	t.Parallel()
	g, at := clocked(10)
	through := func(key string, cost float64, tries int) (n int) {
		for range tries {
			if g.take(key, cost) == 0 {
				n++
			}
		}
		return n
	}
	for _, tt := range []struct {
		name string
		pass time.Duration
		key  string
		cost float64
		want int
	}{
		{"ten seconds' worth at once", 0, "a", 1, 100},
		{"then nothing", 0, "a", 1, 0},
		{"another is not touched", 0, "b", 2, 50},
		{"what a tenth of a second brings", 100 * time.Millisecond, "a", 1, 1},
		{"what a second brings, of dear ones", time.Second, "a", 10, 1},
		{"no more than the whole after a day", 24 * time.Hour, "a", 1, 100},
		{"a clock that goes back gives nothing", -time.Hour, "a", 1, 0},
	} {
		*at = at.Add(tt.pass)
		if n := through(tt.key, tt.cost, 500); n != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, n, tt.want)
		}
	}
	if wait := g.take("a", 10); wait < time.Second/2 {
		t.Errorf("told to wait %s", wait)
	}
	if off, _ := clocked(0); off.take("a", 1e9) != 0 {
		t.Error("without a rate something is refused")
	}
	if small, _ := clocked(0.1); small.take("a", costDear) != 0 {
		t.Error("a low rate never lets a dear read through")
	}
}

func TestAGateRemembersBoundedlyMany(t *testing.T) {
	t.Parallel()
	g, _ := clocked(1)
	for i := range 10 * gateEntries {
		g.take(strconv.Itoa(i), 1)
		if n := len(g.young) + len(g.old); n > gateEntries {
			t.Fatalf("%d entries", n)
		}
	}
	// Who keeps asking is not forgotten, however many others come.
	for range 20 {
		g.take("busy", 1)
	}
	for i := range 3 * gateEntries {
		g.take("other"+strconv.Itoa(i), 1)
		if i%1000 == 0 && g.take("busy", 1) == 0 {
			t.Fatalf("forgotten after %d others", i)
		}
	}
}

func TestWhatARequestCosts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method, path string
		want         float64
	}{
		{"GET", "/static/style.css", 0}, {"GET", "/healthz", 0}, {"GET", "/metrics", 0},
		{"GET", "/api/v1/me", costRead}, {"GET", "/tasks", costRead}, {"GET", "/api/v1/cases/x", costRead}, {"HEAD", "/api/v1/me", costRead},
		{"POST", "/api/v1/cases", costWrite}, {"DELETE", "/api/v1/tokens/x", costWrite}, {"POST", "/login", costWrite}, {"PUT", "/static/style.css", costWrite},
		{"GET", "/api/v1/cases", costDear}, {"GET", "/cases", costDear}, {"GET", "/cases/", costDear}, {"GET", "/cases/x", costDear}, {"GET", "/api/v1/cases/x/compare", costDear},
		{"GET", "/api/v1/audit/export", costDear}, {"GET", "/api/v1/counts", costDear}, {"GET", "/audit", costDear},
	} {
		if got := costOf(tt.method, tt.path); got != tt.want {
			t.Errorf("%s %s costs %v, want %v", tt.method, tt.path, got, tt.want)
		}
	}
	for address, want := range map[string]string{"192.0.2.7": "192.0.2.7", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "": "", "x": "x"} {
		if got := neighbours(address); got != want {
			t.Errorf("%q counts as %q, want %q", address, got, want)
		}
	}
}

func TestWhoAsksTooOftenIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Server.accounts, _ = clocked(3)
	for range 15 {
		s.ok(200, "drafter", "POST", "/api/v1/texts", obj{"text": "文"})
	}
	g := s.call("drafter", "POST", "/api/v1/texts", obj{"text": "文"})
	p := g.problem()
	if g.StatusCode != 429 || p.Code != "rate_limited" || g.Header.Get("Retry-After") != p.Params["seconds"] || !strings.Contains(p.Detail, p.Params["seconds"]+" 秒") {
		t.Errorf("the sixteenth write: %d %q %s", g.StatusCode, g.Header.Get("Retry-After"), g.body)
	}
	if n, err := strconv.Atoi(g.Header.Get("Retry-After")); err != nil || n < 1 || n > 60 {
		t.Errorf("come back after %q", g.Header.Get("Retry-After"))
	}
	if g := s.call("drafter", "GET", "/cases", nil, "Accept", "text/html"); g.StatusCode != 429 || !strings.Contains(string(g.body), "请求过于频繁") {
		t.Errorf("a page: %d", g.StatusCode)
	}
	s.ok(200, "drafter", "GET", "/static/style.css", nil)
	s.ok(200, "officer", "POST", "/api/v1/texts", obj{"text": "文"}) // somebody else at the same address
	s.Server.accounts = newGate(0)
	s.Server.addresses, _ = clocked(2)
	for range 10 {
		s.ok(200, "officer", "POST", "/api/v1/texts", obj{"text": "文"})
	}
	for _, who := range []string{"officer", "drafter", ""} {
		if g := s.call(who, "POST", "/api/v1/texts", obj{"text": "文"}); g.StatusCode != 429 {
			t.Errorf("%q at an address that has asked too often: %d", who, g.StatusCode)
		}
	}
	if g := s.call("", "GET", "/healthz", nil); g.StatusCode != 200 {
		t.Errorf("whether we are well: %d", g.StatusCode)
	}
	m := string(s.ok(200, "root", "GET", "/metrics", nil).body)
	for _, want := range []string{`fairreview_http_rate_limited_total{by="account"} 2`, `fairreview_http_rate_limited_total{by="address"} 3`} {
		if !strings.Contains(m, want) {
			t.Errorf("the metrics do not say %s", want)
		}
	}
}

func BenchmarkGate(b *testing.B) {
	g := newGate(1e9)
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprint("person", i)
	}
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			g.take(keys[i%len(keys)], 1)
		}
	})
}
