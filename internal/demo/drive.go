package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fairreview/fairreview/review"
)

// Lives is the revision of what is lived. A demo that began under another cannot be gone on with: it asked something else under the
// same keys.
const Lives = 2

// Driver takes the people of the made-up city through their cases over the public API. Every step has an idempotency
// key of its own that depends on the case and the step alone, so a driver that was interrupted is simply run again: what
// was done is answered from the record, and it goes on from there.
type Driver struct {
	Base     string                // address of the site
	Day      review.Date           // the day the demo began; every date it writes derives from it
	Token    func(p string) string // API token of a person
	Clients  int                   // people acting at the same time
	Progress func(done, total int)

	http    *http.Client
	world   city
	actions atomic.Int64
}

// Actions is how many actions the driver has seen accepted.
func (d *Driver) Actions() int64 { return d.actions.Load() }

// Run drives the plan to its end. It retries while the site is away and returns the first refusal it cannot explain.
func (d *Driver) Run(ctx context.Context, plan []Job) error {
	d.world = newCity()
	d.http = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: d.Clients * 8}}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs, done := make(chan Job), atomic.Int64{}
	var wg sync.WaitGroup
	for range d.Clients {
		wg.Go(func() {
			for job := range jobs {
				r := d.newRun(ctx, job)
				r.live()
				if r.err != nil {
					cancel(fmt.Errorf("%s, %s: %w", r.slug, job.life.name, r.err))
				} else if n := int(done.Add(1)); d.Progress != nil {
					d.Progress(n, len(plan))
				}
			}
		})
	}
	for _, job := range plan {
		select {
		case jobs <- job:
		case <-ctx.Done():
		}
	}
	close(jobs)
	wg.Wait()
	return context.Cause(ctx)
}

// run is one case being lived. The first error stops it: later steps do nothing.
type run struct {
	d     *Driver
	ctx   context.Context
	world city
	index int
	slug  string
	m     Measure
	life  life
	day   review.Date

	handler, checker, head, officer, approver Person
	seats                                     []Person

	id             string
	version, step  int
	current        string // hash of the present text
	texts          int
	publicInterest string
	panelled       bool
	linked         *Job
	mu             sync.Mutex
	err            error
}

func (d *Driver) newRun(ctx context.Context, job Job) *run {
	r := &run{d: d, ctx: ctx, world: d.world, index: job.Index, slug: fmt.Sprintf("demo-%04d", job.Index), m: job.Measure, life: job.life, day: d.Day, linked: job.linked}
	r.handler, r.checker, r.head = d.world.unitDesk(job.Measure.Unit, job.Index)
	r.officer, r.approver = d.world.regulatorDesk(job.Measure.Unit, job.Index)
	if job.Measure.PublicInterest {
		r.publicInterest = "touched"
	}
	return r
}

// live opens the case and takes its steps. Whether public interest is majorly affected is said at registration, so
// the life's own word is taken first.
func (r *run) live() {
	switch r.life.name {
	case governmentPanel.name, openPanel.name:
		r.publicInterest = "major"
	}
	r.open()
	r.life.steps(r)
}

func (r *run) open() {
	m := map[string]any{"title": r.m.Title, "nature": r.m.Nature, "field": r.m.Field, "issuer": r.m.Issuer, "publicInterest": "none"}
	if r.publicInterest != "" {
		m["publicInterest"] = r.publicInterest
	}
	if r.life.kind == review.Existing {
		m["docNo"], m["issuedOn"], m["reviewedBefore"] = r.m.DocNo, r.m.IssuedOn, r.index%2 == 0
	}
	body := map[string]any{"kind": r.life.kind, "measure": m, "unit": r.m.Unit, "madeUp": true}
	if r.life.label != "" {
		body["label"] = r.life.label
	}
	var rec review.Receipt
	r.post(r.handler, "/api/v1/cases", r.slug+"-open", body, &rec)
	r.id, r.version = rec.Case, rec.Version
}

type actionBody struct {
	Kind review.ActionKind `json:"kind"`
	Seen int               `json:"seen"`
	review.Details
}

// act takes one step on the case and remembers the version it led to.
func (r *run) act(p Person, kind review.ActionKind, d review.Details) {
	r.send(p, kind, d, r.version, "")
	r.step++
}

// send acts with a given view of the case; seats and experts use it at the same time. It returns the version.
func (r *run) send(p Person, kind review.ActionKind, d review.Details, seen int, suffix string) int {
	if r.failed() {
		return 0
	}
	var rec review.Receipt
	r.post(p, "/api/v1/cases/"+r.id+"/actions", fmt.Sprintf("%s-%02d-%s%s", r.slug, r.step, kind, suffix), actionBody{kind, seen, d}, &rec)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.version = max(r.version, rec.Version)
	return rec.Version
}

// draft puts the first text on record and returns its hash.
func (r *run) draft() string {
	if r.current == "" {
		text := r.m.Text
		if !r.life.breach && r.m.Breach != nil {
			text = Revised(r.m)
		}
		r.current, r.texts = r.text(r.handler, text), 1
	}
	return r.current
}

func (r *run) text(p Person, body string) string {
	var out struct {
		Hash string `json:"hash"`
	}
	r.step++
	r.post(p, "/api/v1/texts", fmt.Sprintf("%s-%02d-text", r.slug, r.step), map[string]string{"text": body}, &out)
	return out.Hash
}

// openChanges reads the case for the required changes that wait for an answer. A step that is repeated after an
// interruption must ask the same again, so answered ones of this round are listed as well.
func (r *run) openChanges() []string {
	if r.failed() {
		return nil
	}
	var c review.Case
	r.get(r.handler, "/api/v1/cases/"+r.id, &c)
	var ids []string
	for _, ch := range c.Changes {
		ids = append(ids, ch.ID)
	}
	slices.Sort(ids)
	return ids
}

// amendment lives the linked new case to its issue and returns its id.
func (r *run) amendment() string {
	if r.failed() || r.linked == nil {
		return ""
	}
	sub := r.d.newRun(r.ctx, *r.linked)
	sub.live()
	if sub.err != nil {
		r.fail(sub.err)
	}
	return sub.id
}

func (r *run) failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err != nil
}

func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
}

func (r *run) post(p Person, path, key string, body, out any) {
	raw, err := json.Marshal(body)
	if err != nil {
		r.fail(err)
		return
	}
	r.call(http.MethodPost, p, path, key, raw, out)
	if strings.Contains(path, "/cases") {
		r.d.actions.Add(1)
	}
}

func (r *run) get(p Person, path string, out any) { r.call(http.MethodGet, p, path, "", nil, out) }

var errAway = errors.New("the site is away")

// call sends one request until it is answered: an action under way or a site that is away is asked again with the
// same key.
func (r *run) call(method string, p Person, path, key string, body []byte, out any) {
	wait := 50 * time.Millisecond
	for tries := 0; ; tries++ {
		if r.failed() {
			return
		}
		err := r.once(method, p, path, key, body, out)
		if err == nil {
			return
		}
		if !errors.Is(err, errAway) || tries > 100 {
			r.fail(fmt.Errorf("%s %s as %s: %w", method, path, p.ID, err))
			return
		}
		select {
		case <-r.ctx.Done():
			r.fail(context.Cause(r.ctx))
		case <-time.After(wait):
			wait = min(2*wait, 2*time.Second)
		}
	}
}

func (r *run) once(method string, p Person, path, key string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(r.ctx, method, r.d.Base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+r.d.Token(p.ID))
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := r.d.http.Do(req)
	if err != nil {
		if r.ctx.Err() != nil {
			return context.Cause(r.ctx)
		}
		return errAway
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	switch {
	case err != nil, resp.StatusCode == http.StatusAccepted, resp.StatusCode == http.StatusServiceUnavailable, resp.StatusCode == http.StatusTooManyRequests:
		return errAway
	case resp.StatusCode >= 300:
		return fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return json.Unmarshal(answer, out)
}
