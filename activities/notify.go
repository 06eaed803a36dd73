package activities

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/fairreview/fairreview/internal/notify"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// Notifier delivers what Save left in notices: mail and webhook messages. What is still to be done stands in the record's queues
// and nowhere else, so whoever dies while sending loses nothing; what was sent and not yet noted is sent once more, under the same
// message id, after its claim has run out.
type Notifier struct {
	DB     *postgres.DB
	Mail   *notify.Mailer // nil: no mail is sent from here
	Hooks  *notify.Hooks
	Base   string // the site's address, without a slash at its end: links begin with it
	Digest int    // hour of the daily mail, in China
	Log    *slog.Logger
}

const (
	drainLife = time.Hour        // of one run of Drain: few runs a day keep the history short
	pollFirst = time.Second      // between passes while there is something to do
	pollLast  = 30 * time.Second // when there was nothing for a while

	mailClaim = 2 * time.Minute // longer than sending one takes
	hookClaim = time.Minute

	mailsAtOnce = 50 // in one pass, so that webhooks do not wait for a long night's digest
	hooksAtOnce = 20 // rounds in one pass
)

// DrainTimeout bounds one run, with room for the pass it is in; DrainHeartbeat is how long it may be silent.
const (
	DrainTimeout   = drainLife + 10*time.Minute
	DrainHeartbeat = 3 * time.Minute

	// beatEvery is longer than the SDK's own minute: what comes within it is held back, and sent, with a warning in the log, by a
	// worker that stops.
	beatEvery = 65 * time.Second
)

// Drain delivers for an hour: it looks every second while there is something, and less and less often, every half minute at last,
// while there is not. It ends early, and well, when the worker stops.
func (n *Notifier) Drain(ctx context.Context) error {
	if err := n.DB.SweepQueues(ctx); err != nil && ctx.Err() == nil {
		n.Log.Warn("forget old messages", "error", err)
	}
	end, wait, last := time.Now().Add(drainLife), pollFirst, time.Time{}
	beat := func() {
		if time.Since(last) >= beatEvery {
			activity.RecordHeartbeat(ctx)
			last = time.Now()
		}
	}
	for time.Now().Before(end) {
		beat()
		did, err := n.Pass(ctx, beat)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			n.Log.Warn("deliver notices", "error", err) // the database is away; it comes back
			wait = min(2*wait, pollLast)
		case did > 0:
			wait = pollFirst
		default:
			wait = min(2*wait, pollLast)
		}
		next := time.NewTimer(wait)
		select {
		case <-next.C:
		case <-ctx.Done():
			next.Stop()
			return ctx.Err()
		case <-activity.GetWorkerStopChannel(ctx):
			next.Stop()
			return nil
		}
	}
	return nil
}

// Pass queues what is new and sends what is due, and returns how many steps it took: 0 when there was nothing to do. beat is called
// now and then.
func (n *Notifier) Pass(ctx context.Context, beat func()) (int, error) {
	did := 0
	for {
		k, err := n.DB.FanOut(ctx, n.Mail != nil, nextDigest(time.Now(), n.Digest))
		did += k
		if err != nil || k == 0 {
			if err != nil {
				return did, err
			}
			break
		}
		beat()
	}
	for range hooksAtOnce {
		k, err := n.sendHooks(ctx)
		did += k
		if err != nil {
			return did, err
		}
		if k == 0 {
			break
		}
		beat()
	}
	for range mailsAtOnce {
		sent, err := n.sendMail(ctx)
		if err != nil || !sent {
			return did, err
		}
		did++
		beat()
	}
	return did, nil
}

// nextDigest is when the next daily mail goes out.
func nextDigest(now time.Time, hour int) time.Time {
	there := review.In(now)
	at := time.Date(there.Year(), there.Month(), there.Day(), hour, 0, 0, 0, there.Location())
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at.UTC()
}

// pauses are between attempts, the last again and again until a day is over.
var pauses = []time.Duration{5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 8 * time.Hour}

const giveUp = 24 * time.Hour

// again is when a message that failed is tried next; the zero time: it is given up, a day after it was due first.
func again(now, since time.Time, attempts int) time.Time {
	at := now.Add(pauses[min(max(attempts, 1), len(pauses))-1])
	if at.After(since.Add(giveUp)) {
		return time.Time{}
	}
	return at
}

// sendMail sends one mail that is due; false when none is. Without a mailer what was queued by another process waits for it.
func (n *Notifier) sendMail(ctx context.Context) (bool, error) {
	if n.Mail == nil {
		return false, nil
	}
	now := time.Now()
	m, err := n.DB.NextMail(ctx, now.Add(mailClaim))
	if m == nil || err != nil {
		return false, err
	}
	subject, text := notify.Verify(n.Base, m.Verify)
	if m.Verify == "" {
		items := make([]notify.Item, len(m.Items))
		for i, it := range m.Items {
			items[i] = notify.Item(it)
		}
		subject, text = notify.About(n.Base, items)
	}
	err = n.Mail.Send(ctx, notify.Message{Key: "notice-" + strconv.FormatInt(m.Key, 10), To: m.Address, Subject: subject, Text: text})
	if err == nil {
		return true, n.DB.MailSent(ctx, m)
	}
	if ctx.Err() != nil {
		return false, ctx.Err() // we are stopping; the claim runs out
	}
	next := again(now, m.Since, m.Attempts)
	if errors.Is(err, notify.ErrRefused) {
		next = time.Time{}
	}
	n.Log.Warn("a mail was not taken", "mail", m.Key, "person", m.Person, "attempt", m.Attempts, "why", err.Error(), "givenUp", next.IsZero())
	return true, n.DB.MailFailed(ctx, m, err.Error(), next)
}

// hookBody is what an endpoint gets; nothing confidential.
type hookBody struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      hookData  `json:"data"`
}

type hookData struct {
	Case   string            `json:"case"`
	Number string            `json:"number"`
	Status review.Status     `json:"status"`
	Kind   review.NoticeKind `json:"kind"`
}

// sendHooks sends the next message of every endpoint that has one due, all at once, and returns how many there were.
func (n *Notifier) sendHooks(ctx context.Context) (int, error) {
	if n.Hooks == nil {
		return 0, nil
	}
	due, err := n.DB.NextHooks(ctx, time.Now().Add(hookClaim))
	if err != nil {
		return 0, err
	}
	errs := make([]error, len(due))
	var all sync.WaitGroup
	for i, m := range due {
		all.Go(func() { errs[i] = n.sendHook(ctx, m) })
	}
	all.Wait()
	return len(due), errors.Join(errs...)
}

func (n *Notifier) sendHook(ctx context.Context, m postgres.HookMessage) error {
	body, err := json.Marshal(hookBody{Type: "case." + string(m.Kind), Timestamp: m.At.UTC(),
		Data: hookData{Case: m.Case, Number: m.Number, Status: m.Status, Kind: m.Kind}})
	if err != nil {
		return err
	}
	err = n.Hooks.Send(ctx, m.URL, m.Secret, m.ID, time.Now(), body)
	if err == nil {
		return n.DB.HookSent(ctx, m)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	next := again(time.Now(), m.RetryFrom, m.Attempts)
	n.Log.Warn("a webhook message was not taken", "message", m.ID, "webhook", m.Webhook, "attempt", m.Attempts, "why", err.Error(), "givenUp", next.IsZero())
	return n.DB.HookFailed(ctx, m, err.Error(), next)
}
