package review

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// way writes answers as "question answer, question answer"; the last one has a reason.
func way(s string) []ScopeAnswer {
	var out []ScopeAnswer
	for _, step := range strings.Split(s, ", ") {
		q, a, _ := strings.Cut(step, " ")
		out = append(out, ScopeAnswer{Question: q, Answer: a})
	}
	out[len(out)-1].Reason = "已核对全文"
	return out
}

// TestScope walks to every verdict, by every kind of document.
func TestScope(t *testing.T) {
	t.Parallel()
	reached := map[string]bool{}
	for _, tc := range []struct {
		name, way, ground, article string // no ground: it is under review
	}{
		{"a local regulation on market entry", "kind law, effect entry", "", "条例 2; 办法 2; 条例 14; 办法 30; B1-1"},
		{"rules on an industry", "kind rule, effect industry", "", "条例 2; 办法 2"},
		{"a normative document that attracts investment", "kind normative, effect investment", "", "条例 2; 办法 2"},
		{"a government's plan for procurement", "kind government, effect procurement", "", "条例 2; 办法 2; 条例 14; 办法 30; B1-1"},
		{"a department's document that the general office forwards", "kind forwarded, effect tendering", "", "条例 2; 办法 2; 办法 30; B1-1"},
		{"Party committee and government together", "kind party_joint, effect industry", "", "条例 2; 办法 2; B1-1"},
		{"a department's document that the government approves first", "kind approved, effect qualification", "", "条例 2; 办法 2; B1-3"},
		{"drafted by no organ and issued by the government", "kind non_organ, effect enforcement", "", "条例 2; 办法 2; B1-5"},
		{"drafted by a state-owned enterprise and issued by an organ", "kind subordinate, effect other_area", "", "条例 2; 办法 2; B1-8"},
		{"a technical specification", "kind standard, effect qualification", "", "条例 2; 办法 2"},
		{"a one-off deal", "kind policy, effect investment", "", "条例 2; 办法 2"},
		{"a franchise agreement", "kind agreement, agreement administrative", "", "条例 2; 办法 2; B2-5"},
		{"a memorandum with an operator", "kind agreement, agreement memorandum", "", "条例 2; 办法 2; B1-2"},
		{"office supplies are bought", "kind agreement, agreement civil", "civil_contract", "条例 2; B2-5"},
		{"a citizen is compensated", "kind agreement, agreement compensation", "civil_contract", "条例 2; B2-5"},
		{"two organs agree", "kind agreement, agreement organs", "other", "条例 2; B2-5"},
		{"a tender document", "kind tender", "", "条例 2; 办法 2; B1-6"},
		{"an inspection campaign", "kind campaign, effect enforcement", "", "条例 2; 办法 2; B2-2"},
		{"a township's measure", "kind township, effect industry", "", "条例 2; 办法 2; B2-3"},
		{"a village committee with public powers", "kind organisation, powers yes, effect industry", "", "条例 2; 办法 2; 办法 47; B2-4"},
		{"a village committee on its own affairs", "kind organisation, powers no", "other", "条例 2; 办法 47; B2-4"},
		{"a request that takes effect once approved", "kind request, request measure, effect industry", "", "条例 2; 办法 2; B2-1"},
		{"a request without a measure", "kind request, request none", "request_without_measure", "条例 2; B2-1"},
		{"meeting minutes", "kind minutes", "meeting_minutes", "条例 2; B1-7"},
		{"a measure that goes to a meeting", "kind meeting_paper, meeting_paper measure, effect entry", "", "条例 2; 办法 2; B1-4"},
		{"a report that goes to a meeting", "kind meeting_paper, meeting_paper none", "other", "条例 2; B1-4"},
		{"an internal rule that reaches suppliers", "kind internal, internal touches, effect procurement", "", "条例 2; 办法 2"},
		{"personnel", "kind internal, internal none", "internal_affairs", "条例 2"},
		{"something else that touches no operator", "kind other, effect none", "no_effect_on_operators", "条例 2; 办法 2"},
		{"a document that merely follows a superior one is reviewed", "kind normative, effect superior", "", "条例 2; B1-59; B2-7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			answers := way(tc.way)
			got, err := DecideScope(answers)
			if err != nil || got.In != (tc.ground == "") || got.Ground != tc.ground || got.Article != tc.article {
				t.Fatalf("%s: %+v, %v; want ground %q by %s", tc.way, got, err, tc.ground, tc.article)
			}
			last := answers[len(answers)-1]
			reached[last.Question+" "+last.Answer] = true
			reached[answers[0].Question+" "+answers[0].Answer] = true
			for _, blank := range []string{"", " \n\u3000"} {
				answers[len(answers)-1].Reason = blank
				_, err = DecideScope(answers)
				if want := map[bool]Code{true: "", false: Missing}[got.In]; CodeOf(err) != want {
					t.Errorf("without a reason: %v, want %q", err, want)
				}
			}
			_, err = DecideScope(answers[:len(answers)-1])
			if e := refusalOf(err); e.Code != ScopeOpen || e.Params["question"] != last.Question {
				t.Errorf("without the last answer: %v", err)
			}
			answers[len(answers)-1].Reason = "已核对全文"
			if _, err = DecideScope(append(answers, ScopeAnswer{Question: "effect", Answer: "none", Reason: "x"})); CodeOf(err) != Invalid {
				t.Errorf("with an answer left over: %v", err)
			}
		})
	}
	for _, q := range ScopeTree() {
		for _, o := range q.Options {
			if (o.Verdict != nil || q.ID == "kind") && !reached[q.ID+" "+o.ID] {
				t.Errorf("no row reaches %s %s", q.ID, o.ID)
			}
		}
	}
}

func refusalOf(err error) *Error {
	e, _ := err.(*Error) //nolint:errorlint // it is never wrapped here
	if e == nil {
		e = &Error{}
	}
	return e
}

func TestScopeAnswersThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, way string
		code      Code
		value     string
	}{
		{"a question that is none", "weather fine", Invalid, "weather"},
		{"an answer that is none", "kind poem", Invalid, "poem"},
		{"an answer of another question", "kind entry", Invalid, "entry"},
		{"the second question first", "effect entry, kind law", Invalid, "effect"},
		{"the same question twice", "kind law, kind law", Invalid, "kind"},
		{"a question of another branch", "kind law, request none", Invalid, "request"},
		{"following a superior document is no kind that leads out", "kind superior", Invalid, "superior"},
	} {
		_, err := DecideScope(way(tc.way))
		if e := refusalOf(err); e.Code != tc.code || e.Params["field"] != "scope.answers" || e.Params["value"] != tc.value {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	if _, err := DecideScope(nil); refusalOf(err).Code != ScopeOpen || refusalOf(err).Params["question"] != ScopeTree()[0].ID {
		t.Errorf("nothing answered: %v", err)
	}
}

// TestAnyWayThroughTheScopeQuestions answers at random: it ends soon, in a verdict that the record can hold.
func TestAnyWayThroughTheScopeQuestions(t *testing.T) {
	t.Parallel()
	field, _ := reflect.TypeFor[Scope]().FieldByName("Ground")
	grounds := strings.Split(field.Tag.Get("enum"), ",")
	tree := ScopeTree()
	rapid.Check(t, func(t *rapid.T) {
		var answers []ScopeAnswer
		asked := map[string]bool{}
		for next := tree[0].ID; next != ""; {
			if asked[next] || len(answers) == len(tree) {
				t.Fatalf("%v goes in a circle", answers)
			}
			asked[next] = true
			_, err := DecideScope(answers)
			if e := refusalOf(err); e.Code != ScopeOpen || e.Params["question"] != next {
				t.Fatalf("after %v, %s is not asked: %v", answers, next, err)
			}
			q := slices.IndexFunc(tree, func(q ScopeQuestion) bool { return q.ID == next })
			if q < 0 {
				t.Fatalf("%v leads to %s, which is no question", answers, next)
			}
			o := rapid.SampledFrom(tree[q].Options).Draw(t, next)
			if (o.Next == "") == (o.Verdict == nil) {
				t.Fatalf("%s %s leads to %q and %v", next, o.ID, o.Next, o.Verdict)
			}
			answers = append(answers, ScopeAnswer{Question: next, Answer: o.ID, Reason: rapid.SampledFrom([]string{"", "已核对"}).Draw(t, "reason")})
			next = o.Next
		}
		v, err := DecideScope(answers)
		last := answers[len(answers)-1]
		if CodeOf(err) == Missing && last.Reason == "" {
			answers[len(answers)-1].Reason = "已核对"
			if v, err = DecideScope(answers); v.In {
				t.Fatalf("%v asks for a reason and is under review", answers)
			}
		}
		if err != nil {
			t.Fatalf("%v: %v", answers, err)
		}
		if v.In == slices.Contains(grounds, v.Ground) || v.Ground == "superior_document" {
			t.Fatalf("%v: in %t, ground %q", answers, v.In, v.Ground)
		}
		if !strings.HasPrefix(v.Article, "条例 2") || utf8.RuneCountInString(v.Article) > 100 {
			t.Fatalf("%v: article %q", answers, v.Article)
		}
		if slices.ContainsFunc(answers, func(a ScopeAnswer) bool { return a.Answer == "superior" }) && !v.In {
			t.Fatalf("%v: a superior document leads out", answers)
		}
		if len(answers) > 20 || slices.ContainsFunc(answers, func(a ScopeAnswer) bool { return len(a.Question) > 40 || len(a.Answer) > 40 }) {
			t.Fatalf("%v does not fit the record", answers)
		}
	})
}

// TestScopeTreeIsItsOwn holds that a reader who changes what it was given changes nothing for the next.
func TestScopeTreeIsItsOwn(t *testing.T) {
	t.Parallel()
	tree := ScopeTree()
	tree[0].Options[0].Next = ""
	for i := range tree[0].Options {
		if v := tree[0].Options[i].Verdict; v != nil {
			v.In = !v.In
		}
	}
	if !reflect.DeepEqual(ScopeTree(), ScopeTree()) || reflect.DeepEqual(ScopeTree(), tree) {
		t.Error("the tree is shared")
	}
}
