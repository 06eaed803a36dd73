// Package pglocal runs a private PostgreSQL in a folder: for one machine with nothing set up, and for tests.
//
// The cluster is Dir/postgres. It listens on a Unix socket only, inside that folder, which PostgreSQL keeps at mode
// 0700: whoever may enter the folder may use the database, and nobody else can reach it. The programs are the ones
// installed on the machine; nothing is downloaded. Only the standard library is used.
//
// The one rule: data is never deleted. A cluster that cannot be used (another major version, another owner, not a
// cluster at all) is refused with a sentence that says what to do.
package pglocal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// role is the cluster's superuser, and the only role that this package makes.
	role = "fairreview"
	// port only names the socket file; nothing listens on TCP.
	port = "5432"
	// maxSocketPath is the longest path a Unix socket can have on Linux.
	maxSocketPath = 107
	// tick is how often something that has no event to wait for is looked at again.
	tick = 10 * time.Millisecond
)

// Options say where the cluster is and how it runs.
type Options struct {
	Dir            string    // the data folder; made when missing
	Log            io.Writer // what initdb and the server print; nil discards it
	MaxConnections int       // 0 leaves PostgreSQL's own default, 100
	Fast           bool      // for tests: nothing is synced, so a power cut destroys the cluster
}

// Server is a running PostgreSQL. Stop it, or end the process: on Linux it shuts itself down when we die.
type Server struct {
	cluster  string
	sockets  string // the folder of the socket
	borrowed bool   // sockets is a temporary folder of ours, to be removed
	lock     *os.File
	tail     *tail
	cmd      *exec.Cmd
	done     chan struct{} // closed when the server has ended
	err      error         // how it ended; read after done
	stop     sync.Once
}

// Start makes the cluster if there is none, waits for a predecessor to go, starts the server and returns when it
// answers. One process may use a folder at a time: a second one gets an error that wraps ErrLocked.
func Start(ctx context.Context, o Options) (*Server, error) {
	dir, err := Folder(o.Dir)
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	lock, err := LockFile(filepath.Join(dir, "postgres.lock"))
	if err != nil {
		return nil, err
	}
	s := &Server{cluster: filepath.Join(dir, "postgres"), lock: lock, tail: &tail{to: o.Log}}
	if err := s.start(ctx, o); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, o Options) error {
	as, err := serverAccount(s.cluster)
	if err != nil {
		return err
	}
	major, err := clusterMajor(s.cluster)
	if err != nil {
		return err
	}
	bin, err := findPrograms(as, major, s.cluster)
	if err != nil {
		return err
	}
	if err := as.canEnter(bin, filepath.Dir(s.cluster)); err != nil {
		return err
	}
	if major == 0 {
		if err := s.initdb(ctx, bin, as, o.Fast); err != nil {
			return err
		}
	}
	for _, file := range []string{"postmaster.pid", ".s.PGSQL." + port + ".lock"} {
		if err := s.awaitPredecessor(ctx, filepath.Join(s.cluster, file)); err != nil {
			return err
		}
	}
	if err := s.chooseSockets(as); err != nil {
		return err
	}
	args := []string{"-D", s.cluster, "-k", s.sockets, "-p", port,
		"-c", "listen_addresses=",
		"-c", "timezone=UTC", "-c", "log_timezone=UTC",
		// Details name the values of a row, and a log is read by more people than the row is.
		"-c", "log_error_verbosity=terse", "-c", "log_checkpoints=off"}
	if o.MaxConnections > 0 {
		args = append(args, "-c", "max_connections="+strconv.Itoa(o.MaxConnections))
	}
	if o.Fast {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	// Children of a killed predecessor may hold its shared memory for a moment more; PostgreSQL then refuses to start.
	for giveUp := time.Now().Add(30 * time.Second); ; {
		err := s.launch(ctx, bin, as, args)
		if err == nil || !s.tail.has("is still in use", `"postmaster.pid" already exists`) || time.Now().After(giveUp) {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// initdb makes the cluster beside its place and moves it there when it is whole, because an initdb that is killed
// leaves what looks like a cluster and is none.
func (s *Server) initdb(ctx context.Context, bin programs, as account, fast bool) error {
	unfinished := s.cluster + ".tmp"
	if err := os.RemoveAll(unfinished); err != nil { // never held data
		return err
	}
	if err := os.Mkdir(unfinished, 0o700); err != nil {
		return err
	}
	if err := as.own(unfinished); err != nil {
		return err
	}
	// C.UTF-8: the same order on every machine, and trigrams of Chinese text, which the C locale has none of.
	args := []string{"-D", unfinished, "-U", role, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums", "--no-instructions"}
	if fast {
		args = append(args, "--no-sync")
	}
	cmd := as.command(ctx, bin.initdb, args...)
	cmd.Stdout, cmd.Stderr = s.tail, s.tail
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("initdb failed in %s: %s (%w)", unfinished, s.tail.last("error:"), err)
	}
	if err := os.Rename(unfinished, s.cluster); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(s.cluster))
}

// launch starts the server and returns nil once it answers. When it ends before that, or ctx does, launch leaves
// nothing running.
func (s *Server) launch(ctx context.Context, bin programs, as account, args []string) error {
	s.tail.reset()
	// Not the caller's context: it is for the start, and the server lives on.
	cmd := as.command(context.Background(), bin.postgres, args...)
	cmd.Stdout, cmd.Stderr = s.tail, s.tail
	cmd.WaitDelay = time.Second
	dieWithParent(cmd.SysProcAttr)
	s.cmd, s.done = cmd, make(chan struct{})

	started := make(chan error)
	go func() {
		// The kernel sends the parent's death signal when the *thread* that forked ends: keep it until the server ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			s.err = cmd.Wait()
			close(s.done)
		}
	}()
	if err := <-started; err != nil {
		s.cmd = nil
		return fmt.Errorf("start %s: %w", bin.postgres, err)
	}
	for {
		c, err := connect(ctx, s.socket(), role, "postgres")
		if err == nil {
			return c.Close()
		}
		select {
		case <-s.done:
			return fmt.Errorf("PostgreSQL did not start in %s: %s (%v)", s.cluster, s.tail.last("FATAL:"), s.err)
		case <-ctx.Done():
			_ = s.shutdown()
			return fmt.Errorf("PostgreSQL did not answer in time, last: %w", err)
		case <-time.After(tick):
		}
	}
}

// awaitPredecessor waits for the server that a killed process left behind, and asks it to go if it has not been told.
// A server names itself in two files: for the cluster, and for the socket.
func (s *Server) awaitPredecessor(ctx context.Context, pidFile string) error {
	for asked := false; ; {
		pid := firstNumber(pidFile)
		if pid <= 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return nil
		}
		line, known := commandLine(pid)
		name := filepath.Base(strings.Fields(line + " ?")[0])
		switch {
		case !known || (name == "postgres" && !strings.Contains(line, " -D "+s.cluster+" ")):
			return nil // PostgreSQL itself can tell whether that is its predecessor
		case name != "postgres":
			// Dead and not yet collected by its parent, or the number went to another program after a power cut.
			// PostgreSQL would wait for a person here. Should children of that server still live, their shared
			// memory keeps the next one from starting, whatever this file says.
			return os.Remove(pidFile)
		case !asked:
			asked = true
			_ = syscall.Kill(pid, syscall.SIGINT)
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("the previous PostgreSQL (process %d) is still shutting down: %w", pid, err)
		}
	}
}

// chooseSockets puts the socket into the cluster's own folder, or into a short one if the path would be too long or
// has a character that PostgreSQL or a driver would read as a list.
func (s *Server) chooseSockets(as account) error {
	s.sockets = s.cluster
	if len(s.socket()) <= maxSocketPath && !strings.ContainsAny(s.sockets, `,"`) {
		return nil
	}
	parent := os.Getenv("XDG_RUNTIME_DIR")
	if parent == "" || as.switches || len(parent) > 60 {
		parent = "/tmp"
	}
	short, err := os.MkdirTemp(parent, "fairreview-") // mode 0700
	if err != nil {
		return err
	}
	s.sockets, s.borrowed = short, true
	return as.own(short)
}

func (s *Server) socket() string { return filepath.Join(s.sockets, ".s.PGSQL."+port) }

// URL is how to reach a database of this server, for lib/pq, pgx and psql alike. It holds no secret.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database}
	u.RawQuery = url.Values{"host": {s.sockets}, "port": {port}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

// CreateDatabase makes a database with the cluster's encoding and locale (UTF8, C.UTF-8) unless it exists.
func (s *Server) CreateDatabase(ctx context.Context, name string) error {
	c, err := connect(ctx, s.socket(), role, "postgres")
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // only read from
	// From template0, which nobody can be connected to: PostgreSQL refuses to copy a database in use.
	err = c.exec(`CREATE DATABASE "` + strings.ReplaceAll(name, `"`, `""`) + `" TEMPLATE template0`)
	if e, ok := errors.AsType[*serverError](err); ok && (e.code == "42P04" || e.code == "23505") { // there, or just made by another
		return nil
	}
	return err
}

// Wait returns when the server has ended: nil after an orderly shutdown, whoever asked for it.
func (s *Server) Wait() error {
	<-s.done
	return s.err
}

// Stop shuts the server down, cutting off its clients, and returns when it has ended. Calling it again is harmless.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		_ = s.shutdown()
		s.release()
	})
	return s.err
}

// shutdown asks, and after a minute insists; the next start then recovers from the log.
func (s *Server) shutdown() error {
	for _, ask := range []struct {
		how  syscall.Signal
		wait time.Duration
	}{{syscall.SIGINT, time.Minute}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, 5 * time.Second}} {
		_ = s.cmd.Process.Signal(ask.how)
		select {
		case <-s.done:
			return s.err
		case <-time.After(ask.wait):
		}
	}
	return fmt.Errorf("PostgreSQL (process %d) does not end", s.cmd.Process.Pid)
}

func (s *Server) release() {
	if s.borrowed {
		_ = os.RemoveAll(s.sockets)
	}
	_ = s.lock.Close()
}

// Folder makes the data folder when it is missing and returns its one true path, the same name in every process.
func Folder(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("no data folder given")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	// Parents stay open to the account that the server runs under; the folder itself is nobody else's.
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // the cluster's account must pass through
		return "", err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}

// clusterMajor is the major version of the PostgreSQL that made the cluster, 0 when there is no cluster.
func clusterMajor(cluster string) (int, error) {
	if _, err := os.Stat(cluster); errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	major := firstNumber(filepath.Join(cluster, "PG_VERSION"))
	if major <= 0 {
		return 0, fmt.Errorf("%s exists but is not a PostgreSQL cluster (or belongs to another user): move it away or choose another data folder", cluster)
	}
	return major, nil
}

// firstNumber reads the number on a file's first line, 0 if there is none.
func firstNumber(file string) int {
	text, _ := os.ReadFile(file)
	line, _, _ := strings.Cut(string(text), "\n")
	n, _ := strconv.Atoi(strings.TrimSpace(line))
	return n
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // only read from
	return d.Sync()
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(tick):
		return nil
	}
}

// tail passes on what a program prints and remembers the end of it, to say why the program failed.
type tail struct {
	mu   sync.Mutex
	to   io.Writer
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if n := len(t.kept) - 4096; n > 0 {
		t.kept = append(t.kept[:0], t.kept[n:]...)
	}
	return t.to.Write(p)
}

func (t *tail) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = nil
}

func (t *tail) has(any ...string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range any {
		if bytes.Contains(t.kept, []byte(s)) {
			return true
		}
	}
	return false
}

// last is the last line with that mark, from the mark on, or else the last line.
func (t *tail) last(mark string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.kept)), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if _, text, found := strings.Cut(lines[i], mark); found {
			return strings.TrimSpace(text)
		}
	}
	return lines[len(lines)-1]
}
