package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/testsuite"

	"github.com/fairreview/fairreview/internal/notify"
	"github.com/fairreview/fairreview/internal/notify/smtptest"
	"github.com/fairreview/fairreview/internal/pgtest"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/schema"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const secretTitle = "关于绝密产业的若干措施"

// office is a record with a department, a Notifier and what it sends to.
type office struct {
	testing.TB
	n    *Notifier
	mail *smtptest.Server
	log  *bytes.Buffer
}

func newOffice(t *testing.T) *office {
	t.Helper()
	ctx := t.Context()
	db, err := postgres.Open(context.Background(), pgtest.New(t, schema.Migrate), 8)
	o := &office{TB: t, mail: smtptest.New(t, nil), log: &bytes.Buffer{}}
	o.must(err)
	t.Cleanup(func() { _ = db.Close() })
	o.must(db.Govern(postgres.Accounts{Keys: []postgres.SecretKey{{ID: "k", Secret: bytes.Repeat([]byte{1}, 32)}}}))
	for _, u := range []string{"amr", "ind"} {
		o.must(db.CreateUnit(ctx, postgres.Unit{ID: u, Name: u, Regulator: "amr", Active: true}))
	}
	for _, p := range []struct {
		id   string
		role review.Role
	}{{"lin", review.Handler}, {"zhou", review.UnitHead}} {
		o.must(db.CreatePerson(ctx, postgres.NewPerson{ID: p.id, Login: p.id, Name: "人名" + p.id, Memberships: []postgres.Membership{{Unit: "ind", Role: p.role}}}))
	}
	m, err := notify.NewMailer("smtp://"+o.mail.Addr, "", "noreply@example.gov.cn")
	o.must(err)
	o.n = &Notifier{DB: db, Mail: m, Hooks: notify.NewHooks(true, nil), Base: "https://fr.example", Digest: 8, Log: slog.New(slog.NewTextHandler(o.log, nil))}
	return o
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// asks has the handler ask to withdraw a new case, which makes it the head's turn, and returns the case.
func (o *office) asks() review.Case {
	o.Helper()
	c := review.Case{ID: uuid.NewString()}
	for _, a := range []review.Action{
		{Kind: review.Register, Details: review.Details{Opening: &review.Opening{Kind: review.New, Route: review.Department, RouteArticle: "条例 13", Unit: "ind", Regulator: "amr",
			Measure: review.Measure{ID: uuid.NewString(), Title: secretTitle, Nature: "normative_document", Issuer: "ind"}}}},
		{Kind: review.AskWithdraw, Details: review.Details{Reason: "绝密的理由"}},
	} {
		a.Seen, a.Actor = c.Version, review.Actor{Person: "lin", Unit: "ind", Role: review.Handler}
		next, e, err := review.Apply(c, a, time.Now())
		o.must(err)
		got, err := o.n.DB.Save(context.Background(), review.Record{Case: next, Event: e, Request: review.Request{ID: fmt.Sprintf("%s/%d", c.ID, next.Version)}})
		o.must(err)
		next.Assign(got)
		c = next
	}
	return c
}

func (o *office) pass() int {
	o.Helper()
	n, err := o.n.Pass(context.Background(), func() {})
	o.must(err)
	return n
}

// now makes all that waits for its next attempt due.
func (o *office) now() {
	o.Helper()
	for _, queue := range []string{"mail_queue", "webhook_queue"} {
		_, err := o.n.DB.SQL().Exec(`UPDATE ` + queue + ` SET next_at = now() - interval '1 second', claimed_until = NULL`)
		o.must(err)
	}
}

// taker is an endpoint of the test.
type taker struct {
	mu     sync.Mutex
	bodies [][]byte
	heads  []http.Header
	status int
}

func (e *taker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	b, _ := io.ReadAll(r.Body)
	e.bodies, e.heads = append(e.bodies, b), append(e.heads, r.Header.Clone())
	w.WriteHeader(e.status)
}

func (o *office) endpoint(status int) (e *taker, id string, secret []byte) {
	o.Helper()
	e = &taker{status: status}
	srv := httptest.NewServer(e)
	o.Cleanup(srv.Close)
	id = uuid.NewString()
	_, err := o.n.DB.Idempotent(context.Background(), "lin", id, "digest", func(tx *postgres.Tx) (any, error) {
		var err error
		secret, err = tx.MakeWebhook(context.Background(), id, srv.URL+"/in", nil, "lin", "")
		return nil, err
	})
	o.must(err)
	return e, id, secret
}

func TestAWebhookMessageIsSignedAndNamesNothingConfidential(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e, _, secret := o.endpoint(200)
	c := o.asks()
	o.pass()
	if o.pass() != 0 || len(e.bodies) != 1 {
		t.Fatalf("%d messages", len(e.bodies))
	}
	body, head := e.bodies[0], e.heads[0]
	at, err := strconv.ParseInt(head.Get("webhook-timestamp"), 10, 64)
	o.must(err)
	if head.Get("webhook-signature") != notify.Sign(secret, head.Get("webhook-id"), time.Unix(at, 0), body) || time.Since(time.Unix(at, 0)) > time.Minute {
		t.Errorf("%v", head)
	}
	var got hookBody
	o.must(json.Unmarshal(body, &got))
	if got.Type != "case.turn" || got.Data != (hookData{c.ID, c.Number, c.Status, review.NoticeTurn}) {
		t.Errorf("%s", body)
	}
	for _, word := range []string{secretTitle, "绝密", "人名", "lin", "zhou"} {
		if bytes.Contains(body, []byte(word)) {
			t.Errorf("%q is in %s", word, body)
		}
	}
}

func TestAWebhookThatFailsIsTriedAgainThenGivenUpAndSentAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e, id, _ := o.endpoint(500)
	o.asks()
	o.pass()
	if o.pass() != 0 {
		t.Error("tried again at once")
	}
	o.now()
	o.pass()
	if len(e.heads) != 2 || e.heads[0].Get("webhook-id") != e.heads[1].Get("webhook-id") {
		t.Fatalf("%v", e.heads)
	}
	_, err := o.n.DB.SQL().Exec(`UPDATE webhook_queue SET retry_from = retry_from - interval '24 hours'`)
	o.must(err)
	o.now()
	o.pass()
	dead, err := o.n.DB.DeadMessages(context.Background(), id, 10)
	o.must(err)
	if len(dead) != 1 || dead[0].Error != "http 500" || dead[0].Attempts != 3 {
		t.Fatalf("%+v", dead)
	}
	o.now()
	if o.pass() != 0 || len(e.bodies) != 3 {
		t.Errorf("given up, and %d attempts", len(e.bodies))
	}
	e.mu.Lock()
	e.status = 204
	e.mu.Unlock()
	o.must(o.n.DB.SendAgain(context.Background(), dead[0].ID))
	o.pass()
	if len(e.bodies) != 4 || e.heads[3].Get("webhook-id") != dead[0].ID {
		t.Errorf("%d attempts", len(e.bodies))
	}
	if log := o.log.String(); strings.Contains(log, "127.0.0.1") || !strings.Contains(log, "givenUp=true") {
		t.Errorf("%s", log)
	}
}

func TestMailIsVerifiedSentTriedAgainAndGivenUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := context.Background()
	o.must(o.n.DB.SetMailAddress(ctx, "zhou", "zhou@example.com"))
	o.pass()
	mails := o.mail.Mails()
	if len(mails) != 1 || !strings.Contains(mails[0].To, "zhou@example.com") {
		t.Fatalf("%+v", mails)
	}
	_, rest, found := strings.Cut(strings.NewReplacer("=\r\n", "", "=\n", "", "=3D", "=").Replace(mails[0].Data), "?verify=")
	token, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	if !found {
		t.Fatalf("%s", mails[0].Data)
	}
	o.must(o.n.DB.VerifyMail(ctx, "zhou", strings.TrimSpace(token)))
	c := o.asks()
	o.mail.Answer(func(string) string { return "451 4.3.0 later" })
	o.pass()
	o.mail.Answer(func(string) string { return "250 ok" })
	o.now()
	o.pass()
	mails = o.mail.Mails()
	if len(mails) != 2 || !strings.Contains(mails[1].Data, c.Number) || !strings.Contains(mails[1].Data, c.ID) {
		t.Fatalf("%+v", mails)
	}
	o.mail.Answer(func(string) string { return "550 5.1.1 unknown" })
	o.asks()
	o.pass()
	o.now()
	if o.pass() != 0 || len(o.mail.Mails()) != 2 {
		t.Error("refused for good, and tried again")
	}
	q, _, _, err := o.n.DB.Queues(ctx)
	o.must(err)
	if q.Dead != 1 || q.Waiting != 0 {
		t.Errorf("%+v", q)
	}
	if log := o.log.String(); strings.Contains(log, "example.com") {
		t.Errorf("an address is in the log: %s", log)
	}
}

func TestWhenItIsTriedAgain(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	now, attempts := due, 0
	for at := due; !at.IsZero(); attempts++ {
		now = at
		at = again(now, due, attempts+1)
		if !at.IsZero() && at.Sub(now) < 5*time.Second {
			t.Errorf("attempt %d after %s", attempts+1, at.Sub(now))
		}
	}
	if attempts != 9 || now.Sub(due) < 20*time.Hour || now.Sub(due) > giveUp {
		t.Errorf("%d attempts, the last after %s", attempts, now.Sub(due))
	}
}

func TestTheDailyMailGoesAtItsHourInChina(t *testing.T) {
	t.Parallel()
	for now, want := range map[string]string{
		"2026-03-01T23:59:59Z": "2026-03-02T00:00:00Z", // 07:59:59 there
		"2026-03-02T00:00:00Z": "2026-03-03T00:00:00Z",
		"2026-03-02T15:00:00Z": "2026-03-03T00:00:00Z",
		"2026-03-02T17:00:00Z": "2026-03-03T00:00:00Z", // the next day there
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := nextDigest(at, 8).Format(time.RFC3339); got != want {
			t.Errorf("at %s: %s, want %s", now, got, want)
		}
	}
}

func TestDrainEndsWhenItIsStoppedAndDeliversBefore(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e, _, _ := o.endpoint(200)
	o.asks()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	stop := make(chan struct{})
	env.SetWorkerStopChannel(stop)
	env.RegisterActivity(o.n.Drain)
	close(stop)
	if _, err := env.ExecuteActivity(o.n.Drain); err != nil {
		t.Fatal(err)
	}
	if len(e.bodies) != 1 {
		t.Errorf("%d messages", len(e.bodies))
	}
}

func TestAFaultOfTheRecordIsNoLoss(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	e, _, _ := o.endpoint(200)
	o.asks()
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := o.n.Pass(stopped, func() {}); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
	o.pass()
	if len(e.bodies) != 1 {
		t.Errorf("%d messages", len(e.bodies))
	}
}
