package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// AdminCmd administers accounts.
type AdminCmd struct {
	Create AdminCreateCmd `cmd:"" help:"Create an administrator's account; the password is read from standard input."`
}

// AdminCreateCmd creates one of the three administrators.
type AdminCreateCmd struct {
	Record
	Login string `arg:"" help:"Name to sign in with: letters, digits, dots and hyphens."`
	Name  string `required:"" help:"The person's name."`
	Unit  string `required:"" placeholder:"UNIT" help:"Id of the unit the person belongs to; it is created when there is none, with --unit-name."`
	Title string `name:"unit-name" placeholder:"NAME" help:"Name of a unit to be created: a market regulator."`
	Role  string `enum:"system,security,audit" default:"system" help:"Which of the three: system (accounts, units), security (roles, sessions, tokens), audit (the log). Nobody is two."`
}

// Run creates the account. The password comes from standard input, one line of at least twelve characters, so that it
// is in no process list and no shell history. The role joins those that the person has; one that goes with none of
// another administrator's is refused by the database.
func (c *AdminCreateCmd) Run(ctx context.Context, io streams) error {
	db, done, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer done()
	if c.Title != "" {
		if err := db.CreateUnit(ctx, postgres.Unit{ID: c.Unit, Name: c.Title, NameEN: c.Title, Kind: "regulator", Regulator: c.Unit, Active: true}); err != nil {
			return err
		}
	} else if _, err := db.Unit(ctx, c.Unit); err != nil {
		return fmt.Errorf("there is no unit %q: create it with --unit-name", c.Unit)
	}
	if terminal(io.out) {
		fmt.Fprint(io.out, "Password (12 to 128 characters): ")
	}
	password, err := readLine(io.in)
	if err != nil {
		return err
	}
	role := map[string]review.Role{"system": review.Admin, "security": review.SecurityAdmin, "audit": review.AuditAdmin}[c.Role]
	err = db.CreateAdministrator(ctx, postgres.NewPerson{ID: c.Login, Login: c.Login, Name: c.Name, Password: password,
		Memberships: []postgres.Membership{{Unit: c.Unit, Role: role}}})
	switch review.CodeOf(err) {
	case postgres.PasswordLength:
		return errors.New("the password needs 12 to 128 characters")
	case postgres.PasswordCommon:
		return errors.New("the password is among the first guesses: choose another")
	case postgres.AdminsApart:
		return fmt.Errorf("%s is another of the three administrators already: nobody is two of them", c.Login)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s may sign in now and sets up a second factor first\n", c.Login)
	return nil
}

// firstLink prints, for a new database, the link by which the first administrator sets login and password. It goes to the
// console beside the log, never into it.
func firstLink(ctx context.Context, db *postgres.DB, base string, console io.Writer) error {
	token, err := db.FirstLink(ctx)
	if err != nil || token == "" {
		return err
	}
	_, err = fmt.Fprintf(console, "\nNobody administers this database yet. This link opens once, within 24 hours, for its first administrator:\n%s/link?t=%s\n\n", base, token)
	return err
}

// Validate refuses half a configuration, and limits that are none.
func (c *ServeCmd) Validate() error {
	if err := c.Stores.Validate(); err != nil {
		return err
	}
	return c.check()
}

// govern hands the limits and the keys to the database.
func (c *ServeCmd) govern(sv *services) error {
	return sv.db.Govern(postgres.Accounts{SessionIdle: c.SessionIdle, SessionLife: c.SessionLife, Keys: sv.secrets})
}

func readLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("give the password on standard input")
	}
	return line, nil
}
