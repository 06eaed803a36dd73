package review

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the generated tables of docs/regulation.md")

const page = "../docs/regulation.md"

// rule ties an article to what carries it: actions, refusals, and the tests that prove it.
type rule struct {
	article, says string
	actions       []ActionKind
	codes         []Code
	tests         []string
}

var rules = []rule{
	{"条例 2; B1-59", "Out of scope has a ground, an article, a reason, a person and a text; a superior document is no ground",
		[]ActionKind{MarkOutOfScope}, []Code{Missing, SuperiorNoBasis}, []string{"TestGuards", "TestAnyLife"}},
	{"条例 8-11; 办法 9-24", "All 19 + 66 + 1 items are answered, by the standards in force on the day of the conclusion",
		[]ActionKind{SendCheck, SendSign}, []Code{ItemsOpen, ItemUnknown, StandardsOld}, []string{"TestStandardsAreComplete", "TestGuards", "TestStandardsOfTheDayOfTheConclusion"}},
	{"条例 10; 办法 18-20", "A finding on costs says which legal basis was looked for", []ActionKind{SendCheck, PutBreach}, []Code{BasisOpen}, []string{"TestCostsGroup", "TestGuards"}},
	{"条例 12; 办法 25, 29", "An exception has a ground, its points, and a period of at most ten years or an end condition; 长期 is none",
		[]ActionKind{ConcludeExc, ApproveExc, KeepByException}, []Code{ExceptionOpen}, []string{"TestExceptionPoints", "TestAnExpiredExceptionIsNotSigned", "TestAnExceptionDoesNotSwallowRequiredChanges"}},
	{"办法 25", "An exception ends at 24:00 of its last day, UTC+8, and is stopped", []ActionKind{ExceptionEnds, RegisterStop}, nil, []string{"TestTheSunsetOfAnException", "TestAnEndConditionIsSomebodysTurn"}},
	{"条例 13", "On the department route the unit's head concludes; the regulator has no step", []ActionKind{ConcludePass, ConcludeExc, ConcludeFail}, []Code{WrongRoute}, []string{"TestWhoMayNot", "TestEveryRowOfTheMachine"}},
	{"条例 14; 办法 33", "On the government route only the regulator's approver concludes, on the officer's draft as it stands",
		[]ActionKind{DraftOpinion, ApprovePass, ApproveExc, ApproveFail}, []Code{WrongRoute, SameHand, Invalid}, []string{"TestTheApproverSignsWhatWasDrafted", "TestAnyLife", "TestEveryMoveIsTaken"}},
	{"条例 15", "Joint review and panel are there where the local rule has them", []ActionKind{Convene, FormPanel}, []Code{OverlayOff}, []string{"TestOverlaysOff", "TestTriggersAreSwitchedByTheLocalRule"}},
	{"条例 15; local", "A seat speaks for itself within its remit; silence is no agreement; one objection cancels nothing; late is marked",
		[]ActionKind{GivePosition, DeclineSeat, JointDue, CloseJoint}, []Code{SeatsOpen}, []string{"TestSilenceIsNotAgreement", "TestOneObjectionNeverCancelsOthers", "TestASeatStaysInItsRemit", "TestAPositionAfterTheEndIsLateThoughNoTimerFired"}},
	{"条例 16; 办法 28", "Opinions were heard, the public's where its interests are touched, or the ground for none is recorded",
		[]ActionKind{StartReview, Resume}, []Code{NotHeard, PublicNotHeard}, []string{"TestGuards", "TestPublicInterestAsksForThePublic", "TestAGroundForHearingNobody"}},
	{"条例 17; 办法 29, 33", "A conclusion is written, clear, on one text, numbered and signed; there is no “meets if amended”",
		[]ActionKind{ConcludePass, ApprovePass}, []Code{Missing, TextMismatch, Invalid}, []string{"TestGuards", "TestAnyLife"}},
	{"条例 18", "No “meets” with an open breach, no “does not meet” without one; after a failure: revise, or do not issue",
		[]ActionKind{ConcludeFail, ApproveFail, Revise, GiveUp}, []Code{BreachOpen, NoBreach, NoEscape}, []string{"TestKeepOrAmend", "TestNoEscape", "TestAnExceptionClaimedDoesNotLetABreachPass"}},
	{"条例 18; 办法 34", "What is issued is what was concluded, not before it was concluded", []ActionKind{RegisterIssue}, []Code{TextMismatch}, []string{"TestGuards", "TestIssueOfADifferentText", "TestEveryMoveIsTaken"}},
	{"条例 19; 办法 36", "State secrets stay off line; opinions are sealed; drafts of the regulator are its own; experts are not named to the unit",
		[]ActionKind{Register, GiveOpinion}, []Code{StateSecret, Sealed}, []string{"TestSealedOpinions", "TestPositionsOfARunningJointReview", "TestTheDraftOpinionIsTheRegulatorsOwn", "TestGrants"}},
	{"办法 5", "The unit's review body checks and its head signs; neither drafted the text", []ActionKind{SendBack, SendSign}, []Code{SameHand}, []string{"TestWhoMayNot"}},
	{"办法 27; B1-16, B1-17", "A text is frozen under its hash; a claimed change changes it; a material change is reviewed again",
		[]ActionKind{StartReview, NewVersion, MaterialChange}, []Code{TextUnchanged}, []string{"TestGuards", "TestAdoptedMeansAnotherText", "TestTheSameTextWithNewOpinionsOrANewArgument", "TestAPassSinceTheFailureIsNotGivenUp"}},
	{"办法 31; B1-12", "The packet is complete; a correction lists slots and has a period; only those are touched; overdue is returned",
		[]ActionKind{Submit, AskCorrection, Suspend, Correct, ReturnOverdue}, []Code{PacketOpen, SlotNotAsked}, []string{"TestGuards", "TestACorrectionTouchesOnlyWhatWasAsked", "TestACorrectionAndAJointReviewHaveAnEnd", "TestTimers"}},
	{"办法 32", "A countersignature or comment moves nothing: no row of the machine is one", nil, nil, []string{"TestEveryRowOfTheMachine", "TestAnyLife"}},
	{"办法 33; B1-14", "Four patterns: refused, no time, changed at once, advice only; required changes are answered",
		[]ActionKind{PutBreach, ChangeAtOnce, NoChange, StopTalks}, []Code{ChangesOpen}, []string{"TestKeepOrAmend", "TestARequiredChangeDroppedIsNoAmendment"}},
	{"办法 29; B1-15", "A finding names clause, item, effect and required change", []ActionKind{PutBreach, SendBack}, []Code{FindingOpen}, []string{"TestGuards", "TestAnyLife"}},
	{"办法 35", "Experts advise; the conclusion says how the advice was used", []ActionKind{FormPanel, ClosePanel}, []Code{PanelUndecided, QuorumOpen}, []string{"TestThePanelAdvises", "TestOpinionsOpenAtTheEndOfThePeriodWithAQuorum", "TestDivergence"}},
	{"local", "Periods are working days of the loaded calendar, to 24:00 UTC+8; beyond it nothing fires", []ActionKind{ReturnOverdue, JointDue, PanelDue}, []Code{NotYourTurn}, []string{"TestDueCountsWorkingDays", "TestDueBeyondTheLoadedYearsIsProvisional", "TestTimers"}},
	{"design", "Nobody acts on two sides; a second hand is another's; who acted first is told", []ActionKind{Withdraw, SkipPanel, AgreeRecall}, []Code{TwoSides, SecondNeeded, NothingAsked, Conflict}, []string{"TestNobodySitsOnTwoSides", "TestSecondHands", "TestConflict"}},
	{"design", "Each case counts once in a period, by its last outcome in it; the past does not move", []ActionKind{ConcludePass, GiveUp, KeepMeasure, RegisterRepeal}, nil, []string{"TestKeepOrAmend", "TestAnyLife"}},
}

// TestRegulation compares the generated tables of the page with the code; -update rewrites them.
func TestRegulation(t *testing.T) {
	old, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := between(t, string(old), "rules", rulesTable(t))
	text = between(t, text, "moves", movesTable(t))
	if *update {
		if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(text, string(old)); diff != "" {
		t.Errorf("docs/regulation.md is behind the code (go test ./review -run Regulation -update):\n%s", diff)
	}
}

// between puts a table between its two marks.
func between(t *testing.T, text, name, table string) string {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- end "+name+" -->"
	i, j := strings.Index(text, begin), strings.Index(text, end)
	if i < 0 || j < i {
		t.Fatalf("%s has no place for %s", page, name)
	}
	return text[:i+len(begin)] + table + text[j:]
}

func rulesTable(t *testing.T) string {
	t.Helper()
	codes, tests := declared(t, "error.go", `Code = "(\w+)"`), ""
	files, _ := filepath.Glob("*_test.go")
	for _, f := range files {
		tests += declared(t, f, `(?m)^func (Test\w+|Fuzz\w+)\(`)
	}
	var b strings.Builder
	b.WriteString("| Article | Rule | Actions | Refusals | Proved by |\n|---|---|---|---|---|\n")
	for _, r := range rules {
		var actions, refusals []string
		for _, a := range r.actions {
			actions = append(actions, "`"+string(a)+"`")
		}
		for _, c := range r.codes {
			if !strings.Contains(codes, " "+string(c)+" ") {
				t.Errorf("%s: no code %s", r.article, c)
			}
			refusals = append(refusals, "`"+string(c)+"`")
		}
		for _, name := range r.tests {
			if !strings.Contains(tests, " "+name+" ") {
				t.Errorf("%s: no test %s", r.article, name)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.article, r.says, strings.Join(actions, " "), strings.Join(refusals, " "), strings.Join(r.tests, ", "))
	}
	return b.String()
}

// declared lists what the pattern finds in a file, between spaces.
func declared(t *testing.T, file, pattern string) string {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := " "
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(src), -1) {
		out += m[1] + " "
	}
	return out
}

func movesTable(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile("action.go")
	if err != nil {
		t.Fatal(err)
	}
	zh := map[string]string{}
	for _, m := range regexp.MustCompile(`ActionKind = "(\w+)"\s+// (.+)`).FindAllStringSubmatch(string(src), -1) {
		zh[m[1]] = m[2]
	}
	names := map[Role]string{seatHead: "seat's head"}
	var b strings.Builder
	b.WriteString("| From | Action | 中文 | Who | Kind, route | To | Basis | Counted |\n|---|---|---|---|---|---|---|---|\n")
	for _, m := range Moves() {
		from, who, where, to := "–", []string{}, string(m.Kind), string(m.To)
		if m.From != nil {
			from = strings.Trim(strings.ReplaceAll(fmt.Sprint(m.From), " ", ", "), "[]")
		}
		for _, r := range m.By {
			name := names[r]
			if name == "" {
				name = strings.ReplaceAll(string(r), "_", " ")
			}
			who = append(who, name)
		}
		if m.Route != "" {
			where += ", " + string(m.Route)
		}
		switch {
		case to == "":
			to = "(same)"
		case m.NewRound:
			to += " *"
		}
		if m.Action == RegisterIssue {
			to += " or " + string(IssuedException)
		}
		if m.Action == Switch {
			to += " or " + string(ToRevise)
		}
		if zh[string(m.Action)] == "" {
			t.Errorf("%s has no Chinese name", m.Action)
		}
		if m.Basis == "" {
			t.Errorf("%s has no basis", m.Action)
		}
		var counts []string
		for _, o := range counting[m.Action] {
			counts = append(counts, string(o))
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s | %s | %s |\n", from, m.Action, zh[string(m.Action)], strings.Join(who, ", "),
			strings.Trim(where, ", "), to, m.Basis, strings.Join(counts, ", "))
	}
	return b.String()
}

// TestRegulationNamesEveryMoveAndStatus: the diagrams of doc.go leave out no action of the main line and no status.
func TestRegulationNamesEveryMoveAndStatus(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	for _, w := range regexp.MustCompile(`[A-Za-z_]+`).FindAllString(string(src), -1) {
		words[w] = true
	}
	for _, s := range Statuses() {
		if !words[string(s)] {
			t.Errorf("doc.go does not show %s", s)
		}
	}
	for _, m := range Moves() {
		inside := m.To == "" || len(m.From) == 1 && m.From[0] == m.To // a request, or within a status
		if !inside && !words[string(m.Action)] {
			t.Errorf("doc.go does not show %s", m.Action)
		}
	}
}
