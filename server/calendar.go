package server

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// administrator refuses whoever administers nothing.
func administrator(ctx context.Context) error {
	if slices.ContainsFunc(person(ctx).Memberships, func(m postgres.Membership) bool { return m.Role == review.Admin }) {
		return nil
	}
	return review.Refuse(review.Forbidden)
}

// CalendarYear is one year of the working calendar.
type CalendarYear struct {
	Year        int           `json:"year"`
	WorkingDays int           `json:"workingDays"`
	Off         []review.Date `json:"off" nullable:"false" doc:"Days off"`
	Work        []review.Date `json:"work" nullable:"false" doc:"Saturdays and Sundays that are made up for"`
	Source      string        `json:"source" doc:"The notice it rests on"`
	LoadedBy    string        `json:"loadedBy,omitempty" doc:"Who loaded it; nobody did when it came with the program"`
	LoadedAt    *time.Time    `json:"loadedAt,omitempty"`
}

// Notice is something that an administrator should do, beside the cases.
type Notice struct {
	Code  string `json:"code"`
	Year  int    `json:"year,omitempty"`
	Cases int    `json:"cases" doc:"Open cases whose period is provisional"`
	Text  string `json:"text"`
}

// WorkingCalendar is what is loaded and what is missing.
type WorkingCalendar struct {
	Years   []CalendarYear `json:"years" nullable:"false"`
	Missing []Notice       `json:"missing" nullable:"false" doc:"From 1 November on the next year's, and earlier when a period reaches into it"`
}

func (s *Server) workingCalendar(ctx context.Context) (WorkingCalendar, error) {
	if err := administrator(ctx); err != nil {
		return WorkingCalendar{}, err
	}
	years, err := s.db.CalendarYears(ctx)
	if err != nil {
		return WorkingCalendar{}, err
	}
	var by []string
	for _, y := range years {
		by = append(by, y.By)
	}
	names, err := s.db.Names(ctx, by)
	if err != nil {
		return WorkingCalendar{}, err
	}
	out := WorkingCalendar{Years: make([]CalendarYear, len(years))}
	for i, y := range years {
		out.Years[i] = CalendarYear{Year: y.Year, WorkingDays: y.WorkingDays(), Off: orEmpty(y.Off), Work: orEmpty(y.Work), Source: y.Source,
			LoadedBy: orElse(names[y.By], y.By), LoadedAt: y.At}
	}
	out.Missing, err = s.notices(ctx)
	return out, err
}

func (s *Server) calendar(ctx context.Context, _ *struct{}) (*reply[WorkingCalendar], error) {
	return answer(s.workingCalendar(ctx))
}

// notices are what an administrator should do; nobody else has any.
func (s *Server) notices(ctx context.Context) ([]Notice, error) {
	if administrator(ctx) != nil {
		return []Notice{}, nil
	}
	cal, err := s.db.Calendar(ctx)
	if err != nil {
		return nil, err
	}
	cases, err := s.db.ProvisionalCases(ctx)
	if err != nil {
		return nil, err
	}
	return orEmpty(calendarNotices(requestOf(ctx).lang, cal, review.DateOf(time.Now()), cases)), nil
}

var (
	calendarMissing = words{"{year}年工作日历尚未导入。请在国务院办公厅公布放假安排后，按 fairreview calendar load 文件 导入。",
		"The working calendar of {year} is not loaded. Once the State Council's notice is out, load it: fairreview calendar load FILE."}
	calendarNeeded = words{"{year}年工作日历尚未导入，{cases}件办理中的案件期限因此为暂定，不会自动到期，也不能写入文书。请在国务院办公厅公布放假安排后，按 fairreview calendar load 文件 导入。",
		"The working calendar of {year} is not loaded, so the periods of {cases} open cases are provisional: they fire nothing and go into no letter. Once the State Council's notice is out, load it: fairreview calendar load FILE."}
)

// calendarNotices says which year is missing: the present one at any time, the next from 1 November on, and the first one not
// loaded when the periods of some cases are provisional.
func calendarNotices(l lang, cal review.Calendar, today review.Date, cases int) []Notice {
	now, _ := strconv.Atoi(string(today[:4]))
	year := now
	for cal.Loaded(year) {
		year++
	}
	if cases == 0 && year != now && (year != now+1 || today[5:7] < "11") {
		return nil
	}
	w := calendarMissing
	if cases > 0 {
		w = calendarNeeded
	}
	text := say(l, w, map[string]string{"year": strconv.Itoa(year), "cases": strconv.Itoa(cases)})
	return []Notice{{Code: "calendar_missing", Year: year, Cases: cases, Text: text}}
}

type loadCalendarInput struct {
	Keyed
	Dry  bool `query:"dry" doc:"Only say what would move"`
	Body struct {
		File   string `json:"file" minLength:"1" maxLength:"65536" doc:"The file's content: JSON {\"2027\": {\"off\": [days], \"work\": [days], \"source\": \"…\"}}, or lines date,off|work"`
		Source string `json:"source,omitempty" maxLength:"1000" doc:"The notice it rests on; needed unless the file says so"`
	}
}

// MovedPeriod is a running period that ends on another day now.
type MovedPeriod struct {
	Case        string      `json:"case"`
	Number      string      `json:"number"`
	What        string      `json:"what" enum:"clock,review" doc:"clock: the period of the status; review: the regulator's own"`
	From        review.Date `json:"from" doc:"Last day before"`
	To          review.Date `json:"to" doc:"Last day now; the same when the period only was provisional"`
	Provisional bool        `json:"provisional" doc:"Still, or now"`
}

// CalendarLoaded is what a load changed.
type CalendarLoaded struct {
	Years   []int         `json:"years" nullable:"false"`
	Dry     bool          `json:"dry"`
	Changed bool          `json:"changed" doc:"false: it was loaded so already"`
	Moved   []MovedPeriod `json:"moved" nullable:"false" doc:"Periods that moved, the first 500"`
	Failed  []MovedPeriod `json:"failed" nullable:"false" doc:"Periods that could not be reached; a worker tries them every minute"`
	Total   int           `json:"total" doc:"How many moved"`
	Left    int           `json:"left" doc:"How many a worker will move within the next minutes"`
}

const (
	movedShown  = 500
	reclockTime = 20 * time.Second // of a request that is answered within 30
)

// loadCalendar loads the years of a file and has the running periods end anew.
func (s *Server) loadCalendar(ctx context.Context, in *loadCalendarInput) (*reply[CalendarLoaded], error) {
	if err := administrator(ctx); err != nil {
		return nil, err
	}
	years, err := review.ParseCalendar([]byte(in.Body.File))
	if err != nil {
		return nil, s.calendarProblem(ctx, err)
	}
	out := CalendarLoaded{Dry: in.Dry, Moved: []MovedPeriod{}, Failed: []MovedPeriod{}}
	for i := range years {
		years[i].Source = orElse(strings.TrimSpace(in.Body.Source), strings.TrimSpace(years[i].Source))
		if years[i].Source == "" {
			return nil, review.Refuse(review.Missing, "field", "source")
		}
		if !review.CleanString(years[i].Source) {
			return nil, review.Refuse(review.BadCharacters, "field", "source")
		}
		out.Years = append(out.Years, years[i].Year)
	}
	if in.Dry {
		return answer(s.tryCalendar(ctx, years, out))
	}
	who := person(ctx).ID
	stored, err := s.db.Idempotent(ctx, who, in.Key, digest("POST /calendar", "", in.Body), func(tx *postgres.Tx) (any, error) {
		some := false
		for _, y := range years {
			changed, err := tx.LoadYear(ctx, y, y.Source, who)
			if err != nil {
				return nil, err
			}
			some = some || changed
		}
		return some, nil
	})
	if err == nil {
		err = json.Unmarshal(stored, &out.Changed)
	}
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, reclockTime)
	defer cancel()
	became, err := s.db.ReclockStale(bounded, func(ctx context.Context, caseID string, seen int) error {
		_, err := s.reviews.Reclock(ctx, caseID, seen)
		return err
	})
	if err != nil {
		return nil, err
	}
	out.Total, out.Left = len(became.Moved), became.Left
	out.Moved, out.Failed = moved(became.Moved), moved(became.Failed)
	return answer(out, nil)
}

// calendarWhys say what is wrong with a calendar's file; {value} is where.
var calendarWhys = map[string]words{
	"form":    {"文件无法读取：{value}。请使用 JSON，或者每行一天的“日期,off”“日期,work”。", "The file cannot be read: {value}. It is JSON, or a line a day: date,off or date,work."},
	"range":   {"年度须在2000年至2099年之间：{value}。", "A year is between 2000 and 2099: {value}."},
	"date":    {"没有这一天：{value}。请按 2027-01-31 的形式填写。", "There is no such day: {value}. Days are written like 2027-01-31."},
	"year":    {"不属于所填年度的日期：{value}。", "A day of another year: {value}."},
	"twice":   {"重复出现：{value}。", "It comes twice: {value}."},
	"weekday": {"调休上班只能是周六或者周日，周一至周五本为工作日：{value}。", "Only a Saturday or Sunday can be made up for; Monday to Friday are worked anyway: {value}."},
	"few":     {"放假日期只有{value}天，少于3天。请核对文件是否完整。", "Only {value} days off, fewer than 3. Check whether the file is complete."},
}

func calendarWhy(l lang, err error) string {
	e := refusal(err)
	if e == nil {
		return ""
	}
	w, known := calendarWhys[e.Params["why"]]
	if !known {
		return ""
	}
	return say(l, w, map[string]string{"value": orElse(e.Params["value"], "—")})
}

// CalendarRefusal says in English what is wrong with a calendar's file, for the command line.
func CalendarRefusal(err error) string {
	if why := calendarWhy(en, err); why != "" {
		return why
	}
	if e := refusal(err); e != nil {
		return say(en, sentences[e.Code], e.Params)
	}
	return err.Error()
}

// calendarProblem is a refusal of the file that also says where.
func (s *Server) calendarProblem(ctx context.Context, err error) error {
	p := s.explain(ctx, err)
	if why := calendarWhy(requestOf(ctx).lang, err); why != "" {
		p.Detail = why
		p.Errors = []FieldError{{Field: "file", Message: why}}
	}
	return p
}

// tryCalendar says what would change and move.
func (s *Server) tryCalendar(ctx context.Context, years []review.CalendarYear, out CalendarLoaded) (CalendarLoaded, error) {
	cal, err := s.db.Calendar(ctx)
	if err != nil {
		return out, err
	}
	have, err := s.db.CalendarYears(ctx)
	if err != nil {
		return out, err
	}
	for _, y := range years {
		cal = cal.With(y)
		out.Changed = out.Changed || !slices.ContainsFunc(have, func(h postgres.CalendarYear) bool {
			return h.Year == y.Year && h.Source == y.Source && slices.Equal(h.Off, y.Off) && slices.Equal(h.Work, y.Work)
		})
	}
	stale, err := s.db.StaleClocksBy(ctx, cal)
	out.Total, out.Moved = len(stale), moved(stale)
	return out, err
}

func moved(list []postgres.StaleClock) []MovedPeriod {
	out := []MovedPeriod{}
	for _, c := range list[:min(len(list), movedShown)] {
		out = append(out, MovedPeriod{Case: c.Case, Number: c.Number, What: c.What, From: lastDay(c.From), To: lastDay(c.To), Provisional: c.Provisional})
	}
	return out
}

// lastDay is the last day of a period that ends at an instant; "" when it has no end yet.
func lastDay(due time.Time) review.Date {
	if due.IsZero() {
		return ""
	}
	return review.DateOf(due.Add(-time.Second))
}

// calendarView is the calendar as an administrator sees it.
type calendarView struct {
	frame
	WorkingCalendar
	Shown  CalendarYear // the year of the grid
	Months []calendarMonth
	Row    []string // names of the weekdays, Monday first
}

// calendarMonth is a month in weeks.
type calendarMonth struct {
	Name        string
	WorkingDays int
	Weeks       [][7]calendarDay
}

// calendarDay is a day of a grid; the zero one is none.
type calendarDay struct {
	Day   int
	Works bool
	Named bool // the notice lists it
}

func (s *Server) calendarPage(c *fiber.Ctx) error {
	ctx := c.UserContext()
	w, err := s.workingCalendar(ctx)
	if err != nil {
		return err
	}
	v := calendarView{WorkingCalendar: w}
	l := requestOf(ctx).lang
	want := orElse(c.Query("year"), string(today())[:4])
	for i, y := range w.Years {
		if strconv.Itoa(y.Year) == want || c.Query("year") == "" && i == len(w.Years)-1 && v.Shown.Year == 0 {
			v.Shown = y
		}
	}
	if v.Shown.Year == 0 && c.Query("year") != "" {
		return review.Refuse(review.Invalid, "field", "year")
	}
	if v.Shown.Year != 0 {
		v.Months = monthsOf(l, v.Shown)
	}
	v.Row = []string{"一", "二", "三", "四", "五", "六", "日"}
	if l == en {
		v.Row = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	}
	return s.show(c, "calendar", &v)
}

// monthsOf lays a year out in months and weeks.
func monthsOf(l lang, y CalendarYear) []calendarMonth {
	cal := review.Calendar{}.With(review.CalendarYear{Year: y.Year, Off: y.Off, Work: y.Work})
	out := make([]calendarMonth, 12)
	for t := time.Date(y.Year, 1, 1, 0, 0, 0, 0, time.UTC); t.Year() == y.Year; t = t.AddDate(0, 0, 1) {
		m := &out[t.Month()-1]
		m.Name = strconv.Itoa(int(t.Month())) + "月"
		if l == en {
			m.Name = t.Month().String()
		}
		column := (int(t.Weekday()) + 6) % 7
		if column == 0 || len(m.Weeks) == 0 {
			m.Weeks = append(m.Weeks, [7]calendarDay{})
		}
		d := review.Date(t.Format(time.DateOnly))
		works, _ := cal.Working(d)
		_, named := cal.Days[d]
		if works {
			m.WorkingDays++
		}
		m.Weeks[len(m.Weeks)-1][column] = calendarDay{Day: t.Day(), Works: works, Named: named}
	}
	return out
}
