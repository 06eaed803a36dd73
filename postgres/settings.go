package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fairreview/fairreview/review"
)

// Rules returns the latest version of the tenant's local rules; a new case opens with them and keeps them.
func (db *DB) Rules(ctx context.Context) (review.Rules, error) {
	var body []byte
	if err := db.sql.GetContext(ctx, &body, `SELECT body FROM rules ORDER BY id DESC LIMIT 1`); err != nil {
		return review.Rules{}, err
	}
	var r review.Rules
	if err := json.Unmarshal(body, &r); err != nil {
		return review.Rules{}, fmt.Errorf("local rules: %w", err)
	}
	if len(r.Slots) == 0 {
		r.Slots = nil // as it comes back from a case
	}
	return r, nil
}

// RulesVersion is one version of the local rules and where they come from.
type RulesVersion struct {
	Version string `db:"version"`
	Source  string `db:"source"`
}

// RulesVersions lists the versions of the local rules, the latest first.
func (db *DB) RulesVersions(ctx context.Context) ([]RulesVersion, error) {
	var out []RulesVersion
	err := db.sql.SelectContext(ctx, &out, `SELECT version, source FROM rules ORDER BY id DESC`)
	return out, err
}

// AddRules makes r the rules that cases open with from now on; open cases keep theirs. Source says on which local document
// they rest. A version that is there already is refused: Invalid, version.
func (db *DB) AddRules(ctx context.Context, r review.Rules, source string) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = db.sql.ExecContext(ctx, `INSERT INTO rules (version, body, source) VALUES ($1, $2, $3)`, r.Version, string(body), source)
	return refusal(err)
}

// Setting returns the value of a setting; "" when it was never set.
func (db *DB) Setting(ctx context.Context, key string) (string, error) {
	var value string
	err := db.sql.GetContext(ctx, &value, `SELECT coalesce((SELECT value FROM settings WHERE key = $1), '')`, key)
	return value, err
}

// SetSetting sets the value of a setting.
func (db *DB) SetSetting(ctx context.Context, key, value string) error {
	_, err := db.sql.ExecContext(ctx, `
		INSERT INTO settings (key, value) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	return refusal(err)
}

// Calendar returns the working calendar. It is read again only when it was changed. Its maps must not be written to.
func (db *DB) Calendar(ctx context.Context) (review.Calendar, error) {
	stmt, err := db.stmt(ctx, `SELECT version FROM calendar_version`)
	if err != nil {
		return review.Calendar{}, err
	}
	var version int64
	if err := stmt.GetContext(ctx, &version); err != nil {
		return review.Calendar{}, err
	}
	db.calendar.Lock()
	defer db.calendar.Unlock()
	if db.calendar.version >= version {
		return db.calendar.Calendar, nil
	}
	// Years and days in one statement, and so from one snapshot.
	var rows []struct {
		Year    int        `db:"year"`
		Day     *time.Time `db:"day"`
		Working *bool      `db:"working"`
	}
	if err := db.sql.SelectContext(ctx, &rows, `
		SELECT y.year, d.day, d.working
		FROM calendar_years y
		LEFT JOIN calendar_days d ON d.year = y.year`); err != nil {
		return review.Calendar{}, err
	}
	cal := review.Calendar{Years: map[int]bool{}, Days: map[review.Date]bool{}}
	for _, r := range rows {
		cal.Years[r.Year] = true
		if r.Day != nil && r.Working != nil {
			cal.Days[review.Date(r.Day.Format(time.DateOnly))] = *r.Working
		}
	}
	db.calendar.version, db.calendar.Calendar = version, cal
	return cal, nil
}
