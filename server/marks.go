package server

import (
	"slices"
	"strconv"
	"time"

	"github.com/fairreview/fairreview/review"
)

// MarkAnswer is something about a case that a reader should not miss.
type MarkAnswer struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Reason string `json:"reason,omitempty"`
}

// markWords name the marks; {n} is a number.
var markWords = map[string]words{
	"unreviewed":     {"未经审查出台", "Issued without review"},
	"overdue":        {"超期", "Overdue"},
	"provisional":    {"期限为暂定", "Period provisional"},
	"urged":          {"已催办{n}次", "Urged, times: {n}"},
	"unchanged":      {"修改未见文字变化", "“Adopted”, same words"},
	"route_differs":  {"审查方式与出台方式不一致", "Route differs from how it is issued"},
	"to_deliver":     {"待送达", "To be delivered"},
	"exception_soon": {"例外即将到期", "Exception ends soon"},
}

var provisionalWhy = words{"所涉年度的工作日历尚未发布，日期按周末推算，发布后重新计算", "the calendar of that year is not loaded; computed by weekends, and again once it is"}

// marks lists what stands out on a case now.
func marks(l lang, c review.Case, now time.Time) []MarkAnswer {
	out := []MarkAnswer{}
	add := func(code, reason string, n int) {
		out = append(out, MarkAnswer{code, say(l, markWords[code], map[string]string{"n": strconv.Itoa(n)}), reason})
	}
	if c.Unreviewed {
		add("unreviewed", "", 0)
	}
	due, provisional := c.Due()
	past := c.Clock != nil && c.Clock.Past || c.Review.Running() && c.Review.Past || !due.IsZero() && !provisional && !now.Before(due)
	if past && !c.Status.Closed() {
		add("overdue", "", 0)
	}
	if provisional {
		add("provisional", provisionalWhy.in(l), 0)
	}
	if c.Urged != nil {
		add("urged", c.Urged.Reason, c.Urged.Times)
	}
	flagged := ""
	for _, ch := range c.Changes {
		if ch.Flagged && !ch.Closed {
			flagged = joined(l, flagged, ch.ID)
		}
	}
	if flagged != "" {
		add("unchanged", flagged, 0)
	}
	if c.RouteDerived != "" && c.RouteDerived != c.Route {
		add("route_differs", c.RouteReason, 0)
	}
	if toDeliver(c) {
		add("to_deliver", "", 0)
	}
	if e := exceptionEnds(c, now); e != nil && e.Soon {
		add("exception_soon", string(e.On), 0)
	}
	return out
}

func joined(l lang, list, more string) string {
	if list == "" {
		return more
	}
	return list + words{"、", ", "}.in(l) + more
}

// toDeliver reports whether the regulator's signed conclusion has not been sealed and delivered yet.
func toDeliver(c review.Case) bool {
	after := []review.Status{review.ConcludedPass, review.ConcludedException, review.ConcludedFail, review.Revising, review.Legality}
	return c.Procedure >= 2 && c.Kind == review.New && c.Route == review.Government && c.Conclusion != nil && c.Delivery == nil && slices.Contains(after, c.Status)
}

// ExceptionEnd says when an exception in force ends.
type ExceptionEnd struct {
	On         review.Date `json:"on,omitempty" doc:"Last day"`
	Condition  string      `json:"condition,omitempty" doc:"Or the condition that ends it"`
	DaysLeft   int         `json:"daysLeft" doc:"Until the last day; 0 for a condition"`
	Soon       bool        `json:"soon" doc:"Within the first notice"`
	Noticed    int         `json:"noticed,omitempty" doc:"Days before the end at which notice was last given"`
	EvaluateOn review.Date `json:"evaluateOn,omitempty" doc:"Next evaluation"`
	Evaluating bool        `json:"evaluating,omitempty" doc:"An evaluation is due"`
}

// exceptionEnds is nil while no exception is in force.
func exceptionEnds(c review.Case, now time.Time) *ExceptionEnd {
	if c.Exception == nil || c.Status != review.IssuedException && c.Status != review.KeptException && c.Status != review.ExceptionDue {
		return nil
	}
	out := &ExceptionEnd{On: c.Exception.Until}
	if s := c.Sunset; s != nil {
		out.On, out.Noticed, out.EvaluateOn, out.Evaluating = s.Until, s.Noticed, s.EvaluateOn, s.Evaluating
	}
	if out.On == "" {
		out.Condition = c.Exception.Condition
		return out
	}
	out.DaysLeft = max(0, int(out.On.End().Sub(now).Hours()/24))
	out.Soon = out.On.AddDays(-review.Notices()[0]) <= review.DateOf(now) && c.Status != review.ExceptionDue
	return out
}

// ScopeDecision is a decision on scope in words.
type ScopeDecision struct {
	In      bool         `json:"in"`
	Article string       `json:"article"`
	Ground  string       `json:"ground,omitempty" doc:"Why it is out of scope"`
	Reason  string       `json:"reason,omitempty"`
	By      string       `json:"by,omitempty"`
	Text    string       `json:"text,omitempty" doc:"Hash of the text that was decided on"`
	Answers []ScopeWords `json:"answers" nullable:"false"`
}

// ScopeWords is a question of scope and its answer, in words.
type ScopeWords struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
	Reason   string `json:"reason,omitempty"`
}

// scopeDecision puts the way through the questions into words; nil before a decision.
func scopeDecision(l lang, c review.Case) *ScopeDecision {
	if c.Scope == nil {
		return nil
	}
	sc := c.Scope
	out := &ScopeDecision{In: sc.In, Article: basis(l, sc.Article), Reason: sc.Reason, By: sc.By, Text: sc.TextHash, Answers: []ScopeWords{}}
	if !sc.In {
		out.Ground = wordOr(scopeGrounds[sc.Ground].in(l), sc.Ground)
	}
	tree := review.ScopeTree()
	for _, a := range sc.Answers {
		w := ScopeWords{Question: a.Question, Answer: a.Answer, Reason: a.Reason}
		if q := slices.IndexFunc(tree, func(q review.ScopeQuestion) bool { return q.ID == a.Question }); q >= 0 {
			w.Question = words{tree[q].Zh, tree[q].En}.in(l)
			if o := slices.IndexFunc(tree[q].Options, func(o review.ScopeOption) bool { return o.ID == a.Answer }); o >= 0 {
				w.Answer = words{tree[q].Options[o].Zh, tree[q].Options[o].En}.in(l)
			}
		}
		out.Answers = append(out.Answers, w)
	}
	return out
}

// notHeardKinds are those named by 办法 28 of whom the record says nothing: a reminder, not a refusal.
func notHeardKinds(c review.Case) []string {
	if c.Heard == nil || c.Heard.NoneGround != "" || len(c.Heard.Kinds) == 0 {
		return nil
	}
	return slices.DeleteFunc([]string{"competitors", "upstream", "downstream", "associations"}, func(k string) bool { return slices.Contains(c.Heard.Kinds, k) })
}
