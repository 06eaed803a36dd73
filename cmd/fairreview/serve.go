package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/schema"
	"github.com/fairreview/fairreview/server"
	"github.com/fairreview/fairreview/workflows"
)

// ServeCmd serves the API and the pages.
type ServeCmd struct {
	Stores
	Keys
	Access
	Web
	Heads
	Notices
	Listen   string `env:"FAIRREVIEW_LISTEN" default:"127.0.0.1:8080" help:"Address to listen on. ($${env})"`
	NoWorker bool   `env:"FAIRREVIEW_NO_WORKER" help:"Leave the worker to other processes. ($${env})"`
	Secure   bool   `env:"FAIRREVIEW_SECURE" help:"The site is reached by HTTPS (a proxy with TLS stands in front): secure cookies and HSTS; so it is with --tls-cert. ($${env})"`
	LogJSON  bool   `name:"log-json" env:"FAIRREVIEW_LOG_JSON" help:"Log lines as JSON. ($${env})"`
}

// Run serves until the process is told to stop.
func (c *ServeCmd) Run(ctx context.Context, io streams) error {
	log := logger(io.errs, c.LogJSON, slog.LevelInfo)
	sv, err := open(ctx, c.Stores, c.Keys, log)
	if err != nil {
		return err
	}
	defer sv.close()
	return c.serve(ctx, sv, func(ctx context.Context, base string) error {
		if _, err := fmt.Fprintln(io.out, base); err != nil {
			return err
		}
		return firstLink(ctx, sv.db, base, io.errs)
	})
}

// serve listens, works, calls then with the site's address once it answers, and waits for the end. It stops in reverse:
// no new requests, the worker, the stores.
func (c *ServeCmd) serve(ctx context.Context, sv *services, then func(ctx context.Context, base string) error) error {
	if err := demoStaysHome(ctx, sv, c.Listen); err != nil {
		return err
	}
	if err := c.govern(sv); err != nil {
		return err
	}
	proxies, err := c.proxies()
	if err == nil {
		err = c.checkWeb()
	}
	if err != nil {
		return err
	}
	sv.observe()
	sv.observeQueues()
	if sv.notifier, err = c.notifier(sv); err != nil {
		return err
	}
	stopHeads, err := c.daily(ctx, sv.db, sv.log, sv.notifier.Mail)
	if err != nil {
		return err
	}
	defer stopHeads()
	if !c.NoWorker {
		stop, err := sv.work(ctx)
		if err != nil {
			return err
		}
		defer stop()
	}
	srv, err := server.New(server.Options{DB: sv.db, Reviews: &workflows.Client{Temporal: sv.temporal}, Log: sv.log,
		Metrics: sv.registry, Ready: sv.ready, Secure: c.Secure || c.TLSCert != "", Proxies: proxies, Rates: c.rates(),
		Mail: c.SMTP != "", PrivateWebhooks: c.PrivateWebhooks})
	if err != nil {
		return err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	if ln, err = c.guard(ctx, ln, sv.log); err != nil {
		return err
	}
	base := c.scheme() + reachable(ln.Addr())
	served := make(chan error, 1)
	go func() { served <- srv.App().Listener(ln) }()
	if err := then(ctx, base); err != nil {
		_ = srv.App().ShutdownWithTimeout(5 * time.Second)
		return err
	}
	var ended <-chan error
	if sv.local != nil {
		ended = sv.local.ended
	}
	select {
	case err = <-served:
	case why := <-ended:
		err = fmt.Errorf("the local services ended (%w); see local.log in the data folder, then start again", why)
	case <-ctx.Done():
	}
	return errors.Join(err, srv.App().ShutdownWithTimeout(10*time.Second))
}

// demoStaysHome refuses to show made-up data to the world: its accounts have a known password.
func demoStaysHome(ctx context.Context, sv *services, listen string) error {
	demo, err := sv.db.Setting(ctx, "demo")
	if err != nil || demo != "true" {
		return err
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return errors.New("this database holds the demo, whose accounts have a published password: listen on 127.0.0.1 only")
}

// reachable is the address as a browser on this machine would type it.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// WorkerCmd runs a worker only.
type WorkerCmd struct {
	Stores
	Keys
	Notices
	Listen  string `env:"FAIRREVIEW_LISTEN" default:"" placeholder:"ADDR" help:"Where /healthz, /readyz and /metrics answer; nowhere when empty. ($${env})"`
	LogJSON bool   `name:"log-json" env:"FAIRREVIEW_LOG_JSON" help:"Log lines as JSON. ($${env})"`
}

// Run works until the process is told to stop.
func (c *WorkerCmd) Run(ctx context.Context, io streams) error {
	sv, err := open(ctx, c.Stores, c.Keys, logger(io.errs, c.LogJSON, slog.LevelInfo))
	if err != nil {
		return err
	}
	defer sv.close()
	sv.observe()
	sv.observeQueues()
	if err := sv.db.Govern(postgres.Accounts{Keys: sv.secrets}); err != nil {
		return err
	}
	if sv.notifier, err = c.notifier(sv); err != nil {
		return err
	}
	stop, err := sv.work(ctx)
	if err != nil {
		return err
	}
	defer stop()
	sv.log.Info("working", "queue", workflows.TaskQueue)
	if c.Listen == "" {
		<-ctx.Done()
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := sv.ready(r.Context()); err != nil {
			sv.log.Warn("not ready", "error", err)
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(sv.registry, promhttp.HandlerOpts{}))
	srv := &http.Server{Addr: c.Listen, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = srv.Close()
	}()
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// MigrateCmd brings the database to this version.
type MigrateCmd struct {
	Stores
}

// Run migrates, and registers the search attributes when Temporal's address is given. It needs no codec key.
func (c *MigrateCmd) Run(ctx context.Context, io streams) error {
	if c.DatabaseURL == "" {
		return errors.New("set DATABASE_URL; the local services migrate by themselves")
	}
	if err := schema.Migrate(ctx, c.DatabaseURL); err != nil {
		return fmt.Errorf("database %s: %w", c.database(), err)
	}
	fmt.Fprintln(io.out, "database: up to date")
	if c.TemporalAddress == "" {
		return nil
	}
	t, err := dial(ctx, c.Stores, nil, nil, logger(io.errs, false, slog.LevelWarn))
	if err != nil {
		return fmt.Errorf("temporal at %s: %w", c.TemporalAddress, err)
	}
	defer t.Close()
	if err := workflows.EnsureSearchAttributes(ctx, t, c.Namespace); err != nil {
		return err
	}
	fmt.Fprintln(io.out, "Temporal: search attributes registered in", c.Namespace)
	return nil
}

// HealthcheckCmd asks a running server.
type HealthcheckCmd struct {
	URL string `default:"http://127.0.0.1:8080/readyz" help:"What to ask."`
}

// Run fails unless the answer is 200 within three seconds.
func (c *HealthcheckCmd) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: thisMachine(req.URL.Hostname())}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", c.URL, resp.Status)
	}
	return nil
}

// thisMachine takes any certificate from a server on this machine: its name is the site's, not that of the loopback, and
// nothing is told it. Elsewhere certificates are verified.
func thisMachine(host string) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // see above
	}
	return t
}

func logger(w io.Writer, asJSON bool, level slog.Level) *slog.Logger {
	if asJSON {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// terminal reports whether w is one.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isTerminal(f.Fd())
}
