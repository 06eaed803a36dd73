package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jmoiron/sqlx"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/fairreview/fairreview/internal/demo"
)

// BenchCmd measures, in one run on one set of services: the demo's mix through the HTTP API beside a bare Temporal loop
// of as many workflows and updates, and the counts endpoint beside an endpoint that does SELECT 1. Machines differ and
// are noisy; the ratios are what is worth keeping.
type BenchCmd struct {
	DemoCmd
	Seconds int    `default:"5" help:"How long each endpoint is asked."`
	Profile string `placeholder:"FILE" help:"Write a CPU profile of this process while cases are lived."`
}

// Run measures on a data folder of its own, which it removes.
func (c *BenchCmd) Run(ctx context.Context, io streams) error {
	dir, err := os.MkdirTemp("", "fairreview-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)                      //nolint:errcheck // a temporary folder
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // PostgreSQL's account must pass through it
		return err
	}
	c.Data, c.Listen = dir, "127.0.0.1:0"
	c.RateAccount, c.RateAddress = 0, 0 // one client asks for all it can get
	plan, _, err := demo.Plan(c.Cases, demo.Measures())
	if err != nil {
		return err
	}
	sv, err := open(ctx, c.Stores, c.Keys, logger(io.errs, false, slog.LevelWarn))
	if err != nil {
		return err
	}
	defer sv.close()
	day, err := settle(ctx, sv.db, "bench")
	if err != nil {
		return err
	}
	err = c.serve(ctx, sv, func(ctx context.Context, base string) error {
		d := &demo.Driver{Base: base, Day: day, Token: tokens(ctx, sv.db), Clients: c.Clients}
		if c.Profile != "" {
			f, err := os.Create(c.Profile)
			if err != nil {
				return err
			}
			defer f.Close() //nolint:errcheck // a profile that is lost is taken again
			if err := pprof.StartCPUProfile(f); err != nil {
				return err
			}
		}
		began := time.Now()
		if err := d.Run(ctx, plan); err != nil {
			return err
		}
		pprof.StopCPUProfile()
		ours := float64(d.Actions()) / time.Since(began).Seconds()
		updates := int(d.Actions()) / len(plan)
		bare, err := bareLoop(ctx, sv, len(plan), updates, c.Clients)
		if err != nil {
			return err
		}
		fmt.Fprintf(io.out, "%d cases, %d actions in all, %d clients\n", len(plan), d.Actions(), c.Clients)
		fmt.Fprintf(io.out, "  through the HTTP API      %7.0f actions/s  %5.1f cases/s\n", ours, ours*float64(len(plan))/float64(d.Actions()))
		fmt.Fprintf(io.out, "  bare Temporal loop        %7.0f actions/s\n  ratio                     %7.2f\n", bare, ours/bare)
		if err := c.endpoints(ctx, sv, io.out, base); err != nil {
			return err
		}
		return errDone
	})
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

// endpoints asks the counts and the SELECT 1 endpoint in turn, twice each, and prints the better run of both.
func (c *BenchCmd) endpoints(ctx context.Context, sv *services, out io.Writer, base string) error {
	floor := fiber.New(fiber.Config{DisableStartupMessage: true})
	floor.Get("/", func(f *fiber.Ctx) error {
		var one int
		if err := sv.db.SQL().GetContext(f.Context(), &one, "SELECT 1"); err != nil {
			return err
		}
		return f.JSON(one)
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = floor.Listener(ln) }()
	defer floor.ShutdownWithTimeout(time.Second) //nolint:errcheck // a floor to compare with; without a limit it waits for idle clients
	var counts, one float64
	for range 2 {
		a, err := ask(ctx, base+"/api/v1/counts", time.Duration(c.Seconds)*time.Second)
		if err != nil {
			return err
		}
		b, err := ask(ctx, "http://"+ln.Addr().String()+"/", time.Duration(c.Seconds)*time.Second)
		if err != nil {
			return err
		}
		counts, one = max(counts, a), max(one, b)
	}
	fmt.Fprintf(out, "GET /api/v1/counts          %7.0f requests/s\nSELECT 1 endpoint           %7.0f requests/s\n  time, ratio               %7.2f\n", counts, one, one/counts)
	return nil
}

// ask counts how often eight clients are answered in a second.
func ask(ctx context.Context, url string, d time.Duration) (float64, error) {
	hc := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	defer hc.CloseIdleConnections()
	var n atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	began := time.Now()
	for range 8 {
		wg.Go(func() {
			for time.Since(began) < d && failed.Load() == nil {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
				if err == nil {
					var resp *http.Response
					if resp, err = hc.Do(req); err == nil {
						_, _ = io.Copy(io.Discard, resp.Body)
						_ = resp.Body.Close()
						if resp.StatusCode != http.StatusOK {
							err = errors.New(resp.Status)
						}
					}
				}
				if err != nil {
					failed.Store(&err)
					return
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(n.Load()) / time.Since(began).Seconds(), nil
}

// bareLoop is the floor: as many workflows and updates on the same Temporal, each update one local activity that
// inserts one row, with nothing of ours in between.
func bareLoop(ctx context.Context, sv *services, workflows, updates, clients int) (float64, error) {
	if _, err := sv.db.SQL().ExecContext(ctx, "CREATE TABLE IF NOT EXISTS bench_bare (id bigserial PRIMARY KEY, note text NOT NULL)"); err != nil {
		return 0, err
	}
	const queue = "bench-bare"
	w := worker.New(sv.temporal, queue, worker.Options{})
	bare := &bareActivity{sv.db.SQL()}
	w.RegisterActivity(bare)
	w.RegisterWorkflowWithOptions(bareWorkflow, workflow.RegisterOptions{Name: "bare"})
	if err := w.Start(); err != nil {
		return 0, err
	}
	defer w.Stop()
	began := time.Now()
	ids, errs := make(chan int), make(chan error, clients)
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for i := range ids {
				if err := bareCase(ctx, sv.temporal, queue, i, updates); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	go func() {
		for i := range workflows {
			ids <- i
		}
		close(ids)
	}()
	wg.Wait()
	select {
	case err := <-errs:
		return 0, err
	default:
		return float64(workflows*updates) / time.Since(began).Seconds(), nil
	}
}

func bareCase(ctx context.Context, t client.Client, queue string, i, updates int) error {
	id := fmt.Sprintf("bare/%d/%d", time.Now().UnixNano(), i)
	if _, err := t.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: queue}, "bare", updates); err != nil {
		return err
	}
	for n := range updates {
		h, err := t.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{WorkflowID: id, UpdateID: fmt.Sprint(n), UpdateName: "do", WaitForStage: client.WorkflowUpdateStageCompleted})
		if err != nil {
			return err
		}
		if err := h.Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

type bareActivity struct{ db *sqlx.DB }

// Insert writes one row.
func (b *bareActivity) Insert(ctx context.Context) error {
	_, err := b.db.ExecContext(ctx, "INSERT INTO bench_bare (note) VALUES ($1)", "bare")
	return err
}

func bareWorkflow(ctx workflow.Context, updates int) error {
	done := 0
	err := workflow.SetUpdateHandler(ctx, "do", func(ctx workflow.Context) error {
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{ScheduleToCloseTimeout: 5 * time.Second, RetryPolicy: &temporal.RetryPolicy{}})
		var b *bareActivity
		err := workflow.ExecuteLocalActivity(ctx, b.Insert).Get(ctx, nil)
		done++
		return err
	})
	if err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return done >= updates && workflow.AllHandlersFinished(ctx) })
}
