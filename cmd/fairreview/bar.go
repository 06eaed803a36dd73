package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
)

// bar shows progress: one line redrawn on a terminal, a plain line every tenth or every ten seconds elsewhere.
type bar struct {
	mu    sync.Mutex
	out   io.Writer
	noun  string
	live  bool
	shown time.Time
	tenth int
}

func newBar(out io.Writer, noun string) *bar { return &bar{out: out, noun: noun, live: terminal(out)} }

func isTerminal(fd uintptr) bool { return isatty.IsTerminal(fd) || isatty.IsCygwinTerminal(fd) }

// set shows that done of total are done; calls may come out of order.
func (b *bar) set(done, total int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if total == 0 {
		return
	}
	now := time.Now()
	if b.live {
		if now.Sub(b.shown) < 100*time.Millisecond && done < total {
			return
		}
		full := 40 * done / total
		fmt.Fprintf(b.out, "\r[%s%s] %d / %d %s ", strings.Repeat("█", full), strings.Repeat("·", 40-full), done, total, b.noun)
	} else if tenth := 10 * done / total; tenth > b.tenth || now.Sub(b.shown) > 10*time.Second {
		fmt.Fprintf(b.out, "%d / %d %s\n", done, total, b.noun)
		b.tenth = tenth
	} else {
		return
	}
	b.shown = now
}

func (b *bar) end() {
	if b.live {
		fmt.Fprintln(b.out)
	}
}
