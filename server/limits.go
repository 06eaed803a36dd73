package server

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/review"
)

// Rates bound what one account and one address may ask of this process, in reads a second, lasting; for a short while it
// may be burstSeconds times as much. Zero is no bound. They keep one runaway script from the others' share; guesses at
// passwords are throttled elsewhere, and far sooner.
type Rates struct {
	Account float64
	Address float64
}

const (
	burstSeconds = 10
	gateEntries  = 20_000 // of each gate: some 3 MB

	// What a request costs, in reads.
	costRead  = 1
	costWrite = 2
	costDear  = 10 // reads that walk many rows, compare texts or make a file
)

// gate is a token bucket for each key. It holds at most gateEntries: the young half is filled, then becomes the old half,
// and what was in the old one and did not come back is forgotten, which is to say: is full again.
type gate struct {
	rate float64 // tokens a second
	now  func() time.Time

	mu         sync.Mutex
	young, old map[string]bucket
}

// bucket is what is left for a key, as of an instant.
type bucket struct {
	left float64
	at   time.Time
}

func newGate(rate float64) *gate {
	return &gate{rate: rate, now: time.Now, young: map[string]bucket{}}
}

// take takes the cost from the key's bucket. When there is too little in it, it takes nothing and says how long to wait.
func (g *gate) take(key string, cost float64) (wait time.Duration) {
	if g.rate <= 0 {
		return 0
	}
	most, now := max(g.rate*burstSeconds, costDear), g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	b, known := g.young[key]
	if !known {
		if b, known = g.old[key]; !known {
			b = bucket{left: most, at: now}
		}
		if len(g.young) >= gateEntries/2 {
			g.old, g.young = g.young, make(map[string]bucket, gateEntries/2)
		}
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.left, b.at = min(most, b.left+g.rate*passed.Seconds()), now
	}
	if b.left < cost {
		wait = time.Duration((cost - b.left) / g.rate * float64(time.Second))
	} else {
		b.left -= cost
	}
	g.young[key] = b
	return wait
}

// costOf is what a request costs. What a page needs beside itself, and who asks whether we are well, costs nothing.
func costOf(method, path string) float64 {
	if method != fiber.MethodGet && method != fiber.MethodHead {
		return costWrite
	}
	path = strings.TrimRight(path, "/")
	rest, api := strings.CutPrefix(path, apiPrefix)
	switch {
	case path == "/healthz" || path == "/readyz" || path == "/metrics" || strings.HasPrefix(path, "/static/"):
		return 0
	case rest == "/audit/export" || rest == "/audit" || path == "/audit", rest == "/counts", rest == "/cases" || path == "/cases",
		api && (strings.HasSuffix(rest, "/compare") || strings.HasSuffix(rest, "/clauses") || strings.HasSuffix(rest, "/drafts")),
		!api && strings.HasPrefix(path, "/cases/"):
		return costDear
	}
	return costRead
}

// withinRates refuses a request of an address, or of a person once it is known who asks, that has used up its share.
func (s *Server) withinRates(c *fiber.Ctx, by string, g *gate, key string) error {
	if key == "" {
		return nil
	}
	wait := g.take(key, costOf(c.Method(), c.Path()))
	if wait <= 0 {
		return nil
	}
	s.meter.limited.WithLabelValues(by).Inc()
	return review.Refuse(codeRate, "seconds", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// neighbours is an address as the gate counts it: of IPv6 the network of one customer, who has more addresses than we have memory.
func neighbours(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Is4() {
		return address
	}
	p, err := a.Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}
