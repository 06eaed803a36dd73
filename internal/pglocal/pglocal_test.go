package pglocal_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"github.com/fairreview/fairreview/internal/pglocal"
)

// holderVariable turns the test binary into a program that starts a server in the folder it names and waits to be killed.
const holderVariable = "PGLOCAL_TEST_HOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holderVariable); dir != "" {
		s, err := pglocal.Start(context.Background(), pglocal.Options{Dir: dir, Fast: true})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("ready")
		_ = s.Wait()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// openFolder is a temporary folder that every account may pass through; the one of t.TempDir lies in a closed one.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pglocal-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func start(t *testing.T, dir string) *pglocal.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var log bytes.Buffer
	s, err := pglocal.Start(ctx, pglocal.Options{Dir: dir, Log: &log, Fast: true, MaxConnections: 20})
	if err != nil {
		t.Fatalf("Start: %v\n%s", err, &log)
	}
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

func query(t *testing.T, s *pglocal.Server, database, statement string) string {
	t.Helper()
	db, err := sql.Open("postgres", s.URL(database))
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

// One cluster goes through what a machine may do to it; each step finds what the first one wrote.
func TestDataOutlivesEverything(t *testing.T) {
	dir := filepath.Join(openFolder(t), "data")
	cluster := filepath.Join(dir, "postgres")
	check := func(t *testing.T, s *pglocal.Server) {
		t.Helper()
		if got := query(t, s, "law", `SELECT title FROM rule`); got != "公平竞争审查条例" {
			t.Errorf("title = %q", got)
		}
	}

	t.Run("first start, after an initdb that was cut off", func(t *testing.T) {
		if err := os.MkdirAll(cluster+".tmp/base", 0o700); err != nil {
			t.Fatal(err)
		}
		s := start(t, dir)
		for range 2 {
			if err := s.CreateDatabase(t.Context(), "law"); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.CreateDatabase(t.Context(), `"; 奇怪`); err != nil {
			t.Errorf("a name that needs quoting: %v", err)
		}
		query(t, s, "law", `WITH made AS (SELECT 1) SELECT 'ok' FROM made`)
		for setting, want := range map[string]string{
			"server_encoding": "UTF8", "lc_collate": "C.UTF-8", "lc_ctype": "C.UTF-8", "TimeZone": "UTC", "max_connections": "20", "listen_addresses": "",
		} {
			if got := query(t, s, "law", `SELECT current_setting('`+setting+`')`); got != want {
				t.Errorf("%s = %q, want %q", setting, got, want)
			}
		}
		query(t, s, "law", `CREATE TABLE rule (title text NOT NULL); INSERT INTO rule VALUES ('公平竞争审查条例') RETURNING title`)
		check(t, s)
	})

	t.Run("stopped and started, and stopped twice", func(t *testing.T) {
		s := start(t, dir)
		check(t, s)
		if err := errors.Join(s.Stop(), s.Stop(), s.Wait()); err != nil {
			t.Errorf("Stop, Stop, Wait: %v", err)
		}
	})

	t.Run("a second process on the same folder is refused and disturbs nothing", func(t *testing.T) {
		s := start(t, dir)
		_, err := pglocal.Start(t.Context(), pglocal.Options{Dir: dir})
		if !errors.Is(err, pglocal.ErrLocked) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
			t.Errorf("second Start: %v, want ErrLocked and the process that holds the folder", err)
		}
		check(t, s)
	})

	t.Run("the server is killed", func(t *testing.T) {
		s := start(t, dir)
		if err := syscall.Kill(postmaster(t, cluster), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := s.Wait(); err == nil {
			t.Error("Wait says nothing of the kill")
		}
		_ = s.Stop()
		check(t, start(t, dir))
	})

	t.Run("the process that started it is killed", func(t *testing.T) {
		hold(t, dir)
		check(t, start(t, dir))
	})

	t.Run("both are killed", func(t *testing.T) {
		hold(t, dir, cluster)
		check(t, start(t, dir))
	})

	t.Run("the pid file names a stranger after a power cut", func(t *testing.T) {
		for _, name := range []string{"postmaster.pid", ".s.PGSQL.5432.lock"} {
			if err := os.WriteFile(filepath.Join(cluster, name), fmt.Appendf(nil, "%d\n%s\n", os.Getpid(), cluster), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		check(t, start(t, dir))
	})
}

// hold starts the server in a process of its own and kills that, and also the server of each of the clusters.
func hold(t *testing.T, dir string, clusters ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holderVariable+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("holder: %q %v", line, err)
	}
	for _, cluster := range clusters {
		if err := syscall.Kill(postmaster(t, cluster), syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait()
}

func postmaster(t *testing.T, cluster string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(cluster, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestFolderTooDeepForASocket(t *testing.T) {
	dir := filepath.Join(openFolder(t), strings.Repeat("深", 40), "a,b")
	s := start(t, dir)
	if got := query(t, s, "postgres", `SELECT 'here'`); got != "here" {
		t.Error(got)
	}
	sockets := query(t, s, "postgres", `SELECT current_setting('unix_socket_directories')`)
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(sockets); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", sockets, err)
	}
}

func TestRefusals(t *testing.T) {
	write := func(t *testing.T, file, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		set  func(t *testing.T, dir string)
		want string // part of the sentence
	}{
		{"a cluster of a version that is not installed", func(t *testing.T, dir string) {
			write(t, dir+"/postgres/PG_VERSION", "9\n")
		}, "made by PostgreSQL 9"},
		{"something else where the cluster would be", func(t *testing.T, dir string) {
			write(t, dir+"/postgres/letter.txt", "dear")
		}, "is not a PostgreSQL cluster"},
		{"programs named that are not there", func(t *testing.T, dir string) {
			t.Setenv("FAIRREVIEW_PG_BIN", t.TempDir())
		}, "no usable postgres"},
		{"a file where the folder would be", func(t *testing.T, dir string) {
			write(t, dir, "")
		}, "not a directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(openFolder(t), "data")
			tt.set(t, dir)
			before := list(t, dir)
			_, err := pglocal.Start(t.Context(), pglocal.Options{Dir: dir})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Start: %v, want %q", err, tt.want)
			}
			if after := list(t, dir); after != before {
				t.Errorf("files before %s, after %s", before, after)
			}
		})
	}
}

// Root's server runs under another account, which cannot pass through a closed parent; anyone else's own server can.
func TestBelowAClosedFolder(t *testing.T) {
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := pglocal.Start(ctx, pglocal.Options{Dir: filepath.Join(closed, "data"), Fast: true})
	if os.Geteuid() != 0 {
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Stop()
		return
	}
	if err == nil || !strings.Contains(err.Error(), "/var/lib/fairreview") {
		t.Errorf("Start: %v, want where to go instead", err)
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pglocal.Start(ctx, pglocal.Options{Dir: openFolder(t), Fast: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("Start: %v", err)
	}
}

// list names the files below the folder, but for the lock.
func list(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	_ = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err == nil && filepath.Base(path) != "postgres.lock" && path != dir {
			names = append(names, strings.TrimPrefix(path, dir))
		}
		return nil
	})
	return strings.Join(names, " ")
}
