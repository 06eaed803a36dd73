package review

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEndlessConditions(t *testing.T) {
	t.Parallel()
	for condition, endless := range map[string]bool{
		"长期":                   true,
		"长期有效":                 true,
		"本政策长期有效。":             true,
		"自印发之日起长期实施":           true,
		"永久":                   true,
		"另行通知":                 true,
		"直至另行通知":               true,
		"至另行通知为止":              true,
		"长期执行，直至另行通知":          true,
		"有效期限为长期":              true,
		"“不设期限”":               true,
		"Long-term":            true,
		"Until further notice": true,
		" 　":                   true,
		"长期护理保险试点结束之日":         false,
		"国家另行通知的统一价格目录施行之日":              false,
		"国家储备体系建成之日":                     false,
		"中长期规划期满":                        false,
		"省级储备达到三个月用量，不再需要限定渠道之日":         false,
		"when the long-term pilot ends":  false,
		"长期以来的供应短缺消除之日，以发展改革部门公告为准":      false,
		"防汛应急响应解除之日（不含临时解除），以市防汛指挥部公告为准": false,
	} {
		t.Run(condition, func(t *testing.T) {
			t.Parallel()
			w := at(t, New, Department, SelfReview)
			d := w.details(SendCheck, "exception")
			d.Exception.Until, d.Exception.Condition = "", condition
			want := Code("")
			if endless {
				want = ExceptionOpen
			}
			if got := CodeOf(w.apply(SendCheck, handler, d)); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	// An old case is judged as before: by the word alone.
	for condition, want := range map[string]Code{"长期护理保险试点结束之日": ExceptionOpen, "另行通知": ""} {
		w := atUnder(t, 1, New, Department, SelfReview)
		d := w.details(SendCheck, "exception")
		d.Exception.Until, d.Exception.Condition = "", condition
		if got := CodeOf(w.apply(SendCheck, handler, d)); got != want {
			t.Errorf("an old case, %s: got %q, want %q", condition, got, want)
		}
	}
}

// inForceFor is an exception in force for some days from today.
func inForceFor(t *testing.T, days int, alter func(*walk)) *walk {
	t.Helper()
	w := newWalk(t, New, Department)
	if alter != nil {
		alter(w)
	}
	w.via("register start_review")
	d := w.details(SendCheck, "exception")
	d.Exception.Until = w.day(days)
	if err := w.apply(SendCheck, handler, d); err != nil {
		t.Fatal(err)
	}
	return w.via("send_sign conclude_exception register_issue")
}

func marks(c Case, act ActionKind) string {
	var out []string
	for _, cp := range Checkpoints(c) {
		if cp.Act == act {
			out = append(out, cp.Mark)
		}
	}
	return strings.Join(out, " ")
}

// TestNoticesBeforeAnExceptionEnds: 90, 30 and 7 days before the end, each at the beginning of its day, each once.
func TestNoticesBeforeAnExceptionEnds(t *testing.T) {
	t.Parallel()
	w := inForceFor(t, 300, nil)
	w.open.Rules.EvaluateMonths = 0
	if len(Turns(w.c)) != 0 {
		t.Errorf("nothing is to be done yet: %v", Turns(w.c))
	}
	for _, n := range []int{90, 30, 7} {
		day := w.c.Sunset.Until.AddDays(-n)
		cp, ok := w.checkpoint(ExceptionNotice)
		if !ok || DateOf(cp.At) != day || !cp.At.Equal(day.AddDays(-1).End()) {
			t.Fatalf("notice %d: %+v, %v", n, cp, ok)
		}
		w.now = cp.At.Add(-time.Microsecond)
		w.refused(NotYourTurn, ExceptionNotice, timer, nil)
		if w.do("exception_notice"); w.c.Sunset.Noticed != n || w.c.Status != IssuedException {
			t.Errorf("noticed %d, want %d", w.c.Sunset.Noticed, n)
		}
		if !contains(Turns(w.c), Turn{Unit: "dept", Role: Handler, What: IssuedException}) {
			t.Errorf("after the notice of %d days: turns %v", n, Turns(w.c))
		}
	}
	if got := marks(w.c, ExceptionNotice); got != "" {
		t.Errorf("a fourth notice: %s", got)
	}
	w.now = w.c.Clock.Due.Add(-time.Microsecond)
	w.refused(NotYourTurn, ExceptionNotice, timer, nil)
	w.do("exception_ends")
}

func TestAShortExceptionSkipsItsNotices(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		days int
		want string // the next notice
		told int
	}{{300, "90", 0}, {92, "90", 0}, {91, "90", 0}, {90, "30", 90}, {31, "30", 90}, {30, "7", 30}, {8, "7", 30}, {7, "", 7}, {1, "", 7}} {
		w := inForceFor(t, tt.days, nil)
		if got := marks(w.c, ExceptionNotice); got != tt.want || w.c.Sunset.Noticed != tt.told {
			t.Errorf("%d days: next %q, told %d; want %q, %d", tt.days, got, w.c.Sunset.Noticed, tt.want, tt.told)
		}
		if got := len(Turns(w.c)) > 0; got != (tt.told > 0) {
			t.Errorf("%d days: turns %v", tt.days, Turns(w.c))
		}
	}
}

// TestMissedNoticesComeOneByOne: after a long standstill nothing is lost and nothing comes twice.
func TestMissedNoticesComeOneByOne(t *testing.T) {
	t.Parallel()
	w := inForceFor(t, 300, nil)
	w.now = w.c.Clock.Due
	var did []string
	for range 20 {
		due := Checkpoints(w.c)
		if len(due) == 0 {
			break
		}
		if err := w.apply(due[0].Act, timer, Details{}); err != nil {
			t.Fatal(err)
		}
		did = append(did, string(due[0].Act)+due[0].Mark)
	}
	want := []string{"evaluation_due" + string(DateOf(start).addMonths(6)), "exception_notice90", "exception_notice30", "exception_notice7", "exception_ends"}
	if diff := cmp.Diff(want, did); diff != "" {
		t.Error(diff)
	}
}

func TestEvaluationsOfAnException(t *testing.T) {
	t.Parallel()
	w := inForceFor(t, 3000, func(w *walk) { w.open.Rules.EvaluateMonths = 12 })
	if on := w.c.Sunset.EvaluateOn; on != "2027-03-02" {
		t.Fatalf("first evaluation on %s", on)
	}
	w.refused(NotYourTurn, EvaluationDue, timer, nil)
	w.do("evaluation_due")
	if !w.c.Sunset.Evaluating || DateOf(w.now) != "2027-03-02" || !contains(Turns(w.c), Turn{Unit: "dept", Role: Handler, What: IssuedException}) {
		t.Errorf("sunset %+v, turns %v", w.c.Sunset, Turns(w.c))
	}
	if got := marks(w.c, EvaluationDue); got != "" {
		t.Errorf("due twice: %s", got)
	}
	w.refused(NotYourTurn, EvaluationDue, timer, nil)
	w.refused(Missing, Evaluate, handler, func(d *Details) { d.Report = "" })
	w.refused(NotYourRole, Evaluate, head, nil)
	w.now = w.now.AddDate(0, 0, 10)
	w.do("evaluate")
	if s := w.c.Sunset; s.Evaluating || len(s.Done) != 1 || s.Done[0].By != "h1" || s.EvaluateOn != "2028-03-12" || len(Turns(w.c)) != 0 {
		t.Errorf("sunset %+v, turns %v", s, Turns(w.c))
	}
	w.now = w.now.AddDate(0, 2, 0) // earlier than planned is as good
	if w.do("evaluate"); w.c.Sunset.EvaluateOn != "2028-05-12" || len(w.c.Sunset.Done) != 2 {
		t.Errorf("sunset %+v", w.c.Sunset)
	}
	// An evaluation ends nothing, and the last planned day lies before the end.
	for range 20 {
		if _, ok := w.checkpoint(EvaluationDue); !ok {
			break
		}
		w.do("evaluation_due").do("evaluate")
	}
	if s := w.c.Sunset; s.EvaluateOn != "" || w.c.Status != IssuedException || len(s.Done) < 6 {
		t.Errorf("sunset %+v", s)
	}
	off := inForceFor(t, 3000, func(w *walk) { w.open.Rules.EvaluateMonths = 0 })
	if off.c.Sunset.EvaluateOn != "" || marks(off.c, EvaluationDue) != "" {
		t.Errorf("switched off: %+v", off.c.Sunset)
	}
	if short := inForceFor(t, 100, nil); short.c.Sunset.EvaluateOn != "" {
		t.Errorf("an exception of 100 days is evaluated on %s", short.c.Sunset.EvaluateOn)
	}
}

// TestAnExceptionUntilAConditionHasNoEnd: no notice and no end come by themselves; evaluations do.
func TestAnExceptionUntilAConditionHasNoEnd(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Department).via("register start_review")
	d := w.details(SendCheck, "exception")
	d.Exception.Until, d.Exception.Condition = "", "国家储备体系建成之日"
	if err := w.apply(SendCheck, handler, d); err != nil {
		t.Fatal(err)
	}
	w.via("send_sign conclude_exception register_issue")
	if w.c.Clock != nil || w.c.Sunset.Until != "" || w.c.Sunset.Condition == "" || marks(w.c, ExceptionNotice) != "" {
		t.Errorf("clock %+v, sunset %+v", w.c.Clock, w.c.Sunset)
	}
	w.now = w.now.AddDate(30, 0, 0)
	w.refused(NotYourTurn, ExceptionNotice, timer, nil)
	w.refused(NotYourTurn, ExceptionEnds, timer, nil)
	if due := Checkpoints(w.c); len(due) != 1 || due[0].Act != EvaluationDue || len(Turns(w.c)) == 0 {
		t.Errorf("checkpoints %v, turns %v", due, Turns(w.c))
	}
	extended := *w
	extended.do("register_extension") // no end, so before the end
	w.do("exception_ends", issuing).do("register_stop")
}

func TestAnExceptionIsCarriedOnBeforeItsEnd(t *testing.T) {
	t.Parallel()
	w := inForceFor(t, 300, nil)
	w.refused(Missing, RegisterExtension, issuing, func(d *Details) { d.Linked = "" })
	w.refused(NotYourRole, RegisterExtension, head, nil)
	w.now = w.c.Clock.Due
	w.refused(ExtensionOpen, RegisterExtension, issuing, nil) // the timer is late, the end is not
	over := *w
	over.do("exception_ends").refused(NotYourTurn, RegisterExtension, issuing, nil)
	w.now = w.c.Clock.Due.Add(-time.Microsecond)
	w.do("register_extension")
	if w.c.Status != Extended || !w.c.Status.Closed() || w.c.Outcome != Keep || len(w.c.Linked) != 36 || len(Turns(w.c)) != 0 || len(Checkpoints(w.c)) != 0 {
		t.Errorf("carried on as %s, %s", w.c.Status, w.c.Linked)
	}
	atUnder(t, 1, New, Department, IssuedException).refused(NotYourTurn, RegisterExtension, issuing, nil)
	atUnder(t, 1, New, Department, IssuedException).refused(NotYourTurn, Evaluate, handler, nil)
}

// TestAnExceptionIsInForceFromItsIssue: from the day of issue for a new measure, of the signature for one that is kept; a late
// registration brings no notice that is past.
func TestAnExceptionIsInForceFromItsIssue(t *testing.T) {
	t.Parallel()
	w := newWalk(t, New, Department).via(toExc + " conclude_exception")
	issued := w.day(0)
	w.now = w.now.AddDate(0, 0, 280)
	d := w.details(RegisterIssue, "")
	d.Issue.On = issued
	if err := w.apply(RegisterIssue, issuing, d); err != nil {
		t.Fatal(err)
	}
	if s := w.c.Sunset; s.From != issued || s.Noticed != 30 || marks(w.c, ExceptionNotice) != "7" {
		t.Errorf("sunset %+v", s)
	}
	late := newWalk(t, New, Department).via(toExc + " conclude_exception")
	late.now = late.now.AddDate(0, 0, 400) // registered after its end
	d = late.details(RegisterIssue, "")
	if err := late.apply(RegisterIssue, issuing, d); err != nil {
		t.Fatal(err)
	}
	if due := Checkpoints(late.c); len(due) != 1 || due[0].Act != ExceptionEnds || late.now.Before(due[0].At) {
		t.Errorf("checkpoints %v", due)
	}
	kept := at(t, Existing, Department, KeptException)
	if s := kept.c.Sunset; s == nil || s.From != kept.c.Conclusion.SignedOn || s.Until != kept.c.Exception.Until {
		t.Errorf("kept: %+v", kept.c.Sunset)
	}
	if pass := at(t, New, Department, ConcludedPass).do("register_issue"); pass.c.Sunset != nil {
		t.Errorf("no exception, and sunset %+v", pass.c.Sunset)
	}
}

// TestDatesOutOfBounds: a date before 2000, an end before a start, a day that does not exist get a plain answer.
func TestDatesOutOfBounds(t *testing.T) {
	t.Parallel()
	for d, want := range map[Date]bool{"1999-12-31": false, "2000-01-01": true, "2099-12-31": true, "2100-01-01": false, "2026-02-29": false, "2028-02-29": true,
		"2026-2-3": false, "": false, "长期": false, "2026-03-02T00:00:00Z": false} {
		if d.Valid() != want {
			t.Errorf("%q is valid: %v", d, !want)
		}
	}
	w := at(t, New, Department, SelfReview)
	for _, until := range []Date{"1999-12-31", "2126-01-01", "2026-02-30"} {
		d := w.details(SendCheck, "exception")
		d.Exception.Until = until
		if got := CodeOf(w.apply(SendCheck, handler, d)); got != ExceptionOpen {
			t.Errorf("an exception until %s: %q", until, got)
		}
	}
	leap := newWalk(t, New, Department)
	leap.now = time.Date(2028, 2, 29, 3, 0, 0, 0, time.UTC)
	leap.via("register start_review")
	d := leap.details(SendCheck, "exception")
	if d.Exception.Until = "2038-03-01"; leap.apply(SendCheck, handler, d) != nil {
		t.Error("ten years from 29 February is 1 March")
	}
}
