package deploy

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// pgBin returns the directory of the installed PostgreSQL server's programs.
func pgBin(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("initdb"); err == nil {
		// A link stands alone; the server's other programs are beside what it points to.
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path)
		}
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	t.Fatal("no PostgreSQL server is installed: apt-get install postgresql (15 or later)")
	return ""
}

// TestPostgresInit runs the database script as the image runs it: as the superuser, over the socket, on an empty cluster.
func TestPostgresInit(t *testing.T) {
	bin := pgBin(t)
	dir, err := os.MkdirTemp("", "postgres-init") // not t.TempDir: an unprivileged user could not reach into it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })

	// PostgreSQL refuses root.
	var as *syscall.SysProcAttr
	if os.Getuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(nobody.Uid)
		gid, _ := strconv.Atoi(nobody.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
		as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	pg := func(name string, args ...string) error {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.SysProcAttr, cmd.Dir = as, dir
		// Not a pipe: the server would hold it open, and Wait would wait for the server.
		log, err := os.Create(filepath.Join(t.TempDir(), "log"))
		if err != nil {
			return err
		}
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, read(t, log.Name()))
		}
		return nil
	}

	data := filepath.Join(dir, "data")
	initdb := []string{"--pgdata=" + data, "--username=postgres", "--auth=trust", "--no-sync"}
	initdb = append(initdb, strings.Fields(*project(t).Services["postgres"].Environment["POSTGRES_INITDB_ARGS"])...)
	if err := pg("initdb", initdb...); err != nil {
		t.Fatal(err)
	}
	options := fmt.Sprintf("-c listen_addresses='' -c unix_socket_directories='%s' -c fsync=off", dir)
	if err := pg("pg_ctl", "start", "--wait", "--pgdata="+data, "--options="+options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg("pg_ctl", "stop", "--mode=immediate", "--pgdata="+data); err != nil {
			t.Error(err)
		}
	})

	script := func(env ...string) (string, error) {
		cmd := exec.Command("sh", "postgres-init.sh")
		cmd.Env = append([]string{"PATH=" + bin + ":" + os.Getenv("PATH"), "PGHOST=" + dir, "POSTGRES_USER=postgres"}, env...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	query := func(role, database, sql string) (string, error) {
		cmd := exec.Command(filepath.Join(bin, "psql"), "--no-psqlrc", "--tuples-only", "--no-align",
			"--host="+dir, "--username="+role, "--dbname="+database, "--command="+sql)
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}

	if out, err := script("FAIRREVIEW_DB_PASSWORD=fine", "TEMPORAL_DB_PASSWORD="); err == nil || !strings.Contains(out, "TEMPORAL_DB_PASSWORD") {
		t.Errorf("an empty password: %v, %q", err, out)
	}
	if out, err := script("FAIRREVIEW_DB_PASSWORD=a@b/c", "TEMPORAL_DB_PASSWORD=fine"); err == nil || !strings.Contains(out, "FAIRREVIEW_DB_PASSWORD") {
		t.Errorf("a password that does not fit into a URL: %v, %q", err, out)
	}
	if out, err := script("FAIRREVIEW_DB_PASSWORD=one-of-two", "TEMPORAL_DB_PASSWORD=two_of_two"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	t.Run("each role has a password and no power", func(t *testing.T) {
		got, err := query("postgres", "postgres", `SELECT rolname FROM pg_authid
			WHERE rolname IN ('fairreview', 'temporal') AND rolcanlogin AND rolpassword LIKE 'SCRAM-SHA-256$%'
			AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls) ORDER BY 1`)
		if want := "fairreview\ntemporal"; err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	})

	for _, row := range []struct {
		role, database string
		may            bool
	}{
		{"fairreview", "fairreview", true},
		{"fairreview", "temporal", false},
		{"fairreview", "temporal_visibility", false},
		{"fairreview", "postgres", false},
		{"temporal", "temporal", true},
		{"temporal", "temporal_visibility", true},
		{"temporal", "fairreview", false},
		{"temporal", "postgres", false},
	} {
		t.Run(fmt.Sprintf("%s in %s: %v", row.role, row.database, row.may), func(t *testing.T) {
			// Temporal's visibility schema creates the extension itself; the owner of a database may, because it is a trusted one.
			out, err := query(row.role, row.database, "CREATE EXTENSION btree_gin; CREATE TABLE t (n bigint); DROP TABLE t")
			if row.may && err != nil {
				t.Errorf("%v: %s", err, out)
			}
			if !row.may && (err == nil || !strings.Contains(out, "permission denied for database")) {
				t.Errorf("got %v: %q, want permission denied", err, out)
			}
		})
	}
}
