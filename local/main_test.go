package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/fairreview/fairreview/internal/pglocal"
)

// binary is the program under test: FAIRREVIEW_LOCAL, or one built now, once.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("FAIRREVIEW_LOCAL"); path != "" {
		return filepath.Abs(path)
	}
	dir, err := os.MkdirTemp("", "fairreview-local-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "fairreview-local")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

var built string // folder to remove

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// local is a running fairreview-local.
type local struct {
	ready
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout *bufio.Reader
	stderr bytes.Buffer
}

// launch runs the program; start waits for its line as well.
func launch(t *testing.T, flags ...string) *local {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &local{cmd: exec.Command(path, flags...)}
	p.cmd.Env = append(os.Environ(), "DATABASE_URL=", "FAIRREVIEW_DATA=") // the flags alone decide
	p.cmd.Stderr = &p.stderr
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	return p
}

func start(t *testing.T, flags ...string) *local {
	t.Helper()
	p := launch(t, flags...)
	line, err := p.stdout.ReadBytes('\n')
	if err != nil {
		_ = p.cmd.Wait()
		t.Fatalf("no line on stdout: %v\n%s", err, &p.stderr)
	}
	if err := json.Unmarshal(line, &p.ready); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return p
}

// ended waits for the program's end and checks how it ended: status, nothing more on stdout, this on stderr.
func (p *local) ended(t *testing.T, status int, stderr string) {
	t.Helper()
	rest, _ := io.ReadAll(p.stdout)
	_ = p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != status || len(rest) > 0 {
		t.Errorf("ended with %d, want %d; more on stdout: %q", got, status, rest)
	}
	switch got := p.stderr.String(); {
	case stderr == "" && got != "":
		t.Errorf("on stderr: %s", got)
	case !strings.Contains(got, stderr) || strings.Count(got, "\n") > 1:
		t.Errorf("on stderr: %q, want one sentence with %q", got, stderr)
	}
}

// openFolder is a temporary folder that the account PostgreSQL runs under may pass through, which t.TempDir is not.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fairreview-local-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func exec1(t *testing.T, url, statement string) string {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var got string
	if err := db.QueryRowContext(t.Context(), statement).Scan(&got); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return got
}

// departments answer on one case at the same time.
const departments = 60

// counter is a case in miniature: it lives on, counts the updates it gets, and answers none before all have come.
func counter(ctx workflow.Context) error {
	n := 0
	err := workflow.SetUpdateHandler(ctx, "add", func(ctx workflow.Context) (int, error) {
		n++
		mine := n
		return mine, workflow.Await(ctx, func() bool { return n >= departments })
	})
	if err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return false })
}

// work connects to p and runs a worker for counter until the test ends or stop is called.
func work(t *testing.T, p *local) (c client.Client, stop func()) {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{HostPort: p.TemporalAddress, Namespace: p.Namespace, Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	w := worker.New(c, "test", worker.Options{})
	w.RegisterWorkflow(counter)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() { w.Stop(); c.Close() })
	t.Cleanup(stop)
	return c, stop
}

func add(ctx context.Context, c client.Client) (n int, err error) {
	h, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{WorkflowID: "case/1", UpdateName: "add", WaitForStage: client.WorkflowUpdateStageCompleted})
	if err != nil {
		return 0, err
	}
	return n, h.Get(ctx, &n)
}

type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

func TestWhatWasAcknowledgedOutlivesAKill(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := filepath.Join(openFolder(t), "data")

	p := start(t, "-data", dir)
	exec1(t, p.DatabaseURL, `CREATE TABLE note (text text NOT NULL); INSERT INTO note VALUES ('记录') RETURNING text`)
	c, stop := work(t, p)
	status := temporal.NewSearchAttributeKeyKeyword("FairreviewStatus")
	if _, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: "case/1", TaskQueue: "test", TypedSearchAttributes: temporal.NewSearchAttributes(status.ValueSet("REVIEWING")),
	}, counter); err != nil {
		t.Fatal(err)
	}

	t.Run("sixty departments answer at once", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		var all sync.WaitGroup
		for range departments {
			all.Go(func() {
				if _, err := add(ctx, c); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
	t.Run("cases are found by what they are filtered by", func(t *testing.T) {
		for { // the list is written a moment after the case
			n, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: p.Namespace, Query: "FairreviewStatus = 'REVIEWING'"})
			if err != nil {
				t.Fatal(err)
			}
			if n.Count == 1 {
				return
			}
		}
	})
	t.Run("a second process on the same folder is refused", func(t *testing.T) {
		launch(t, "-data", dir).ended(t, 1, fmt.Sprintf("in use by process %d", p.cmd.Process.Pid))
	})

	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	stop()

	p = start(t, "-data", dir, "-with-parent")
	if got := exec1(t, p.DatabaseURL, `SELECT text FROM note`); got != "记录" {
		t.Errorf("note = %q", got)
	}
	c, stop = work(t, p)
	if n, err := add(ctx, c); err != nil || n != departments+1 {
		t.Errorf("the update after the kill counts %d, %v; want %d", n, err, departments+1)
	}
	ns, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: p.Namespace})
	if err != nil || ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() != retention {
		t.Errorf("namespace: %v, %v", ns.GetConfig(), err)
	}
	stop()

	t.Run("it ends when its parent does, and PostgreSQL with it", func(t *testing.T) {
		if err := p.stdin.Close(); err != nil {
			t.Fatal(err)
		}
		p.ended(t, 0, "")
		if _, err := os.Stat(filepath.Join(dir, "postgres/postmaster.pid")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("PostgreSQL still runs: %v", err)
		}
	})
}

func TestExistingPostgreSQL(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	server, err := pglocal.Start(ctx, pglocal.Options{Dir: filepath.Join(openFolder(t), "data"), MaxConnections: maxConnections, Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()

	p := start(t, "-data", t.TempDir(), "-database-url", server.URL("city"))
	if got := exec1(t, p.DatabaseURL, `SELECT current_database()`); got != "city" {
		t.Errorf("the product's database is %q, want the one named", got)
	}
	launch(t, "-data", t.TempDir(), "-database-url", server.URL("")).ended(t, 1, "already runs on this PostgreSQL")

	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.ended(t, 0, "")
	again := start(t, "-data", t.TempDir(), "-database-url", server.URL(""))
	if got := exec1(t, again.DatabaseURL, `SELECT current_database()`); got != "fairreview" {
		t.Errorf("the product's database is %q, want fairreview when none is named", got)
	}
}

func TestItEndsWithItsPostgreSQL(t *testing.T) {
	dir := filepath.Join(openFolder(t), "data")
	p := start(t, "-data", dir)
	text, err := os.ReadFile(filepath.Join(dir, "postgres/postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscan(string(text), &pid); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.ended(t, 1, "PostgreSQL ended on its own")
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name string
		url  string
		want string
	}{
		{"another kind of database", "mysql://root:secret@db/x", "must read postgres://"},
		{"nobody at home", "postgres://u:secret@127.0.0.1:1/x?sslmode=disable", "connection refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := run(t.Context(), settings{Data: t.TempDir(), DatabaseURL: tt.url}, io.Discard)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("run: %v, want %q and no password", err, tt.want)
			}
		})
	}
}

func TestLogIsPutAsideAtEveryStartAndWhenItIsFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "local.log")
	for _, text := range []string{"first start\n", "second start\n"} {
		l, err := openLog(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(l, text); err != nil {
			t.Fatal(err)
		}
		if text == "second start\n" {
			if _, err := l.Write(bytes.Repeat([]byte("x"), maxLog)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(path + ".1")
	if err != nil || string(old) != "second start\n" {
		t.Errorf("put aside: %q, %v", old, err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != maxLog || info.Mode().Perm() != 0o600 {
		t.Errorf("current: %v, %v", info, err)
	}
}
