// Fairreview is the case desk for fair-competition review: API, pages, worker and the commands of an administrator.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker.
var version = "dev"

func main() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		// Measured: a tenth more actions a second, for memory that any server has.
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(1 << 30)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program: it parses args, does what they ask and returns the exit code: 0 done, 1 refused or failed,
// 2 not understood.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	var cli struct {
		Serve       ServeCmd         `cmd:"" help:"Serve the API and the pages, with a worker inside unless told otherwise."`
		Worker      WorkerCmd        `cmd:"" help:"Run a worker only: it moves cases and keeps their periods."`
		Migrate     MigrateCmd       `cmd:"" help:"Bring the database to this version, and register Temporal's search attributes."`
		Demo        DemoCmd          `cmd:"" help:"Serve, and live a made-up year of 804 cases through the API; go on where an interrupted demo stopped."`
		Import      ImportCmd        `cmd:"" help:"Read finished records from a JSON Lines or CSV file: dry run first, then with --confirm."`
		Pool        PoolCmd          `cmd:"" help:"Keep the pool of experts."`
		Counts      CountsCmd        `cmd:"" help:"Print reviewed, kept, amended, repealed for a period."`
		Rules       RulesCmd         `cmd:"" help:"Show and load the local rules: periods, thresholds, steps."`
		Calendar    CalendarCmd      `cmd:"" help:"Show and load the working calendar."`
		Admin       AdminCmd         `cmd:"" help:"Administer accounts."`
		Audit       AuditCmd         `cmd:"" help:"Check the audit trail."`
		VerifyDraw  VerifyDrawCmd    `cmd:"" name:"verify-draw" help:"Draw again from an exported record of a draw, and compare."`
		Bench       BenchCmd         `cmd:"" hidden:"" help:"Measure."`
		Healthcheck HealthcheckCmd   `cmd:"" help:"Ask a running server whether it is ready; for containers."`
		Version     kong.VersionFlag `help:"Print the version."`
	}
	code := -1
	parser, err := kong.New(&cli, kong.Name("fairreview"),
		kong.Description("公平竞争审查工作平台 — fair-competition review, every case one durable workflow.\n\n"+
			"With neither --database-url nor --temporal-address everything runs on this machine in one data folder. "+
			"Every flag has an environment variable; flags win."),
		kong.Writers(out, errs), kong.Exit(func(c int) { code = c }), kong.Vars{"version": version, "data": defaultData()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(streams{in, out, errs}))
	if err != nil {
		return fail(errs, err)
	}
	command, err := parser.Parse(args)
	switch {
	case code >= 0: // --help or --version
		return code
	case err != nil:
		fmt.Fprintf(errs, "fairreview: %v\nTry: fairreview --help\n", err)
		return 2
	}
	if err := command.Run(); err != nil && !errors.Is(err, context.Canceled) {
		return fail(errs, err)
	}
	return 0
}

func fail(errs io.Writer, err error) int {
	fmt.Fprintln(errs, "fairreview:", err)
	return 1
}

type streams struct {
	in        io.Reader
	out, errs io.Writer
}
