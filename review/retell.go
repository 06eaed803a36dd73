package review

import "fmt"

// Told is an event as the record keeps it, with what the keeper assigned to it then.
type Told struct {
	Event
	Assigned
}

// Retell makes the case anew from its history, oldest first, as it stood after the last of the events given: what was
// accepted is accepted again, by the revision of the procedure under which the case opened. It is how a letter is printed
// years later as it was. A history that does not begin with an opening, or that the machine refuses, is an error.
func Retell(id string, history []Told) (Case, error) {
	c := Case{ID: id}
	for _, t := range history {
		if t.Version != c.Version+1 {
			return Case{}, fmt.Errorf("case %s: version %d after %d", id, t.Version, c.Version)
		}
		next, _, err := Apply(c, t.Action, t.At)
		if err != nil {
			return Case{}, fmt.Errorf("case %s, version %d (%s): %w", id, t.Version, t.Action.Kind, err)
		}
		next.Assign(t.Assigned)
		c = next
	}
	return c, nil
}

// LetterOf is the letter that an event makes, or "": none.
func LetterOf(e Event) LetterKind {
	switch e.Action.Kind {
	case Submit, Correct, Resume:
		return ReceiptLetter
	case AskCorrection:
		return CorrectionLetter
	case Suspend:
		return SuspensionLetter
	case ReturnOverdue:
		return ReturnLetter
	case ApprovePass, ApproveExc, ApproveFail:
		return OpinionLetter
	case ConcludePass, ConcludeExc, ConcludeFail, KeepMeasure, KeepByException:
		return ConclusionLetter
	case ExceptionNotice, ExceptionEnds:
		return ExceptionDueLetter
	}
	return ""
}
