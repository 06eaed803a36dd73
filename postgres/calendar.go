package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// LoadYear makes y the working calendar of its year, in place of what was there, and records who did so and on which source.
// Whether anything changed comes back; loading the same again changes nothing and is not recorded. Readers see the old year
// or the new one, never half of one. What y may hold, review.ParseCalendar decides; no source is Missing, source.
func (db *DB) LoadYear(ctx context.Context, y review.CalendarYear, source, by string) (changed bool, err error) {
	err = retry(func() error {
		return db.inTx(ctx, func(tx *sqlx.Tx) (err error) {
			changed, err = loadYear(ctx, tx, db.now(), y, source, by)
			return err
		})
	})
	return changed, refusal(err)
}

// LoadYear is DB.LoadYear in the transaction.
func (t *Tx) LoadYear(ctx context.Context, y review.CalendarYear, source, by string) (changed bool, err error) {
	return loadYear(ctx, t.tx, t.db.now(), y, source, by)
}

func loadYear(ctx context.Context, tx *sqlx.Tx, now time.Time, y review.CalendarYear, source, by string) (changed bool, err error) {
	if source == "" {
		return false, review.Refuse(review.Missing, "field", "source")
	}
	// Two loads at once follow one another; the triggers would lock the same row later, in no order.
	var version int64
	if err := tx.GetContext(ctx, &version, `SELECT version FROM calendar_version FOR UPDATE`); err != nil {
		return false, err
	}
	same, err := sameYear(ctx, tx, y, source)
	if err != nil || same {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO calendar_years (year, source) VALUES ($1, $2)
		ON CONFLICT (year) DO UPDATE SET source = excluded.source`, y.Year, source); err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM calendar_days WHERE year = $1`, y.Year); err != nil {
		return false, err
	}
	days, working := listed(y)
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO calendar_days (day, working)
		SELECT day, working FROM unnest(CAST($1 AS date[]), CAST($2 AS boolean[])) AS d (day, working)`, days, working); err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO calendar_loads (year, source, loaded_by, loaded_at, off, work) VALUES ($1, $2, $3, $4, $5, $6)`,
		y.Year, source, by, now, len(y.Off), len(y.Work))
	return err == nil, err
}

// sameYear reports whether the record has the year just so, source and all.
func sameYear(ctx context.Context, tx *sqlx.Tx, y review.CalendarYear, source string) (bool, error) {
	var rows []struct {
		Source  string  `db:"source"`
		Day     *string `db:"day"`
		Working *bool   `db:"working"`
	}
	if err := tx.SelectContext(ctx, &rows, `
		SELECT y.source, to_char(d.day, 'YYYY-MM-DD') AS day, d.working
		FROM calendar_years y
		LEFT JOIN calendar_days d ON d.year = y.year
		WHERE y.year = $1
		ORDER BY d.day`, y.Year); err != nil {
		return false, err
	}
	if len(rows) == 0 || rows[0].Source != source {
		return false, nil
	}
	was := review.CalendarYear{Year: y.Year}
	for _, r := range rows {
		switch {
		case r.Day == nil || r.Working == nil:
		case *r.Working:
			was.Work = append(was.Work, review.Date(*r.Day))
		default:
			was.Off = append(was.Off, review.Date(*r.Day))
		}
	}
	return slices.Equal(was.Off, slices.Sorted(slices.Values(y.Off))) && slices.Equal(was.Work, slices.Sorted(slices.Values(y.Work))), nil
}

// CalendarYear is one year of the working calendar as it is loaded.
type CalendarYear struct {
	review.CalendarYear
	By string     // who loaded it last: a person's id, or the account that ran a command; "" when it came with the program
	At *time.Time // when; nil when it came with the program
}

// CalendarYears lists the loaded years in order.
func (db *DB) CalendarYears(ctx context.Context) ([]CalendarYear, error) {
	cal, err := db.Calendar(ctx)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Year   int        `db:"year"`
		Source string     `db:"source"`
		By     string     `db:"loaded_by"`
		At     *time.Time `db:"loaded_at"`
	}
	if err := db.sql.SelectContext(ctx, &rows, `
		SELECT y.year, y.source, coalesce(l.loaded_by, '') AS loaded_by, l.loaded_at
		FROM calendar_years y
		LEFT JOIN LATERAL (SELECT loaded_by, loaded_at FROM calendar_loads WHERE year = y.year ORDER BY id DESC LIMIT 1) l ON true
		ORDER BY y.year`); err != nil {
		return nil, err
	}
	out := make([]CalendarYear, 0, len(rows))
	for _, r := range rows {
		y, loaded := cal.Year(r.Year)
		if !loaded { // loaded between the two reads; the next page shows it
			continue
		}
		y.Source = r.Source
		out = append(out, CalendarYear{CalendarYear: y, By: r.By, At: r.At})
	}
	return out, nil
}

// CalendarVersion counts the changes of the calendar: another version, perhaps other periods.
func (db *DB) CalendarVersion(ctx context.Context) (int64, error) {
	var version int64
	err := db.sql.GetContext(ctx, &version, `SELECT version FROM calendar_version`)
	return version, err
}

// listed are the days of a year as two parallel arrays.
func listed(y review.CalendarYear) (days pq.StringArray, working pq.BoolArray) {
	for _, d := range y.Off {
		days, working = append(days, string(d)), append(working, false)
	}
	for _, d := range y.Work {
		days, working = append(days, string(d)), append(working, true)
	}
	return days, working
}
