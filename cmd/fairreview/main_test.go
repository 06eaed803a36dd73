package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// folder is a data folder that PostgreSQL's own account can reach, also when the tests run as root.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fairreview-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Getenv("FAIRREVIEW_LOCAL") == "" {
		if _, err := findLocal(""); err != nil {
			t.Fatal("run `make test`, which builds what this needs: ", err)
		}
	}
	return dir
}

// program is the built binary; the crash tests kill it as a whole.
func program(t *testing.T) string {
	t.Helper()
	if bin := os.Getenv("FAIRREVIEW_BIN"); bin != "" {
		return bin
	}
	bin := filepath.Join(t.TempDir(), "fairreview")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// call runs the program in this process.
func call(t *testing.T, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(in), &o, &e)
	return code, o.String(), e.String()
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"help lists the commands":           {[]string{"--help"}, 0, "audit verify"},
		"each command has its own help":     {[]string{"import", "--help"}, 0, "GB18030"},
		"the version":                       {[]string{"--version"}, 0, "dev"},
		"an unknown command":                {[]string{"sevre"}, 2, `did you mean "serve"`},
		"an unknown flag":                   {[]string{"counts", "--form", "2026-01-01"}, 2, "unknown flag --form"},
		"half a configuration":              {[]string{"serve", "--database-url", "postgres://x/y"}, 2, "set both DATABASE_URL and TEMPORAL_ADDRESS"},
		"a day that never was":              {[]string{"counts", "--from", "2025-02-30"}, 1, "--from and --to are days"},
		"an end before the start":           {[]string{"counts", "--from", "2025-03-01", "--to", "2025-02-01"}, 1, "--from and --to are days"},
		"a file that is not there":          {[]string{"import", "no-such-file.csv"}, 2, "no such file"},
		"a demo of two cases":               {[]string{"demo", "--cases", "2"}, 1, "40 to 804"},
		"migrate without a database":        {[]string{"migrate"}, 1, "set DATABASE_URL"},
		"no codec key for another Temporal": {[]string{"serve", "--database-url", "postgres://127.0.0.1:1/x", "--temporal-address", "127.0.0.1:1"}, 1, "FAIRREVIEW_CODEC_KEYS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := call(t, "", c.args...)
			if code != c.code || !strings.Contains(out+errs, c.says) {
				t.Errorf("code %d, want %d; says:\n%s%s\nwant %q", code, c.code, out, errs, c.says)
			}
		})
	}
}

func TestSecretsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	_, out, errs := call(t, "", "counts", "--database-url", "postgres://fairreview:s3cret@127.0.0.1:1/fairreview")
	if strings.Contains(out+errs, "s3cret") || !strings.Contains(errs, "127.0.0.1:1") {
		t.Error(out, errs)
	}
}

// TestServe starts everything on this machine, looks at what a newcomer would, and stops it again.
func TestServe(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	var errs bytes.Buffer
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, strings.NewReader(""), w, &errs)
		_ = w.Close()
	}()
	base := make([]byte, 100)
	n, err := r.Read(base)
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	site := strings.TrimSpace(string(base[:n]))
	for path, want := range map[string]string{"/healthz": "", "/readyz": "", "/": "公平竞争审查", "/openapi.json": `"3.1.`, "/docs": "/api/v1/counts",
		"/metrics": "fairreview_http", "/api/v1/counts": `"reviewed":0`} {
		resp, err := http.Get(site + path) //nolint:noctx // the test's own server
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, without %q", path, resp.Status, want)
		}
	}
	if code, out, errs := call(t, "correct horse battery\n", "admin", "create", "first.admin", "--name", "管理员", "--unit", "scjg", "--unit-name", "演示市场监管局", "--data", dir); code != 0 {
		t.Errorf("admin create: %s%s", out, errs)
	}
	if code, _, errs := call(t, "short\n", "admin", "create", "second.admin", "--name", "乙", "--unit", "scjg", "--data", dir); code != 1 || !strings.Contains(errs, "12 to 128") {
		t.Errorf("a short password: %d %s", code, errs)
	}
	importing(t, dir)
	sixtySeats(t, dir, site)
	stop()
	if code := <-done; code != 0 {
		t.Errorf("ended with %d: %s", code, errs.String())
	}
}

// importing imports a list twice: nothing without --confirm, everything good once, nothing the second time. The list of
// real records, when one is named, goes the same way.
func importing(t *testing.T, dir string) {
	files := []string{"testdata/records.csv", "testdata/records.jsonl"}
	if more := os.Getenv("FAIRREVIEW_MEASURES"); more != "" {
		files = append(files, more)
	}
	total := regexp.MustCompile(`(\d+) good rows, (\d+) bad`)
	for _, file := range files {
		code, out, errs := call(t, "", "import", file, "--data", dir)
		good := total.FindStringSubmatch(out)
		if code != 0 || good == nil || !strings.Contains(out, "dry run: nothing was written") {
			t.Fatalf("%s: %d %s%s", file, code, out, errs)
		}
		if strings.Count(out, "row ") < 1 {
			t.Errorf("%s: its bad rows are not named:\n%s", file, out)
		}
		for _, want := range []string{good[1] + " imported, 0 were there", "0 imported, " + good[1] + " were there"} {
			if code, out, errs := call(t, "", "import", "--confirm", file, "--data", dir); code != 0 || !strings.Contains(out, want) {
				t.Errorf("%s: want %q: %d %s%s", file, want, code, out, errs)
			}
		}
	}
	if code, out, errs := call(t, "", "audit", "verify", "--data", dir); code != 0 {
		t.Errorf("audit: %s%s", out, errs)
	}
	if code, out, _ := call(t, "", "counts", "--csv", "--from", "2024-01-01", "--data", dir); code != 0 || !strings.Contains(out, "2024-01-01,2024-12-31,kept,2") {
		t.Errorf("the rows with a decision day count on it:\n%s", out)
	}
}

// TestDemoIsKilled kills the demo and all it started at several moments and starts it again. It goes on; the counts are
// exact and the audit trail whole.
func TestDemoIsKilled(t *testing.T) {
	t.Parallel()
	bin, dir := program(t), folder(t)
	titles := os.Getenv("FAIRREVIEW_MEASURES")
	if titles == "" {
		titles = "testdata/records.csv"
	}
	args := []string{"demo", "--cases", "60", "--measures", titles, "--data", dir, "--listen", "127.0.0.1:0", "--exit"}
	for _, cases := range []int{0, 8, 22, 44} {
		killed(t, bin, args, cases)
	}
	out, err := exec.CommandContext(t.Context(), bin, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"counters", "rows", "Temporal"} {
		if !regexp.MustCompile(want + ` +60 `).Match(out) {
			t.Errorf("%s does not say 60:\n%s", want, out)
		}
	}
	raw, err := exec.CommandContext(t.Context(), bin, "counts", "--json", "--data", dir).Output()
	if err != nil {
		t.Fatalf("counts: %v\n%s", err, raw)
	}
	var n struct{ Reviewed, Kept, Amended, Repealed int }
	if err := json.Unmarshal(raw, &n); err != nil || n.Reviewed != 60 || n.Kept+n.Amended+n.Repealed != 60 {
		t.Errorf("%v %+v", err, n)
	}
	if out, err := exec.CommandContext(t.Context(), bin, "audit", "verify", "--data", dir).CombinedOutput(); err != nil {
		t.Errorf("audit: %v\n%s", err, out)
	}
	if out, err := exec.CommandContext(t.Context(), bin, "serve", "--data", dir, "--listen", "0.0.0.0:0").CombinedOutput(); err == nil || !strings.Contains(string(out), "127.0.0.1 only") {
		t.Errorf("a demo shows itself to the world: %v\n%s", err, out)
	}
}

var progress = regexp.MustCompile(`(\d+) / \d+ cases`)

// killed starts the program and kills it, -9 and with its children, as soon as it says that so many cases are done; at 0,
// while its services start.
func killed(t *testing.T, bin string, args []string, cases int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), bin, args...)
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- cmd.Wait()
		_ = w.Close()
	}()
	var said strings.Builder
	buf := make([]byte, 4096)
	reached := func() bool {
		if cases == 0 {
			return strings.Contains(said.String(), "starting PostgreSQL")
		}
		for _, line := range progress.FindAllStringSubmatch(said.String(), -1) {
			if done, _ := strconv.Atoi(line[1]); done >= cases {
				return true
			}
		}
		return false
	}
	for !reached() {
		n, err := r.Read(buf)
		said.Write(buf[:n])
		if err != nil {
			t.Fatalf("it ended before %d cases were done: %v\n%s", cases, <-ended, said.String())
		}
	}
	for _, pid := range append(children(t, cmd.Process.Pid), cmd.Process.Pid) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	if err := <-ended; err == nil {
		t.Log("it ended by itself before it could be killed")
	}
}

// children lists the processes below pid, from /proc.
func children(t *testing.T, pid int) []int {
	t.Helper()
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range tasks {
		more, _ := os.ReadFile(f)
		raw = append(append(raw, ' '), more...)
	}
	var out []int
	for _, f := range strings.Fields(string(raw)) {
		var child int
		if _, err := fmt.Sscan(f, &child); err == nil && child > 0 {
			out = append(out, child)
			out = append(out, children(t, child)...)
		}
	}
	return out
}
