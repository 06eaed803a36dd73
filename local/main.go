// Fairreview-local is everything that fairreview needs beside itself, on one machine and in one data folder: a private
// PostgreSQL, and the real Temporal server, which keeps its state in that same PostgreSQL.
//
// When both are ready it prints one line of JSON on standard output, the addresses, and stays until it is told to end
// (SIGTERM, SIGINT), until its parent is gone (-with-parent), or until PostgreSQL fails. It then stops Temporal first
// and PostgreSQL second. Whatever happens to it, kill -9 included, the next start finds everything that was
// acknowledged.
//
// It is a module and a program of its own because the Temporal server as a library brings hundreds of modules and
// minutes of compiling, which the product's own binary is spared. It suits a demonstration, tests and a first pilot;
// in production Temporal and PostgreSQL are services of their own.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/fairreview/fairreview/internal/pglocal"
)

const (
	// maxConnections is room for Temporal's pools (at most 10 for each of 4 services and 2 databases) and the product's.
	maxConnections = 200
	// memoryLimit keeps the lazier garbage collection below from growing without end.
	memoryLimit = 1 << 30
)

// settings are what the flags say.
type settings struct {
	Data         string // the data folder
	DatabaseURL  string // an existing PostgreSQL to use instead of a private one
	TemporalPort int    // 0: any free one
	WithParent   bool   // end when standard input does
}

// ready is the line on standard output.
type ready struct {
	DatabaseURL     string `json:"databaseUrl"`
	TemporalAddress string `json:"temporalAddress"`
	Namespace       string `json:"namespace"`
}

func main() {
	c, err := parse(os.Args[1:])
	if err != nil {
		os.Exit(2) // flag has said why
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends us at once
	if c.WithParent {
		ctx = untilEOF(ctx, os.Stdin)
	}
	if err := run(ctx, c, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fairreview-local:", err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	var c settings
	f := flag.NewFlagSet("fairreview-local", flag.ContinueOnError)
	f.StringVar(&c.Data, "data", os.Getenv("FAIRREVIEW_DATA"), "`folder` of all data, by default /var/lib/fairreview for root, else fairreview in XDG_DATA_HOME [FAIRREVIEW_DATA]")
	f.StringVar(&c.DatabaseURL, "database-url", os.Getenv("DATABASE_URL"), "use this PostgreSQL and start none; the database it names is the product's, and temporal and temporal_visibility are made beside it [DATABASE_URL]")
	f.IntVar(&c.TemporalPort, "temporal-port", 0, "`port` of Temporal on 127.0.0.1, by default any free one")
	f.BoolVar(&c.WithParent, "with-parent", false, "end when standard input is closed, as it is when the parent dies")
	if err := f.Parse(args); err != nil {
		return c, err
	}
	if f.NArg() > 0 {
		fmt.Fprintln(f.Output(), "fairreview-local: takes no arguments, only flags")
		return c, errors.New("arguments")
	}
	if c.Data == "" {
		c.Data = defaultData()
	}
	return c, nil
}

// defaultData is a place that lasts. Root's own home is closed to the account that PostgreSQL runs under.
func defaultData() string {
	if os.Geteuid() == 0 {
		return "/var/lib/fairreview"
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "fairreview")
	}
	home, _ := os.UserHomeDir()
	return filepath.Join(home, ".local/share/fairreview")
}

// run takes the data folder for itself and serves until told ends, which is no failure even in the middle of a start.
func run(told context.Context, c settings, out io.Writer) error {
	// Measured with Temporal inside: a fifth more cases a second than with the runtime's defaults.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	dir, err := pglocal.Folder(c.Data)
	if err != nil {
		return err
	}
	lock, err := pglocal.LockFile(filepath.Join(dir, "local.lock"))
	if err != nil {
		return err
	}
	defer lock.Close()
	log, err := openLog(filepath.Join(dir, "local.log"))
	if err != nil {
		return err
	}
	defer log.Close()

	ctx, fail := context.WithCancelCause(told)
	defer fail(nil)
	err = serve(ctx, fail, c, dir, log, out)
	switch {
	case told.Err() != nil:
		return nil
	case errors.Is(err, context.Canceled):
		return context.Cause(ctx)
	default:
		return err
	}
}

// serve starts both services, says so on out, and stops them when ctx ends.
func serve(ctx context.Context, fail func(error), c settings, dir string, log *logFile, out io.Writer) error {
	db, err := openDatabases(ctx, c.DatabaseURL, dir, log, fail)
	if err != nil {
		return err
	}
	defer db.close()
	temporal, err := startTemporal(ctx, db, c.TemporalPort, log)
	if err != nil {
		return fmt.Errorf("start Temporal: %w (more in %s)", err, log.path)
	}
	defer temporal.stop()
	line := json.NewEncoder(out)
	line.SetEscapeHTML(false) // leaves the & of a URL as it is, for people and shell scripts
	if err := line.Encode(ready{db.product, temporal.address, namespace}); err != nil {
		return err
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// untilEOF is ctx, but ends with r as well.
func untilEOF(ctx context.Context, r io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, r)
		cancel()
	}()
	return ctx
}
