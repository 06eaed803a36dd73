package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fairreview/fairreview/review"
)

// file2027 is made up; the notice for 2027 is not out.
const file2027 = `{"2027": {"off": ["2027-01-01", "2027-02-05", "2027-02-08"], "work": ["2027-01-30"]}}`

// unload takes years out of the calendar, so that what opens now is provisional whatever day it is.
func (s *site) unload(years ...int) {
	s.t.Helper()
	for _, y := range years {
		_, err := s.db.SQL().Exec(`DELETE FROM calendar_days WHERE year = $1`, y)
		must(s.t, err)
		_, err = s.db.SQL().Exec(`DELETE FROM calendar_years WHERE year = $1`, y)
		must(s.t, err)
	}
}

// yearFile is a calendar of a year with three days off.
func yearFile(year int) string {
	return fmt.Sprintf("%d-01-01,off\n%d-05-01,off\n%d-10-01,off\n", year, year, year)
}

func thisYear() int { return review.In(time.Now()).Year() }

func TestTheCalendarIsForAdministrators(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, who := range []string{"drafter", "officer", "approver"} {
		for _, g := range []got{s.call(who, "GET", "/api/v1/calendar", nil), s.call(who, "GET", "/calendar", nil),
			s.call(who, "POST", "/api/v1/calendar", obj{"file": file2027, "source": "通知"})} {
			if g.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %d %s", who, g.StatusCode, g.body)
			}
		}
	}
	if g := s.call("", "POST", "/api/v1/calendar", obj{"file": file2027, "source": "通知"}); g.StatusCode != http.StatusUnauthorized {
		t.Errorf("nobody: %d", g.StatusCode)
	}
	var w WorkingCalendar
	s.ok(200, "root", "GET", "/api/v1/calendar", nil).into(t, &w)
	days := map[int]int{}
	for _, y := range w.Years {
		days[y.Year] = y.WorkingDays
	}
	if len(days) != 3 || days[2024] != 251 || days[2025] != 248 || days[2026] != 248 {
		t.Errorf("%v", days)
	}
}

func TestAYearIsLoadedOnceAndItsPeriodsMove(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	now := thisYear()
	s.unload(now-1, now, now+1)
	r := s.open("new", "gov")
	s.submit(&r) // the regulator's own period runs, provisional
	var c CaseAnswer
	s.ok(200, "officer", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if c.Review == nil || !c.Review.Provisional {
		t.Fatalf("the period is %+v", c.Review)
	}
	var tasks Tasks
	s.ok(200, "root", "GET", "/api/v1/tasks", nil).into(t, &tasks)
	if len(tasks.Notices) != 1 || tasks.Notices[0].Year != now || tasks.Notices[0].Cases != 1 || !strings.Contains(tasks.Notices[0].Text, "1件") {
		t.Errorf("what the administrator should do: %+v", tasks.Notices)
	}
	if g := s.ok(200, "root", "GET", "/tasks", nil, "Accept", "text/html"); !strings.Contains(string(g.body), tasks.Notices[0].Text) {
		t.Error("the page does not say so")
	}
	tasks = Tasks{}
	s.ok(200, "officer", "GET", "/api/v1/tasks", nil).into(t, &tasks)
	if tasks.Notices == nil || len(tasks.Notices) != 0 {
		t.Errorf("an officer is told: %+v", tasks.Notices)
	}

	body := obj{"file": yearFile(now-1) + yearFile(now) + yearFile(now+1), "source": "通知〔" + fmt.Sprint(now) + "〕"}
	var dry, did, again CalendarLoaded
	s.ok(200, "root", "POST", "/api/v1/calendar?dry=true", body).into(t, &dry)
	if !dry.Dry || !dry.Changed || dry.Total != 1 || dry.Moved[0].Number != r.Number || dry.Moved[0].What != "review" {
		t.Errorf("dry: %+v", dry)
	}
	s.ok(200, "officer", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if !c.Review.Provisional {
		t.Error("a dry run changed the case")
	}
	g := s.ok(200, "root", "POST", "/api/v1/calendar", body, keyHeader, "load-1")
	g.into(t, &did)
	if did.Dry || !did.Changed || len(did.Failed) != 0 || did.Left != 0 || fmt.Sprint(did.Moved) != fmt.Sprint(dry.Moved) || len(did.Years) != 3 {
		t.Errorf("loaded: %+v; dry: %+v", did, dry)
	}
	c = CaseAnswer{}
	s.ok(200, "officer", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if c.Review.Provisional || lastDay(c.Review.Due) != did.Moved[0].To {
		t.Errorf("the case ends %s, provisional %v; told %s", c.Review.Due, c.Review.Provisional, did.Moved[0].To)
	}
	s.ok(200, "root", "POST", "/api/v1/calendar", body, keyHeader, "load-1").into(t, &again)
	if !again.Changed || again.Total != 0 {
		t.Errorf("the same request again: %+v", again)
	}
	again = CalendarLoaded{}
	s.ok(200, "root", "POST", "/api/v1/calendar", body).into(t, &again)
	if again.Changed || again.Total != 0 {
		t.Errorf("the same year again: %+v", again)
	}
	if g := s.call("root", "POST", "/api/v1/calendar", obj{"file": file2027, "source": "x"}, keyHeader, "load-1"); g.problem().Code != string(review.KeyReused) {
		t.Errorf("the key for something else: %s", g.body)
	}
	var w WorkingCalendar
	s.ok(200, "root", "GET", "/api/v1/calendar", nil).into(t, &w)
	for _, y := range w.Years {
		if y.Year == now && (y.LoadedBy != "系统管理员" || y.LoadedAt == nil || len(y.Off) != 3) {
			t.Errorf("%+v", y)
		}
	}
}

func TestACaseThatCannotBeReachedIsNamedAndMovesLater(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	now := thisYear()
	s.unload(now, now+1)
	r := s.open("new", "gov")
	s.submit(&r)
	body := obj{"file": yearFile(now) + yearFile(now+1), "source": "通知"}
	s.reviews.err = review.Refuse(review.Unavailable)
	var out CalendarLoaded
	s.ok(200, "root", "POST", "/api/v1/calendar", body).into(t, &out)
	if !out.Changed || out.Total != 0 || len(out.Failed) != 1 || out.Failed[0].Number != r.Number {
		t.Errorf("%+v", out)
	}
	s.reviews.err = nil
	out = CalendarLoaded{}
	s.ok(200, "root", "POST", "/api/v1/calendar", body).into(t, &out)
	if out.Changed || out.Total != 1 || len(out.Failed) != 0 {
		t.Errorf("later: %+v", out)
	}
}

func TestACalendarFileThatIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, tt := range map[string]struct {
		body obj
		code review.Code
		says string
	}{
		"no source":             {obj{"file": file2027}, review.Missing, "依据"},
		"nothing readable":      {obj{"file": "PK\u0003"}, review.BadCharacters, ""},
		"another format":        {obj{"file": "2027/1/1;off"}, review.Invalid, "2027/1/1;off"},
		"a Monday to be worked": {obj{"file": yearFile(2027) + "2027-01-04,work", "source": "通知"}, review.Invalid, "2027-01-04"},
		"two days off":          {obj{"file": "2027-01-01,off\n2027-01-02,off", "source": "通知"}, review.Invalid, "放假"},
		"a day twice":           {obj{"file": yearFile(2027) + "2027-01-01,off", "source": "通知"}, review.Invalid, "2027-01-01"},
	} {
		t.Run(name, func(t *testing.T) {
			g := s.call("root", "POST", "/api/v1/calendar", tt.body)
			if p := g.problem(); p.Code != string(tt.code) || !strings.Contains(p.Detail, tt.says) {
				t.Errorf("%d %s", g.StatusCode, g.body)
			}
		})
	}
	var w WorkingCalendar
	s.ok(200, "root", "GET", "/api/v1/calendar", nil).into(t, &w)
	if len(w.Years) != 3 {
		t.Errorf("something was loaded: %+v", w.Years)
	}
}

func TestWhenTheAdministratorIsToldOfAMissingYear(t *testing.T) {
	t.Parallel()
	cal := review.Calendar{Years: map[int]bool{2025: true, 2026: true}}
	for _, tt := range []struct {
		name  string
		today review.Date
		cases int
		year  int // 0: nothing to do
	}{
		{"in October nothing is missing", "2026-10-31", 0, 0},
		{"from November on the next year is", "2026-11-01", 0, 2027},
		{"in March too, when a period reaches into it", "2026-03-01", 4, 2027},
		{"the year that has begun", "2027-02-01", 0, 2027},
		{"next year is loaded", "2025-12-01", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, l := range []lang{zh, en} {
				got := calendarNotices(l, cal, tt.today, tt.cases)
				if len(got) != min(tt.year, 1) || len(got) > 0 && (got[0].Year != tt.year || got[0].Cases != tt.cases || !strings.Contains(got[0].Text, fmt.Sprint(tt.year)) ||
					tt.cases > 0 && !strings.Contains(got[0].Text, fmt.Sprint(tt.cases))) {
					t.Errorf("%+v", got)
				}
			}
		})
	}
}

func TestTheCalendarPageShowsAYear(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	page := string(s.ok(200, "root", "GET", "/calendar?year=2026", nil, "Accept", "text/html").body)
	for _, want := range []string{"2026年，共 248 个工作日", "2月", `<td class="num">14 <span class="tag good">班</span></td>`,
		`<td class="num"><span class="quietly">16</span> <span class="tag bad">休</span></td>`, "fairreview calendar load", "随系统提供"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if got := string(s.ok(200, "root", "GET", "/calendar?year=2024&lang=en", nil, "Accept", "text/html").body); !strings.Contains(got, "2024: 251 working days") {
		t.Error("not in English")
	}
	if g := s.call("root", "GET", "/calendar?year=1999", nil); g.StatusCode != 422 {
		t.Errorf("a year that is not loaded: %d", g.StatusCode)
	}
	months := monthsOf(zh, CalendarYear{Year: 2026})
	if len(months) != 12 || months[0].Weeks[0][3].Day != 1 || months[0].Weeks[0][2].Day != 0 || len(months[1].Weeks) != 5 {
		t.Errorf("1 January 2026 is a Thursday: %+v", months[0].Weeks[0])
	}
}

func TestWhoHeldACaseAndHowUrgentItIs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	var c CaseAnswer
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if len(c.Held) != 1 || c.Held[0].Party != review.HeldUnit || !c.Held[0].Now || c.Urgency != "" {
		t.Errorf("a draft: %+v, %q", c.Held, c.Urgency)
	}
	s.submit(&r)
	c = CaseAnswer{}
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	if len(c.Held) != 2 || c.Held[0].Now || c.Held[1].Party != review.HeldRegulator || !c.Held[1].Now || c.Held[1].Name != "市场监管部门" {
		t.Errorf("with the regulator: %+v", c.Held)
	}
	if c.Urgency != review.Normal {
		t.Errorf("ten working days are left: %q", c.Urgency)
	}
	page := string(s.ok(200, "officer", "GET", "/cases/"+r.Case, nil, "Accept", "text/html").body)
	for _, want := range []string{"各方用时", "在办", "正常"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	s.ok(404, "findrafter", "GET", "/api/v1/cases/"+r.Case, nil)
}

func TestAProvisionalPeriodIsNeverOverdue(t *testing.T) {
	t.Parallel()
	due := review.Date("2026-10-09").End()
	c := review.Case{Status: review.CorrectionAsked, Clock: &review.Clock{Days: 3, Due: due, Provisional: true}}
	if u := urgencyOf(review.Calendar{}, c, due.AddDate(0, 0, 3)); u != review.Soon {
		t.Errorf("provisional: %s", u)
	}
	c.Clock.Provisional = false
	if u := urgencyOf(review.Calendar{}, c, due.AddDate(0, 0, 3)); u != review.Overdue {
		t.Errorf("certain: %s", u)
	}
	c.Status = review.Withdrawn
	if u := urgencyOf(review.Calendar{}, c, due.AddDate(0, 0, 3)); u != "" {
		t.Errorf("closed: %s", u)
	}
}
