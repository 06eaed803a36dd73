package review

import (
	"strings"
	"time"
)

// Request is what makes an action happen once: the id derived from (person, case, idempotency key), and the digest
// of what was asked, so that the same key with another content is refused (KeyReused).
type Request struct {
	ID     string `json:"id"`
	Digest string `json:"digest"`
}

// Record is what one accepted action writes: the case as it is now and the event that made it so.
type Record struct {
	Case    Case    `json:"case"`
	Event   Event   `json:"event"`
	Request Request `json:"request"`
	// Imported marks a finished record that came from a file: it has no running workflow.
	Imported bool `json:"imported,omitempty"`
}

// Assigned is what only the record keeper can know: the case's number, and when the running periods end by the
// loaded calendar. A repeated Save answers the same.
type Assigned struct {
	Number string `json:"number"`
	Clock  *Clock `json:"clock,omitempty"`
	Review *Meter `json:"review,omitempty"` // the regulator's own period
}

// Assign fills in what the record keeper knows.
func (c *Case) Assign(got Assigned) {
	c.Number = got.Number
	if c.Clock != nil && got.Clock != nil {
		k := *c.Clock
		k.Due, k.Provisional = got.Clock.Due, got.Clock.Provisional
		c.Clock = &k
	}
	if c.Review != nil && got.Review != nil {
		m := *c.Review
		m.Due, m.Provisional = got.Review.Due, got.Review.Provisional
		c.Review = &m
	}
}

// Receipt answers an accepted action.
type Receipt struct {
	Case    string `json:"case"`
	Number  string `json:"number"`
	Version int    `json:"version"`
	Status  Status `json:"status"`
	Digest  string `json:"digest"` // of the request that was answered
}

// ImportFinished is the action kind under which a finished record from a file stands in the register. It is no move of the
// machine: nobody can do it to a case.
const ImportFinished ActionKind = "import" // 导入历史记录

// Finished makes the record of an existing measure whose clean-up ended before it came here: kept, revised or repealed.
// decided is the day of the decision, or "" when the source does not say: such a record is listed and counted in no
// period. It refuses what Register would refuse, and any other outcome.
func Finished(id string, o Opening, outcome Outcome, decided Date, reason string, by Actor, now time.Time) (Record, error) {
	now = now.UTC().Truncate(time.Microsecond)
	status, ok := map[Outcome]Status{Keep: Kept, Amend: Revised, Repeal: Repealed}[outcome]
	switch {
	case !ok:
		return Record{}, Refuse(Invalid, "field", "outcome", "value", string(outcome))
	case o.Kind != Existing:
		return Record{}, Refuse(Invalid, "field", "kind")
	case o.Secret:
		return Record{}, Refuse(StateSecret)
	case decided != "" && (!decided.Valid() || decided > DateOf(now)):
		return Record{}, Refuse(Invalid, "field", "decided", "value", string(decided))
	case o.Measure.IssuedOn != "" && !o.Measure.IssuedOn.Valid():
		return Record{}, Refuse(Invalid, "field", "issuedOn", "value", string(o.Measure.IssuedOn))
	case strings.TrimSpace(o.Measure.Title) == "":
		return Record{}, Refuse(Missing, "field", "title")
	case o.Unit == "":
		return Record{}, Refuse(Missing, "field", "issuer")
	}
	c := Case{ID: id, Version: 1, Round: 1, Status: status, OpenedAt: now, Since: now, Outcome: outcome, Reason: reason}
	c.start(o)
	c.Main = Mark{Version: 1, Person: by.Person, Kind: ImportFinished, At: now}
	if decided != "" {
		at := decided.End().Add(-time.Microsecond)
		c.Counted = &at
	}
	a := Action{Kind: ImportFinished, Actor: by, Details: Details{Reason: reason, Opening: &o}}
	ev := Event{Case: id, Version: 1, Round: 1, At: now, Action: a, To: status, Basis: "import", Outcome: outcome}
	return Record{Case: c, Event: ev, Request: Request{ID: "import-" + id, Digest: "import-" + id}, Imported: true}, nil
}
