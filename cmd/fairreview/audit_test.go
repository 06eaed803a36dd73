package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fairreview/fairreview/internal/notify"
	"github.com/fairreview/fairreview/internal/notify/smtptest"
	"github.com/fairreview/fairreview/internal/pgtest"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/schema"
)

// ledger is a record with a unit, a person and as many finished cases as a test saves.
type ledger struct {
	testing.TB
	dsn string
	db  *postgres.DB
}

func newLedger(t testing.TB) *ledger {
	t.Helper()
	l := &ledger{TB: t, dsn: pgtest.New(t, schema.Migrate)}
	var err error
	l.db, err = postgres.Open(t.Context(), l.dsn, 6)
	l.must(err)
	t.Cleanup(func() { _ = l.db.Close() })
	l.must(l.db.CreateUnit(t.Context(), postgres.Unit{ID: "amr", Name: "市场监管局", Kind: "regulator", Regulator: "amr", Active: true}))
	return l
}

func (l *ledger) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// save adds a finished case and returns its id.
func (l *ledger) save() string {
	l.Helper()
	rules, err := l.db.Rules(l.Context())
	l.must(err)
	id := uuid.NewString()
	r, err := review.Finished(id, review.Opening{Kind: review.Existing, Route: review.Department, RouteArticle: "import", Unit: "amr", Regulator: "amr", Rules: rules,
		Measure: review.Measure{ID: id, Title: "办法", Nature: "other", Issuer: "amr"}}, review.Keep, "2024-05-06", "", review.Actor{Person: "import", Role: review.Admin}, time.Now())
	l.must(err)
	_, err = l.db.Save(l.Context(), r)
	l.must(err)
	return id
}

// exec changes the record as a superuser does, with the triggers off.
func (l *ledger) exec(statement string) {
	l.Helper()
	tx, err := l.db.SQL().BeginTxx(l.Context(), nil)
	l.must(err)
	for _, s := range []string{`SET LOCAL session_replication_role = replica`, statement} {
		_, err := tx.Exec(s)
		l.must(err)
	}
	l.must(tx.Commit())
}

func TestAuditVerifySaysWhatFitsAndWhatCameAfterAHead(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	file := filepath.Join(t.TempDir(), "heads.jsonl")
	first := l.save()
	said := func(want int, contains string, args ...string) {
		t.Helper()
		code, out, errs := call(t, "", append(args, "--database-url", l.dsn)...)
		if code != want || !strings.Contains(out+errs, contains) {
			t.Errorf("%v: %d %s%s, want %d %s", args, code, out, errs, want, contains)
		}
	}
	said(0, "no head was made yet", "audit", "verify")
	said(0, "head 1 of ", "audit", "head", "--out", file)
	l.save()
	l.save()
	said(0, "1 heads fit; after the last came 2 events of 2 cases", "audit", "verify")
	said(0, "compared with 1 heads of "+file, "audit", "verify", "--head", file)
	said(0, "after it came 2 events of 2 cases", "audit", "verify", "--head", file)
	said(0, "-000002-", "audit", "verify", "--head", file) // it is named
	said(0, "seals 2 chains", "audit", "head", "--out", file)
	said(0, "after it came 0 events of 0 cases", "audit", "verify", "--head", file)
	said(0, "0 security events fit", "audit", "verify", "--head", file)
	said(2, "no such file", "audit", "verify", "--head", file+".none")
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	// Tampered with: the row is named, and the program says so with its exit code.
	l.exec(`UPDATE events SET person = 'somebody' WHERE case_id = '` + first + `'`)
	said(1, "-000001-", "audit", "verify")
	said(1, "event 1: column person was changed", "audit", "verify", "--head", file)
}

func TestTheDailyHeadIsMadeAndKept(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	var mu sync.Mutex
	var got []postgres.Head
	status := http.StatusNoContent
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		var h postgres.Head
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &h); err != nil || r.Method != "POST" || r.Header.Get("Content-Type") != "application/json" || bytes.Contains(body, []byte("chains")) {
			t.Errorf("%s %s: %v", r.Method, body, err)
		}
		if w.WriteHeader(status); status == http.StatusNoContent {
			got = append(got, h)
		}
	}))
	t.Cleanup(hook.Close)
	dir := t.TempDir()
	var log bytes.Buffer
	k, err := Heads{At: "00:00", Folder: dir, Webhook: hook.URL + "/secret-token"}.keeper(l.db, slog.New(slog.NewTextHandler(&log, nil)), nil)
	l.must(err)
	l.save()
	now := time.Now()
	if wait := k.turn(t.Context(), now); wait <= 0 || wait > 24*time.Hour {
		t.Errorf("waits %v", wait)
	}
	if k.turn(t.Context(), now); len(got) != 1 || got[0].Seq != 1 || got[0].Count != 1 {
		t.Errorf("posted %+v", got)
	}
	file := filepath.Join(dir, headsFile)
	kept := func(want int) {
		t.Helper()
		f, err := os.Open(file)
		l.must(err)
		defer func() { _ = f.Close() }()
		heads, err := postgres.ReadHeads(f)
		if err != nil || len(heads.Heads) != want || strings.Count(read(t, file), "\n") != want {
			t.Errorf("%v, %v; want %d", heads, err, want)
		}
		report, err := l.db.VerifyAgainst(t.Context(), heads, nil)
		if err != nil || report.Bad != nil {
			t.Errorf("%+v %v", report.Bad, err)
		}
	}
	kept(1)
	// What could not be sent is sent later; a line half written by a machine that died is written again.
	l.must(os.WriteFile(file, []byte(read(t, file)+`{"seq":2,"da`), 0o600))
	for range 2 {
		l.save()
		_, err = l.db.MakeHead(t.Context())
		l.must(err)
	}
	mu.Lock()
	status = http.StatusBadGateway
	mu.Unlock()
	k.targets[0].send = once(t, hook.URL)
	if wait := k.turn(t.Context(), now); wait != headRetry || !strings.Contains(log.String(), "it answered 502") || strings.Contains(log.String(), "secret-token") {
		t.Errorf("waits %v: %s", wait, log.String())
	}
	kept(3)
	mu.Lock()
	status = http.StatusNoContent
	mu.Unlock()
	if k.turn(t.Context(), now); len(got) != 3 || got[1].Seq != 2 || got[2].Seq != 3 {
		t.Errorf("posted %+v", got)
	}
	// The file of another database is left as it is.
	other := newLedger(t)
	k.db, k.targets = other.db, nil
	before := read(t, file)
	if wait := k.turn(t.Context(), now); wait != headRetry || !strings.Contains(log.String(), "is not that of the database") || read(t, file) != before {
		t.Errorf("waits %v: %s", wait, log.String())
	}
}

// once posts without waiting for more tries.
func once(t *testing.T, address string) sendHead {
	return func(ctx context.Context, h postgres.Head) error {
		body, err := json.Marshal(h)
		if err != nil {
			t.Error(err)
		}
		return postOnce(ctx, http.DefaultClient, address, body)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestTheDailyHeadWaitsForItsHour(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	k, err := Heads{At: "00:30"}.keeper(l.db, slog.New(slog.DiscardHandler), nil)
	l.must(err)
	day := review.DateOf(time.Now())
	midnight := day.End().Add(-24 * time.Hour)
	if wait := k.turn(t.Context(), midnight.Add(10*time.Minute)); wait != 20*time.Minute {
		t.Errorf("before its hour it waits %v", wait)
	}
	if heads, err := l.db.HeadsAfter(t.Context(), 0); err != nil || len(heads) != 0 {
		t.Errorf("%d heads, %v", len(heads), err)
	}
	if wait := k.turn(t.Context(), midnight.Add(90*time.Minute)); wait != 23*time.Hour {
		t.Errorf("after it, it waits %v", wait)
	}
	if heads, err := l.db.HeadsAfter(t.Context(), 0); err != nil || len(heads) != 1 {
		t.Errorf("%d heads, %v", len(heads), err)
	}
	stop, err := Heads{At: "00:00"}.daily(t.Context(), l.db, slog.New(slog.DiscardHandler), nil)
	l.must(err)
	stop() // and it ends
}

func TestHeadsGoOnlyWhereTheyAreSafe(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://audit.example.org/heads": true, "http://127.0.0.1:9000/": true, "http://localhost/x": true, "http://[::1]:80/": true,
		"http://audit.example.org/": false, "ftp://127.0.0.1/": false, "audit.example.org": false, "https://": false, "http://localhost.example.org/": false, "://": false,
	} {
		if _, _, err := webhook(address); (err == nil) != ok || err != nil && strings.Contains(err.Error(), "example") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for name, h := range map[string]Heads{"no time": {At: "25:00"}, "no folder": {At: "00:30", Folder: "/nonexistent-folder"}, "plain HTTP": {At: "00:30", Webhook: "http://192.0.2.1/"}} {
		if _, err := h.keeper(nil, slog.Default(), nil); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	// A redirect is not followed, and an error does not repeat the address.
	moved := httptest.NewServer(http.RedirectHandler("http://192.0.2.1/", http.StatusTemporaryRedirect))
	t.Cleanup(moved.Close)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if err := postOnce(t.Context(), client, moved.URL, nil); err == nil || !strings.Contains(err.Error(), "307") {
		t.Errorf("%v", err)
	}
	if err := postOnce(t.Context(), client, "http://127.0.0.1:1/secret-token", nil); err == nil || strings.Contains(err.Error(), "secret-token") {
		t.Errorf("%v", err)
	}
}

func TestAHeadGoesToAMailbox(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	inbox := smtptest.New(t, nil)
	m, err := notify.NewMailer("smtp://"+inbox.Addr, "", "audit@example.gov.cn")
	l.must(err)
	if _, err := (Heads{At: "00:00", Mail: "keeper@example.com"}).keeper(l.db, slog.New(slog.DiscardHandler), nil); err == nil {
		t.Error("a mailbox without a mail server is taken")
	}
	k, err := Heads{At: "00:00", Mail: "keeper@example.com"}.keeper(l.db, slog.New(slog.DiscardHandler), m)
	l.must(err)
	k.turn(t.Context(), time.Now())
	heads, err := l.db.HeadsAfter(t.Context(), 0)
	l.must(err)
	got := inbox.Mails()
	if len(heads) != 1 || len(got) != 1 || !strings.Contains(got[0].To, "keeper@example.com") {
		t.Fatalf("%d heads, mails %+v", len(heads), got)
	}
	got0, err := mail.ReadMessage(strings.NewReader(got[0].Data))
	l.must(err)
	body, err := io.ReadAll(quotedprintable.NewReader(got0.Body))
	l.must(err)
	if !strings.Contains(string(body), heads[0].Hash) {
		t.Errorf("the mail does not hold the head: %s", body)
	}
	if k.turn(t.Context(), time.Now()); len(inbox.Mails()) != 1 {
		t.Error("it is sent twice")
	}
}
