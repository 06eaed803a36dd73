package server

import (
	"context"
	"slices"
	"time"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// standing is by what somebody acts on a case: a membership of their own, or another's whose agent they are.
type standing struct {
	postgres.Membership
	For string
}

func (st standing) actor(person string) review.Actor {
	return review.Actor{Person: person, Unit: st.Unit, Role: st.Role, Post: st.Post, For: st.For}
}

// same reports whether o is one's own standing in the same unit and role: then nobody need be acted for.
func (st standing) same(o standing) bool {
	return o.For == "" && o.Unit == st.Unit && o.Role == st.Role
}

// stand adds to who asks what the record knows beside their memberships: those of units that theirs took over, which are then
// as their own, and for whom they act. What is lent counts where a case is acted on, seen or waits, and for nothing else: not for
// draws, not for administration.
func (s *Server) stand(ctx context.Context, q *request) error {
	if q.person == nil {
		return nil
	}
	taken, lent, err := s.db.Standing(ctx, *q.person)
	if err != nil {
		return err
	}
	for _, m := range taken {
		if !slices.ContainsFunc(q.person.Memberships, func(o postgres.Membership) bool { return o.Unit == m.Unit && o.Role == m.Role }) {
			q.person.Memberships = append(q.person.Memberships, m)
		}
	}
	q.lent = lent
	return nil
}

// standings are all by which the person who asks may act: their own first.
func standings(ctx context.Context) []standing {
	q := requestOf(ctx)
	var out []standing
	for _, m := range person(ctx).Memberships {
		out = append(out, standing{Membership: m})
	}
	for _, l := range q.lent {
		out = append(out, standing{l.Membership, l.For})
	}
	return out
}

// desks are the roles whose tasks are the person's.
func desks(ctx context.Context) []postgres.Membership {
	var out []postgres.Membership
	for _, st := range standings(ctx) {
		out = append(out, st.Membership)
	}
	return out
}

// viewerOf is the person with their units, and with their desks and chairs there, by which restricted cases are read. An agent has the
// desk of the role that was lent, not the principal's chair: who is named is named in person.
func viewerOf(p postgres.Person, lent []postgres.Lent) review.Viewer {
	v := p.Viewer()
	add := func(reader string) {
		if !slices.Contains(v.Units, reader) {
			v.Units = append(v.Units, reader)
		}
	}
	caseRole := func(r review.Role) bool {
		return r != review.Expert && r != review.Admin && r != review.SecurityAdmin && r != review.AuditAdmin
	}
	for _, m := range p.Memberships {
		if caseRole(m.Role) {
			add(review.Desk(m.Unit, m.Role))
			add(review.Chair(m.Unit, p.ID))
		}
	}
	for _, l := range lent {
		add(l.Unit)
		add(review.Desk(l.Unit, l.Role))
	}
	return v
}

// readers refuses to name as a reader who does not belong, with a part in cases, to one of the units: an expert is asked through a
// panel, under another name.
func (s *Server) readers(ctx context.Context, units, named []string) error {
	if len(named) == 0 {
		return nil
	}
	known := map[string]bool{}
	for _, unit := range units {
		people, err := s.db.People(ctx, postgres.PeopleFilter{Unit: unit})
		if err != nil {
			return err
		}
		for _, p := range people {
			known[p.ID] = known[p.ID] || slices.ContainsFunc(p.Memberships, func(m postgres.Membership) bool {
				return m.Unit == unit && m.Role != review.Expert && m.Role != review.Admin && m.Role != review.SecurityAdmin && m.Role != review.AuditAdmin
			})
		}
	}
	for _, id := range named {
		if !known[id] {
			return review.Refuse(review.Invalid, "field", "readers")
		}
	}
	return nil
}

// noteRead records a read of a restricted case. What cannot be recorded is not shown.
func (s *Server) noteRead(ctx context.Context, c review.Case) error {
	if c.Secrecy != review.Restricted || requestOf(ctx).person == nil {
		return nil
	}
	return s.db.NoteRead(ctx, person(ctx).ID, c.ID, time.Now())
}

// CaseReads lists reads of restricted cases.
type CaseReads struct {
	Reads []postgres.CaseRead `json:"reads" nullable:"false" doc:"One entry for each person, case and day; the newest first, at most 1000"`
}

// caseReads lists who read a restricted case, to whoever answers for its restriction.
func (s *Server) caseReads(ctx context.Context, in *CaseID) (*reply[CaseReads], error) {
	c, err := s.readCase(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	answers := slices.ContainsFunc(standings(ctx), func(st standing) bool {
		return st.Unit == c.Unit && st.Role == review.UnitHead || st.Unit == c.Regulator && st.Role == review.Approver
	})
	if !answers {
		return nil, review.Refuse(review.Forbidden)
	}
	list, err := s.db.CaseReads(ctx, c.ID, 1000)
	return answer(CaseReads{list}, err)
}

// allReads lists the reads of all restricted cases, to the audit administrator: by number, never by title.
func (s *Server) allReads(ctx context.Context, _ *struct{}) (*reply[CaseReads], error) {
	list, err := s.db.CaseReads(ctx, "", 1000)
	return answer(CaseReads{list}, err)
}

// onBehalf follows the name of an agent: 甲（代乙）.
func onBehalf(l lang, principal string) string {
	return words{"（代", " (for "}.in(l) + principal + words{"）", ")"}.in(l)
}

// Behalf is onBehalf of a person by id.
func (v *caseView) Behalf(principal string) string { return onBehalf(v.Lang, v.Name(principal)) }

// secrecyWords name how far a case is known.
var secrecyWords = map[review.Secrecy]words{
	review.Public: {"公开", "Public"}, review.Internal: {"内部", "Internal"}, review.Restricted: {"限制阅读", "Restricted to named readers; every reading is recorded"},
}

// Known says how far the case is known, and what must never be entered.
func (v *caseView) Known() string {
	degree := v.Case.Secrecy
	if degree == "" {
		degree = review.Internal
	}
	out := secrecyWords[degree].in(v.Lang)
	if degree == review.Restricted && v.Lang == zh {
		out += "，阅读均有记录"
	}
	for i, id := range v.Case.Readers {
		out += []string{v.T("：", ": "), v.T("、", ", ")}[min(i, 1)] + v.Name(id)
	}
	return out + v.T("。国家秘密一律不得录入本系统。", ". State secrets must never be entered here.")
}
