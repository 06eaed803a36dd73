package review

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Code names a refusal. It is stable: clients branch on it, the server turns it into a sentence in the
// reader's language and into a status. It is never shown alone.
type Code string

// The refusals of the domain. A new one needs a sentence in the server's catalogue; a test enumerates them.
const (
	NotFound        Code = "not_found"         // no such thing, or one the person may not see
	NotYourTurn     Code = "not_your_turn"     // the status does not allow the action
	NotYourRole     Code = "not_your_role"     // the person has no part in the case that allows it
	WrongRoute      Code = "wrong_route"       // the action belongs to the other route or kind of measure
	Conflict        Code = "conflict"          // somebody acted first: who, when
	TwoSides        Code = "two_sides"         // the person already acted on another side (G7)
	SameHand        Code = "same_hand"         // signer drafted, approver handled (G7)
	Missing         Code = "missing"           // a required field is empty: field
	Invalid         Code = "invalid"           // a field is out of its bounds: field
	TextUnchanged   Code = "text_unchanged"    // a change is claimed and the text is the same (G10)
	TextMismatch    Code = "text_mismatch"     // the conclusion or issue names another text (G6, G11)
	NotHeard        Code = "not_heard"         // no consultation record and no ground for none (G2)
	PublicNotHeard  Code = "public_not_heard"  // the public's interests are touched and it was not heard (G2)
	ItemsOpen       Code = "items_open"        // items without an answer: count, first (G3)
	ItemUnknown     Code = "item_unknown"      // not an item of the standards in force: item
	StandardsOld    Code = "standards_old"     // answered against standards no longer in force (G3)
	BasisOpen       Code = "basis_open"        // a finding in the costs group without the legal-basis answer (G3)
	FindingOpen     Code = "finding_open"      // a finding without clause, item, effect or required change (G3)
	ExceptionOpen   Code = "exception_open"    // the exception lacks a point: field (G5)
	PacketOpen      Code = "packet_open"       // the packet lacks a document: slot (G8)
	SlotNotAsked    Code = "slot_not_asked"    // a correction touches what was not asked: slot
	ChangesOpen     Code = "changes_open"      // required changes without an answer: count (G10)
	BreachOpen      Code = "breach_open"       // a finding of "meets" with an open breach
	NoBreach        Code = "no_breach"         // a finding of "does not meet" without one
	NoEscape        Code = "no_escape"         // withdrawal after a breach was put or a review failed (G13)
	Concluded       Code = "concluded"         // withdrawal of a concluded case: register it as not issued
	OverlayOff      Code = "overlay_off"       // the local rule does not switch the overlay on here (G12)
	SeatsOpen       Code = "seats_open"        // seats still have time to answer: count
	PanelUndecided  Code = "panel_undecided"   // a panel is proposed and neither formed nor waived
	SecondNeeded    Code = "second_needed"     // the act needs a request by one officer and the act of another
	QuorumOpen      Code = "quorum_open"       // the panel's quorum has not answered
	Sealed          Code = "sealed"            // opinions are opened already, or not yet
	NothingAsked    Code = "nothing_asked"     // no request of that kind is open
	SuperiorNoBasis Code = "superior_no_basis" // a superior document is no ground for "not in scope" (B1-59)
	StateSecret     Code = "state_secret"      // state secrets are handled off line
	LinkedNotIssued Code = "linked_not_issued" // the amending case has not been issued
	ConfirmNeeded   Code = "confirm_needed"    // the clean-up order asks for the regulator's confirmation
	OpenCaseExists  Code = "open_case_exists"  // the measure has an open case already: case
	Forked          Code = "forked"            // the record and the running case disagree; an operator must look
	KeyReused       Code = "key_reused"        // the idempotency key was used with another content
	AlreadyDone     Code = "already_done"      // the case is closed
	BadCharacters   Code = "bad_characters"    // control characters or invalid UTF-8: field
	TooLarge        Code = "too_large"         // over the limit: field, limit
	Unauthenticated Code = "unauthenticated"   // nobody is signed in
	Forbidden       Code = "forbidden"         // signed in, but not for this
	Unavailable     Code = "unavailable"       // a service is away; nothing was changed
	UnderWay        Code = "under_way"         // accepted, not finished yet
	TooMany         Code = "too_many"          // too many attempts
	Malformed       Code = "malformed"         // the request could not be read: detail
	ScopeOpen       Code = "scope_open"        // the scope questions are not answered to the end: question
	RouteOdd        Code = "route_odd"         // another route than who issues it leads to, without a reason: route, article
	ClausesUnsure   Code = "clauses_unsure"    // which clause was which must be said: labels, candidates
	UnsupportedFile Code = "unsupported_file"  // a format that is not read yet: kind
	TrackedChanges  Code = "tracked_changes"   // the document holds changes nobody has accepted
	ConclusionOpen  Code = "conclusion_open"   // the conclusion lacks mandatory parts: fields
	ChangesBeyond   Code = "changes_beyond"    // a report of changes touches more than what was required: clauses
	MaterialText    Code = "material_text"     // the issued text differs materially and was not reviewed (B1-17)
	LegalityOpen    Code = "legality_open"     // the local rule asks for a legality review that passed
	NothingToUndo   Code = "nothing_to_undo"   // somebody has acted since, or it was another's act
	TooLate         Code = "too_late"          // the day in which it was possible is over
	TooSoon         Code = "too_soon"          // urged already: next
	NobodyToUrge    Code = "nobody_to_urge"    // the case waits for oneself, or for nobody
	ProvisionalDue  Code = "provisional_due"   // a letter would carry a date that is only provisional
	ExtensionOpen   Code = "extension_open"    // the case named does not carry this exception on
)

// Error is a refusal that a person can act on. Params fill the sentence; they hold codes, counts, names of
// fields and people's ids, never a draft's text.
type Error struct {
	Code   Code              `json:"code"`
	Params map[string]string `json:"params,omitempty"`
}

// Refuse makes an *Error from a code and pairs of parameter name and value.
func Refuse(code Code, pairs ...string) *Error {
	e := &Error{Code: code}
	for i := 0; i+1 < len(pairs); i += 2 {
		if e.Params == nil {
			e.Params = map[string]string{}
		}
		e.Params[pairs[i]] = pairs[i+1]
	}
	return e
}

// Error says the code and its parameters, for logs; people read the server's sentence.
//
//workflowcheck:ignore the parameters are sorted
func (e *Error) Error() string {
	s := string(e.Code)
	for _, k := range slices.Sorted(maps.Keys(e.Params)) {
		s += fmt.Sprintf(" %s=%q", k, e.Params[k])
	}
	return s
}

// CodeOf returns the code of the refusal in err's chain, or "" when err is nil or not a refusal.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
