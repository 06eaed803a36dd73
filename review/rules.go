package review

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

var (
	slotForm    = regexp.MustCompile(`^[a-z][a-z_]{1,29}$`)
	versionForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)
)

// ParseRules reads a tenant's local rules from JSON, at most 64 KiB, and refuses what Valid refuses and fields that it does
// not know: a misspelt setting must not pass as the default.
func ParseRules(data []byte) (Rules, error) {
	var r Rules
	if len(data) > 64<<10 {
		return r, Refuse(TooLarge, "field", "rules", "limit", "64 KiB")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return r, fmt.Errorf("local rules: %w", err)
	}
	if err := d.Decode(new(struct{})); !errors.Is(err, io.EOF) {
		return r, errors.New("local rules: something follows the object")
	}
	return r, r.Valid()
}

// Valid refuses rules whose values no case could live with: Invalid, with the field.
func (r Rules) Valid() error {
	if !versionForm.MatchString(r.Version) {
		return Refuse(Invalid, "field", "version", "value", r.Version)
	}
	if r.Threshold <= 0 || r.Threshold > 4 { // the largest difference of two positions is four
		return Refuse(Invalid, "field", "threshold", "value", fmt.Sprint(r.Threshold))
	}
	for _, f := range []struct {
		name      string
		n         int
		low, high int
	}{
		{"correctionDays", r.CorrectionDays, 1, 250}, {"jointDays", r.JointDays, 1, 250}, {"panelDays", r.PanelDays, 0, 250},
		{"reviewDays", r.ReviewDays, 0, 250}, {"issueDays", r.IssueDays, 0, 250}, {"soonDays", r.SoonDays, 0, 60},
		{"evaluateMonths", r.EvaluateMonths, 0, 60}, {"urgeHours", r.UrgeHours, 1, 24 * 30},
	} {
		if f.n < f.low || f.n > f.high {
			return Refuse(Invalid, "field", f.name, "value", fmt.Sprint(f.n))
		}
	}
	if len(r.Slots) > 10 {
		return Refuse(Invalid, "field", "slots", "value", fmt.Sprint(len(r.Slots)))
	}
	for i, s := range r.Slots {
		twice := slices.ContainsFunc(r.Slots[:i], func(o SlotRule) bool { return o.ID == s.ID })
		if !slotForm.MatchString(string(s.ID)) || slices.Contains(slots, s.ID) || twice || strings.TrimSpace(s.Zh) == "" || strings.TrimSpace(s.En) == "" {
			return Refuse(Invalid, "field", "slots", "value", string(s.ID))
		}
	}
	return nil
}
