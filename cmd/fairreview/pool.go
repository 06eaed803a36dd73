package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/fairreview/fairreview/internal/intake"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// PoolCmd keeps the pool of experts.
type PoolCmd struct {
	Import PoolImportCmd `cmd:"" help:"Read experts from a JSON Lines or CSV file: dry run first, then with --confirm."`
	Years  PoolYearsCmd  `cmd:"" help:"Show or set for how many years a former employer, or work for the drafting unit, stands against an expert."`
}

// PoolImportCmd reads experts from a file.
type PoolImportCmd struct {
	Record
	File      string `arg:"" type:"existingfile" help:"JSON Lines or CSV, UTF-8 or GB18030; columns name, account, fields, institution, region, employers, works, interests, from, to."`
	Confirm   bool   `help:"Take the good rows. Without it nothing is written."`
	Regulator string `placeholder:"UNIT" help:"Regulator whose pool it is; the highest market regulator when not given."`
}

// Run reads the file, says what is wrong with it row by row, and with --confirm enters the good rows. A row that is entered
// already is left as it is, so an interrupted import is simply repeated.
func (c *PoolImportCmd) Run(ctx context.Context, io streams) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // read only
	rows, bad, err := intake.ReadExperts(f)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	for _, b := range bad {
		fmt.Fprintln(io.out, b)
	}
	fmt.Fprintf(io.out, "%d good rows, %d bad\n", len(rows), len(bad))
	if !c.Confirm {
		fmt.Fprintln(io.out, "dry run: nothing was written, and accounts are looked up only with --confirm; repeat with it to enter the good rows")
		return nil
	}
	db, done, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer done()
	id, err := (&ImportCmd{Regulator: c.Regulator}).regulator(ctx, db)
	if err != nil {
		return err
	}
	reg, err := db.Unit(ctx, id)
	if err != nil {
		return err
	}
	if reg.Kind != "regulator" {
		return fmt.Errorf("%s is no market regulator", id)
	}
	entered, without := 0, 0
	for _, row := range rows {
		changed, err := importExpert(ctx, db, reg, row)
		switch {
		case errors.Is(err, errNoExpert):
			without++
			fmt.Fprintln(io.out, intake.Bad{Line: row.Line, Column: "account", Reason: err.Error()})
		case err != nil:
			return fmt.Errorf("row %d (%d rows were entered; repeat to go on): %w", row.Line, entered, err)
		case changed:
			entered++
		}
	}
	fmt.Fprintf(io.out, "%d entered or changed, %d were there already, %d not taken\n", entered, len(rows)-entered-without, without)
	return nil
}

var errNoExpert = errors.New("no open account with this login holds the role of an expert: have the account made and the role given first, or leave the column empty")

// importExpert enters one row. Without an account it makes one that nobody can sign in with, until the system administrator
// sends a link; its id derives from name and institution, so the same row is the same person.
func importExpert(ctx context.Context, db *postgres.DB, reg postgres.Unit, row intake.Expert) (changed bool, err error) {
	e := postgres.PoolEntry{Regulator: reg.ID, Fields: row.Fields, Institution: row.Institution, Region: row.Region, Employers: pastWorks(row.Employers),
		Works: pastWorks(row.Works), From: row.From, To: row.To}
	for _, i := range row.Interests {
		e.Interests = append(e.Interests, postgres.PoolInterest{With: i})
	}
	if row.Account != "" {
		e.Person, err = db.PersonByLogin(ctx, row.Account)
		if review.CodeOf(err) == review.NotFound {
			return false, errNoExpert
		}
	} else {
		e.Person, err = expertAccount(ctx, db, reg, row)
	}
	if err != nil {
		return false, err
	}
	changed, err = putExpert(ctx, db, e, "imported from a file")
	if row.Account != "" && review.CodeOf(err) == review.Invalid {
		return false, errNoExpert
	}
	return changed, err
}

// expertAccount is the account of a row that names none.
func expertAccount(ctx context.Context, db *postgres.DB, reg postgres.Unit, row intake.Expert) (string, error) {
	sum := sha256.Sum256([]byte("expert\x00" + row.Name + "\x00" + review.PlainName(row.Institution)))
	id := "expert-" + hex.EncodeToString(sum[:6])
	if _, err := db.PersonByLogin(ctx, id); review.CodeOf(err) != review.NotFound {
		return id, err
	}
	unit, err := db.PoolUnit(ctx, reg)
	if err != nil {
		return "", err
	}
	return id, db.CreatePerson(ctx, postgres.NewPerson{ID: id, Login: id, Name: row.Name, Memberships: []postgres.Membership{{Unit: unit, Role: review.Expert}}})
}

// putExpert enters an expert in the name of the import, once for what the entry holds.
func putExpert(ctx context.Context, db *postgres.DB, e postgres.PoolEntry, reason string) (changed bool, err error) {
	err = db.InTx(ctx, func(tx *postgres.Tx) error {
		changed, err = tx.PutExpert(ctx, "import", e, reason)
		return err
	})
	return changed, err
}

func pastWorks(all []review.Past) []postgres.PastWork {
	var out []postgres.PastWork
	for _, p := range all {
		out = append(out, postgres.PastWork{With: p.With.Name, From: p.From, To: p.To})
	}
	return out
}

// PoolYearsCmd shows or sets the tenant's number of years.
type PoolYearsCmd struct {
	Record
	Years string `arg:"" optional:"" help:"0 to 50; shows what is set when not given."`
}

// Run shows, or sets, the years. Checks and draws from then on go by it; what was drawn stays.
func (c *PoolYearsCmd) Run(ctx context.Context, io streams) error {
	if n, err := strconv.Atoi(c.Years); c.Years != "" && (err != nil || n < 0 || n > 50) {
		return errors.New("the years are a number from 0 to 50")
	}
	db, done, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer done()
	if c.Years != "" {
		if err := db.SetSetting(ctx, "conflict_years", c.Years); err != nil {
			return err
		}
	}
	years, err := db.ConflictYears(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%d years\n", years)
	return nil
}
