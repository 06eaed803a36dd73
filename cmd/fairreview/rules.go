package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/fairreview/fairreview/review"
)

// RulesCmd shows and loads the local rules: periods, thresholds and steps that no national law fixes.
type RulesCmd struct {
	Show RulesShowCmd `cmd:"" help:"Print the rules that cases open with now, and the versions before them."`
	Load RulesLoadCmd `cmd:"" help:"Load a new version from a JSON file. Cases that are open keep the rules they opened with."`
}

// RulesShowCmd prints the rules in force as the JSON that load reads.
type RulesShowCmd struct{ Record }

// Run prints the rules to standard output and the versions to standard error, so that the first can be edited and loaded.
func (c *RulesShowCmd) Run(ctx context.Context, io streams) error {
	db, done, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer done()
	rules, err := db.Rules(ctx)
	if err != nil {
		return err
	}
	versions, err := db.RulesVersions(ctx)
	if err != nil {
		return err
	}
	for _, v := range versions {
		fmt.Fprintf(io.errs, "%s: %s\n", v.Version, v.Source)
	}
	e := json.NewEncoder(io.out)
	e.SetIndent("", "  ")
	return e.Encode(rules)
}

// RulesLoadCmd loads a version of the rules.
type RulesLoadCmd struct {
	Record
	File   string `arg:"" type:"existingfile" help:"JSON, as fairreview rules show prints it, under a version of its own."`
	Source string `required:"" placeholder:"TEXT" help:"The local document that the rules rest on: title and number."`
}

// Run checks the file and loads it.
func (c *RulesLoadCmd) Run(ctx context.Context, io streams) error {
	if c.Source = strings.TrimSpace(c.Source); c.Source == "" {
		return errors.New("--source names the local document that the rules rest on")
	}
	data, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	rules, err := review.ParseRules(data)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	db, done, err := c.open(ctx, io)
	if err != nil {
		return err
	}
	defer done()
	if err := db.AddRules(ctx, rules, c.Source); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	fmt.Fprintf(io.out, "Cases that open from now on follow the rules %s.\n", rules.Version)
	return nil
}
