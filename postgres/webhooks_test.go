package postgres

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fairreview/fairreview/review"
)

// hooked is a desk with keys and one endpoint for kinds.
func hooked(t *testing.T, kinds ...review.NoticeKind) (*desk, string, []byte) {
	t.Helper()
	d := newDesk(t)
	d.must(d.db.Govern(Accounts{Keys: []SecretKey{{ID: "k1", Secret: bytes.Repeat([]byte{7}, 32)}}}))
	id := uuid.NewString()
	secret, err := d.makeWebhook(id, "https://hooks.example/in", kinds, "shen", "192.0.2.1")
	d.must(err)
	return d, id, secret
}

// makeWebhook registers an endpoint under a key of its own.
func (d *desk) makeWebhook(id, url string, kinds []review.NoticeKind, by, from string) (secret []byte, err error) {
	_, err = d.db.Idempotent(d.ctx, by, id, "digest", func(tx *Tx) (any, error) {
		var err error
		secret, err = tx.MakeWebhook(d.ctx, id, url, kinds, by, from)
		return nil, err
	})
	return secret, err
}

// fan queues all that is new.
func (d *desk) fan(mail bool) {
	d.Helper()
	for {
		n, err := d.db.FanOut(d.ctx, mail, d.db.now().Add(time.Hour))
		d.must(err)
		if n == 0 {
			return
		}
	}
}

func (d *desk) nextHooks() []HookMessage {
	d.Helper()
	got, err := d.db.NextHooks(d.ctx, d.db.now().Add(time.Minute))
	d.must(err)
	return got
}

func TestAnEventIsQueuedOncePerEndpointAndKind(t *testing.T) {
	t.Parallel()
	d, id, secret := hooked(t)
	other := uuid.NewString()
	_, err := d.makeWebhook(other, "https://hooks.example/concluded", []review.NoticeKind{review.NoticeConcluded}, "shen", "")
	d.must(err)
	c := d.pass(d.toSign(d.register(handlerA, review.Department, "办法")))
	d.fan(false)
	d.fan(false)
	seen := map[string]int{}
	var last HookMessage
	for got := d.nextHooks(); len(got) > 0; got = d.nextHooks() {
		for _, m := range got {
			seen[m.Webhook+" "+string(m.Kind)]++
			if m.Webhook == id {
				last = m
			}
			d.must(d.db.HookSent(d.ctx, m))
		}
	}
	if len(seen) != 3 || seen[id+" turn"] != 2 || seen[id+" concluded"] != 1 || seen[other+" concluded"] != 1 {
		t.Errorf("%v", seen)
	}
	if last.Case != c.ID || last.Number != c.Number || last.Status != review.ConcludedPass || !bytes.Equal(last.Secret, secret) || last.URL != "https://hooks.example/in" {
		t.Errorf("%+v", last)
	}
}

func TestASecretIsNotInTheDatabase(t *testing.T) {
	t.Parallel()
	d, id, secret := hooked(t)
	var stored []byte
	d.must(d.db.sql.Get(&stored, `SELECT secret FROM webhooks WHERE id = $1`, id))
	if bytes.Contains(stored, secret) || len(stored) <= len(secret) {
		t.Errorf("stored %x", stored)
	}
	// Moved to another endpoint it does not open.
	other := uuid.NewString()
	_, err := d.makeWebhook(other, "https://evil.example/", nil, "shen", "")
	d.must(err)
	if _, err := d.db.sql.Exec(`UPDATE webhooks SET secret = $1 WHERE id = $2`, stored, other); err != nil {
		t.Fatal(err)
	}
	d.toSign(d.register(handlerA, review.Department, "办法"))
	d.fan(false)
	for _, m := range d.nextHooks() {
		if m.Webhook == other && m.Secret != nil || m.Webhook == id && !bytes.Equal(m.Secret, secret) {
			t.Errorf("%s opens to %x", m.Webhook, m.Secret)
		}
	}
}

func TestWebhooksThatAreRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, err := d.makeWebhook(uuid.NewString(), "https://hooks.example/", nil, "shen", "")
	d.refused(err, FactorNoKey)
	d, id, _ := hooked(t)
	_, err = d.makeWebhook(uuid.NewString(), "https://hooks.example/", []review.NoticeKind{"gossip"}, "shen", "")
	d.refused(err, review.Invalid)
	for range webhooksMost - 1 {
		_, err := d.makeWebhook(uuid.NewString(), "https://hooks.example/", nil, "shen", "")
		d.must(err)
	}
	_, err = d.makeWebhook(uuid.NewString(), "https://hooks.example/", nil, "shen", "")
	d.refused(err, review.Invalid)
	d.refused(d.db.EndWebhook(d.ctx, "x", "shen", ""), review.NotFound)
	d.refused(d.db.EndWebhook(d.ctx, uuid.NewString(), "shen", ""), review.NotFound)
	d.must(d.db.EndWebhook(d.ctx, id, "shen", ""))
	d.refused(d.db.EndWebhook(d.ctx, id, "shen", ""), review.NotFound)
	d.refused(d.db.SendAgain(d.ctx, uuid.NewString()), review.NotFound)
	if list, err := d.db.Webhooks(d.ctx); err != nil || len(list) != webhooksMost-1 {
		t.Errorf("%d, %v", len(list), err)
	}
}

func TestAMessageIsClaimedTriedAgainGivenUpAndSentAgain(t *testing.T) {
	t.Parallel()
	d, id, _ := hooked(t)
	d.toSign(d.register(handlerA, review.Department, "办法")) // two messages
	d.fan(false)
	first := d.nextHooks()
	if len(first) != 1 {
		t.Fatalf("%+v", first)
	}
	m := first[0]
	// While one is being sent nobody else takes it, but the next may go.
	if second := d.nextHooks(); len(second) != 1 || second[0].ID == m.ID {
		t.Fatalf("%+v", second)
	}
	if third := d.nextHooks(); len(third) != 0 {
		t.Fatalf("%+v", third)
	}
	// Whoever took them died: the claims run out, and the same messages come again.
	d.later(2 * time.Minute)
	again := d.nextHooks()
	if len(again) != 1 || again[0].ID != m.ID || again[0].Attempts != 2 {
		t.Fatalf("%+v", again)
	}
	d.must(d.db.HookFailed(d.ctx, again[0], "http 500", d.db.now().Add(time.Hour)))
	if got := d.nextHooks(); len(got) != 0 {
		t.Errorf("an endpoint that failed is asked again at once: %+v", got)
	}
	d.later(hookRest)
	got := d.nextHooks()
	if len(got) != 1 || got[0].ID == m.ID {
		t.Fatalf("after a rest its other message: %+v", got)
	}
	d.must(d.db.HookSent(d.ctx, got[0]))
	d.later(time.Hour)
	got = d.nextHooks()
	if len(got) != 1 || got[0].ID != m.ID {
		t.Fatalf("%+v", got)
	}
	d.must(d.db.HookFailed(d.ctx, got[0], "http 500", time.Time{}))
	dead, err := d.db.DeadMessages(d.ctx, id, 10)
	d.must(err)
	if len(dead) != 1 || dead[0].ID != m.ID || dead[0].Error != "http 500" || dead[0].Attempts != 3 || dead[0].DeadAt == nil {
		t.Fatalf("%+v", dead)
	}
	mail, hooks, fresh, err := d.db.Queues(d.ctx)
	d.must(err)
	if mail != (Queue{}) || hooks != (Queue{Dead: 1}) || fresh != 0 {
		t.Errorf("%+v %+v %d", mail, hooks, fresh)
	}
	d.must(d.db.SendAgain(d.ctx, m.ID))
	d.refused(d.db.SendAgain(d.ctx, m.ID), review.NotFound)
	d.later(time.Minute)
	if _, hooks, _, err = d.db.Queues(d.ctx); err != nil || hooks != (Queue{Waiting: 1, Oldest: time.Minute}) {
		t.Errorf("%+v %v", hooks, err)
	}
	got = d.nextHooks()
	if len(got) != 1 || got[0].ID != m.ID || got[0].Attempts != 1 {
		t.Fatalf("%+v", got)
	}
	d.must(d.db.HookSent(d.ctx, got[0]))
	d.later(keptSent + time.Hour)
	d.must(d.db.SweepQueues(d.ctx))
	var n int
	d.must(d.db.sql.Get(&n, `SELECT count(*) FROM webhook_queue`))
	if n != 0 {
		t.Errorf("%d messages are kept", n)
	}
}

func TestAnEndedEndpointIsToldNothingMore(t *testing.T) {
	t.Parallel()
	d, id, _ := hooked(t)
	d.toSign(d.register(handlerA, review.Department, "办法"))
	d.fan(false)
	d.must(d.db.EndWebhook(d.ctx, id, "shen", ""))
	d.toSign(d.register(handlerA, review.Department, "办法"))
	d.fan(false)
	if got := d.nextHooks(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestOneSlowEndpointHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	d, id, _ := hooked(t)
	other := uuid.NewString()
	_, err := d.makeWebhook(other, "https://hooks.example/2", nil, "shen", "")
	d.must(err)
	for range 3 {
		d.toSign(d.register(handlerA, review.Department, "办法"))
	}
	d.fan(false)
	served := 0
	for range 20 {
		for _, m := range d.nextHooks() {
			if m.Webhook == id {
				d.must(d.db.HookFailed(d.ctx, m, "timeout", d.db.now().Add(time.Hour)))
				continue
			}
			d.must(d.db.HookSent(d.ctx, m))
			served++
		}
	}
	if served != 6 {
		t.Errorf("the other got %d messages", served)
	}
	var tried int
	d.must(d.db.sql.Get(&tried, `SELECT sum(attempts) FROM webhook_queue WHERE webhook = $1`, id))
	if tried != 1 {
		t.Errorf("the one that is away was asked %d times", tried)
	}
}
