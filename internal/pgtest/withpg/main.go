// Withpg runs a command with one private PostgreSQL for all the tests in it, so that each test process need not start
// its own:
//
//	go run ./internal/pgtest/withpg go test ./...
//
// A server that FAIRREVIEW_TEST_DATABASE_URL names already is used instead.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/fairreview/fairreview/internal/pgtest"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withpg:", err)
	}
	os.Exit(code)
}

func run(command []string) (int, error) {
	if len(command) == 0 {
		return 2, errors.New("no command given")
	}
	// Ctrl-C reaches the command itself; we only wait for it to end.
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = os.Environ()
	if os.Getenv(pgtest.URLVariable) == "" {
		url, stop, err := pgtest.Serve(ctx)
		if err != nil {
			return 1, err
		}
		defer stop()
		cmd.Env = append(cmd.Env, pgtest.URLVariable+"="+url)
	}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	go func() {
		<-ctx.Done()
		_ = cmd.Process.Signal(syscall.SIGTERM)
	}()
	if err := cmd.Wait(); err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return max(exit.ExitCode(), 1), nil
		}
		return 1, err
	}
	return 0, nil
}
