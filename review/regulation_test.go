package review

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the generated tables of docs/regulation.md")

const page = "../docs/regulation.md"

// rule ties an article to what carries it: actions, refusals, the tests that prove it, and where a user meets it.
type rule struct {
	article, says string
	actions       []ActionKind
	codes         []Code
	tests         []string
	seen          string
}

// Where a user meets the rules.
const (
	onCase     = "`/cases/:id`"
	byAct      = "`/cases/:id`, `/api/v1/cases/{id}/actions`"
	byOpening  = "`/cases`, `/api/v1/cases`, `/api/v1/routing`"
	onDesk     = "`/tasks`, `/cases/:id`"
	onStandard = "`/catalogue`, `/cases/:id`"
	inLetter   = "`/cases/:id`, `/cases/:id/letters/:kind`"
	inCalendar = "`/calendar`, `/cases/:id`"
)

var rules = []rule{
	{"条例 2; 办法 2; B1-59", "Out of scope is decided by questions and answers: ground and article follow from them, reason, person and text are kept; a superior document leads nobody out",
		[]ActionKind{MarkOutOfScope}, []Code{Missing, ScopeOpen, SuperiorNoBasis}, []string{"TestGuards", "TestGuardsOfOldCases", "TestTheScopeDecisionStaysWithTheCase", "TestAnyLife"}, "`/api/v1/scope`, `/cases/:id`"},
	{"条例 2; 办法 2", "A review begins with the answers by which the measure is in scope, on the text put forward", []ActionKind{StartReview}, []Code{ScopeOpen, Invalid},
		[]string{"TestGuards", "TestTheScopeDecisionStaysWithTheCase"}, "`/api/v1/scope`, `/cases/:id`"},
	{"条例 8-11; 办法 9-24", "All 19 + 66 + 1 items are answered, by the standards in force on the day of the conclusion; what changed meanwhile is named and asked again",
		[]ActionKind{SendCheck, SendSign}, []Code{ItemsOpen, ItemUnknown, StandardsOld}, []string{"TestStandardsAreComplete", "TestGuards", "TestStandardsOfTheDayOfTheConclusion"}, onStandard},
	{"条例 10; 办法 18-20", "A finding on costs says which legal basis was looked for; content with a law, an administrative regulation or State Council approval behind it is no breach, and it is named",
		[]ActionKind{SendCheck, PutBreach}, []Code{BasisOpen}, []string{"TestCostsGroup", "TestGuards", "TestACostsItemWithABasisIsNoBreach"}, onStandard},
	{"条例 12; 办法 25, 29", "An exception has a ground, its points, and a period of at most ten years or an end condition; 长期 and its like are none",
		[]ActionKind{ConcludeExc, ApproveExc, KeepByException}, []Code{ExceptionOpen}, []string{"TestExceptionPoints", "TestEndlessConditions", "TestDatesOutOfBounds", "TestAnExpiredExceptionIsNotSigned", "TestAnExceptionDoesNotSwallowRequiredChanges"}, byAct},
	{"办法 25", "An exception ends at 24:00 of its last day, UTC+8, and is stopped", []ActionKind{ExceptionEnds, RegisterStop}, nil,
		[]string{"TestTheSunsetOfAnException", "TestAnEndConditionIsSomebodysTurn", "TestAnExceptionUntilAConditionHasNoEnd", "TestAnExceptionIsInForceFromItsIssue"}, onDesk},
	{"办法 25; design", "Its unit is told 90, 30 and 7 days before the end, each once; what lies before the day of issue is left out", []ActionKind{ExceptionNotice}, []Code{NotYourTurn},
		[]string{"TestNoticesBeforeAnExceptionEnds", "TestAShortExceptionSkipsItsNotices", "TestMissedNoticesComeOneByOne"}, onDesk},
	{"办法 25", "It is carried on only by a new case, named before the old one ends", []ActionKind{RegisterExtension}, []Code{ExtensionOpen, Missing}, []string{"TestAnExceptionIsCarriedOnBeforeItsEnd"}, byAct},
	{"local", "It is evaluated at the interval of the place, with a report and a finding", []ActionKind{EvaluationDue, Evaluate}, []Code{Missing}, []string{"TestEvaluationsOfAnException"}, onDesk},
	{"条例 13", "On the department route the unit's head concludes; the regulator has no step", []ActionKind{ConcludePass, ConcludeExc, ConcludeFail}, []Code{WrongRoute}, []string{"TestWhoMayNot", "TestNobodyElseMay", "TestEveryRowOfTheMachine"}, byAct},
	{"条例 13, 14; 办法 30", "The route follows from who issues; another one needs a reason; units that issue together read the case and the lead reviews",
		[]ActionKind{Register, Inventory}, []Code{RouteOdd}, []string{"TestTheRouteChosenAgainstWhoIssues", "TestUnitsThatIssueTogetherReadTheCase"}, byOpening},
	{"条例 14; 办法 33", "On the government route only the regulator's approver concludes, on the officer's draft as it stands",
		[]ActionKind{DraftOpinion, ApprovePass, ApproveExc, ApproveFail}, []Code{WrongRoute, SameHand, Invalid}, []string{"TestTheApproverSignsWhatWasDrafted", "TestAnyLife", "TestEveryMoveIsTaken"}, byAct},
	{"local", "Where the place has the step, a third hand checks the draft between officer and approver", []ActionKind{DraftOpinion, SendSign, SendBack}, []Code{SameHand}, []string{"TestTheMiddleStep", "TestEveryRowOfTheMachine"}, byAct},
	{"条例 15", "Joint review and panel are there where the local rule has them", []ActionKind{Convene, FormPanel}, []Code{OverlayOff}, []string{"TestOverlaysOff", "TestTriggersAreSwitchedByTheLocalRule"}, byAct},
	{"条例 15; local", "A seat speaks for itself within its remit; silence is no agreement; one objection cancels nothing; late is marked",
		[]ActionKind{GivePosition, DeclineSeat, JointDue, CloseJoint}, []Code{SeatsOpen}, []string{"TestSilenceIsNotAgreement", "TestOneObjectionNeverCancelsOthers", "TestASeatStaysInItsRemit", "TestAPositionAfterTheEndIsLateThoughNoTimerFired"}, onDesk},
	{"条例 16; 办法 28", "Opinions were heard on competition, of named kinds of people, the public's where its interests are touched; each is answered; or the ground for none is recorded, and the conclusion repeats it",
		[]ActionKind{StartReview, Resume, ConcludePass}, []Code{NotHeard, PublicNotHeard, Missing, ConclusionOpen}, []string{"TestGuards", "TestPublicInterestAsksForThePublic", "TestAGroundForHearingNobody", "TestOpinionsThatNobodyGave"}, byAct},
	{"条例 17; 办法 29, 33; B1-15", "A conclusion is written, clear, on one text, numbered and signed; there is no “meets if amended”; every part that is missing is named at once",
		[]ActionKind{ConcludePass, DraftOpinion, ApprovePass}, []Code{ConclusionOpen, TextMismatch, Invalid}, []string{"TestEveryMissingPartOfAConclusionIsNamedAtOnce", "TestGuards", "TestAnyLife"}, inLetter},
	{"条例 18", "No “meets” with an open breach, no “does not meet” without one; after a failure: revise, or do not issue",
		[]ActionKind{ConcludeFail, ApproveFail, Revise, GiveUp}, []Code{BreachOpen, NoBreach, NoEscape}, []string{"TestKeepOrAmend", "TestNoEscape", "TestAnExceptionClaimedDoesNotLetABreachPass"}, byAct},
	{"条例 18; 办法 34; B1-17", "What is issued is what was concluded, and sealed as such; another text needs the three questions, and one that differs materially a new review",
		[]ActionKind{RegisterIssue}, []Code{TextMismatch, MaterialText}, []string{"TestGuards", "TestIssueOfADifferentText", "TestEveryMoveIsTaken"}, byAct},
	{"条例 18; local", "A measure found issued without a review is registered by the regulator and reviewed after the fact", []ActionKind{Inventory}, []Code{NotYourRole}, []string{"TestTheRegulatorRegistersOnlyTheUnreviewed"}, byOpening},
	{"条例 19; 办法 36", "State secrets stay off line; opinions are sealed; the regulator's inside is its own; experts are not named to the unit",
		[]ActionKind{Register, GiveOpinion}, []Code{StateSecret, Sealed}, []string{"TestSealedOpinions", "TestPositionsOfARunningJointReview", "TestTheDraftOpinionIsTheRegulatorsOwn", "TestTheRegulatorsInsideIsNotShown", "TestGrants"}, onCase},
	{"办法 5", "The unit's review body checks and its head signs; neither drafted the text", []ActionKind{SendBack, SendSign}, []Code{SameHand}, []string{"TestWhoMayNot", "TestNobodyElseMay"}, byAct},
	{"办法 27; B1-16, B1-17", "A text is frozen under its hash; a claimed change changes it; a material change is one by three questions, and is reviewed again",
		[]ActionKind{StartReview, NewVersion, MaterialChange}, []Code{TextUnchanged, Missing}, []string{"TestGuards", "TestAdoptedMeansAnotherText", "TestTheSameTextWithNewOpinionsOrANewArgument", "TestAPassSinceTheFailureIsNotGivenUp"}, byAct},
	{"B1-16", "The light report of changes touches the clauses of the required changes and no others", []ActionKind{ReportChanges}, []Code{ChangesBeyond}, []string{"TestAReportOfChangesTouchesWhatWasRequired"}, byAct},
	{"办法 31; B1-12", "The packet is complete, and every missing document is named; a correction lists slots and has a period; only those are touched; overdue is returned",
		[]ActionKind{Submit, AskCorrection, Suspend, Correct, ReturnOverdue}, []Code{PacketOpen, SlotNotAsked}, []string{"TestGuards", "TestEveryMissingDocumentIsNamedAtOnce", "TestACorrectionTouchesOnlyWhatWasAsked", "TestACorrectionAndAJointReviewHaveAnEnd", "TestTimers"}, inLetter},
	{"办法 32", "A countersignature or comment moves nothing: no row of the machine is one", nil, nil, []string{"TestEveryRowOfTheMachine", "TestAnyLife"}, "nowhere"},
	{"办法 33; B1-14", "Four patterns: refused, no time, changed at once, advice only; required changes are answered, each with its place in the new text; “adopted” with the same words is flagged",
		[]ActionKind{PutBreach, ChangeAtOnce, NoChange, StopTalks}, []Code{ChangesOpen}, []string{"TestFourPatterns", "TestKeepOrAmend", "TestARequiredChangeDroppedIsNoAmendment", "TestAdoptedWithUnchangedWordsIsFlagged"}, inLetter},
	{"办法 29; B1-15", "A finding names clause, item, effect and required change", []ActionKind{PutBreach, SendBack}, []Code{FindingOpen}, []string{"TestGuards", "TestAnyLife"}, byAct},
	{"办法 33; B1-15", "Seal and delivery of the regulator's conclusion are recorded, in that order and after the signature", []ActionKind{Deliver}, []Code{Missing, Invalid}, []string{"TestDelivery", "TestGuards"}, inLetter},
	{"办法 35", "Experts advise; the conclusion says how the advice was used", []ActionKind{FormPanel, ClosePanel}, []Code{PanelUndecided, QuorumOpen}, []string{"TestThePanelAdvises", "TestOpinionsOpenAtTheEndOfThePeriodWithAQuorum", "TestDivergence"}, onDesk},
	{"条例 5; local", "A lasting disagreement may be put to the working mechanism; what comes of it is a note, and the failing conclusion stands", []ActionKind{AskMediation, NoteMediation}, []Code{NothingAsked}, []string{"TestMediationIsANote"}, byAct},
	{"local", "Where the place asks for it, nothing is issued without a legality review that passed; a changed text is reviewed anew", []ActionKind{SendLegality, RecordLegality, RegisterIssue}, []Code{LegalityOpen}, []string{"TestTheLegalityGate"}, byAct},
	{"local", "Periods are working days of the loaded calendar, to 24:00 UTC+8; beyond it nothing fires, until the year is loaded and they are computed anew",
		[]ActionKind{ReturnOverdue, JointDue, PanelDue, Reclock}, []Code{NotYourTurn, ProvisionalDue}, []string{"TestDueCountsWorkingDays", "TestDueBeyondTheLoadedYearsIsProvisional", "TestTimers", "TestReclock", "TestNoCheckpointActsTwice"}, inCalendar},
	{"local", "The regulator's own period starts with each submission and stands still while the packet is with the unit; its end is a mark and a turn of the approver, never a pass",
		[]ActionKind{Submit, Escalate}, nil, []string{"TestTheRegulatorsClock", "TestTheClockStartsAnewWithEverySubmission", "TestEscalateIsAMarkAndNeverAPass", "TestTheClockDuringTalks", "TestNoClockWhereTheLocalRuleHasNone"}, onDesk},
	{"local", "After a pass somebody is reminded to register the issue; the reminder does nothing", []ActionKind{RegisterIssue, CloseUnissued}, nil, []string{"TestTheReminderToRegisterTheIssue"}, onDesk},
	{"design", "What only moved papers is taken back on its day, by who did it, while nobody else has acted; the case is then what it was", []ActionKind{Undo}, []Code{NothingToUndo, TooLate},
		[]string{"TestUndo", "TestUndoIsOverWhenSomebodyHasActed", "TestWhatIsSignedIsNotUndone", "TestUndoLeavesTheClockRunning", "TestAnyLife"}, byAct},
	{"design", "Whoever holds the case may be urged, with a reason, by the other party or a colleague, not too often", []ActionKind{Urge}, []Code{TooSoon, NobodyToUrge}, []string{"TestUrging", "TestUrgingMovesNothing"}, byAct},
	{"design", "Nobody acts on two sides; a second hand is another's; who acted first is told", []ActionKind{Withdraw, SkipPanel, AgreeRecall}, []Code{TwoSides, SecondNeeded, NothingAsked, Conflict}, []string{"TestNobodySitsOnTwoSides", "TestSecondHands", "TestConflict"}, byAct},
	{"design", "Each case counts once in a period, by its last outcome in it; the past does not move", []ActionKind{ConcludePass, GiveUp, KeepMeasure, RegisterRepeal}, nil, []string{"TestKeepOrAmend", "TestAnyLife"}, "`/`, `/api/v1/counts`"},
	{"design", "A case keeps the procedure it opened under: what came later is asked only of later cases", nil, nil, []string{"TestAnOldCaseLivesAsItDid", "TestGuardsOfOldCases", "TestEveryRowOfTheMachine"}, onCase},
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
	b.WriteString("| Article | Rule | Actions | Refusals | Proved by | Seen at |\n|---|---|---|---|---|---|\n")
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
		if len(r.tests) == 0 || r.seen == "" {
			t.Errorf("%s: proved by %v, seen at %q", r.article, r.tests, r.seen)
		}
		for _, name := range r.tests {
			if !strings.Contains(tests, " "+name+" ") {
				t.Errorf("%s: no test %s", r.article, name)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.article, r.says, strings.Join(actions, " "), strings.Join(refusals, " "), strings.Join(r.tests, ", "), r.seen)
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
		if slices.Equal(m.From, working) {
			from = "any open case"
		} else if m.From != nil {
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
		case m.Action == Undo:
			to = "(where it was)"
		case to == "":
			to = "(same)"
		case m.NewRound:
			to += " *"
		}
		if m.Action == RegisterIssue {
			to += " or " + string(IssuedException)
		}
		if m.Action == DraftOpinion {
			to += " or " + string(RegCheck)
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
