package review

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// lettered is a case of the government route with its packet at the regulator.
func lettered(change func(*Case)) Case {
	hash := strings.Repeat("a", 64)
	c := Case{ID: "c", Number: "2026-000001-2", Kind: New, Route: Government, Procedure: 2, Unit: "ind", Regulator: "amr", Officer: "officer", Status: RegReview,
		Measure: Measure{Title: "措施", Issuer: "gov"}, Text: Text{Hash: hash}, Packet: &Packet{Documents: map[Slot]string{SlotDraft: hash}, LetterNo: "1号"}}
	change(&c)
	return c
}

func TestWhichLettersACaseHas(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)
	firm := &Clock{Days: 3, Due: at.AddDate(0, 0, 5)}
	ask := func(k ActionKind) *Asked {
		return &Asked{Kind: k, Slots: []Slot{SlotNote}, Reason: "缺", By: "officer", At: at}
	}
	sign := func(c *Case, r Result) {
		c.Conclusion = &Conclusion{Result: r, TextHash: c.Text.Hash, Standards: "2025-04-20", DocNo: "5号", SignedOn: "2026-03-05", Approver: "boss"}
	}
	for name, tc := range map[string]struct {
		change func(*Case)
		want   []LetterKind
	}{
		"opened by the officer, before there was a clock": {func(*Case) {}, nil},
		"unopened":                          {func(c *Case) { c.Status, c.Since = Submitted, at }, []LetterKind{ReceiptLetter}},
		"unopened again after a correction": {func(c *Case) { c.Status, c.Since, c.Asked = Submitted, at, ask(AskCorrection) }, nil},
		"with a clock":                      {func(c *Case) { c.Review = &Meter{Spans: []Span{{From: at}}} }, []LetterKind{ReceiptLetter}},
		"with a clock, the text changed in talks": {func(c *Case) {
			c.Review, c.Text.Hash = &Meter{Spans: []Span{{From: at}}}, strings.Repeat("b", 64)
		}, nil},
		"correction":                  {func(c *Case) { c.Status, c.Asked, c.Clock = CorrectionAsked, ask(AskCorrection), firm }, []LetterKind{CorrectionLetter}},
		"correction, first revision":  {func(c *Case) { c.Status, c.Asked, c.Clock, c.Procedure = CorrectionAsked, ask(""), firm, 0 }, []LetterKind{CorrectionLetter}},
		"suspension":                  {func(c *Case) { c.Status, c.Asked = Suspended, ask(Suspend) }, []LetterKind{SuspensionLetter}},
		"return":                      {func(c *Case) { c.Status, c.Since, c.Asked = Returned, at, ask(AskCorrection) }, []LetterKind{ReturnLetter}},
		"a draft is no letter":        {func(c *Case) { c.Status, c.Draft = RegSign, &Conclusion{Result: Meets, TextHash: c.Text.Hash} }, nil},
		"opinion":                     {func(c *Case) { c.Status = ConcludedFail; sign(c, Fails) }, []LetterKind{OpinionLetter}},
		"opinion of the round before": {func(c *Case) { c.Status = SelfReview; sign(c, Fails) }, nil},
		"opinion on another text":     {func(c *Case) { c.Status = ConcludedPass; sign(c, Meets); c.Text.Hash = strings.Repeat("c", 64) }, nil},
		"department":                  {func(c *Case) { c.Status, c.Route = ConcludedPass, Department; sign(c, Meets) }, []LetterKind{ConclusionLetter}},
		"existing":                    {func(c *Case) { c.Status, c.Kind = Kept, Existing; sign(c, Meets) }, []LetterKind{ConclusionLetter}},
		"exception in force": {func(c *Case) {
			c.Status, c.Exception, c.Sunset = IssuedException, &Exception{Until: "2027-01-01"}, &Sunset{Until: "2027-01-01"}
			sign(c, MeetsByExc)
		}, []LetterKind{OpinionLetter}},
		"exception, notice given": {func(c *Case) {
			c.Status, c.Exception, c.Sunset = IssuedException, &Exception{Until: "2027-01-01"}, &Sunset{Until: "2027-01-01", Noticed: 30}
			sign(c, MeetsByExc)
		}, []LetterKind{OpinionLetter, ExceptionDueLetter}},
		"exception over": {func(c *Case) { c.Status, c.Since = ExceptionDue, at }, []LetterKind{ExceptionDueLetter}},
	} {
		if got := Letters(lettered(tc.change)); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
	if _, err := Write(lettered(func(*Case) {}), "recommendation"); CodeOf(err) != NotFound {
		t.Errorf("a kind that is none: %v", err)
	}
}

func TestNoLetterHasAProvisionalDay(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)
	for name, k := range map[string]*Clock{"provisional": {Days: 3, Due: at, Provisional: true}, "not known": {Days: 3}} {
		for kind, status := range map[LetterKind]Status{CorrectionLetter: CorrectionAsked, SuspensionLetter: Suspended} {
			c := lettered(func(c *Case) { c.Status, c.Asked, c.Clock = status, &Asked{By: "officer", At: at}, k })
			if l, err := Write(c, kind); CodeOf(err) != ProvisionalDue || len(l.Parts) > 0 {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
			if got := Letters(c); got != nil {
				t.Errorf("%s, %s: printable %v", kind, name, got)
			}
		}
	}
}

func TestWhoMayReadALetter(t *testing.T) {
	t.Parallel()
	c := lettered(func(c *Case) {
		c.Joint = &Joint{Seats: []Seat{{Unit: "fin"}}}
		c.Panel = &Panel{Members: []Member{{Person: "wise"}}}
	})
	l := Letter{To: "gov"}
	for who, want := range map[string]bool{"ind": true, "amr": true, "gov": true, "fin": false, "": false} {
		if got := l.MayRead(c, Viewer{Person: "wise", Units: []string{who}}); got != want {
			t.Errorf("%q: %v", who, got)
		}
	}
}

func TestAFailingOpinionNamesEveryPartOnce(t *testing.T) {
	t.Parallel()
	f := func(clause string) Finding { return Finding{Clause: clause, Item: "REG-9-5", Effect: "e", Change: "c"} }
	c := lettered(func(c *Case) {
		c.Status = ConcludedFail
		c.Conclusion = &Conclusion{Result: Fails, TextHash: c.Text.Hash, Standards: "2025-04-20", Findings: []Finding{f("第三条")}}
		old := strings.Repeat("0", 64)
		c.Changes = []Change{{Finding: f("第一条"), TextHash: old}, {Finding: f("第二条"), TextHash: old, Answer: "adopted"},
			{Finding: f("第四条"), TextHash: c.Text.Hash, Answer: "adopted"}, {Finding: f("第五条"), Closed: true}, {Finding: f("第三条"), TextHash: c.Text.Hash}}
	})
	l, err := Write(c, OpinionLetter)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range l.Parts {
		if p.Key == "finding.part" {
			got = append(got, p.Params["n"]+p.Params["clause"])
		}
	}
	// Not the second: it was changed. The fourth was answered and stands in the text again.
	if want := []string{"1第一条", "2第四条", "3第三条"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
