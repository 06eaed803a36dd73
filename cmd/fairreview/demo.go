package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fairreview/fairreview/internal/demo"
	"github.com/fairreview/fairreview/internal/intake"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/workflows"
)

// DemoCmd serves, and lives a made-up year through the API.
type DemoCmd struct {
	ServeCmd
	Cases    int    `default:"804" help:"Cases of the year, 40 to 804; more are left open beside them."`
	Measures string `placeholder:"FILE" type:"existingfile" help:"Take titles from this JSON Lines or CSV file; texts and people stay made up."`
	Clients  int    `default:"24" help:"People acting at the same time."`
	Exit     bool   `help:"Stop when the year is lived instead of serving on."`
}

// demoPassword opens every demo account. It is public, so a server with demo data listens on loopback only.
const demoPassword = "fair-review-demo"

// errDone ends the server of a demo that was asked to exit.
var errDone = errors.New("done")

// Run starts everything, lives the year, checks the counts three ways and leaves the site running.
func (c *DemoCmd) Run(ctx context.Context, io streams) error {
	measures := demo.Measures()
	if c.Measures != "" {
		if err := retitle(measures, c.Measures); err != nil {
			return err
		}
	}
	plan, want, err := demo.Plan(c.Cases, measures)
	if err != nil {
		return err
	}
	fmt.Fprintln(io.out, "starting PostgreSQL, Temporal and the site …")
	sv, err := open(ctx, c.Stores, c.Keys, logger(io.errs, c.LogJSON, slog.LevelWarn))
	if err != nil {
		return err
	}
	defer sv.close()
	day, err := settle(ctx, sv.db, fmt.Sprintf("%d %s, lives %d", c.Cases, c.Measures, demo.Lives))
	if err != nil {
		return err
	}
	err = c.serve(ctx, sv, func(ctx context.Context, base string) error {
		bar := newBar(io.out, "cases")
		d := &demo.Driver{Base: base, Day: day, Token: tokens(ctx, sv.db), Clients: c.Clients, Progress: bar.set}
		began := time.Now()
		if err := d.Run(ctx, plan); err != nil {
			return err
		}
		took := time.Since(began)
		bar.end()
		fmt.Fprintf(io.out, "%d cases, %d requests in %s: %.0f a second\n\n", len(plan), d.Actions(), took.Round(time.Millisecond), float64(d.Actions())/took.Seconds())
		if err := c.compare(ctx, sv, io, want); err != nil {
			return err
		}
		fmt.Fprintf(io.out, "\nDemo accounts, password %s (everything in this database is made up):\n", demoPassword)
		for _, a := range accounts() {
			fmt.Fprintf(io.out, "  %-18s %s, %s, %s\n", a.Login, a.Name, a.Unit, a.Role)
		}
		fmt.Fprintf(io.out, "\n%s\n", base)
		if c.Exit {
			return errDone
		}
		return nil
	})
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

// compare prints the counts from the counters, from the rows, and from Temporal, and refuses any difference.
func (c *DemoCmd) compare(ctx context.Context, sv *services, io streams, want demo.Expected) error {
	year := review.DateOf(time.Now())[:4]
	f := postgres.CountFilter{From: year + "-01-01", To: year + "-12-31"}
	counters, err := sv.db.Counts(ctx, f)
	if err != nil {
		return err
	}
	now := time.Now()
	f.AsOf = &now
	rows, err := sv.db.Counts(ctx, f)
	if err != nil {
		return err
	}
	engine, err := settled(ctx, sv, want)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%-10s %9s %9s %9s %9s\n", "", "reviewed", "kept", "amended", "repealed")
	line := func(name string, kept, amended, repealed int) {
		fmt.Fprintf(io.out, "%-10s %9d %9d %9d %9d\n", name, kept+amended+repealed, kept, amended, repealed)
	}
	line("counters", counters.Kept, counters.Amended, counters.Repealed)
	line("rows", rows.Kept, rows.Amended, rows.Repealed)
	line("Temporal", engine[review.Keep], engine[review.Amend], engine[review.Repeal])
	fmt.Fprintf(io.out, "in progress %d, withdrawn %d, out of scope %d\n", counters.InProgress, counters.Withdrawn, counters.OutOfScope)
	got := []demo.Expected{expected(counters), expected(rows)}
	got = append(got, demo.Expected{Reviewed: want.Reviewed, Kept: engine[review.Keep], Amended: engine[review.Amend], Repealed: engine[review.Repeal],
		InProgress: want.InProgress, Withdrawn: engine[review.Withdrew], OutOfScope: engine[review.NotInScope]})
	for i, g := range got {
		if g != want {
			return fmt.Errorf("the counts are not what was lived: %s has %+v, want %+v", []string{"counters", "rows", "Temporal"}[i], g, want)
		}
	}
	return nil
}

// settled asks Temporal until its index has caught up, for half a minute at most.
func settled(ctx context.Context, sv *services, want demo.Expected) (map[review.Outcome]int, error) {
	for deadline := time.Now().Add(30 * time.Second); ; {
		got, err := workflows.CountOutcomes(ctx, sv.temporal)
		if err != nil {
			return nil, fmt.Errorf("count in Temporal: %w", err)
		}
		if got[review.Keep] == want.Kept && got[review.Amend] == want.Amended && got[review.Repeal] == want.Repealed &&
			got[review.Withdrew] == want.Withdrawn && got[review.NotInScope] == want.OutOfScope || time.Now().After(deadline) {
			return got, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func expected(c postgres.Counts) demo.Expected {
	return demo.Expected{Reviewed: c.Reviewed, Kept: c.Kept, Amended: c.Amended, Repealed: c.Repealed, InProgress: c.InProgress, Withdrawn: c.Withdrawn, OutOfScope: c.OutOfScope}
}

// settle marks the database as a demo, once, and puts the made-up city in it. It returns the day the demo began, from which
// every date it writes derives, so that a demo continued after midnight asks the same again. A database that holds anything
// else, or another demo, is refused.
func settle(ctx context.Context, db *postgres.DB, shape string) (review.Date, error) {
	was, err := db.Setting(ctx, "demo")
	if err != nil {
		return "", err
	}
	if was != "true" {
		units, err := db.Units(ctx)
		if err != nil {
			return "", err
		}
		if len(units) > 0 {
			return "", errors.New("this database holds real units: a demo needs one of its own (another --data folder or DATABASE_URL)")
		}
		logins, err := json.Marshal(accounts())
		if err != nil {
			return "", err
		}
		for key, value := range map[string]string{"demo": "true", "demo_day": string(review.DateOf(time.Now())), "demo_shape": shape,
			"demo_password": demoPassword, "demo_accounts": string(logins)} {
			if err := db.SetSetting(ctx, key, value); err != nil {
				return "", err
			}
		}
	}
	before, err := db.Setting(ctx, "demo_shape")
	if err != nil {
		return "", err
	}
	if before != shape {
		return "", fmt.Errorf("this database holds another demo (%s): give the same --cases and --measures, or another --data folder; "+
			"a demo that an earlier version began is shown by fairreview serve", before)
	}
	if err := settlers(ctx, db); err != nil {
		return "", fmt.Errorf("put the made-up city in: %w", err)
	}
	day, err := db.Setting(ctx, "demo_day")
	return review.Date(day), err
}

// settlers creates units and people; those that exist are left as they are.
func settlers(ctx context.Context, db *postgres.DB) error {
	units, people := demo.World()
	if done, err := db.Setting(ctx, "demo_people"); err != nil || done == "true" {
		return errors.Join(err, pool(ctx, db, units, people))
	}
	// Twice: a regulator must be there before a unit can name it.
	for _, regulator := range []func(string) string{func(string) string { return "" }, func(id string) string { return demo.Regulator(units, id) }} {
		for _, u := range units {
			if err := db.CreateUnit(ctx, postgres.Unit{ID: u.ID, Name: u.Name, NameEN: u.NameEN, Parent: u.Parent, Kind: u.Kind, Regulator: regulator(u.ID), Active: true}); err != nil {
				return fmt.Errorf("unit %s: %w", u.ID, err)
			}
		}
	}
	known := accounts()
	for _, p := range people {
		np := postgres.NewPerson{ID: p.ID, Login: p.ID, Name: p.Name}
		if slices.ContainsFunc(known, func(a account) bool { return a.Login == p.ID }) {
			np.Password = demoPassword
		}
		for _, role := range p.Roles {
			np.Memberships = append(np.Memberships, postgres.Membership{Unit: p.Unit, Role: review.Role(role), Post: p.Post})
		}
		if err := db.CreatePerson(ctx, np); err != nil {
			return fmt.Errorf("person %s: %w", p.ID, err)
		}
	}
	if err := pool(ctx, db, units, people); err != nil {
		return err
	}
	return db.SetSetting(ctx, "demo_people", "true")
}

// pool enters the made-up experts in the pool of the city's regulator, which the counties draw from as well. Each knows what
// stands in brackets after their post.
func pool(ctx context.Context, db *postgres.DB, units []demo.Unit, people []demo.Person) error {
	if done, err := db.Setting(ctx, "demo_pool"); err != nil || done == "true" {
		return err // what somebody made of it since stays
	}
	names := map[string]string{}
	for _, u := range units {
		names[u.ID] = u.Name
	}
	for _, p := range people {
		if !slices.Contains(p.Roles, "expert") {
			continue
		}
		_, field, _ := strings.Cut(strings.TrimSuffix(p.Post, "）"), "（")
		e := postgres.PoolEntry{Regulator: "scjg", Person: p.ID, Fields: []string{field}, Institution: names[p.Unit], Region: "云泽市", From: "2024-01-01"}
		if _, err := putExpert(ctx, db, e, "made up"); err != nil {
			return fmt.Errorf("expert %s: %w", p.ID, err)
		}
	}
	return db.SetSetting(ctx, "demo_pool", "true")
}

// account is one of the accounts that the demo shows, one for each role.
type account struct {
	Login string `json:"login"`
	Name  string `json:"name"`
	Role  string `json:"role"`
	Unit  string `json:"unit"`
}

// accounts picks the first person of each role: of the demo's desk, and of the city's regulator.
func accounts() []account {
	units, people := demo.World()
	names := map[string]string{}
	for _, u := range units {
		names[u.ID] = u.Name
	}
	var out []account
	for _, want := range []struct{ role, zh, unit string }{
		{"handler", "起草单位经办人", demo.Desk}, {"review_body", "审查机构经办", demo.Desk}, {"unit_head", "审查机构负责人（会审签发）", demo.Desk},
		{"officer", "市场监管部门承办人", "scjg"}, {"approver", "市场监管部门签发人", "scjg"}, {"expert", "专家", ""}, {"admin", "系统管理员", "scjg"},
	} {
		for _, p := range people {
			if slices.Contains(p.Roles, want.role) && (want.unit == "" || p.Unit == want.unit) {
				out = append(out, account{p.ID, p.Name, want.zh, names[p.Unit]})
				break
			}
		}
	}
	return out
}

// tokens hands out an API token for each person, made when first asked for and kept in memory only.
func tokens(ctx context.Context, db *postgres.DB) func(string) string {
	var mu sync.Mutex
	made := map[string]string{}
	return func(person string) string {
		mu.Lock()
		defer mu.Unlock()
		if made[person] == "" {
			// A token that cannot be made shows as a refused sign-in.
			made[person], _ = db.CreateToken(ctx, person, "demo driver", 12*time.Hour)
		}
		return made[person]
	}
}

// retitle puts the titles of a file on the made-up measures, in turn.
func retitle(ms []demo.Measure, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // read only
	rows, bad, err := intake.Read(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(rows) == 0 {
		return fmt.Errorf("%s: no usable row; the first bad one: %v", file, bad[0])
	}
	seen := map[string]int{}
	for i := range ms {
		title := rows[i%len(rows)].Title
		if seen[title]++; seen[title] > 1 {
			title += "（" + strconv.Itoa(seen[title]) + "）"
		}
		ms[i].Title = title
	}
	return nil
}
