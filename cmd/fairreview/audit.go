package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/fairreview/fairreview/internal/notify"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// AuditCmd checks the audit trail and seals it.
type AuditCmd struct {
	Verify AuditVerifyCmd `cmd:"" help:"Walk every chain of events and the security log; name the first row that does not fit."`
	Head   AuditHeadCmd   `cmd:"" help:"Seal what came since the last head, to be kept elsewhere."`
}

// AuditVerifyCmd walks the chains.
type AuditVerifyCmd struct {
	Record
	Head string `type:"existingfile" placeholder:"FILE" help:"Compare with heads that were kept elsewhere: audit-heads.jsonl, or what a webhook received."`
}

// Run fails when a row was changed, removed, added or moved. What came after the last head that was kept elsewhere
// can only be proved against a later one; it is named.
func (c *AuditVerifyCmd) Run(ctx context.Context, io streams) error {
	var kept *postgres.KeptHeads
	if c.Head != "" {
		f, err := os.Open(c.Head)
		if err != nil {
			return err
		}
		kept, err = postgres.ReadHeads(bufio.NewReader(f))
		_ = f.Close() // it was only read
		if err != nil {
			return fmt.Errorf("%s: %w", c.Head, err)
		}
	}
	db, done, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer done()
	bar := newBar(io.out, "events")
	report, err := db.VerifyAgainst(ctx, kept, bar.set)
	if err != nil {
		return err
	}
	bar.end()
	if report.Bad != nil {
		return errors.New(report.Bad.String())
	}
	fmt.Fprintf(io.out, "%d events of %d cases fit; head %s\n", report.Events, report.Cases, report.Head)
	c.after(io.out, report, kept)
	bar = newBar(io.out, "security events")
	log, err := db.VerifySecurity(ctx, bar.set)
	if err != nil {
		return err
	}
	bar.end()
	if log.Bad != nil {
		return fmt.Errorf("security event %d: %s", log.Bad.Seq, log.Bad.What)
	}
	fmt.Fprintf(io.out, "%d security events fit; head %s\n", log.Events, log.Head)
	return nil
}

// after says what the heads do not cover.
func (c *AuditVerifyCmd) after(w io.Writer, r postgres.AuditReport, kept *postgres.KeptHeads) {
	switch {
	case kept != nil:
		last := kept.Heads[len(kept.Heads)-1]
		fmt.Fprintf(w, "compared with %d heads of %s, the last of which is %d of %s; after it came %d events of %d cases", len(kept.Heads), c.Head, last.Seq, last.Day, r.After.Events, r.After.Cases)
	case r.Heads == 0:
		fmt.Fprintln(w, "no head was made yet: a chain that somebody wrote anew as a whole cannot be told")
		return
	default:
		fmt.Fprintf(w, "%d heads fit; after the last came %d events of %d cases. Only a head that is kept elsewhere proves more (--head FILE)", r.Heads, r.After.Events, r.After.Cases)
	}
	fmt.Fprintln(w)
	for _, l := range r.After.First {
		fmt.Fprintf(w, "  case %s, events %d to %d\n", l.Number, l.From, l.To)
	}
	if more := r.After.Cases - len(r.After.First); more > 0 {
		fmt.Fprintf(w, "  and %d cases more\n", more)
	}
}

// AuditHeadCmd makes a head.
type AuditHeadCmd struct {
	Record
	Out string `placeholder:"FILE" type:"path" help:"Append the head, with all that it seals, to this file as one line of JSON."`
}

// Run makes a head and prints it; with --out it is on disk when the command ends.
func (c *AuditHeadCmd) Run(ctx context.Context, io streams) error {
	db, done, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer done()
	h, err := db.MakeHead(ctx)
	if err != nil {
		return err
	}
	if c.Out != "" {
		if err := appendHeads(c.Out, h); err != nil {
			return fmt.Errorf("head %d was made and not written: %w", h.Seq, err)
		}
	}
	fmt.Fprintf(io.out, "head %d of %s seals %d chains: %s\n", h.Seq, h.Day, h.Count, h.Hash)
	return nil
}

// appendHeads adds heads to a file, each one line, and has them on disk when it returns. A line that a dying machine left
// half written is taken away first.
func appendHeads(file string, heads ...postgres.Head) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // Sync said whether it is on disk
	if err := cutTorn(f); err != nil {
		return err
	}
	for _, h := range heads {
		line, err := json.Marshal(h)
		if err != nil {
			return err
		}
		if _, err := f.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return f.Sync()
}

// cutTorn leaves the file at its end, which is that of a line.
func cutTorn(f *os.File) error {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	block := make([]byte, 4096)
	whole := int64(0)
	for at := end; at > 0 && whole == 0; {
		n := min(at, int64(len(block)))
		at -= n
		if _, err := f.ReadAt(block[:n], at); err != nil {
			return err
		}
		if i := bytes.LastIndexByte(block[:n], '\n'); i >= 0 {
			whole = at + int64(i) + 1
		}
	}
	if whole < end {
		if err := f.Truncate(whole); err != nil {
			return err
		}
	}
	_, err = f.Seek(whole, io.SeekStart)
	return err
}

// Heads say when a head is made each day, and where it is sent.
type Heads struct {
	At      string `name:"head-at" env:"FAIRREVIEW_HEAD_AT" default:"00:30" placeholder:"HH:MM" help:"When the audit trail is sealed each day, in China; one of several servers does it. ($${env})"`
	Folder  string `name:"head-file" env:"FAIRREVIEW_HEAD_FILE" type:"path" placeholder:"DIR" help:"Folder in which audit-heads.jsonl is kept; better on another machine. ($${env})"`
	Mail    string `name:"head-mail" env:"FAIRREVIEW_HEAD_MAIL" placeholder:"ADDRESS" help:"Mailbox to which each head is sent, without the list of what it seals; needs --smtp. ($${env})"`
	Webhook string `name:"head-webhook" env:"FAIRREVIEW_HEAD_WEBHOOK" placeholder:"URL" help:"Where each head is posted as JSON, without the list of what it seals. HTTPS, or a loopback address. ($${env})"`
}

// headsFile is where heads are kept in the folder.
const headsFile = "audit-heads.jsonl"

// sendHead brings a head, without its chains, somewhere; it is asked again when it fails.
type sendHead func(ctx context.Context, h postgres.Head) error

// headTarget is where heads are sent; address tells it from others, and may hold a secret.
type headTarget struct {
	name, address string
	send          sendHead
}

// keeper makes the daily head and sends it.
type keeper struct {
	db      *postgres.DB
	at      time.Duration // into the day, in China
	folder  string
	targets []headTarget
	log     *slog.Logger
}

// keeper refuses what cannot be understood.
func (h Heads) keeper(db *postgres.DB, log *slog.Logger, mailer *notify.Mailer) (*keeper, error) {
	t, err := time.Parse("15:04", h.At)
	if err != nil {
		return nil, errors.New("--head-at is a time of day, HH:MM")
	}
	k := &keeper{db: db, at: time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, folder: h.Folder, log: log}
	if h.Folder != "" {
		if st, err := os.Stat(h.Folder); err != nil || !st.IsDir() {
			return nil, fmt.Errorf("--head-file %s: there is no such folder", h.Folder)
		}
	}
	if h.Webhook != "" {
		send, host, err := webhook(h.Webhook)
		if err != nil {
			return nil, err
		}
		k.targets = append(k.targets, headTarget{"webhook at " + host, h.Webhook, send})
	}
	if h.Mail != "" {
		if mailer == nil {
			return nil, errors.New("--head-mail needs --smtp, --mail-from and --public-url")
		}
		k.targets = append(k.targets, headTarget{"mailbox", "mailto:" + h.Mail, mailbox(mailer, h.Mail)})
	}
	return k, nil
}

// mailbox returns how to send a head to an address. The whole line stands in the mail, so that it can be kept and compared.
func mailbox(m *notify.Mailer, address string) sendHead {
	return func(ctx context.Context, h postgres.Head) error {
		line, err := json.Marshal(h)
		if err != nil {
			return err
		}
		return m.Send(ctx, notify.Message{Key: "audit-head-" + h.Hash, To: address, Subject: fmt.Sprintf("公平竞争审查工作平台 审计封存 audit head %s #%d", h.Day, h.Seq),
			Text: "每日审计封存如下，请保存备查。\nThe daily head of the audit trail; keep it to compare against.\n\n" + string(line) + "\n"})
	}
}

// daily keeps heads until stop is called.
func (h Heads) daily(ctx context.Context, db *postgres.DB, log *slog.Logger, mailer *notify.Mailer) (stop func(), err error) {
	k, err := h.keeper(db, log, mailer)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-time.After(k.turn(ctx, time.Now())):
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }, nil
}

// Waits: while another server makes the head, and after something could not be made or sent.
const (
	headSoon  = time.Minute
	headRetry = 10 * time.Minute
)

// turn does what is due and returns how long there is nothing to do.
func (k *keeper) turn(ctx context.Context, now time.Time) time.Duration {
	due := review.DateOf(now).End().Add(k.at - 24*time.Hour)
	if now.Before(due) {
		return due.Sub(now)
	}
	h, made, err := k.db.DailyHead(ctx)
	switch {
	case err != nil:
		return k.later(ctx, "make the daily head of the audit trail", err)
	case made:
		k.log.Info("the audit trail is sealed", "head", h.Seq, "chains", h.Count, "hash", h.Hash)
	case h.Seq == 0:
		return headSoon
	}
	if err := k.export(ctx); err != nil {
		return k.later(ctx, "send the head of the audit trail", err)
	}
	return due.Add(24 * time.Hour).Sub(now)
}

func (k *keeper) later(ctx context.Context, what string, err error) time.Duration {
	if ctx.Err() == nil {
		k.log.Error(what, "error", err)
	}
	return headRetry
}

// export brings every head that is not there yet to the file and to the targets. One that fails does not hold up the others.
func (k *keeper) export(ctx context.Context) error {
	var failed []error
	if k.folder != "" {
		if err := k.write(ctx, filepath.Join(k.folder, headsFile)); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", headsFile, err))
		}
	}
	for _, t := range k.targets {
		if err := k.post(ctx, t); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", t.name, err))
		}
	}
	return errors.Join(failed...)
}

// write appends the heads after the last one in the file. That one must be the database's own: a file of another database,
// or of one whose heads were replaced, is left as it is.
func (k *keeper) write(ctx context.Context, file string) error {
	last, err := lastHead(file)
	if err != nil {
		return err
	}
	heads, err := k.db.HeadsAfter(ctx, max(last.Seq-1, 0))
	if err != nil {
		return err
	}
	if last.Seq > 0 {
		if len(heads) == 0 || heads[0].Hash != last.Hash {
			return fmt.Errorf("head %d in the file is not that of the database; compare them with fairreview audit verify --head", last.Seq)
		}
		heads = heads[1:]
	}
	for _, h := range heads {
		if h, err = k.db.WithChains(ctx, h); err != nil {
			return err
		}
		if err := appendHeads(file, h); err != nil {
			return err
		}
	}
	return nil
}

// lastHead is the last one in the file; its Seq is 0 when there is none.
func lastHead(file string) (last postgres.Head, err error) {
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return last, nil
	}
	if err != nil {
		return last, err
	}
	defer f.Close() //nolint:errcheck // read only
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // what comes after the last line feed was not finished
			return last, nil
		}
		if err == nil {
			err = json.Unmarshal(line, &last)
		}
		if err != nil {
			return last, err
		}
		last.Chains = nil
	}
}

// post sends what was not sent to the target yet, one head after the other.
func (k *keeper) post(ctx context.Context, t headTarget) error {
	sum := sha256.Sum256([]byte(t.address))
	target := hex.EncodeToString(sum[:])
	for {
		h, there, err := k.db.ClaimHead(ctx, target)
		if err != nil || !there {
			return err
		}
		err = t.send(ctx, h)
		if noted := k.db.HeadSent(context.WithoutCancel(ctx), target, h.Seq, err == nil); err != nil || noted != nil {
			return errors.Join(err, noted)
		}
	}
}

// webhookTries are the waits before each try.
var webhookTries = []time.Duration{0, time.Second, 5 * time.Second, 25 * time.Second}

// webhook returns how to post a head to an address, and the address's host. It refuses plain HTTP to other machines.
func webhook(address string) (send sendHead, host string, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" { // the error would repeat the address
		return nil, "", errors.New("--head-webhook is no address")
	}
	ip := net.ParseIP(u.Hostname())
	if loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback(); u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return nil, "", errors.New("--head-webhook must be an https address, or one of this machine")
	}
	client := &http.Client{Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return func(ctx context.Context, h postgres.Head) error {
		body, err := json.Marshal(h)
		if err != nil {
			return err
		}
		for _, wait := range webhookTries {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return ctx.Err()
			}
			if err = postOnce(ctx, client, address, body); err == nil {
				return nil
			}
		}
		return err
	}, u.Host, nil
}

func postOnce(ctx context.Context, client *http.Client, address string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return errors.New("the address cannot be used")
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err // without the address, which may hold a secret
	}
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is kept
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %s", resp.Status)
	}
	return nil
}
