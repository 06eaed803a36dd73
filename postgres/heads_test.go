package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fairreview/fairreview/review"
)

func (d *desk) head() Head {
	d.Helper()
	h, err := d.db.MakeHead(d.ctx)
	d.must(err)
	return h
}

func TestAHeadSealsWhatGrewSinceTheOneBefore(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	zeros := strings.Repeat("0", 64)
	empty := d.head()
	a := d.register(handlerA, review.Department, "甲")
	b := d.register(handlerB, review.Department, "乙")
	first := d.head()
	a = d.act(a, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 甲。"))})
	d.securityEvents(2)
	second := d.head()
	third := d.head()
	hash := func(c review.Case, version int) string {
		var h []byte
		d.must(d.db.sql.Get(&h, `SELECT hash FROM events WHERE case_id = $1 AND version = $2`, c.ID, version))
		return hex.EncodeToString(h)
	}
	// The text of a head as the documentation has it, hashed without our code.
	text := func(h Head, chains ...string) string {
		slices.Sort(chains)
		return sha(fmt.Sprintf("%s\n%d %s %s %d\n%s", h.Previous, h.Seq, h.Day, h.MadeAt.Format("2006-01-02T15:04:05.000000Z"), h.Count, strings.Join(chains, "")))
	}
	line := func(c review.Case, version int) string {
		return fmt.Sprintf("%s %d %s\n", c.ID, version, hash(c, version))
	}
	var sum []byte
	d.must(d.db.sql.Get(&sum, `SELECT hash FROM security_events WHERE seq = 2`))
	security := fmt.Sprintf("security 2 %x\n", sum)
	for _, tt := range []struct {
		name     string
		h        Head
		seq      int64
		previous string
		hash     string
		chains   int
	}{
		{"of an empty record", empty, 1, zeros, text(empty), 0},
		{"of two cases", first, 2, empty.Hash, text(first, line(a, 1), line(b, 1)), 2},
		{"of one that went on, and of security events", second, 3, first.Hash, text(second, line(a, 2), security), 1}, // hex sorts before s
		{"of nothing new", third, 4, second.Hash, text(third, security), 0},
	} {
		if h := tt.h; h.Seq != tt.seq || h.Previous != tt.previous || h.Hash != tt.hash || h.Count != tt.chains || len(h.Chains) != tt.chains || h.Day != "2026-03-02" {
			t.Errorf("%s: %+v, want hash %s after %s", tt.name, h, tt.hash, tt.previous)
		}
	}
	if s := second.Security; s == nil || s.Seq != 2 || first.Security != nil {
		t.Errorf("security %+v, before it %+v", s, first.Security)
	}
	list, err := d.db.HeadsAfter(d.ctx, 1)
	d.must(err)
	if len(list) != 3 || list[0].Hash != first.Hash || list[0].Chains != nil {
		t.Errorf("heads after the first: %+v", list)
	}
	whole, err := d.db.WithChains(d.ctx, list[1])
	d.must(err)
	if !slices.Equal(whole.Chains, second.Chains) {
		t.Errorf("chains %+v, want %+v", whole.Chains, second.Chains)
	}
	if got := d.bad(empty, first, second, third); got != nil {
		t.Errorf("%+v", got)
	}
}

func TestHeadsAreForGood(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.register(handlerA, review.Department, "甲")
	d.head()
	for _, statement := range []string{`UPDATE audit_heads SET day = day - 1`, `DELETE FROM audit_heads`, `DELETE FROM audit_head_chains`,
		`UPDATE audit_head_chains SET version = 2`, `TRUNCATE audit_heads CASCADE`, `TRUNCATE audit_head_chains`} {
		if _, err := d.db.sql.Exec(statement); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func TestSeveralServersMakeOneHeadADay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.register(handlerA, review.Department, "甲")
	for day, want := range []int64{1, 2, 3} {
		d.on(review.Date(fmt.Sprintf("2026-03-0%d", day+3)))
		var all sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for range 6 {
			all.Go(func() {
				h, ok, err := d.db.DailyHead(d.ctx)
				mu.Lock()
				defer mu.Unlock()
				if err != nil || ok && h.Seq != want {
					t.Errorf("%+v, %v", h, err)
				}
				if ok {
					made++
				}
			})
		}
		all.Wait()
		if made != 1 {
			t.Errorf("day %d: %d heads", day, made)
		}
		if h, ok, err := d.db.DailyHead(d.ctx); ok || err != nil || h.Seq != want {
			t.Errorf("once more on day %d: %+v, %t, %v", day, h, ok, err)
		}
	}
	// One that is asked for is made all the same, one after the other.
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if _, err := d.db.MakeHead(d.ctx); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if heads, err := d.db.HeadsAfter(d.ctx, 0); err != nil || len(heads) != 9 || heads[8].Seq != 9 {
		t.Errorf("%d heads, %v", len(heads), err)
	}
	if got := d.bad(); got != nil {
		t.Errorf("%+v", got)
	}
	// The lock is given back.
	var held int
	d.must(d.db.sql.Get(&held, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`))
	if held != 0 {
		t.Errorf("%d advisory locks are held", held)
	}
}

// TestNobodyWaitsForAHead makes one while a case is locked by somebody who saves, and saves while one is being made.
func TestNobodyWaitsForAHead(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.register(handlerA, review.Department, "甲")
	saving, err := d.db.sql.BeginTxx(d.ctx, nil)
	d.must(err)
	if _, err := saving.Exec(`SELECT id FROM cases WHERE id = $1 FOR UPDATE`, c.ID); err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(d.ctx, 8*time.Second) // less than the lock timeout
	defer cancel()
	if h, err := d.db.MakeHead(soon); err != nil || h.Count != 1 {
		t.Errorf("while a case is saved: %+v, %v", h, err)
	}
	d.must(saving.Rollback())
	// A head that is sealed and not yet committed: cases are opened and go on meanwhile, and are in the next one.
	making, err := d.db.sql.BeginTxx(d.ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	d.must(err)
	if h, made, err := d.db.seal(d.ctx, making, false); err != nil || !made || h.Seq != 2 {
		t.Errorf("sealed %+v, %t, %v", h, made, err)
	}
	d.act(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 甲。"))})
	d.register(handlerB, review.Department, "乙")
	d.must(making.Commit())
	if h := d.head(); h.Seq != 3 || h.Count != 2 {
		t.Errorf("the next head: %+v", h)
	}
	if got := d.bad(); got != nil {
		t.Errorf("%+v", got)
	}
	// Heads and saves at the same time.
	var all sync.WaitGroup
	all.Go(func() {
		for range 10 {
			if _, err := d.db.MakeHead(d.ctx); err != nil {
				t.Error(err)
			}
		}
	})
	for range 12 {
		d.issued("办法")
	}
	all.Wait()
	if got := d.bad(); got != nil {
		t.Errorf("%+v", got)
	}
}

func TestAFileOfHeadsIsReadWithCare(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.register(handlerA, review.Department, "甲")
	one := d.head()
	d.register(handlerA, review.Department, "乙")
	two := d.head()
	d.register(handlerA, review.Department, "丙")
	three := d.head()
	change := func(h Head, f func(*Head)) Head {
		h.Chains = slices.Clone(h.Chains)
		f(&h)
		return h
	}
	short := change(two, func(h *Head) { h.Chains = nil })
	for _, tt := range []struct {
		name  string
		heads []any
		want  string // of the error; "" is none
		n     int
	}{
		{"all of them", []any{one, two, three}, "", 3},
		{"in another order, and one twice", []any{three, one, two, one}, "", 3},
		{"with one missing", []any{one, three}, "", 2},
		{"one without its chains", []any{one, short, three}, "", 3},
		{"nothing", nil, "the file holds no head", 0},
		{"no JSON", []any{json.RawMessage(`"head"`)}, "head 1 of the file cannot be read", 0},
		{"another version of a chain", []any{change(two, func(h *Head) { h.Chains[0].Version++ })}, "head 2 of the file is not whole", 0},
		{"another hash of a chain", []any{change(two, func(h *Head) { h.Chains[0].Hash = strings.Repeat("0", 64) })}, "head 2 of the file is not whole", 0},
		{"no hash of a chain", []any{change(two, func(h *Head) { h.Chains[0].Hash = "" })}, "head 2 of the file is not whole", 0},
		{"too long a hash of a chain", []any{change(two, func(h *Head) { h.Chains[0].Hash += "00" })}, "head 2 of the file is not whole", 0},
		{"a case that is none", []any{change(two, func(h *Head) { h.Chains[0].Case = "x" })}, "head 2 of the file is not whole", 0},
		{"a chain too few", []any{change(two, func(h *Head) { h.Count++ })}, "head 2 of the file is not whole", 0},
		{"another day", []any{change(two, func(h *Head) { h.Day = "2026-03-01" })}, "head 2 of the file is not whole", 0},
		{"another hash", []any{change(two, func(h *Head) { h.Hash = one.Hash })}, "head 2 of the file is not whole", 0},
		{"two that differ", []any{two, change(short, func(h *Head) { h.Hash = one.Hash })}, "the file holds two heads 2 that differ", 0},
		{"one that does not follow", []any{one, change(short, func(h *Head) { h.Previous = three.Hash })}, "head 2 of the file does not follow on head 1", 0},
	} {
		var file bytes.Buffer
		for _, h := range tt.heads {
			d.must(json.NewEncoder(&file).Encode(h))
		}
		k, err := ReadHeads(&file)
		if tt.want == "" && (err != nil || len(k.Heads) != tt.n) || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if tt.want == "" {
			if report, err := d.db.VerifyAgainst(d.ctx, k, nil); err != nil || report.Bad != nil || report.Heads != 3 {
				t.Errorf("%s: %+v, %v", tt.name, report.Bad, err)
			}
		}
	}
}

func TestAHeadIsSentOnceToEachTarget(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	x, y := sha("x"), sha("y")
	claim := func(target string, want int64) {
		t.Helper()
		h, ok, err := d.db.ClaimHead(d.ctx, target)
		if err != nil || ok != (want != 0) || ok && h.Seq != want {
			t.Errorf("claimed %d %t, %v; want %d", h.Seq, ok, err, want)
		}
	}
	claim(x, 0)
	d.head()
	d.head()
	claim(x, 2) // a new target begins with the last
	claim(x, 0) // somebody sends it
	d.later(headClaim)
	claim(x, 2) // and has died
	d.head()
	claim(x, 0) // the third waits for the second
	d.must(d.db.HeadSent(d.ctx, x, 2, false))
	claim(x, 2)
	d.must(d.db.HeadSent(d.ctx, x, 2, true))
	claim(x, 3)
	d.must(d.db.HeadSent(d.ctx, x, 3, true))
	claim(x, 0)
	claim(y, 3)
	var all sync.WaitGroup
	var mu sync.Mutex
	got := 0
	d.head()
	for range 6 {
		all.Go(func() {
			_, ok, err := d.db.ClaimHead(d.ctx, x)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if ok {
				got++
			}
		})
	}
	all.Wait()
	if got != 1 {
		t.Errorf("%d of six claimed it", got)
	}
}
