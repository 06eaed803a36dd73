package postgres

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairreview/fairreview/review"
)

// running saves a case with a period of working days and a meter that started on a day.
func (d *desk) running(title string, from review.Date, clock, meter int) review.Case {
	d.Helper()
	d.on(from)
	c := d.register(handlerA, review.Government, title)
	r := d.step(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 "+title))})
	if clock > 0 {
		r.Case.Clock = &review.Clock{Days: clock, From: d.db.now(), Version: 2}
	}
	if meter > 0 {
		r.Case.Review = &review.Meter{Days: meter, Spans: []review.Span{{From: d.db.now()}}, Version: 2}
	}
	a, err := d.db.Save(d.ctx, r)
	d.must(err)
	r.Case.Assign(a)
	return r.Case
}

// reclock does what the running case does.
func (d *desk) reclock(c review.Case) review.Case {
	d.Helper()
	return d.act(c, review.Actor{Role: review.Timer}, review.Reclock, review.Details{})
}

func TestStaleClocksAreTheRunningPeriodsThatEndElsewhere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	both := d.running("甲", "2026-12-28", 7, 3)    // the clock reaches into 2027, the meter does not
	moved := d.running("乙", "2026-12-24", 0, 10)  // reaches into 2027
	within := d.running("丙", "2026-03-02", 5, 10) // both end in March
	past := d.running("丁", "2026-12-28", 7, 0)
	_, err := d.db.sql.Exec(`UPDATE cases SET state = jsonb_set(state::jsonb, '{clock,past}', 'true')::json WHERE id = $1`, past.ID)
	d.must(err)
	d.tampered = true
	d.issued("戊") // closed

	stale, err := d.db.StaleClocks(d.ctx)
	d.must(err)
	if len(stale) != 0 {
		t.Fatalf("before anything changed: %+v", stale)
	}
	if n, err := d.db.ProvisionalCases(d.ctx); err != nil || n != 3 {
		t.Errorf("%d provisional, %v", n, err)
	}

	cal, err := d.db.Calendar(d.ctx)
	d.must(err)
	would, err := d.db.StaleClocksBy(d.ctx, cal.With(year2027()))
	d.must(err)
	_, err = d.db.LoadYear(d.ctx, year2027(), "通知", "root")
	d.must(err)
	stale, err = d.db.StaleClocks(d.ctx)
	d.must(err)
	if diff := cmp.Diff(would, stale); diff != "" {
		t.Errorf("a dry run says otherwise: %s", diff)
	}
	// 7 working days after Monday 28 December: 29, 30, 31 December, 4, 5, 6, 7 January; by weekends alone 1 January was counted.
	want := map[string]StaleClock{
		both.ID + PeriodClock:   {both.ID, both.Number, 2, review.SelfReview, PeriodClock, review.Date("2027-01-06").End(), review.Date("2027-01-07").End(), false},
		moved.ID + PeriodReview: {moved.ID, moved.Number, 2, review.SelfReview, PeriodReview, review.Date("2027-01-07").End(), review.Date("2027-01-08").End(), false},
	}
	got := map[string]StaleClock{}
	for _, s := range stale {
		got[s.Case+s.What] = s
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	both = d.reclock(both)
	if !both.Clock.Due.Equal(review.Date("2027-01-07").End()) || both.Clock.Provisional {
		t.Errorf("after reclock: %+v", both.Clock)
	}
	stale, err = d.db.StaleClocks(d.ctx)
	d.must(err)
	if len(stale) != 1 || stale[0].Case != moved.ID {
		t.Errorf("after one was moved: %+v", stale)
	}
	// A make-up day is taken away from March: what had ended there ends a day later.
	y, _ := cal.Year(2026)
	y.Off = append(y.Off, "2026-03-05")
	_, err = d.db.LoadYear(d.ctx, y, "更正", "root")
	d.must(err)
	stale, err = d.db.StaleClocks(d.ctx)
	d.must(err)
	n := 0
	for _, s := range stale {
		if s.Case == within.ID {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d periods of March moved, want both: %+v", n, stale)
	}
}

func TestAPeriodThatOnlyWasProvisionalIsStaleToo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.running("甲", "2026-12-31", 1, 0) // by weekends: 1 January, a Friday
	y := year2027()
	y.Off = []review.Date{"2027-01-02", "2027-02-05", "2027-02-08"} // which works after all
	_, err := d.db.LoadYear(d.ctx, y, "通知", "root")
	d.must(err)
	stale, err := d.db.StaleClocks(d.ctx)
	d.must(err)
	if len(stale) != 1 || stale[0].Case != c.ID || !stale[0].From.Equal(stale[0].To) || stale[0].Provisional {
		t.Errorf("%+v", stale)
	}
}

func TestReclockStaleTellsWhatBecameOfEach(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	cases := map[string]review.Case{}
	for _, title := range []string{"done", "busy", "gone", "away", "fails", "accepted"} {
		cases[title] = d.running(title, "2026-12-28", 7, 0)
	}
	_, err := d.db.LoadYear(d.ctx, year2027(), "通知", "root")
	d.must(err)
	var mu sync.Mutex
	calls := map[string]int{}
	out, err := d.db.ReclockStale(d.ctx, func(_ context.Context, id string, seen int) error {
		mu.Lock()
		defer mu.Unlock()
		for title, c := range cases {
			if c.ID != id {
				continue
			}
			calls[title]++
			switch title {
			case "busy": // somebody was faster, and the case now ends where it should
				if seen == 2 {
					cases[title] = d.reclock(c)
				}
				return review.Refuse(review.Conflict)
			case "gone":
				return review.Refuse(review.AlreadyDone)
			case "away":
				return review.Refuse(review.Unavailable)
			case "fails":
				return errors.New("broken")
			case "accepted":
				return review.Refuse(review.UnderWay)
			}
			if seen != c.Version {
				t.Errorf("seen %d, the case stands at %d", seen, c.Version)
			}
			cases[title] = d.reclock(c)
			return nil
		}
		return errors.New("a case nobody knows")
	})
	d.must(err)
	titles := func(list []StaleClock) map[string]bool {
		got := map[string]bool{}
		for _, s := range list {
			for title, c := range cases {
				if c.ID == s.Case {
					got[title] = true
				}
			}
		}
		return got
	}
	if diff := cmp.Diff(map[string]bool{"done": true, "busy": true, "accepted": true}, titles(out.Moved)); diff != "" {
		t.Errorf("moved: %s", diff)
	}
	if diff := cmp.Diff(map[string]bool{"away": true, "fails": true}, titles(out.Failed)); diff != "" || out.Done() {
		t.Errorf("failed: %s, done %v", diff, out.Done())
	}
	for title, n := range calls {
		if n != 1 {
			t.Errorf("%s was asked %d times", title, n)
		}
	}
}

func TestReclockStaleStopsWhenTimeIsUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for range 12 {
		d.running("甲", "2026-12-28", 7, 0)
	}
	_, err := d.db.LoadYear(d.ctx, year2027(), "通知", "root")
	d.must(err)
	ctx, stop := context.WithCancel(d.ctx)
	defer stop()
	out, err := d.db.ReclockStale(ctx, func(context.Context, string, int) error {
		stop()
		return nil
	})
	d.must(err)
	if len(out.Moved) == 0 || out.Left == 0 || len(out.Moved)+out.Left != 12 || out.Done() {
		t.Errorf("%d moved, %d left", len(out.Moved), out.Left)
	}
}

func TestTheCourseOfACaseIsForItsReaders(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.on("2026-03-02")
	c := d.register(handlerA, review.Department, "甲")
	d.on("2026-03-09")
	c = d.act(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 甲"))})
	events, err := d.db.Course(d.ctx, c.ID, viewA)
	d.must(err)
	stays := review.Stays(events)
	if len(stays) != 2 || stays[0].Status != review.Drafting || stays[0].To.Sub(stays[0].From) < 6*24*time.Hour || stays[1].Status != review.SelfReview || !stays[1].To.IsZero() {
		t.Errorf("%+v", stays)
	}
	for _, id := range []string{c.ID, "nonsense"} {
		_, err := d.db.Course(d.ctx, id, viewB)
		d.refused(err, review.NotFound)
	}
}
