package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/fairreview/fairreview/activities"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/schema"
	"github.com/fairreview/fairreview/workflows"
)

// services are the two stores, connected, and what must be stopped with them.
type services struct {
	stores   Stores
	db       *postgres.DB
	temporal client.Client
	local    *localServices
	secrets  []postgres.SecretKey
	notifier *activities.Notifier // nil: this process delivers no notices
	registry *prometheus.Registry
	log      *slog.Logger
}

// open connects to the stores, starting the local ones when no address is given, and brings the schema to this version
// when it owns the database.
func open(ctx context.Context, s Stores, k Keys, log *slog.Logger) (*services, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	sv := &services{log: log, registry: prometheus.NewRegistry()}
	isLocal := s.DatabaseURL == ""
	if isLocal {
		var err error
		if sv.local, err = startLocal(ctx, s, log); err != nil {
			return nil, err
		}
		s.DatabaseURL, s.TemporalAddress, s.Namespace = sv.local.DatabaseURL, sv.local.TemporalAddress, sv.local.Namespace
		if err := schema.Migrate(ctx, s.DatabaseURL); err != nil {
			sv.close()
			return nil, fmt.Errorf("bring the database to this version: %w", err)
		}
	}
	sv.stores = s
	codec, secrets, err := k.load(isLocal, s.Data)
	if err != nil {
		sv.close()
		return nil, err
	}
	if sv.db, err = postgres.Open(ctx, s.DatabaseURL, s.Pool); err != nil {
		sv.close()
		return nil, fmt.Errorf("database %s: %w", s.database(), err)
	}
	sv.secrets = secrets
	if sv.temporal, err = dial(ctx, s, codec, sv.registry, log); err != nil {
		sv.close()
		return nil, fmt.Errorf("temporal at %s: %w", s.TemporalAddress, err)
	}
	if isLocal {
		if err := workflows.EnsureSearchAttributes(ctx, sv.temporal, s.Namespace); err != nil {
			sv.close()
			return nil, err
		}
	}
	return sv, nil
}

// dial connects to Temporal by its own TEMPORAL_* settings, with ours on top.
func dial(ctx context.Context, s Stores, codec *workflows.Codec, reg *prometheus.Registry, log *slog.Logger) (client.Client, error) {
	o, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, err
	}
	o.HostPort, o.Namespace = s.TemporalAddress, s.Namespace
	// What we send is encrypted and does not get smaller.
	o.ConnectionOptions.GrpcCompression = &client.GrpcCompressionNone{}
	o.Logger = tlog.NewStructuredLogger(slog.New(quiet{log.Handler()}))
	if codec != nil {
		o.DataConverter, o.FailureConverter = workflows.DataConverter(codec), workflows.FailureConverter(codec)
	}
	if reg != nil {
		o.MetricsHandler = newTemporalMetrics(reg)
	}
	return client.DialContext(ctx, o)
}

// work starts a worker and returns its stop.
func (sv *services) work(ctx context.Context) (stop func(), err error) {
	w := worker.New(sv.temporal, workflows.TaskQueue, workflows.WorkerOptions())
	workflows.Register(w, &activities.Activities{DB: sv.db})
	workflows.RegisterNotify(w, sv.notifier)
	if err := w.Start(); err != nil {
		return nil, fmt.Errorf("start the worker: %w", err)
	}
	if sv.notifier != nil {
		if err := workflows.StartNotify(ctx, sv.temporal); err != nil {
			w.Stop()
			return nil, err
		}
	}
	background, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		sv.catchUp(background)
		sv.keepCalendar(background, time.Minute)
	}()
	return func() {
		cancel()
		<-done
		w.Stop()
	}, nil
}

// catchUp lets the cases that were being saved when a machine died take over what the record says, so that no clock waits
// for somebody to act. It asks about the last minute before the last write; a case that is not behind costs nothing.
func (sv *services) catchUp(ctx context.Context) {
	cases, err := sv.db.LastTouched(ctx, time.Minute, 2000)
	if err != nil {
		sv.log.Warn("look for cases behind their record", "error", err)
		return
	}
	reviews := &workflows.Client{Temporal: sv.temporal}
	work := make(chan postgres.Touched)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for c := range work {
				switch err := reviews.Sync(ctx, c.ID, c.Version); review.CodeOf(err) {
				case "", review.AlreadyDone:
				default:
					if ctx.Err() != nil {
						continue // we are stopping; the next start looks again
					}
					sv.log.Warn("a case may be behind its record", "case", c.ID, "error", err)
				}
			}
		})
	}
	for _, c := range cases {
		if ctx.Err() != nil {
			break
		}
		work <- c
	}
	close(work)
	all.Wait()
}

// ready asks both stores.
func (sv *services) ready(ctx context.Context) error {
	if _, err := sv.temporal.CheckHealth(ctx, nil); err != nil {
		return err
	}
	return sv.db.Ping(ctx)
}

func (sv *services) close() {
	if sv.temporal != nil {
		sv.temporal.Close()
	}
	if sv.db != nil {
		_ = sv.db.Close()
	}
	if sv.local != nil {
		sv.local.stop()
	}
}

// localServices is the running fairreview-local.
type localServices struct {
	DatabaseURL     string `json:"databaseUrl"`
	TemporalAddress string `json:"temporalAddress"`
	Namespace       string `json:"namespace"`

	cmd    *exec.Cmd
	parent io.Closer  // closing it tells the child that we are gone
	ended  chan error // what they ended with, once
}

// startLocal starts PostgreSQL and Temporal on this machine and waits until they answer. They end with this process,
// however it ends.
func startLocal(ctx context.Context, s Stores, log *slog.Logger) (*localServices, error) {
	program, err := findLocal(s.Local)
	if err != nil {
		return nil, err
	}
	log.Info("starting the local services", "data", s.Data)
	cmd := exec.Command(program, "--data", s.Data, "--with-parent")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = detached()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	l := &localServices{cmd: cmd, parent: stdin, ended: make(chan error, 1)}
	started := make(chan error, 1)
	go func() {
		// The death signal follows the thread that forked, so that thread stays until the child ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			l.ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	first := make(chan error, 1)
	go func() {
		line, err := bufio.NewReader(stdout).ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, l)
		}
		first <- err
		_, _ = io.Copy(io.Discard, stdout)
	}()
	select {
	case err = <-first:
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(3 * time.Minute):
		err = errors.New("no answer within three minutes")
	}
	if err != nil {
		l.stop()
		return nil, fmt.Errorf("the local services did not start (%w); see %s", err, filepath.Join(s.Data, "local.log"))
	}
	if raw, err := json.Marshal(l); err == nil {
		// For the other commands on this machine; a stale file only makes them start the services themselves.
		_ = os.WriteFile(filepath.Join(s.Data, servicesFile), raw, 0o600)
	}
	return l, nil
}

// servicesFile says in the data folder where the running local services are.
const servicesFile = "services.json"

// readLocal reads where the local services of a data folder are, or were.
func readLocal(data string) (*localServices, error) {
	raw, err := os.ReadFile(filepath.Join(data, servicesFile))
	if err != nil {
		return nil, err
	}
	l := &localServices{}
	return l, json.Unmarshal(raw, l)
}

// stop ends the local services in order and waits for them.
func (l *localServices) stop() {
	_ = l.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-l.ended: //nolint:errcheck // we asked it to end
	case <-time.After(30 * time.Second):
		_ = l.cmd.Process.Kill()
	}
	_ = l.parent.Close()
}

func findLocal(named string) (string, error) {
	if named != "" {
		return named, nil
	}
	const name = "fairreview-local"
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), name)
		if st, err := os.Stat(beside); err == nil && !st.IsDir() {
			return beside, nil
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return "", errors.New("fairreview-local was not found: run `make build`, or set DATABASE_URL and TEMPORAL_ADDRESS to use services that exist")
}
