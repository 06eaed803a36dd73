package review

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Checkpoint is something that time itself does to a case. Clock and Mark make it one of a kind: it happens once.
type Checkpoint struct {
	At    time.Time
	Act   ActionKind
	Clock int    // version of the event that started the period
	Mark  string // which notice, which evaluation; "" for the end of a period
}

// Checkpoints lists what time will do to the case if nobody acts, the next first: the end of the period that runs, the end of
// the regulator's own, notices and evaluations of an exception. A provisional or past end is none.
func Checkpoints(c Case) []Checkpoint {
	var out []Checkpoint
	if k := c.Clock; k != nil && !k.Due.IsZero() && !k.loose() {
		if act := endOf(c.Status); act != "" {
			out = append(out, Checkpoint{At: k.Due, Act: act, Clock: k.Version})
		}
	}
	if m := c.Review; m.Running() && !m.Due.IsZero() && !m.Past && !m.Provisional {
		out = append(out, Checkpoint{At: m.Due, Act: Escalate, Clock: m.Version})
	}
	if s := c.Sunset; s != nil && (c.Status == IssuedException || c.Status == KeptException) {
		if n := s.nextNotice(); n > 0 {
			out = append(out, Checkpoint{At: s.Until.AddDays(-n).start(), Act: ExceptionNotice, Clock: s.Version, Mark: fmt.Sprint(n)})
		}
		if s.EvaluateOn != "" && !s.Evaluating {
			out = append(out, Checkpoint{At: s.EvaluateOn.start(), Act: EvaluationDue, Clock: s.Version, Mark: string(s.EvaluateOn)})
		}
	}
	slices.SortStableFunc(out, func(a, b Checkpoint) int { return cmp.Compare(a.At.UnixMicro(), b.At.UnixMicro()) })
	return out
}

// endOf is what the end of the period does at a status; "": somebody is reminded, and nothing happens by itself.
func endOf(s Status) ActionKind {
	switch s {
	case CorrectionAsked, Suspended:
		return ReturnOverdue
	case JointReview:
		return JointDue
	case ExpertReview:
		return PanelDue
	case IssuedException, KeptException:
		return ExceptionEnds
	}
	return ""
}

// Notices are the days before the end of an exception on which its unit is told.
func Notices() []int { return []int{90, 30, 7} }

// nextNotice is the next of Notices, or 0: none is left, or the exception ends by a condition.
func (s *Sunset) nextNotice() int {
	if s.Until == "" {
		return 0
	}
	for _, n := range Notices() {
		if s.Noticed == 0 || n < s.Noticed {
			return n
		}
	}
	return 0
}

// inForce makes the sunset of an exception that is in force from a day on. What lies before today needs no notice.
func inForce(e *Exception, rules Rules, from, today Date, version int) *Sunset {
	s := &Sunset{From: from, Until: e.Until, Condition: e.Condition, Version: version}
	for n := s.nextNotice(); n > 0 && s.Until.AddDays(-n) <= today; n = s.nextNotice() {
		s.Noticed = n
	}
	s.plan(today, rules)
	return s
}

// plan sets the day of the next evaluation; none after the end.
func (s *Sunset) plan(today Date, rules Rules) {
	s.Evaluating, s.EvaluateOn = false, ""
	if rules.EvaluateMonths <= 0 {
		return
	}
	if on := today.addMonths(rules.EvaluateMonths); s.Until == "" || on < s.Until {
		s.EvaluateOn = on
	}
}

// start is the first instant of the day, UTC+8.
func (d Date) start() time.Time { return d.End().AddDate(0, 0, -1) }

// addMonths returns the same day n months later; from the 31st it may be the 1st of the month after.
func (d Date) addMonths(n int) Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return Date(t.AddDate(0, n, 0).Format(time.DateOnly))
}

// told records a notice: the one whose day has come.
func (s *step) told() error {
	sun := s.c.Sunset
	if sun == nil || sun.nextNotice() == 0 || s.now.Before(sun.Until.AddDays(-sun.nextNotice()).start()) {
		return notYet(s.c, s.a.Kind)
	}
	sun.Noticed = sun.nextNotice()
	return nil
}

// evaluation opens one (the timer), or records one (the handler), which plans the next.
func (s *step) evaluation() error {
	sun := s.c.Sunset
	if sun == nil {
		return notYet(s.c, s.a.Kind)
	}
	if s.a.Kind == EvaluationDue {
		if sun.EvaluateOn == "" || sun.Evaluating || s.now.Before(sun.EvaluateOn.start()) {
			return notYet(s.c, s.a.Kind)
		}
		sun.Evaluating = true
		return nil
	}
	if err := s.reason(); err != nil {
		return err
	}
	if err := need("report", len(s.a.Report) == 64); err != nil {
		return err
	}
	sun.Done = append(slices.Clip(sun.Done), Evaluation{At: s.now, By: s.a.Actor.Person, Report: s.a.Report, Finding: s.a.Reason})
	sun.plan(DateOf(s.now), s.c.Rules)
	return nil
}

// meter keeps the regulator's own clock: it starts with every submission, stands still while the packet is with the
// unit, and ends with the conclusion or the return.
func (s *step) meter(fresh bool) {
	c := s.c
	if !c.since(2) || c.Route != Government || c.Kind != New || c.Rules.ReviewDays <= 0 || s.a.Kind == Undo {
		return
	}
	runs := c.meterRuns()
	switch m := c.Review; {
	case fresh:
		c.Review = &Meter{Days: c.Rules.ReviewDays, Spans: []Span{{From: s.now}}, Version: c.Version}
	case m == nil:
	case runs && !m.Running():
		m.Spans, m.Version = append(m.Spans, Span{From: s.now}), c.Version
	case !runs && m.Running():
		m.Spans[len(m.Spans)-1].To, m.Due, m.Provisional = s.now, time.Time{}, false
	}
}

func (c *Case) meterRuns() bool {
	switch c.Status {
	case Submitted, RegReview, JointReview, ExpertReview, RegCheck, RegSign:
		return true
	case ConsultUnit:
		return !c.Rules.PauseTalks
	}
	return false
}

// escalate marks the regulator's period as overdue, once.
func (s *step) escalate() error {
	m := s.c.Review
	if !m.Running() || m.Past || m.Provisional || m.Due.IsZero() || s.now.Before(m.Due) {
		return notYet(s.c, s.a.Kind)
	}
	m.Past = true
	return nil
}

// reclock has the running periods of working days ended anew by the calendar of today.
func (s *step) reclock() error {
	c, found := s.c, false
	if k := c.Clock; k != nil && k.Days > 0 && !k.Past {
		k.Version, found = c.Version, true
	}
	if m := c.Review; m.Running() && !m.Past {
		m.Version, found = c.Version, true
	}
	if !found {
		return notYet(c, s.a.Kind)
	}
	return nil
}
