package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/fairreview/fairreview/internal/pgtest"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/schema"
)

// record is a database of its own and its address.
func record(t *testing.T) (*postgres.DB, string) {
	t.Helper()
	dsn := pgtest.New(t, schema.Migrate)
	db, err := postgres.Open(t.Context(), dsn, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, dsn
}

func TestTheDemoStaysAtHome(t *testing.T) {
	t.Parallel()
	db, _ := record(t)
	sv := &services{db: db}
	for _, demo := range []string{"", "true"} {
		if err := db.SetSetting(t.Context(), "demo", demo); err != nil {
			t.Fatal(err)
		}
		for listen, home := range map[string]bool{"127.0.0.1:8080": true, "127.9.9.9:0": true, "localhost:80": true, "[::1]:80": true,
			"0.0.0.0:80": false, ":80": false, "[::]:80": false, "192.168.1.5:80": false, "example.org:80": false} {
			err := demoStaysHome(t.Context(), sv, listen)
			if want := home || demo == ""; (err == nil) != want {
				t.Errorf("demo %q on %s: %v", demo, listen, err)
			}
		}
	}
}

func TestTheFirstAdministratorsLinkIsPrintedOnce(t *testing.T) {
	t.Parallel()
	db, dsn := record(t)
	var console bytes.Buffer
	if err := firstLink(t.Context(), db, "http://127.0.0.1:8080", &console); err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(console.String(), "http://127.0.0.1:8080/link?t=")
	token, _, _ := strings.Cut(rest, "\n")
	if _, err := db.LinkOf(t.Context(), token); !found || err != nil {
		t.Fatalf("%v in %q", err, console.String())
	}
	create := func(password string, more ...string) (int, string) {
		t.Helper()
		code, out, errs := call(t, password+"\n", append([]string{"admin", "create", "--database-url", dsn, "--unit", "scjg"}, more...)...)
		return code, out + errs
	}
	good := "lampwick orchard tuesday rain"
	for _, tt := range []struct {
		name, password string
		more           []string
		code           int
		says           string
	}{
		{"the first", good, []string{"wei.lan", "--name", "魏兰", "--unit-name", "市场监管局"}, 0, "wei.lan may sign in now"},
		{"the same person as another of the three", good, []string{"wei.lan", "--name", "魏兰", "--role", "audit"}, 1, "nobody is two of them"},
		{"another person", good, []string{"he.qing", "--name", "何清", "--role", "security"}, 0, "he.qing may sign in now"},
		{"a common password", "Password2026!", []string{"x", "--name", "甲"}, 1, "first guesses"},
		{"a short one", "short", []string{"x", "--name", "甲"}, 1, "12 to 128"},
		{"a role that is none", good, []string{"x", "--name", "甲", "--role", "king"}, 2, "must be one of"},
		{"a unit that is none", good, []string{"x", "--name", "甲", "--unit", "nowhere"}, 1, "there is no unit"},
	} {
		if code, says := create(tt.password, tt.more...); code != tt.code || !strings.Contains(says, tt.says) || strings.Contains(says, tt.password) {
			t.Errorf("%s: %d %s", tt.name, code, says)
		}
	}
	console.Reset()
	if err := firstLink(t.Context(), db, "http://127.0.0.1:8080", &console); err != nil || console.Len() > 0 {
		t.Errorf("a link though there is an administrator: %v %q", err, console.String())
	}
	if code, out, errs := call(t, "", "audit", "verify", "--database-url", dsn); code != 0 || !strings.Contains(out, "2 security events fit") {
		t.Errorf("%d %s%s", code, out, errs)
	}
	if _, err := db.SQL().Exec(`ALTER TABLE security_events DISABLE TRIGGER ALL; UPDATE security_events SET person = 'x' WHERE seq = 2`); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := call(t, "", "audit", "verify", "--database-url", dsn); code != 1 || !strings.Contains(errs, "security event 2: column person was changed") {
		t.Errorf("%d %s%s", code, out, errs)
	}
}

func TestAccessIsCheckedAtTheStart(t *testing.T) {
	t.Parallel()
	good := Access{SessionIdle: 30 * time.Minute, SessionLife: 12 * time.Hour, TrustedProxies: []string{"10.1.2.3/8", " 192.0.2.1 ", "2001:db8::/32"}}
	nets, err := good.proxies()
	if err != nil || len(nets) != 3 || nets[0].String() != "10.0.0.0/8" || nets[1].String() != "192.0.2.1/32" {
		t.Errorf("%v, %v", nets, err)
	}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Access){
		"no idle limit":             func(a *Access) { a.SessionIdle = 0 },
		"a life shorter than idle":  func(a *Access) { a.SessionLife = time.Minute * 20 },
		"two days":                  func(a *Access) { a.SessionLife = 48 * time.Hour },
		"a proxy that is a name":    func(a *Access) { a.TrustedProxies = []string{"proxy.example"} },
		"everybody":                 func(a *Access) { a.TrustedProxies = []string{"0.0.0.0/0"} },
		"everybody who speaks IPv6": func(a *Access) { a.TrustedProxies = []string{"::/0"} },
	} {
		a := good
		spoil(&a)
		if a.check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if code, _, errs := call(t, "", "serve", "--session-idle", "2s"); code != 2 || !strings.Contains(errs, "--session-idle") {
		t.Errorf("%d %s", code, errs)
	}
}
