package pglocal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// programs are the two of an installation that are needed.
type programs struct {
	postgres, initdb string
	major            int
}

// places are where installations lie that are not on PATH: Debian, Red Hat (PGDG), SUSE, Alpine, Homebrew, Postgres.app.
var places = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/lib/postgresql*/bin",
	"/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// oldest is the first version whose initdb and SQL we use.
const oldest = 14

var errNotInstalled = errors.New("no PostgreSQL of version 14 or later found on this machine: install it " +
	"(Debian, Ubuntu: apt-get install postgresql; Red Hat, Fedora: dnf install postgresql-server postgresql-contrib; macOS: brew install postgresql@17), " +
	"or name the folder of its programs in FAIRREVIEW_PG_BIN")

// findPrograms returns the installation that fits the cluster, or the newest if there is no cluster yet (major 0).
// FAIRREVIEW_PG_BIN, when set, is the only place looked at.
func findPrograms(as account, major int, cluster string) (programs, error) {
	var best programs
	var found []int
	for _, dir := range programFolders() {
		p := programs{postgres: filepath.Join(dir, "postgres"), initdb: filepath.Join(dir, "initdb")}
		if !executable(p.postgres) || !executable(p.initdb) {
			continue
		}
		out, err := as.command(context.Background(), p.postgres, "--version").Output()
		if err != nil {
			continue // of another architecture, or closed to the account
		}
		if p.major = versionMajor(string(out)); p.major < oldest {
			continue
		}
		found = append(found, p.major)
		if p.major > best.major && (major == 0 || p.major == major) {
			best = p
		}
	}
	switch {
	case best.major > 0:
		return best, nil
	case len(found) > 0:
		return best, fmt.Errorf("the data in %s was made by PostgreSQL %d, and this machine has %d: install PostgreSQL %[2]d beside it, or move the data over with pg_upgrade", cluster, major, found)
	case os.Getenv("FAIRREVIEW_PG_BIN") != "":
		return best, fmt.Errorf("FAIRREVIEW_PG_BIN is %s, which has no usable postgres and initdb of version %d or later", os.Getenv("FAIRREVIEW_PG_BIN"), oldest)
	default:
		return best, errNotInstalled
	}
}

func programFolders() []string {
	if dir := os.Getenv("FAIRREVIEW_PG_BIN"); dir != "" {
		return []string{dir}
	}
	var dirs []string
	for _, place := range places {
		match, _ := filepath.Glob(place)
		dirs = append(dirs, match...)
	}
	if onPath, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(onPath); err == nil {
			onPath = real // its initdb lies beside it
		}
		dirs = append(dirs, filepath.Dir(onPath))
	}
	return dirs
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

var versionText = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// versionMajor reads "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", 0 if it cannot.
func versionMajor(text string) int {
	m := versionText.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}
