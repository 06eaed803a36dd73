package main

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/fairreview/fairreview/internal/intake"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/schema"
)

// Record says where the record lives, for commands that need no Temporal.
type Record struct {
	DatabaseURL string `env:"DATABASE_URL" placeholder:"URL" help:"PostgreSQL, as a URL; the local services of the data folder when not given. ($${env})"`
	Data        string `env:"FAIRREVIEW_DATA" default:"${data}" type:"path" help:"Data folder of the local services. ($${env})"`
	Local       string `env:"FAIRREVIEW_LOCAL" placeholder:"FILE" hidden:""`
}

// open connects to the record: the one named, else that of the local services, which are started when they do not run.
func (r Record) open(ctx context.Context, io streams) (db *postgres.DB, done func(), err error) {
	done = func() {}
	if r.DatabaseURL == "" {
		if l, err := readLocal(r.Data); err == nil {
			if db, err = postgres.Open(ctx, l.DatabaseURL, 4); err == nil {
				return db, func() { _ = db.Close() }, nil
			}
		}
		l, err := startLocal(ctx, Stores{Data: r.Data, Local: r.Local}, logger(io.errs, false, slog.LevelWarn))
		if err != nil {
			return nil, done, err
		}
		done, r.DatabaseURL = l.stop, l.DatabaseURL
		if err := schema.Migrate(ctx, r.DatabaseURL); err != nil {
			done()
			return nil, done, err
		}
	}
	if db, err = postgres.Open(ctx, r.DatabaseURL, 4); err != nil {
		done()
		return nil, func() {}, fmt.Errorf("database %s: %w", Stores{DatabaseURL: r.DatabaseURL}.database(), err)
	}
	stop := done
	return db, func() { _ = db.Close(); stop() }, nil
}

// ImportCmd reads finished records from a file.
type ImportCmd struct {
	Record
	File      string `arg:"" type:"existingfile" help:"JSON Lines or CSV, UTF-8 or GB18030; columns title, issuer, doc_no, date, outcome, decided_on, reason."`
	Confirm   bool   `help:"Import the good rows. Without it nothing is written."`
	Regulator string `placeholder:"UNIT" help:"Unit whose people may read the records; the highest market regulator when not given."`
}

// Run reads the file, says what is wrong with it row by row, and with --confirm writes the good rows. A row that was
// imported before is left as it is, so an interrupted import is simply repeated.
func (c *ImportCmd) Run(ctx context.Context, io streams) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // read only
	rows, bad, err := intake.Read(f)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	for _, b := range bad {
		fmt.Fprintln(io.out, b)
	}
	fmt.Fprintf(io.out, "%d good rows, %d bad\n", len(rows), len(bad))
	if !c.Confirm {
		fmt.Fprintln(io.out, "dry run: nothing was written; repeat with --confirm to import the good rows")
		return nil
	}
	db, done, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer done()
	reg, err := c.regulator(ctx, db)
	if err != nil {
		return err
	}
	rules, err := db.Rules(ctx)
	if err != nil {
		return err
	}
	bar, written := newBar(io.out, "rows"), 0
	for i, row := range rows {
		fresh, err := importRow(ctx, db, row, reg, rules)
		if err != nil {
			return fmt.Errorf("row %d (%d rows were imported; repeat to go on): %w", row.Line, written, err)
		}
		if fresh {
			written++
		}
		bar.set(i+1, len(rows))
	}
	bar.end()
	fmt.Fprintf(io.out, "%d imported, %d were there already\n", written, len(rows)-written)
	return nil
}

func (c *ImportCmd) regulator(ctx context.Context, db *postgres.DB) (string, error) {
	units, err := db.Units(ctx)
	if err != nil {
		return "", err
	}
	for _, u := range units {
		if u.ID == c.Regulator || c.Regulator == "" && u.Kind == "regulator" && u.Parent == "" {
			return u.ID, nil
		}
	}
	if c.Regulator != "" {
		return "", fmt.Errorf("there is no unit %q", c.Regulator)
	}
	return "", errors.New("there is no market regulator among the units: create one, or name a unit with --regulator")
}

// importRow writes one finished record. Its id derives from what the row says of the measure, so the same row is the
// same record. The issuer becomes a unit of the register when none has its name.
func importRow(ctx context.Context, db *postgres.DB, row intake.Row, regulator string, rules review.Rules) (fresh bool, err error) {
	sum := sha256.Sum256([]byte(strings.Join([]string{"import", row.Title, row.Issuer, row.DocNo, string(row.Issued), string(row.Outcome)}, "\x00")))
	id := caseID(sum)
	if _, there, err := db.Receipt(ctx, "import-"+id); err != nil || there {
		return false, err
	}
	name := sha256.Sum256([]byte(row.Issuer))
	unit := postgres.Unit{ID: "reg-" + hex.EncodeToString(name[:6]), Name: row.Issuer, NameEN: row.Issuer, Kind: "department", Regulator: regulator}
	if strings.HasSuffix(row.Issuer, "人民政府") || strings.HasSuffix(row.Issuer, "政府办公室") {
		unit.Kind = "government"
	}
	if err := db.CreateUnit(ctx, unit); err != nil {
		return false, err
	}
	route := review.Department
	if unit.Kind == "government" {
		route = review.Government
	}
	rec, err := review.Finished(id, review.Opening{Kind: review.Existing, Route: route, RouteArticle: "import", Unit: unit.ID, Regulator: regulator, Rules: rules,
		Measure: review.Measure{ID: id, Title: row.Title, Nature: "other", Field: row.Field, Issuer: unit.ID, DocNo: row.DocNo, IssuedOn: row.Issued}},
		row.Outcome, row.Decided, row.Reason, review.Actor{Person: "import", Role: review.Admin}, time.Now())
	if err != nil {
		return false, err
	}
	_, err = db.Save(ctx, rec)
	return err == nil, err
}

// caseID is a UUID made of a hash (version 8, RFC 9562).
func caseID(sum [32]byte) string {
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// CountsCmd prints the counts of a period.
type CountsCmd struct {
	Record
	From review.Date `placeholder:"YYYY-MM-DD" help:"First day; 1 January of this year when not given."`
	To   review.Date `placeholder:"YYYY-MM-DD" help:"Last day; 31 December of the same year when not given."`
	Unit string      `placeholder:"UNIT" help:"Only this drafting unit."`
	JSON bool        `name:"json" xor:"format" help:"As JSON."`
	CSV  bool        `name:"csv" xor:"format" help:"As CSV."`
}

// Run prints them as a table, JSON or CSV.
func (c *CountsCmd) Run(ctx context.Context, io streams) error {
	year := review.DateOf(time.Now())[:4]
	if c.From == "" {
		c.From = year + "-01-01"
	}
	if c.To == "" {
		c.To = c.From[:min(4, len(c.From))] + "-12-31"
	}
	if !c.From.Valid() || !c.To.Valid() || c.To < c.From {
		return errors.New("--from and --to are days, YYYY-MM-DD, in this order")
	}
	db, done, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer done()
	n, err := db.Counts(ctx, postgres.CountFilter{From: c.From, To: c.To, Unit: c.Unit})
	if err != nil {
		return err
	}
	rows := []struct {
		key, zh string
		n       int
	}{{"reviewed", "审查", n.Reviewed}, {"kept", "保留（符合标准）", n.Kept}, {"amended", "修改调整", n.Amended}, {"repealed", "废止（含不予出台）", n.Repealed},
		{"inProgress", "办理中", n.InProgress}, {"withdrawn", "终止审查", n.Withdrawn}, {"outOfScope", "不属于审查范围", n.OutOfScope}, {"lapsed", "失效", n.Lapsed}}
	switch {
	case c.JSON:
		return writeJSON(io.out, n)
	case c.CSV:
		w := csv.NewWriter(io.out)
		_ = w.Write([]string{"from", "to", "count", "n"})
		for _, r := range rows {
			_ = w.Write([]string{string(c.From), string(c.To), r.key, strconv.Itoa(r.n)})
		}
		w.Flush()
		return w.Error()
	}
	fmt.Fprintf(io.out, "%s – %s\n", c.From, c.To)
	for _, r := range rows {
		fmt.Fprintf(io.out, "%8d  %-11s %s\n", r.n, r.key, r.zh)
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
