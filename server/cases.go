package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// Receipt answers an accepted action.
type Receipt struct {
	Case    string        `json:"case"`
	Number  string        `json:"number,omitempty"`
	Version int           `json:"version" doc:"Say it as seen with the next action"`
	Status  review.Status `json:"status,omitempty"`
	Code    string        `json:"code,omitempty" doc:"under_way when accepted and not finished"`
	Detail  string        `json:"detail,omitempty"`
}

type receiptOutput struct {
	Status   int
	Location string `header:"Location"`
	Retry    string `header:"Retry-After"`
	Body     Receipt
}

// receipt answers what Reviews did, or what an earlier request under the same key did.
func receipt(ctx context.Context, status int, caseID string, r review.Receipt, err error) (*receiptOutput, error) {
	at := apiPrefix + "/cases/" + caseID
	if review.CodeOf(err) == review.UnderWay {
		return &receiptOutput{Status: 202, Location: at, Retry: "1", Body: Receipt{Case: caseID, Code: string(review.UnderWay),
			Detail: sentences[review.UnderWay].in(requestOf(ctx).lang)}}, nil
	}
	if err != nil {
		return nil, err
	}
	return &receiptOutput{Status: status, Location: at, Body: Receipt{Case: r.Case, Number: r.Number, Version: r.Version, Status: r.Status}}, nil
}

// once looks for an earlier request under the same key: found with the same content, it is answered again.
func (s *Server) once(ctx context.Context, req review.Request) (review.Receipt, bool, error) {
	r, found, err := s.db.Receipt(ctx, req.ID)
	if err == nil && found && r.Digest != req.Digest {
		err = review.Refuse(review.KeyReused)
	}
	return r, found, err
}

type openInput struct {
	Keyed
	Body struct {
		Kind        string   `json:"kind" enum:"new,existing" doc:"new: being drafted; existing: in force"`
		Unit        string   `json:"unit" minLength:"1" maxLength:"64" doc:"Drafting unit; the person signed in is a handler there"`
		IssueBy     issueBy  `json:"issueBy,omitempty" doc:"How it will be issued, or was: see GET /scope; left out: the usual way of the issuer. It decides the route (条例 13, 14)"`
		With        []string `json:"with,omitempty" nullable:"false" maxItems:"20" doc:"Other units that issue jointly; the drafting unit leads"`
		Route       string   `json:"route,omitempty" enum:"department,government" doc:"Another route than the one that follows; needs routeReason"`
		RouteReason string   `json:"routeReason,omitempty" maxLength:"2000" doc:"Why, when the route or the issuer is not what the way of issuing leads to"`
		Unreviewed  bool     `json:"unreviewed,omitempty" doc:"Existing measure: issued without a matching conclusion; an officer of the regulator may open such a case too"`
		Extends     string   `json:"extends,omitempty" maxLength:"36" doc:"Case whose exception this one would carry on"`
		Secret      bool     `json:"secret,omitempty" doc:"A state secret is refused, and nothing of it is stored: it must never be entered here"`
		Secrecy     string   `json:"secrecy,omitempty" enum:"public,internal,restricted" default:"internal" doc:"How far the case is known. None of these is for a state secret, which must never be entered here"`
		Readers     []string `json:"readers,omitempty" nullable:"false" maxItems:"50" doc:"Restricted: people of the drafting, issuing or reviewing units who may read it beside those whose part it is"`
		Label       string   `json:"label,omitempty" maxLength:"100" doc:"Demo data only: what the case shows"`
		MadeUp      bool     `json:"madeUp,omitempty" doc:"Demo data only"`
		Measure     struct {
			ID             string      `json:"measureId,omitempty" maxLength:"64" pattern:"^[A-Za-z0-9._-]*$" doc:"Of a measure known already"`
			Title          string      `json:"title" minLength:"1" maxLength:"300"`
			Nature         string      `json:"nature" minLength:"1" maxLength:"64" pattern:"^[a-z_]+$" doc:"normative_document, rule, tender_document, agreement …"`
			Field          string      `json:"field,omitempty" maxLength:"200"`
			Issuer         string      `json:"issuer" minLength:"1" maxLength:"64" doc:"Unit that will issue it, or issued it"`
			DocNo          string      `json:"docNo,omitempty" maxLength:"100" doc:"文号, of an existing measure"`
			IssuedOn       review.Date `json:"issuedOn,omitempty" maxLength:"10" doc:"YYYY-MM-DD, of an existing measure"`
			ReviewedBefore bool        `json:"reviewedBefore,omitempty"`
			PublicInterest string      `json:"publicInterest,omitempty" enum:"none,touched,major"`
		} `json:"measure"`
	}
}

// openCase decides from who will issue the measure which route it takes, and opens the case by the local rules of today.
func (s *Server) openCase(ctx context.Context, in *openInput) (*receiptOutput, error) {
	p, b := person(ctx), in.Body
	caseID := caseIDOf(p.ID, in.Key)
	req := review.Request{ID: requestID(p.ID, caseID, in.Key), Digest: digest("POST /cases", "", b)}
	if r, found, err := s.once(ctx, req); found || err != nil {
		return receipt(ctx, 201, caseID, r, err)
	}
	kind := review.Register
	if b.Kind == string(review.Existing) {
		kind = review.Inventory
	}
	if b.Secret {
		return nil, review.Refuse(review.StateSecret)
	}
	if b.Unreviewed && kind != review.Inventory {
		return nil, review.Refuse(review.Invalid, "field", "unreviewed")
	}
	unit, err := s.usableUnit(ctx, b.Unit, "unit")
	if err != nil {
		return nil, err
	}
	as, ok := opener(p, unit, b.Unreviewed)
	if !ok {
		return nil, review.Refuse(review.NotYourRole, "action", string(kind))
	}
	if b.Measure.IssuedOn != "" && (!b.Measure.IssuedOn.Valid() || b.Measure.IssuedOn > today()) {
		return nil, review.Refuse(review.Invalid, "field", "measure.issuedOn")
	}
	if b.MadeUp || b.Label != "" {
		demo, err := s.demo(ctx)
		if err != nil {
			return nil, err
		}
		if !demo {
			return nil, review.Refuse(review.Invalid, "field", "madeUp")
		}
	}
	issuer, err := s.usableUnit(ctx, b.Measure.Issuer, "measure.issuer")
	if err != nil {
		return nil, err
	}
	rules, err := s.db.Rules(ctx)
	if err != nil {
		return nil, err
	}
	o := review.Opening{Procedure: review.Procedure, Kind: review.Kind(b.Kind), Unit: unit.ID, Regulator: unit.Regulator, Rules: rules,
		Unreviewed: b.Unreviewed, Extends: b.Extends, Secrecy: review.Secrecy(b.Secrecy), Readers: b.Readers,
		Measure: review.Measure{ID: orElse(b.Measure.ID, caseID), Title: strings.TrimSpace(b.Measure.Title), Nature: b.Measure.Nature, Field: b.Measure.Field,
			Issuer: issuer.ID, DocNo: b.Measure.DocNo, IssuedOn: b.Measure.IssuedOn, ReviewedBefore: b.Measure.ReviewedBefore && !b.Unreviewed,
			PublicInterest: b.Measure.PublicInterest, MadeUp: b.MadeUp, Label: b.Label}}
	if err := s.decideRoute(ctx, in, issuer, &o); err != nil {
		return nil, err
	}
	if err := s.extendable(ctx, b.Extends); err != nil {
		return nil, err
	}
	if err := s.readers(ctx, review.Parties(review.Case{Unit: o.Unit, Regulator: o.Regulator, Measure: o.Measure, With: o.With}), b.Readers); err != nil {
		return nil, err
	}
	a := review.Action{Kind: kind, Actor: actorOf(p, as), Details: review.Details{Opening: &o}}
	r, err := s.reviews.Open(ctx, caseID, req, a)
	return receipt(ctx, 201, caseID, r, err)
}

// usableUnit returns a unit that exists and is active, or refuses the field that names it.
func (s *Server) usableUnit(ctx context.Context, id, field string) (postgres.Unit, error) {
	u, err := s.db.Unit(ctx, id)
	if review.CodeOf(err) == review.NotFound || err == nil && !u.Active {
		return postgres.Unit{}, review.Refuse(review.Invalid, "field", field)
	}
	return u, err
}

// actionKind is an action that is done to a case; its schema lists them all.
type actionKind string

// Schema lists what can be done to a case that is open.
func (actionKind) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Description: "What is done"}
	for _, m := range review.Moves() {
		if v := any(string(m.Action)); !m.Action.Opens() && !slices.Contains(s.Enum, v) && !slices.Equal(m.By, []review.Role{review.Timer}) {
			s.Enum = append(s.Enum, v)
		}
	}
	return s
}

// ActionRequest is what a person does to a case: the kind, and what that kind brings.
type ActionRequest struct {
	Kind actionKind `json:"kind"`
	As   *ActingAs  `json:"as,omitempty" doc:"Needed only when several of the person's memberships fit"`
	Seen int        `json:"seen" minimum:"0" maximum:"1000000" doc:"Version of the case the person was looking at"`
	review.Details
}

// TransformSchema takes out what only opening a case brings, and lets a signature bring its number alone: what a
// conclusion must hold differs by action, and the domain says so.
func (ActionRequest) TransformSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	delete(s.Properties, "opening")
	k := r.SchemaFromRef(s.Properties["conclusion"].Ref)
	k.Required = nil
	k.PrecomputeMessages()
	return s
}

// ActingAs names one of the person's memberships.
type ActingAs struct {
	Unit string `json:"unit" maxLength:"64"`
	Role string `json:"role" enum:"handler,review_body,unit_head,officer,checker,approver,expert"`
	For  string `json:"for,omitempty" maxLength:"64" doc:"Person as whose agent"`
}

// CaseID is the path of a case.
type CaseID struct {
	ID string `path:"id" doc:"Case id, a UUID"`
}

type actInput struct {
	Keyed
	CaseID
	Body ActionRequest
}

// act freezes who acts from the memberships of today, checks that what the action names exists and may be used, and
// hands it on.
func (s *Server) act(ctx context.Context, in *actInput) (*receiptOutput, error) {
	p := person(ctx)
	if !isCaseID(in.ID) {
		return nil, review.Refuse(review.NotFound)
	}
	req := review.Request{ID: requestID(p.ID, in.ID, in.Key), Digest: digest("POST /cases/actions", in.ID, in.Body)}
	if r, found, err := s.once(ctx, req); found || err != nil {
		return receipt(ctx, 200, in.ID, r, err)
	}
	c, err := s.db.Case(ctx, in.ID, requestOf(ctx).viewer())
	if err != nil {
		return nil, err
	}
	if in.Body.Seen > c.Version { // nobody has seen what is not there; the workflow would think that it is behind
		return nil, review.Refuse(review.Invalid, "field", "seen")
	}
	kind := review.ActionKind(in.Body.Kind)
	m, err := choose(c, p.ID, standings(ctx), kind, in.Body.As)
	if late := review.Overtaken(c, review.Action{Kind: kind, Actor: m.actor(p.ID), Seen: in.Body.Seen}, err); late != nil {
		return nil, late
	}
	if err != nil {
		return nil, err
	}
	a := review.Action{Kind: kind, Actor: m.actor(p.ID), Seen: in.Body.Seen, Details: in.Body.Details}
	if err := s.usable(ctx, p, c, &a); err != nil {
		return nil, err
	}
	if err := s.panelFits(ctx, c, a, req.ID); err != nil {
		return nil, err
	}
	r, err := s.reviews.Act(ctx, in.ID, req, a)
	return receipt(ctx, 200, in.ID, r, err)
}

// choose returns the standing by which the person may do this: one's own before another's. With none, it refuses for the reason
// nearest to allowing it; with several that differ in unit or role, or in for whom, it asks which.
func choose(c review.Case, person string, all []standing, kind review.ActionKind, as *ActingAs) (standing, error) {
	var fit []standing
	refusal := error(review.Refuse(review.NotYourRole, "action", string(kind)))
	for _, m := range all {
		if m.Role == review.Timer || as != nil && (as.Unit != m.Unit || as.Role != string(m.Role) || as.For != "" && as.For != m.For) {
			continue
		}
		switch err := review.Permit(c, m.actor(person), kind); {
		case err == nil && m.For != "" && (as == nil || as.For == "") && slices.ContainsFunc(fit, m.same):
		case err == nil:
			fit = append(fit, m)
		case review.CodeOf(err) != review.NotYourRole:
			refusal = err
		}
	}
	if len(fit) == 0 {
		return standing{}, refusal
	}
	if len(fit) > 1 {
		return standing{}, review.Refuse(review.Missing, "field", "as")
	}
	return fit[0], nil
}

func actorOf(p postgres.Person, m postgres.Membership) review.Actor {
	return review.Actor{Person: p.ID, Unit: m.Unit, Role: m.Role, Post: m.Post}
}

// usable checks that every text, unit, person and case that the action names exists and may be used by this person, and
// fills in the clauses of a text put forward.
func (s *Server) usable(ctx context.Context, p postgres.Person, c review.Case, a *review.Action) error {
	if a.Text != nil {
		var err error
		if a.Text, err = s.splitText(ctx, p, c, *a.Text); err != nil {
			return err
		}
	}
	type named struct{ field, hash string }
	var hashes []named
	if a.Scope != nil {
		hashes = append(hashes, named{"scope.textHash", a.Scope.TextHash})
	}
	if a.Packet != nil {
		for slot, hash := range a.Packet.Documents {
			local := slices.ContainsFunc(c.Rules.Slots, func(r review.SlotRule) bool { return r.ID == slot })
			if _, ok := slots[slot]; !ok && !local {
				return review.Refuse(review.Invalid, "field", "packet.documents")
			}
			hashes = append(hashes, named{"packet.documents." + string(slot), hash})
		}
	}
	if a.Conclusion != nil {
		hashes = append(hashes, named{"conclusion.written", a.Conclusion.Written})
	}
	if a.Issue != nil {
		hashes = append(hashes, named{"issue.textHash", a.Issue.TextHash})
	}
	hashes = append(hashes, named{"report", a.Report})
	for _, h := range hashes {
		if h.hash == "" { // the domain says whether it may be left out
			continue
		}
		if _, err := s.usableText(ctx, p, h.hash, h.field); err != nil {
			return err
		}
	}
	if err := s.readers(ctx, review.Parties(c), a.Readers); err != nil {
		return err
	}
	for _, seat := range a.Seats {
		if _, err := s.usableUnit(ctx, seat.Unit, "seats"); err != nil {
			return err
		}
	}
	if a.Panel != nil {
		experts, err := s.db.People(ctx, postgres.PeopleFilter{Role: review.Expert})
		if err != nil {
			return err
		}
		for _, id := range a.Panel.Experts {
			if !slices.ContainsFunc(experts, func(e postgres.Person) bool { return e.ID == id }) {
				return review.Refuse(review.Invalid, "field", "panel.experts")
			}
		}
	}
	if a.Linked != "" && a.Kind != review.RegisterExtension { // whether it carries the exception on, the record knows
		issued := false
		if isCaseID(a.Linked) {
			var err error
			if issued, err = s.db.IssuedCase(ctx, a.Linked); err != nil && review.CodeOf(err) != review.NotFound {
				return err
			}
		}
		if !issued {
			return review.Refuse(review.LinkedNotIssued)
		}
	}
	return nil
}

// Turn is one party whose turn it is.
type Turn struct {
	Unit   string        `json:"unit,omitempty"`
	Role   review.Role   `json:"role"`
	Person string        `json:"person,omitempty"`
	What   review.Status `json:"what"`
}

// Possible is one thing the person may do now, and as what.
type Possible struct {
	Kind review.ActionKind `json:"kind"`
	Name string            `json:"name"`
	Unit string            `json:"unit"`
	Role review.Role       `json:"role"`
	For  string            `json:"for,omitempty" doc:"Person as whose agent"`
	Note string            `json:"note,omitempty" doc:"What taking back would take back"`
}

// CaseAnswer is a case as the person may see it.
type CaseAnswer struct {
	review.Case
	Turns      []Turn            `json:"turns" nullable:"false" doc:"Whose turn it is"`
	Actions    []Possible        `json:"actions" nullable:"false" doc:"What the person signed in may do now"`
	Divergence float64           `json:"divergence"`
	Triggers   []review.Trigger  `json:"triggers" nullable:"false" doc:"Grounds on which an expert panel is proposed"`
	Names      map[string]string `json:"names" doc:"Names of the people and units in the case"`

	Marks         []MarkAnswer   `json:"marks" nullable:"false" doc:"What stands out now"`
	PacketMissing []MissingSlot  `json:"packetMissing" nullable:"false" doc:"Documents that the packet still lacks, before it is submitted (办法 31)"`
	Letters       []LetterRef    `json:"letters" nullable:"false" doc:"Letters that concern one"`
	ScopeDecision *ScopeDecision `json:"scopeDecision,omitempty" doc:"The decision on scope, in words"`
	ExceptionEnds *ExceptionEnd  `json:"exceptionEnds,omitempty" doc:"Of an exception in force"`

	Held    []HeldAnswer   `json:"held" nullable:"false" doc:"Who held the case how long"`
	Urgency review.Urgency `json:"urgency,omitempty" enum:"normal,soon,overdue" doc:"How near the end of the running period is; a provisional one is never overdue"`
}

func (s *Server) getCase(ctx context.Context, in *CaseID) (*reply[CaseAnswer], error) {
	c, err := s.readCase(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	names, err := s.db.Names(ctx, idsOf(c))
	if err != nil {
		return nil, err
	}
	out := CaseAnswer{Case: c, Turns: turnsOf(c, requestOf(ctx).viewer()), Divergence: c.Divergence(), Triggers: orEmpty(c.Triggers()), Names: names}
	l := requestOf(ctx).lang
	out.Actions, _ = possible(l, c, person(ctx).ID, standings(ctx))
	out.Marks, out.ScopeDecision, out.ExceptionEnds = marks(l, c, time.Now()), scopeDecision(l, c), exceptionEnds(c, time.Now())
	out.PacketMissing, out.Letters = packetMissing(l, c), letterRefs(l, c, requestOf(ctx).viewer())
	out.Held, out.Urgency, err = s.timeOf(ctx, c, time.Now())
	return answer(out, err)
}

func (s *Server) readCase(ctx context.Context, id string) (review.Case, error) {
	if !isCaseID(id) {
		return review.Case{}, review.Refuse(review.NotFound)
	}
	c, err := s.db.Case(ctx, id, requestOf(ctx).viewer())
	if err != nil {
		return c, err
	}
	return c, s.noteRead(ctx, c)
}

// turnsOf says whose turn it is, from a case that is redacted: while others' answers are hidden, so is who still owes one.
func turnsOf(c review.Case, v review.Viewer) []Turn {
	out := []Turn{}
	switch {
	case c.Status == review.JointReview && !slices.Contains(v.Units, c.Regulator):
		for _, s := range c.Joint.Seats {
			if s.Status == review.SeatInvited && slices.Contains(v.Units, s.Unit) {
				out = append(out, Turn{Unit: s.Unit, Role: review.UnitHead, What: c.Status})
			}
		}
		return append(out, Turn{Role: "seat", What: c.Status}, Turn{Unit: c.Regulator, Role: review.Officer, What: c.Status})
	case c.Status == review.ExpertReview && c.Panel.Status == review.PanelOpining:
		return append(out, Turn{Role: review.Expert, What: c.Status}, Turn{Unit: c.Regulator, Role: review.Officer, What: c.Status})
	}
	for _, t := range review.Turns(c) {
		out = append(out, Turn(t))
	}
	return out
}

// possible asks the one question of permission for every action, and gives the reason for what is refused only because of
// who the person is or what is open, not because of the status.
func possible(l lang, c review.Case, person string, all []standing) (may []Possible, not []Refused) {
	may = []Possible{}
	seen := map[review.ActionKind]bool{}
	for _, m := range review.Moves() {
		if seen[m.Action] || m.Action.Opens() {
			continue
		}
		seen[m.Action] = true
		var why *review.Error
		allowed := false
		for _, ms := range all {
			err := review.Permit(c, ms.actor(person), m.Action)
			if m.Action == review.Undo && review.DateOf(c.Main.At) != today() { // the machine asks the day only of the act itself
				err = review.Refuse(review.NothingToUndo)
			}
			if err == nil {
				may = append(may, Possible{Kind: m.Action, Name: actions[m.Action].in(l), Unit: ms.Unit, Role: ms.Role, For: ms.For, Note: undoNote(l, c, m.Action)})
				allowed = true
				continue
			}
			if e := refusal(err); why == nil || why.Code == review.NotYourRole {
				why = e
			}
		}
		if !allowed && why != nil {
			switch why.Code {
			case review.NotYourTurn, review.WrongRoute, review.AlreadyDone, review.NotYourRole, review.NothingToUndo, review.NobodyToUrge:
			default:
				not = append(not, Refused{Name: actions[m.Action].in(l), Why: why})
			}
		}
	}
	return may, not
}

// undoNote says which act would be taken back, and until when that is possible.
func undoNote(l lang, c review.Case, kind review.ActionKind) string {
	if kind != review.Undo {
		return ""
	}
	return say(l, words{"撤销{at}办理的“{action}”，限当日24时前，须说明理由", "takes back “{action}” of {at}; until midnight (UTC+8), with a reason"},
		map[string]string{"at": clock(l, c.Main.At), "action": string(c.Main.Kind)})
}

// Refused is something that the person could do but for a reason.
type Refused struct {
	Name string
	Why  *review.Error
}

// EventAnswer is one entry of a case's history.
type EventAnswer struct {
	review.Event
	Hash      string `json:"hash" doc:"Link of the chain"`
	ActorName string `json:"actorName"`
	UnitName  string `json:"unitName,omitempty"`
	ForName   string `json:"forName,omitempty" doc:"Whose agent acted"`
}

// Events is a case's history.
type Events struct {
	Events []EventAnswer `json:"events" nullable:"false"`
}

func (s *Server) events(ctx context.Context, in *CaseID) (*reply[Events], error) {
	if !isCaseID(in.ID) {
		return nil, review.Refuse(review.NotFound)
	}
	if _, err := s.readCase(ctx, in.ID); err != nil {
		return nil, err
	}
	rows, err := s.db.Events(ctx, in.ID, requestOf(ctx).viewer())
	if err != nil {
		return nil, err
	}
	out := Events{Events: make([]EventAnswer, len(rows))}
	for i, r := range rows {
		out.Events[i] = EventAnswer{Event: r.Event, Hash: r.Hash, ActorName: r.ActorName, UnitName: r.UnitName, ForName: r.ForName}
	}
	return answer(out, nil)
}

type casesInput struct {
	Unit    string `query:"unit" maxLength:"64"`
	Route   string `query:"route" enum:"department,government"`
	Kind    string `query:"kind" enum:"new,existing"`
	Status  string `query:"status" maxLength:"40"`
	Outcome string `query:"outcome" enum:"keep,amend,repeal,withdrawn,outOfScope,lapsed"`
	Group   string `query:"group" enum:"reviewed,kept,amended,repealed,inProgress,withdrawn,outOfScope,lapsed" doc:"The list behind a number of /counts"`
	From    string `query:"from" maxLength:"10" doc:"YYYY-MM-DD"`
	To      string `query:"to" maxLength:"10" doc:"YYYY-MM-DD, inclusive"`
	AsOf    string `query:"asOf" maxLength:"40" doc:"As it was known then: a day (its end, UTC+8) or a date and time"`
	Q       string `query:"q" maxLength:"100" doc:"Words of the title, or a case number"`
	Cursor  string `query:"cursor" maxLength:"300"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// Cases is one page of a list.
type Cases struct {
	Cases []postgres.CaseRow `json:"cases" nullable:"false"`
	Next  string             `json:"next,omitempty" doc:"cursor of the next page"`
	Total int                `json:"total" doc:"Of the whole list"`
}

func (s *Server) cases(ctx context.Context, in *casesInput) (*reply[Cases], error) {
	f, err := in.filter(requestOf(ctx).viewer())
	if err != nil {
		return nil, err
	}
	page, err := s.db.Cases(ctx, f)
	return answer(Cases{Cases: orEmpty(page.Cases), Next: page.Next, Total: page.Total}, err)
}

func (in *casesInput) filter(v review.Viewer) (postgres.CaseFilter, error) {
	f := postgres.CaseFilter{Viewer: v, Unit: in.Unit, Route: in.Route, Kind: in.Kind, Status: in.Status, Outcome: in.Outcome, Query: in.Q,
		Group: in.Group, From: review.Date(in.From), To: review.Date(in.To), Cursor: in.Cursor, Limit: in.Limit}
	if in.Status != "" && !slices.Contains(review.Statuses(), review.Status(in.Status)) {
		return f, review.Refuse(review.Invalid, "field", "status")
	}
	if in.Group != "" { // a number has a period
		var err error
		if f.From, f.To, err = period(in.From, in.To); err != nil {
			return f, err
		}
	} else if err := validDays(f.From, f.To); err != nil {
		return f, err
	}
	var err error
	f.AsOf, err = instant(in.AsOf)
	return f, err
}

// Tasks is what waits for somebody.
type Tasks struct {
	Tasks   []TaskAnswer `json:"tasks" nullable:"false"`
	Notices []Notice     `json:"notices" nullable:"false" doc:"What an administrator should do beside the cases"`
}

// TaskAnswer is one case that waits for one's own hand.
type TaskAnswer struct {
	postgres.CaseRow
	What  review.Status `json:"what"`
	Role  review.Role   `json:"role"`
	Since time.Time     `json:"since"`

	Urgency review.Urgency `json:"urgency,omitempty" enum:"normal,soon,overdue" doc:"正常, 临期, 超期; none without a period"`
}

func (s *Server) tasks(ctx context.Context, _ *struct{}) (*reply[Tasks], error) {
	rows, err := s.taskRows(ctx)
	if err != nil {
		return nil, err
	}
	notices, err := s.notices(ctx)
	return answer(Tasks{orEmpty(rows), notices}, err)
}

func (s *Server) taskRows(ctx context.Context) ([]TaskAnswer, error) {
	rows, err := s.db.Tasks(ctx, requestOf(ctx).viewer(), desks(ctx))
	if err != nil {
		return nil, err
	}
	cal, err := s.db.Calendar(ctx)
	if err != nil {
		return nil, err
	}
	rules, err := s.db.Rules(ctx)
	out, now := make([]TaskAnswer, len(rows)), time.Now()
	for i, r := range rows {
		out[i] = TaskAnswer{CaseRow: r.CaseRow, What: r.What, Role: r.Role, Since: r.Since}
		if r.Due != nil {
			out[i].Urgency = nearness(cal, *r.Due, r.DueProvisional, now, rules.SoonDays)
		}
	}
	return out, err
}

type countsInput struct {
	From  string `query:"from" maxLength:"10" doc:"YYYY-MM-DD; the first day of the year when left out"`
	To    string `query:"to" maxLength:"10" doc:"YYYY-MM-DD, inclusive; the last day of the year when left out"`
	Unit  string `query:"unit" maxLength:"64" doc:"Needs signing in, as all that follow"`
	Route string `query:"route" enum:"department,government"`
	Kind  string `query:"kind" enum:"new,existing"`
	AsOf  string `query:"asOf" maxLength:"40" doc:"As it was known then: a day (its end, UTC+8) or a date and time"`
}

// Period is the days that numbers are about, both included.
type Period struct {
	From review.Date `json:"from"`
	To   review.Date `json:"to"`
	Zone string      `json:"zone"`
}

// Split is the roll-up of one kind of measure.
type Split struct {
	Reviewed int `json:"reviewed"`
	Kept     int `json:"kept"`
	Amended  int `json:"amended"`
	Repealed int `json:"repealed"`
}

// Counts are the numbers of a period. Kept, amended and repealed make up reviewed; the others are counted apart.
type Counts struct {
	Period     Period            `json:"period"`
	AsOf       *time.Time        `json:"asOf,omitempty"`
	Reviewed   int               `json:"reviewed"`
	Kept       int               `json:"kept"`
	Amended    int               `json:"amended"`
	Repealed   int               `json:"repealed" doc:"Existing measures repealed and new ones not to be issued"`
	NotIssued  int               `json:"notIssued" doc:"New measures not to be issued after a failed review; contained in repealed"`
	InProgress int               `json:"inProgress"`
	Withdrawn  int               `json:"withdrawn"`
	OutOfScope int               `json:"outOfScope"`
	Lapsed     int               `json:"lapsed"`
	New        Split             `json:"new"`
	Existing   Split             `json:"existing"`
	MadeUp     bool              `json:"madeUp" doc:"Demo data is among what was counted"`
	Links      map[string]string `json:"links" doc:"The list behind each number; lists show what the person signed in may read"`
}

func (s *Server) counts(ctx context.Context, in *countsInput) (*reply[Counts], error) {
	return answer(s.count(ctx, in))
}

// count answers the totals of a period to everyone, and anything narrower to who is signed in.
func (s *Server) count(ctx context.Context, in *countsInput) (Counts, error) {
	if requestOf(ctx).person == nil && (in.Unit != "" || in.Route != "" || in.Kind != "" || in.AsOf != "") {
		return Counts{}, review.Refuse(review.Unauthenticated)
	}
	from, to, err := period(in.From, in.To)
	if err != nil {
		return Counts{}, err
	}
	asOf, err := instant(in.AsOf)
	if err != nil {
		return Counts{}, err
	}
	n, err := s.db.Counts(ctx, postgres.CountFilter{From: from, To: to, Unit: in.Unit, Route: review.Route(in.Route), Kind: review.Kind(in.Kind), AsOf: asOf})
	if err != nil {
		return Counts{}, err
	}
	out := Counts{Period: Period{from, to, "UTC+8"}, AsOf: asOf, Reviewed: n.Reviewed, Kept: n.Kept, Amended: n.Amended, Repealed: n.Repealed,
		NotIssued: n.New.Repealed, InProgress: n.InProgress, Withdrawn: n.Withdrawn, OutOfScope: n.OutOfScope, Lapsed: n.Lapsed,
		New: split(n.New), Existing: split(n.Existing), MadeUp: n.MadeUp, Links: map[string]string{}}
	for group := range groups {
		q := url.Values{"group": {group}, "from": {string(from)}, "to": {string(to)}}
		for k, v := range map[string]string{"unit": in.Unit, "route": in.Route, "kind": in.Kind, "asOf": in.AsOf} {
			if v != "" {
				q.Set(k, v)
			}
		}
		out.Links[group] = apiPrefix + "/cases?" + q.Encode()
	}
	return out, nil
}

func split(s postgres.Split) Split {
	return Split{Reviewed: s.Kept + s.Amended + s.Repealed, Kept: s.Kept, Amended: s.Amended, Repealed: s.Repealed}
}

// period fills in what was left out: the year of the other day, or this year in China.
func period(from, to string) (review.Date, review.Date, error) {
	f, t := review.Date(from), review.Date(to)
	if err := validDays(f, t); err != nil {
		return "", "", err
	}
	year := orElse(orElse(from, to), string(today()))[:4]
	return review.Date(orElse(from, year+"-01-01")), review.Date(orElse(to, year+"-12-31")), nil
}

func validDays(from, to review.Date) error {
	switch {
	case from != "" && !from.Valid():
		return review.Refuse(review.Invalid, "field", "from")
	case to != "" && !to.Valid(), from != "" && to != "" && to < from:
		return review.Refuse(review.Invalid, "field", "to")
	}
	return nil
}

// instant reads a day, meaning its end in China, or a date and time.
func instant(s string) (*time.Time, error) {
	if s == "" {
		return nil, nil
	}
	if d := review.Date(s); d.Valid() {
		t := d.End()
		return &t, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || !review.DateOf(t).Valid() {
		return nil, review.Refuse(review.Invalid, "field", "asOf")
	}
	t = t.UTC()
	return &t, nil
}

func today() review.Date { return review.DateOf(time.Now()) }

// caseIDOf derives the case's id from the person and the key, so that a double click opens one case.
func caseIDOf(person, key string) string {
	sum := sha256.Sum256([]byte(person + "\x00" + key))
	id, _ := uuid.FromBytes(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8, RFC 9562
	return id.String()
}

func requestID(person, caseID, key string) string {
	return hexSum(person + "\x00" + caseID + "\x00" + key)
}

// digest is over what was understood, so that spacing and the order of fields do not make another request of it.
func digest(what, caseID string, body any) string {
	b, err := json.Marshal(body)
	if err != nil {
		return hexSum(what + "\x00" + caseID + "\x00" + strconv.Quote(err.Error())) // cannot be: it was decoded from JSON
	}
	return hexSum(what + "\x00" + caseID + "\x00" + string(b))
}

func hexSum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// isCaseID reports whether s is a UUID as it is written here: in one form only.
func isCaseID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}

func isHash(s string) bool {
	return len(s) == 64 && !strings.ContainsFunc(s, func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'f') })
}
