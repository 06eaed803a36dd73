package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/server"
	"github.com/fairreview/fairreview/workflows"
)

// CalendarCmd loads and shows the working calendar: what the State Council's yearly notice on public holidays says.
type CalendarCmd struct {
	Load CalendarLoadCmd `cmd:"" help:"Load years from a file; running periods end anew by them."`
	Show CalendarShowCmd `cmd:"" help:"Print a year as the JSON that load reads."`
}

// CalendarShowCmd prints a year.
type CalendarShowCmd struct {
	Record
	Year int `arg:"" help:"The year, such as 2026."`
}

// Run prints the year to standard output; who loaded it, and how many working days it has, to standard error.
func (c *CalendarShowCmd) Run(ctx context.Context, io streams) error {
	db, done, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer done()
	years, err := db.CalendarYears(ctx)
	if err != nil {
		return err
	}
	var loaded []string
	for _, y := range years {
		loaded = append(loaded, strconv.Itoa(y.Year))
		if y.Year != c.Year {
			continue
		}
		by := "came with the program"
		if y.At != nil {
			by = "loaded by " + y.By + " at " + y.At.Format(time.RFC3339)
		}
		fmt.Fprintf(io.errs, "%d: %d working days; %s\n", y.Year, y.WorkingDays(), by)
		return writeJSON(io.out, map[string]any{strconv.Itoa(y.Year): map[string]any{"off": y.Off, "work": y.Work, "source": y.Source}})
	}
	return fmt.Errorf("the calendar of %d is not loaded; loaded are: %s", c.Year, strings.Join(loaded, ", "))
}

// CalendarLoadCmd loads years.
type CalendarLoadCmd struct {
	Stores
	Keys
	File   string `arg:"" type:"existingfile" help:"JSON {\"2027\": {\"off\": [days], \"work\": [days], \"source\": \"…\"}}, or lines date,off and date,work."`
	Source string `placeholder:"TEXT" help:"The notice it rests on: title, number, address; needed unless the file says so."`
	DryRun bool   `help:"Say which periods would move, and change nothing."`
}

// Run loads the file and says what moved. A period whose case cannot be reached now is moved by a worker within a minute of
// its next start.
func (c *CalendarLoadCmd) Run(ctx context.Context, io streams) error {
	years, err := c.read()
	if err != nil {
		return err
	}
	if c.DryRun {
		return c.try(ctx, io, years)
	}
	sv, stop, err := c.connect(ctx, io)
	if err != nil {
		return err
	}
	defer stop()
	by := "command line"
	if u, err := user.Current(); err == nil {
		by = u.Username
	}
	for _, y := range years {
		changed, err := sv.db.LoadYear(ctx, y, y.Source, by)
		if err != nil {
			return fmt.Errorf("load %d: %w", y.Year, err)
		}
		if !changed {
			fmt.Fprintf(io.out, "%d is loaded just so already.\n", y.Year)
			continue
		}
		fmt.Fprintf(io.out, "%d is loaded: %d working days.\n", y.Year, y.WorkingDays())
	}
	became, err := sv.reclock(ctx)
	if err != nil {
		return err
	}
	sayMoved(io.out, "moved", became.Moved)
	sayMoved(io.out, "could not be moved now; a worker tries it every minute", became.Failed)
	if len(became.Moved)+len(became.Failed) == 0 {
		fmt.Fprintln(io.out, "No running period moves.")
	}
	return nil
}

// read reads the file and fills in the source.
func (c *CalendarLoadCmd) read() ([]review.CalendarYear, error) {
	f, err := os.Open(c.File)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	data, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, err
	}
	years, err := review.ParseCalendar(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", c.File, server.CalendarRefusal(err))
	}
	for i := range years {
		if s := strings.TrimSpace(c.Source); s != "" {
			years[i].Source = s
		}
		if strings.TrimSpace(years[i].Source) == "" {
			return nil, errors.New("say with --source on which notice the calendar rests: title, number, address")
		}
	}
	return years, nil
}

// try says what would move.
func (c *CalendarLoadCmd) try(ctx context.Context, io streams, years []review.CalendarYear) error {
	db, done, err := Record{DatabaseURL: c.DatabaseURL, Data: c.Data, Local: c.Local}.open(ctx, io)
	if err != nil {
		return err
	}
	defer done()
	cal, err := db.Calendar(ctx)
	if err != nil {
		return err
	}
	for _, y := range years {
		cal = cal.With(y)
		fmt.Fprintf(io.out, "%d would have %d working days.\n", y.Year, y.WorkingDays())
	}
	stale, err := db.StaleClocksBy(ctx, cal)
	if err != nil {
		return err
	}
	sayMoved(io.out, "would move", stale)
	if len(stale) == 0 {
		fmt.Fprintln(io.out, "No running period would move.")
	}
	fmt.Fprintln(io.out, "dry run: nothing was changed")
	return nil
}

// connect reaches both stores: those named, those of a server that runs on the data folder, or the local ones, which are
// started, with a worker, when nothing runs there.
func (c *CalendarLoadCmd) connect(ctx context.Context, io streams) (sv *services, stop func(), err error) {
	log := logger(io.errs, false, slog.LevelWarn)
	if l, err := readLocal(c.Data); c.DatabaseURL == "" && c.TemporalAddress == "" && err == nil {
		there := c.Stores
		there.DatabaseURL, there.TemporalAddress, there.Namespace = l.DatabaseURL, l.TemporalAddress, l.Namespace
		k := c.Keys
		if k.CodecKeys == "" && k.CodecKeysFile == "" {
			if k.CodecKeys, err = localKey(filepath.Join(c.Data, "codec.key")); err != nil {
				return nil, nil, err
			}
		}
		if sv, err := open(ctx, there, k, log); err == nil {
			return sv, sv.close, nil
		}
	}
	if sv, err = open(ctx, c.Stores, c.Keys, log); err != nil {
		return nil, nil, err
	}
	if sv.local == nil {
		return sv, sv.close, nil
	}
	end, err := sv.work(ctx)
	if err != nil {
		sv.close()
		return nil, nil, err
	}
	return sv, func() { end(); sv.close() }, nil
}

// sayMoved prints one sentence a period.
func sayMoved(w io.Writer, verb string, list []postgres.StaleClock) {
	names := map[string]string{postgres.PeriodClock: "the period", postgres.PeriodReview: "the regulator's own period"}
	day := func(t time.Time) string {
		if t.IsZero() {
			return "no day"
		}
		return string(review.DateOf(t.Add(-time.Second)))
	}
	for _, s := range list {
		provisional := ""
		if s.Provisional {
			provisional = ", provisional still"
		}
		fmt.Fprintf(w, "Case %s (%s): %s %s, from %s to %s%s.\n", s.Number, s.Status, names[s.What], verb, day(s.From), day(s.To), provisional)
	}
}

// appliedSetting is the version of the calendar by which the running periods end, as far as known.
const appliedSetting = "calendar.applied"

// reclock has every running period end by today's calendar, and notes so when none is left behind.
func (sv *services) reclock(ctx context.Context) (postgres.Reclocked, error) {
	version, err := sv.db.CalendarVersion(ctx)
	if err != nil {
		return postgres.Reclocked{}, err
	}
	reviews := &workflows.Client{Temporal: sv.temporal}
	became, err := sv.db.ReclockStale(ctx, func(ctx context.Context, caseID string, seen int) error {
		_, err := reviews.Reclock(ctx, caseID, seen)
		return err
	})
	if err != nil || !became.Done() {
		return became, err
	}
	return became, sv.db.SetSetting(ctx, appliedSetting, strconv.FormatInt(version, 10))
}

// keepCalendar has the running periods follow the calendar: at once, and every minute when it has changed since. So what a
// process that died between load and reclock left undone is done by the next.
func (sv *services) keepCalendar(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := sv.followCalendar(ctx); err != nil && ctx.Err() == nil {
			sv.log.Warn("look for periods behind the calendar", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (sv *services) followCalendar(ctx context.Context) error {
	version, err := sv.db.CalendarVersion(ctx)
	if err != nil {
		return err
	}
	applied, err := sv.db.Setting(ctx, appliedSetting)
	if err != nil || applied == strconv.FormatInt(version, 10) {
		return err
	}
	became, err := sv.reclock(ctx)
	if len(became.Moved)+len(became.Failed)+became.Left > 0 {
		sv.log.Info("periods follow the calendar", "version", version, "moved", len(became.Moved), "failed", len(became.Failed), "left", became.Left)
	}
	return err
}
