// Package deploy holds what an operator installs, and keeps it true: these tests read docker-compose.yml with Compose's own
// parser, run the program as the files in this directory run it, and run the database script against a real PostgreSQL.
//
// What they cannot do is start containers; docs/operations.md lists what that leaves unproved. The package is a module of its
// own so that Compose's parser stays out of the product's go.mod.
package deploy

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/types"
)

const (
	composeFile = "../docker-compose.yml"
	exampleFile = "../.env.example"
	dockerfile  = "../Dockerfile"
	unitFile    = "fairreview.service"
)

// example returns .env.example as an operator finds it: secrets empty, settings at their defaults.
func example(t *testing.T) map[string]string {
	t.Helper()
	env, err := dotenv.Read(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// filled returns .env.example with every secret filled in.
func filled(t *testing.T) map[string]string {
	t.Helper()
	env := example(t)
	for name, value := range env {
		if value == "" {
			env[name] = "made-up-for-this-test"
		}
	}
	return env
}

func load(env map[string]string) (*types.Project, error) {
	var list []string
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	o, err := cli.NewProjectOptions([]string{composeFile}, cli.WithEnv(list))
	if err != nil {
		return nil, err
	}
	return o.LoadProject(context.Background())
}

func project(t *testing.T) *types.Project {
	t.Helper()
	p, err := load(filled(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ours says whether a service runs the program of this repository.
func ours(s types.ServiceConfig) bool { return strings.HasPrefix(s.Image, "fairreview:") }

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNothingStartsWithoutItsSecrets(t *testing.T) {
	var secrets []string
	for name, value := range example(t) {
		if value == "" {
			secrets = append(secrets, name)
		}
	}
	slices.Sort(secrets)
	want := []string{"FAIRREVIEW_CODEC_KEYS", "FAIRREVIEW_DB_PASSWORD", "POSTGRES_PASSWORD", "TEMPORAL_DB_PASSWORD"}
	if !slices.Equal(secrets, want) {
		t.Errorf("empty in %s: %v, want %v", exampleFile, secrets, want)
	}
	for _, name := range secrets {
		env := filled(t)
		env[name] = ""
		_, err := load(env)
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("with %s empty: got error %v, want one that names it", name, err)
		}
	}
}

// An operator reads .env.example, Compose reads docker-compose.yml: they name the same variables with the same defaults.
func TestExampleNamesEveryVariable(t *testing.T) {
	text := uncommented(read(t, composeFile))
	env := example(t)
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`\$\{([A-Z_]+)(?::([-?])([^}]*))?\}`).FindAllStringSubmatch(text, -1) {
		name, kind, rest := m[1], m[2], m[3]
		found[name] = true
		value, ok := env[name]
		switch {
		case !ok:
			t.Errorf("%s is not in %s", name, exampleFile)
		case kind == "":
			t.Errorf("%s has neither a default nor a sentence that says what to set", m[0])
		case kind == "-" && rest != value:
			t.Errorf("%s defaults to %q, but %s says %q", name, rest, exampleFile, value)
		case kind == "?" && value != "":
			t.Errorf("%s is required, but %s gives everybody the same value %q", name, exampleFile, value)
		}
	}
	for name := range env {
		if !found[name] {
			t.Errorf("%s is in %s but nothing reads it", name, exampleFile)
		}
	}
}

func TestImagesArePinned(t *testing.T) {
	exact := regexp.MustCompile(`^[a-z0-9./-]+:\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?(@sha256:[0-9a-f]{64})?$`)
	var builds []string
	for name, s := range project(t).Services {
		if s.Build != nil {
			builds = append(builds, name)
		}
		switch {
		case !ours(s):
			if !exact.MatchString(s.Image) {
				t.Errorf("%s: image %q is not pinned to a release", name, s.Image)
			}
		case strings.HasSuffix(s.Image, ":latest"):
			t.Errorf("%s: image %q does not say which version", name, s.Image)
		case s.Build == nil && s.PullPolicy != types.PullPolicyNever:
			t.Errorf("%s may fetch %s from a registry, where it is not ours", name, s.Image)
		}
	}
	// Two builds of one tag at the same time can fail with "already exists".
	if !slices.Equal(builds, []string{"migrate"}) {
		t.Errorf("built by %v, want migrate alone", builds)
	}
}

func TestTemporalImagesAreOneRelease(t *testing.T) {
	p := project(t)
	_, want, _ := strings.Cut(p.Services["temporal"].Image, ":")
	for _, name := range []string{"temporal-schema", "temporal-namespace"} {
		if _, got, _ := strings.Cut(p.Services[name].Image, ":"); got != want {
			t.Errorf("%s is of release %s, the server of %s", name, got, want)
		}
	}
}

// A service either stays and says how it is, or does its work once and others wait for its success.
func TestServicesAreHealthyOrFinish(t *testing.T) {
	p := project(t)
	awaited := map[string]bool{}
	for name, s := range p.Services {
		for on, d := range s.DependsOn {
			switch d.Condition {
			case types.ServiceConditionCompletedSuccessfully:
				awaited[on] = true
			case types.ServiceConditionHealthy:
				if p.Services[on].HealthCheck == nil {
					t.Errorf("%s waits for the health of %s, which has no check", name, on)
				}
			default:
				t.Errorf("%s depends on %s under %q, which waits for nothing", name, on, d.Condition)
			}
		}
	}
	for name, s := range p.Services {
		once := s.Restart == types.RestartPolicyNo
		switch {
		case once && !awaited[name]:
			t.Errorf("%s runs once, but nobody waits for its success", name)
		case once && s.HealthCheck != nil:
			t.Errorf("%s runs once and has a health check", name)
		case !once && s.Restart != types.RestartPolicyUnlessStopped:
			t.Errorf("%s: restart is %q; after a reboot it would stay away", name, s.Restart)
		case !once && (s.HealthCheck == nil || s.HealthCheck.Disable || len(s.HealthCheck.Test) == 0):
			t.Errorf("%s stays but does not say how it is", name)
		case !once && awaited[name]:
			t.Errorf("%s stays, but others wait for its end", name)
		}
	}
}

// Compose has no type for secrets in the environment, so this looks at the file before anything is put in.
func TestNoSecretIsWrittenDown(t *testing.T) {
	o, err := cli.NewProjectOptions([]string{composeFile}, cli.WithInterpolation(false))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := o.LoadModel(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	secret := regexp.MustCompile(`(?i)PASSWORD|PASSWD|PWD|SECRET|TOKEN|KEY`)
	fromEnv := regexp.MustCompile(`^\$\{[A-Z_]+:\?[^}]+\}$`)
	inURL := regexp.MustCompile(`://[^/@:]+:(.+)@`)
	seen := 0
	for name, s := range raw["services"].(map[string]any) {
		environment, ok := s.(map[string]any)["environment"]
		if !ok {
			continue
		}
		for key, v := range environment.(map[string]any) {
			value, ok := v.(string)
			if !ok {
				t.Errorf("%s: %s is %v, want text", name, key, v)
				continue
			}
			if secret.MatchString(key) && !strings.HasSuffix(key, "_FILE") {
				seen++
				if !fromEnv.MatchString(value) {
					t.Errorf("%s: %s is %q, want ${NAME:?what to do}", name, key, value)
				}
			}
			if m := inURL.FindStringSubmatch(value); m != nil {
				seen++
				if !fromEnv.MatchString(m[1]) {
					t.Errorf("%s: %s holds the password %q, want ${NAME:?what to do}", name, key, m[1])
				}
			}
		}
	}
	if seen < 8 {
		t.Errorf("found %d places for secrets, want 8 or more: does this test still look at the right ones?", seen)
	}
}

func TestDataOutlivesItsContainer(t *testing.T) {
	p := project(t)
	kept := false
	for name, s := range p.Services {
		for _, v := range s.Volumes {
			switch v.Type {
			case types.VolumeTypeVolume:
				if _, ok := p.Volumes[v.Source]; !ok || v.Source == "" {
					t.Errorf("%s: %s is an anonymous volume, lost with the container", name, v.Target)
				}
				kept = kept || name == "postgres" && v.Target == "/var/lib/postgresql/data"
			case types.VolumeTypeBind:
				if !v.ReadOnly {
					t.Errorf("%s may write to %s on the host", name, v.Source)
				}
				// Compose would make a directory of a file that is not there.
				if info, err := os.Stat(v.Source); err != nil || !info.Mode().IsRegular() {
					t.Errorf("%s mounts %s, which is not a file", name, v.Source)
				}
			default:
				t.Errorf("%s: volume of type %q", name, v.Type)
			}
		}
	}
	if !kept {
		t.Error("postgres does not keep /var/lib/postgresql/data in a named volume")
	}
	if len(p.Volumes) == 0 {
		t.Error("no volumes")
	}
}

func TestOnlyTheLoopbackInterfaceIsPublished(t *testing.T) {
	p := project(t)
	var published []string
	for name, s := range p.Services {
		for _, port := range s.Ports {
			published = append(published, name)
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes %s on %q", name, port.Published, port.HostIP)
			}
			if !slices.ContainsFunc(s.NetworksByPriority(), func(n string) bool { return !bool(p.Networks[n].Internal) }) {
				t.Errorf("%s publishes a port but is on internal networks only, where that does nothing", name)
			}
		}
	}
	slices.Sort(published)
	if want := []string{"server", "temporal-ui"}; !slices.Equal(published, want) {
		t.Errorf("published: %v, want %v", published, want)
	}
	for _, name := range []string{"data", "engine"} {
		if !p.Networks[name].Internal {
			t.Errorf("network %s leads outside", name)
		}
	}
}

func TestServicesHaveTheLeastPrivilege(t *testing.T) {
	for name, s := range project(t).Services {
		user, _, _ := strings.Cut(s.User, ":")
		if user == "" || user == "0" || user == "root" {
			t.Errorf("%s runs as %q", name, s.User)
		}
		if s.Privileged || !s.ReadOnly {
			t.Errorf("%s: privileged %v, read_only %v", name, s.Privileged, s.ReadOnly)
		}
		if !slices.Equal(s.CapDrop, []string{"ALL"}) || len(s.CapAdd) > 0 {
			t.Errorf("%s: cap_drop %v, cap_add %v", name, s.CapDrop, s.CapAdd)
		}
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: security_opt %v", name, s.SecurityOpt)
		}
		if s.Logging == nil || s.Logging.Options["max-size"] == "" {
			t.Errorf("%s logs until the disk is full", name)
		}
	}
}

// The program is asked for help with exactly the words of the files: it refuses commands and flags that it does not know, and
// its help names every setting that the files give it.
func TestProgramKnowsWhatItIsTold(t *testing.T) {
	program := os.Getenv("FAIRREVIEW_BIN")
	if program == "" {
		t.Fatal("FAIRREVIEW_BIN is not set: run `make test`, which builds the program and says where it is")
	}
	entrypoint := instruction(t, "ENTRYPOINT")

	type invocation struct {
		where    string
		args     []string
		settings []string
	}
	invocations := []invocation{{where: "Dockerfile CMD", args: instruction(t, "CMD")}}
	for name, s := range project(t).Services {
		if !ours(s) {
			continue
		}
		if len(s.Entrypoint) > 0 {
			t.Errorf("%s: entrypoint %v instead of the image's", name, s.Entrypoint)
		}
		if len(s.Command) == 0 {
			t.Errorf("%s has no command", name)
		}
		i := invocation{where: name, args: s.Command}
		for key := range s.Environment {
			if !strings.HasPrefix(key, "GRPC_") { // the library's own
				i.settings = append(i.settings, key)
			}
		}
		invocations = append(invocations, i)
		if h := s.HealthCheck; h != nil {
			if len(h.Test) < 3 || h.Test[0] != "CMD" || !slices.Equal(h.Test[1:2], entrypoint) {
				t.Errorf("%s: health check %q, want CMD %v ...: the image has no shell", name, h.Test, entrypoint)
				continue
			}
			invocations = append(invocations, invocation{where: name + " health check", args: h.Test[2:]})
		}
	}
	for line := range strings.Lines(read(t, unitFile)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key == "ExecStart" || key == "ExecStartPre" {
			words := strings.Fields(value)
			if words[0] != "/usr/local/bin/fairreview" {
				t.Errorf("%s: %s runs %s", unitFile, key, words[0])
			}
			i := invocation{where: unitFile + " " + key, args: words[1:]}
			if key == "ExecStart" {
				i.settings = []string{"FAIRREVIEW_CODEC_KEYS_FILE"}
			}
			invocations = append(invocations, i)
		}
	}

	for _, i := range invocations {
		t.Run(i.where, func(t *testing.T) {
			args := append(slices.Clone(i.args), "--help")
			help, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, help)
			}
			for _, name := range i.settings {
				if !regexp.MustCompile(`\b` + name + `\b`).Match(help) {
					t.Errorf("%s %s does not mention %s", program, strings.Join(args, " "), name)
				}
			}
		})
	}
}

func TestDockerfile(t *testing.T) {
	text := uncommented(read(t, dockerfile))
	mod := read(t, "../go.mod")
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(mod)
	if version == nil {
		t.Fatal("no go line in go.mod")
	}
	for _, want := range []string{
		"golang:" + version[1] + "-",
		"CGO_ENABLED=0",
		" ./cmd/fairreview\n",
		"\nFROM scratch\n",
		"/etc/ssl/certs/ca-certificates.crt",
		"\nUSER 65532:65532\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("Dockerfile lacks %q", want)
		}
	}
	if last := text[strings.LastIndex(text, "\nFROM "):]; strings.Contains(last, "\nRUN ") {
		t.Error("the last stage runs something: it has no shell")
	}
	for name, s := range project(t).Services {
		if ours(s) && s.User != "65532:65532" {
			t.Errorf("%s runs as %s, the image as 65532:65532", name, s.User)
		}
	}
}

func TestShellScripts(t *testing.T) {
	scripts, err := filepath.Glob("*.sh")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("scripts: %v, %v", scripts, err)
	}
	for _, name := range scripts {
		if out, err := exec.CommandContext(t.Context(), "sh", "-n", name).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if text := read(t, name); !strings.HasPrefix(text, "#!/bin/sh\n") || !strings.Contains(text, "\nset -eu\n") {
			t.Errorf("%s: want #!/bin/sh and set -eu", name)
		}
		if info, err := os.Stat(name); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s is not executable", name)
		}
	}
}

// instruction returns the words of the last instruction of that kind in the Dockerfile, in its JSON form.
func instruction(t *testing.T, kind string) []string {
	t.Helper()
	var words []string
	in := bufio.NewScanner(strings.NewReader(read(t, dockerfile)))
	for in.Scan() {
		if rest, ok := strings.CutPrefix(in.Text(), kind+" ["); ok {
			words = nil
			for _, m := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(rest, -1) {
				words = append(words, m[1])
			}
		}
	}
	if words == nil {
		t.Fatalf("no %s in its JSON form in %s", kind, dockerfile)
	}
	return words
}

// uncommented drops the lines that are comments.
func uncommented(text string) string {
	return regexp.MustCompile(`(?m)^\s*#.*\n`).ReplaceAllString(text, "")
}
