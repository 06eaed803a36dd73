package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fairreview/fairreview/review"
)

// drawFileLimit holds a record with the longest list there may be, pretty-printed.
const drawFileLimit = 16 << 20

// VerifyDrawCmd draws again from an exported record. It asks no database and no network, so that whoever was handed the
// file can run it.
type VerifyDrawCmd struct {
	File string `arg:"" help:"The record as GET /api/v1/draws/ID answers it; - reads standard input."`
}

// Run prints who was drawn, in order, and whether that is what the list and the seed give. It fails when anything in the
// record does not fit, and names it.
func (c *VerifyDrawCmd) Run(io streams) error {
	data, err := c.read(io.in)
	if err != nil {
		return err
	}
	r, err := review.ReadDraw(data)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	bad := r.Verify()
	printDraw(io.out, r, bad)
	if bad != nil {
		return errors.New("the record does not fit")
	}
	return nil
}

func (c *VerifyDrawCmd) read(in io.Reader) ([]byte, error) {
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, err
		}
		defer f.Close() //nolint:errcheck // read only
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, drawFileLimit+1))
	if err == nil && len(data) > drawFileLimit {
		err = fmt.Errorf("%s: larger than 16 MiB, and no record of a draw is", c.File)
	}
	return data, err
}

// printDraw shows what was drawn by the seed; the record's own list is only compared with it. Whatever comes from the
// record is quoted: it may hold what a terminal would obey.
func printDraw(w io.Writer, r review.DrawRecord, bad error) {
	fmt.Fprintf(w, "draw %q (%q) of %q, asked for by %q at %s\n", r.ID, r.What, r.Regulator, r.RequestedBy, r.RequestedAt.UTC().Format("2006-01-02 15:04:05 UTC"))
	fmt.Fprintf(w, "eligible %d, sha256 %q\n", len(r.Eligible), r.EligibleHash)
	fmt.Fprintf(w, "request sha256 %q\n", r.RequestHash)
	if r.AgainOf != "" {
		fmt.Fprintf(w, "drawn again after %q: %q; second officer %q\n", r.AgainOf, r.Reason, r.SecondBy)
	}
	labels := map[string]string{}
	for i, id := range append(append([]string{}, r.Drawn...), r.Alternates...) {
		if i < len(r.Labels) {
			labels[id] = r.Labels[i]
		}
	}
	again := r
	if err := again.Pick(); err != nil || r.Seed == "" {
		fmt.Fprintln(w, "no seed: nothing is drawn")
	}
	for i, id := range again.Drawn {
		fmt.Fprintf(w, "%4d  %q  %q\n", i+1, labels[id], id)
	}
	for i, id := range again.Alternates {
		fmt.Fprintf(w, "%3d+  %q  %q\n", i+1, labels[id], id)
	}
	switch {
	case bad != nil:
		fmt.Fprintf(w, "DOES NOT MATCH 与记录不符:\n%v\n", bad)
	default:
		fmt.Fprintln(w, "matches the record 与记录一致")
	}
	fmt.Fprint(w, drawLimits)
}

// drawLimits is said each time, so that nobody takes more from a match than there is in it.
const drawLimits = `What this does not prove 本核对不能证明:
- that the list was complete, or that its conditions were right: compare it with the register of that day
  名单是否完整、条件是否恰当
- that nobody asked elsewhere, or for a slightly different list, until they liked the result: see all draws of the regulator
  是否另行抽取过，或者改动名单后反复抽取
- that the seed came from chance: whoever runs the server could have chosen it
  种子是否确由随机产生
- that the record is the one of then: whoever holds it can write new sums, unless the request's sha256 was noted elsewhere
  before the draw  记录是否为当时的记录（除非抽取前已另行留存请求的散列值）
`
