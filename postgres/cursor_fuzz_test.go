package postgres

import (
	"testing"
	"time"

	"github.com/fairreview/fairreview/review"
)

// FuzzCursor holds that a cursor is a place in a list or is refused, and that a place written again is the same place.
func FuzzCursor(f *testing.F) {
	const id = "7d444840-9dc0-11d1-b245-5ffdce74fad2"
	at := time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC)
	for _, s := range []string{"", writeCursor(at, id), writeCursor(time.Time{}, id), writeCursor(at, "' OR true --"), "zzz", "====", "MjAyNi0wMy0wMlQwOTowMDowMFogeA", writeCursor(at, id+" "+id)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		when, last, err := readCursor(cursor)
		if err != nil {
			if review.CodeOf(err) != review.Invalid {
				t.Errorf("refused as %v", err)
			}
			return
		}
		if cursor == "" {
			return
		}
		if y := when.Year(); y < 0 || y > 9999 || !isUUID(*last) {
			t.Fatalf("%q leads to %s, %q", cursor, when, *last)
		}
		then, again, err := readCursor(writeCursor(*when, *last))
		if err != nil || !then.Equal(*when) || *again != *last {
			t.Errorf("%q leads to %s, %q, and written again to %v, %v, %v", cursor, when, *last, then, again, err)
		}
	})
}
