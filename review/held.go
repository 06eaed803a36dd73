package review

import "time"

// The parties that may hold a case.
const (
	HeldUnit      = "unit"      // 起草单位
	HeldRegulator = "regulator" // 市场监管部门
	HeldSeats     = "seats"     // 会审单位
	HeldExperts   = "experts"   // 专家
	HeldIssuer    = "issuer"    // 制定机关
)

// Stay is a stretch of time in which one party held the case at one status. Party "": nobody, the measure is in force under an
// exception. The zero To: it still does.
type Stay struct {
	Status Status    `json:"status"`
	Party  string    `json:"party,omitempty"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
}

// Held is how long a party held a case in all.
type Held struct {
	Party   string
	Time    time.Duration
	Working int // working days: the day it came is not counted, the day it went is
}

// heldParties are the parties in the order in which they are shown.
var heldParties = []string{HeldUnit, HeldRegulator, HeldSeats, HeldExperts, HeldIssuer}

// Stays are the stretches of a case's life, from its events in order; they need only Version, At, Action.Kind, From and To. Each
// begins where the one before ends; events that move nothing begin none. A closed case is held by nobody: its last stay
// ends with the event that closed it.
func Stays(events []Event) []Stay {
	var out []Stay
	for _, e := range events {
		status, party := e.To, holder(e.To)
		if len(out) > 0 && out[len(out)-1].To.IsZero() {
			last := &out[len(out)-1]
			if status == last.Status {
				if !handsOver(e.Action.Kind) || last.Party == HeldRegulator {
					continue
				}
				party = HeldRegulator
			}
			last.To = e.At
		}
		if !status.Closed() {
			out = append(out, Stay{Status: status, Party: party, From: e.At})
		}
	}
	return out
}

// HeldBy is how long each party held the case up to now, in the order unit, regulator, seats, experts, issuer; who never did
// is left out. The sum of Time is the case's life, without the years in which a measure is only in force under an
// exception.
func HeldBy(events []Event, now time.Time, cal Calendar) []Held {
	sum := map[string]*Held{}
	for _, s := range Stays(events) {
		to := s.To
		if to.IsZero() {
			to = now
		}
		h := sum[s.Party]
		if h == nil {
			h = &Held{Party: s.Party}
			sum[s.Party] = h
		}
		n, _ := cal.WorkingDays(s.From, to)
		h.Time, h.Working = h.Time+to.Sub(s.From), h.Working+n
	}
	var out []Held
	for _, p := range heldParties {
		if h := sum[p]; h != nil {
			out = append(out, *h)
		}
	}
	return out
}

// holder is the party that a status waits for, as in Turns.
func holder(s Status) string {
	switch s {
	case Submitted, RegReview, RegCheck, RegSign, StockConfirm:
		return HeldRegulator
	case JointReview:
		return HeldSeats
	case ExpertReview:
		return HeldExperts
	case ExceptionDue:
		return HeldIssuer
	case IssuedException, KeptException:
		return ""
	}
	return HeldUnit
}

// handsOver reports whether the act, which leaves the status as it is, gives the case back to the officer: the period of the
// seats or the experts is over, or the opinions are opened.
func handsOver(k ActionKind) bool { return k == JointDue || k == PanelDue || k == OpenOpinions }
