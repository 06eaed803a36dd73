package server

import (
	"context"
	"slices"
	"strconv"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// Before a panel: who could sit on it, who lets somebody sit in spite of an interest, and the draw. All of it is the
// regulator's own: to everybody else there is no such thing, and nothing of it is told to an expert.

// panelCase returns a case to an officer or approver of its regulator, in person; NotFound to everybody else.
func (s *Server) panelCase(ctx context.Context, id string) (review.Case, error) {
	c, err := s.readCase(ctx, id)
	if err != nil {
		return c, err
	}
	for _, m := range person(ctx).Memberships {
		if m.Unit == c.Regulator && (m.Role == review.Officer || m.Role == review.Approver) {
			return c, nil
		}
	}
	return c, review.Refuse(review.NotFound)
}

// beforePanel refuses what the machine would refuse an officer who calls a panel now, but for the second hand that it may
// still need.
func beforePanel(c review.Case, person string) error {
	err := review.Permit(c, review.Actor{Person: person, Unit: c.Regulator, Role: review.Officer}, review.FormPanel)
	if code := review.CodeOf(err); code == review.SecondNeeded || code == review.SameHand {
		return nil
	}
	return err
}

// bench is what conflicts with a case are looked for in.
type bench struct {
	c     review.Case
	units []review.Body // parties of the case
	text  string
	years int
	pools []string
	held  map[string]review.ExpertFacts // what accounts say
	pool  map[string][]postgres.PoolExpert
}

// bench reads the title and the present text of the case, the names of its parties, and all that the pools say of the people.
func (s *Server) bench(ctx context.Context, c review.Case, people []string) (*bench, error) {
	b := &bench{c: c, text: c.Measure.Title, pool: map[string][]postgres.PoolExpert{}}
	if c.Text.Hash != "" {
		body, err := s.db.Text(ctx, c.Text.Hash, requestOf(ctx).viewer())
		if err != nil {
			return nil, err
		}
		b.text += "\n" + body
	}
	parties := append([]string{c.Unit, c.Measure.Issuer}, c.With...)
	if c.Joint != nil {
		for _, seat := range c.Joint.Seats {
			parties = append(parties, seat.Unit)
		}
	}
	slices.Sort(parties)
	parties = slices.Compact(parties)
	names, err := s.db.Names(ctx, parties)
	if err != nil {
		return nil, err
	}
	for _, id := range parties {
		b.units = append(b.units, review.Body{Name: names[id], Units: []string{id}})
	}
	if b.years, err = s.db.ConflictYears(ctx); err != nil {
		return nil, err
	}
	if b.pools, err = s.db.PoolsOf(ctx, c.Regulator); err != nil {
		return nil, err
	}
	if len(people) == 0 {
		return b, nil
	}
	entries, err := s.db.Pool(ctx, postgres.PoolFilter{Regulators: b.pools, People: people})
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		b.pool[e.Person] = append(b.pool[e.Person], e)
	}
	b.held, err = s.db.MemberFacts(ctx, people)
	return b, err
}

// against is what stands between a person and the panel: conflicts, and that the pool does not hold them today.
func (b *bench) against(who string) []review.Interest {
	facts := b.held[who]
	facts.Person = who
	inPool, inTerm := false, false
	for _, e := range b.pool[who] {
		f := e.Facts()
		facts.Bodies = append(facts.Bodies, f.Bodies...)
		facts.Employers = append(facts.Employers, f.Employers...)
		facts.Works = append(facts.Works, f.Works...)
		facts.Declared = append(facts.Declared, f.Declared...)
		inPool = inPool || e.Active
		inTerm = inTerm || e.Active && e.InTerm(today())
	}
	out := review.Conflicts(b.c, facts.Resolve(b.units), review.Named(b.text, review.Names(facts)), today(), b.years)
	switch {
	case !inPool:
		out = append(out, review.Interest{Kind: review.InterestNoPool, Source: "pool"})
	case !inTerm:
		out = append(out, review.Interest{Kind: review.InterestTerm, Source: "pool"})
	}
	return out
}

// withField are the people whom a pool of the case's regulator holds for one of the fields, by id.
func (s *Server) withField(ctx context.Context, c review.Case, fields []string) ([]string, error) {
	pools, err := s.db.PoolsOf(ctx, c.Regulator)
	if err != nil {
		return nil, err
	}
	entries, err := s.db.Pool(ctx, postgres.PoolFilter{Regulators: pools, Fields: fields})
	if err != nil {
		return nil, err
	}
	var people []string
	for _, e := range entries {
		people = append(people, e.Person)
	}
	slices.Sort(people)
	return slices.Compact(people), nil
}

type panelCheckInput struct {
	CaseID
	Body struct {
		Fields []string `json:"fields,omitempty" nullable:"false" maxItems:"20" doc:"Experts of one of these; none: of any"`
	}
}

// PanelCheck says who could sit on a panel of the case. It changes nothing, and nobody is told.
type PanelCheck struct {
	Experts  []PanelCandidate `json:"experts" nullable:"false"`
	Eligible int              `json:"eligible"`
	Years    int              `json:"years" doc:"How long the past stands against an expert"`
}

// PanelCandidate is one expert and what stands against them.
type PanelCandidate struct {
	Person      string           `json:"person"`
	Name        string           `json:"name"`
	Institution string           `json:"institution"`
	Fields      []string         `json:"fields" nullable:"false"`
	Load        int              `json:"load"`
	Served      int              `json:"served"`
	Eligible    bool             `json:"eligible"`
	Reasons     []InterestAnswer `json:"reasons" nullable:"false"`
	Override    string           `json:"override,omitempty" doc:"The override that covers the reasons; it does not count with who recorded it"`
}

// InterestAnswer is an interest, also in words.
type InterestAnswer struct {
	review.Interest
	Words string `json:"words"`
}

func (s *Server) panelCheck(ctx context.Context, in *panelCheckInput) (*reply[PanelCheck], error) {
	c, err := s.panelCase(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	people, err := s.withField(ctx, c, in.Body.Fields)
	if err != nil {
		return nil, err
	}
	b, err := s.bench(ctx, c, people)
	if err != nil {
		return nil, err
	}
	overrides, err := s.db.Overrides(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	out := PanelCheck{Experts: []PanelCandidate{}, Years: b.years}
	for _, who := range people {
		e := b.pool[who][0]
		x := PanelCandidate{Person: who, Name: e.Name, Institution: e.Institution, Fields: e.Fields, Load: e.Load, Served: e.Served, Reasons: []InterestAnswer{}}
		against := b.against(who)
		for _, i := range against {
			x.Reasons = append(x.Reasons, InterestAnswer{i, saidInterest(requestOf(ctx).lang, i)})
		}
		if x.Eligible = len(against) == 0; x.Eligible {
			out.Eligible++
		} else if o, ok := covering(overrides, c.Round, who, against); ok {
			x.Override = o.ID
		}
		out.Experts = append(out.Experts, x)
	}
	return answer(out, nil)
}

// covering is the override that lets an expert sit in spite of these, and that none of the hands recorded.
func covering(all []postgres.Override, round int, who string, against []review.Interest, hands ...string) (postgres.Override, bool) {
	for _, o := range all {
		if o.Round == round && o.Expert == who && o.Covers(against, hands...) {
			return o, true
		}
	}
	return postgres.Override{}, false
}

type overrideInput struct {
	Keyed
	CaseID
	Body struct {
		Expert string `json:"expert" minLength:"1" maxLength:"64"`
		Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"Why the expert may sit all the same; it stands for good"`
	}
}

// overrideConflict is the act of a second officer: it covers what stands against the expert now, on this round's panel, when
// somebody else forms it. What is found later is not covered.
func (s *Server) overrideConflict(ctx context.Context, in *overrideInput) (*reply[PanelAnswer], error) {
	c, err := s.panelCase(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	me, who := person(ctx).ID, in.Body.Expert
	dig, id := digest("POST /cases/panel/override", in.ID, in.Body), caseIDOf("override\x00"+me, in.Key)
	against, refused := s.overridable(ctx, c, me, who) // before the transaction, which holds a connection; a repeat asks nothing of it
	_, err = s.db.Idempotent(ctx, me, in.Key, dig, func(tx *postgres.Tx) (any, error) {
		if refused != nil {
			return nil, refused
		}
		return id, tx.OverrideInterests(ctx, c.ID, postgres.Override{ID: id, Round: c.Round, Expert: who, Interests: against, Reason: in.Body.Reason, By: me})
	})
	if err != nil {
		return nil, err
	}
	return answer(s.panelOf(ctx, c))
}

// overridable is what stands against an expert and may be overridden by this officer now.
func (s *Server) overridable(ctx context.Context, c review.Case, me, who string) ([]review.Interest, error) {
	if err := beforePanel(c, me); err != nil {
		return nil, err
	}
	if who == me {
		return nil, review.Refuse(review.SameHand)
	}
	people, err := s.db.People(ctx, postgres.PeopleFilter{Role: review.Expert})
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(people, func(p postgres.Person) bool { return p.ID == who }) {
		return nil, review.Refuse(review.Invalid, "field", "expert")
	}
	b, err := s.bench(ctx, c, []string{who})
	if err != nil {
		return nil, err
	}
	against := b.against(who)
	if i := slices.IndexFunc(against, review.Interest.ForGood); i >= 0 {
		return nil, review.Refuse(review.ConflictForGood, "kind", against[i].Kind)
	}
	return against, nil
}

// PanelAnswer is what came before the panels of a case.
type PanelAnswer struct {
	Draws      []postgres.DrawRow   `json:"draws" nullable:"false" doc:"The newest first, also those asked for and not drawn; GET /draws/{id} is the record of one"`
	Overrides  []postgres.Override  `json:"overrides" nullable:"false"`
	Formations []postgres.Formation `json:"formations" nullable:"false" doc:"How each panel came about"`
}

func (s *Server) panelRecord(ctx context.Context, in *CaseID) (*reply[PanelAnswer], error) {
	c, err := s.panelCase(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answer(s.panelOf(ctx, c))
}

func (s *Server) panelOf(ctx context.Context, c review.Case) (PanelAnswer, error) {
	var out PanelAnswer
	var err error
	if out.Draws, err = s.db.PanelDraws(ctx, c.ID); err != nil {
		return out, err
	}
	if out.Overrides, err = s.db.Overrides(ctx, c.ID); err != nil {
		return out, err
	}
	out.Formations, err = s.db.Formations(ctx, c.ID)
	return out, err
}

type panelDrawInput struct {
	Keyed
	CaseID
	Body struct {
		Fields     []string `json:"fields,omitempty" nullable:"false" maxItems:"20" doc:"Experts of one of these; none: of any"`
		Take       int      `json:"take" minimum:"3" maximum:"15" doc:"How many experts: an odd number"`
		Alternates int      `json:"alternates" minimum:"2" maximum:"50" doc:"How many more, in order, to stand in: half as many or more"`
		Reason     string   `json:"reason,omitempty" maxLength:"1000" doc:"Why again, when the round has a draw; a second officer must agree"`
	}
}

// drawPanel fixes and hashes the list of who can be drawn: experts of the fields against whom nothing stands. The seed is a
// request of its own, POST /draws/{id}/seed, as for a spot check.
func (s *Server) drawPanel(ctx context.Context, in *panelDrawInput) (*drawOutput, error) {
	c, err := s.panelCase(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	p, id, b := person(ctx), drawIDOf(ctx, in.Key), in.Body
	eligible, refused := s.eligible(ctx, c, p.ID, b.Fields) // before the transaction, as above
	return s.drawWrite(ctx, 201, id, in.Key, digest("POST /cases/panel/draw", in.ID, b), func(tx *postgres.Tx) error {
		if refused != nil {
			return refused
		}
		return tx.RequestPanelDraw(ctx, postgres.PanelDrawRequest{ID: id, Person: p.ID, Regulator: c.Regulator, Case: c.ID, Round: c.Round,
			Fields: b.Fields, Take: b.Take, Alternates: b.Alternates, Eligible: eligible, Reason: b.Reason})
	})
}

// eligible are the experts of the fields against whom nothing stands. An override makes nobody eligible: it lets in whom an
// officer names.
func (s *Server) eligible(ctx context.Context, c review.Case, me string, fields []string) ([]string, error) {
	if err := beforePanel(c, me); err != nil {
		return nil, err
	}
	people, err := s.withField(ctx, c, fields)
	if err != nil {
		return nil, err
	}
	b, err := s.bench(ctx, c, people)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(people, func(who string) bool { return len(b.against(who)) > 0 }), nil
}

// seesDraw refuses a draw for a panel, as not found, to who may not see what came before the panels of its case.
func (s *Server) seesDraw(ctx context.Context, id string, regulators []string) error {
	caseID, err := s.db.CaseOfDraw(ctx, id, regulators)
	if err != nil || caseID == "" {
		return err
	}
	_, err = s.panelCase(ctx, caseID)
	return err
}

// panelFits refuses a panel with an expert whom no pool holds today or against whom something stands, unless a second
// officer recorded an override before, and one that is not as it was drawn. It writes down how the panel came about.
func (s *Server) panelFits(ctx context.Context, c review.Case, a review.Action, requestID string) error {
	if a.Kind != review.FormPanel || a.Panel == nil {
		return nil
	}
	draw, drawn, err := s.db.LastPanelDraw(ctx, c.ID, c.Round, c.Regulator)
	if err != nil {
		return err
	}
	b, err := s.bench(ctx, c, slices.Concat(a.Panel.Experts, draw.Drawn, draw.Alternates))
	if err != nil {
		return err
	}
	overrides, err := s.db.Overrides(ctx, c.ID)
	if err != nil {
		return err
	}
	f := postgres.Formation{Round: c.Round, How: postgres.FormedByHand, By: a.Actor.Person}
	barred := func(who string) (against []review.Interest, by string) {
		if against = b.against(who); len(against) == 0 {
			return nil, ""
		}
		if o, ok := covering(overrides, c.Round, who, against, a.Actor.Person, a.Actor.For); ok && !slices.ContainsFunc(against, review.Interest.ForGood) {
			return nil, o.ID
		}
		return against, ""
	}
	for i, who := range a.Panel.Experts {
		against, override := barred(who)
		if override != "" {
			f.Overrides = append(f.Overrides, override)
		}
		if len(against) > 0 {
			return refusePanelist(i, against)
		}
	}
	if drawn {
		f.How, f.Draw = postgres.FormedDrawn, draw.ID
		want := panelists(draw, func(who string) bool {
			against, _ := barred(who)
			return len(against) > 0 || left(c, who)
		})
		switch {
		case len(want) < draw.Take:
			return review.Refuse(review.PoolTooSmall, "lack", strconv.Itoa(draw.Take-len(want)), "have", strconv.Itoa(len(want)), "need", strconv.Itoa(draw.Take))
		case !slices.Equal(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(a.Panel.Experts))):
			return review.Refuse(review.PanelNotDrawn, "draw", draw.ID)
		}
	}
	return s.db.NoteFormation(ctx, requestID, c.ID, f)
}

// panelists are the first of a draw who are not out: the alternates stand in, in their order.
func panelists(r review.DrawRecord, out func(string) bool) []string {
	all := slices.DeleteFunc(slices.Concat(r.Drawn, r.Alternates), out)
	return all[:min(len(all), r.Take)]
}

// left reports whether the person declined, or withdrew from, an earlier panel of the case.
func left(c review.Case, who string) bool {
	m := c.Member(who)
	return m != nil && (m.Status == "declined" || m.Status == "recused")
}

// refusePanelist names the expert by their place and the kind of what stands against them; with what, the check says.
func refusePanelist(i int, against []review.Interest) error {
	kind := against[0].Kind
	if kind == review.InterestNoPool || kind == review.InterestTerm {
		return review.Refuse(review.NotInPool, "expert", review.Alias(i), "kind", kind)
	}
	return review.Refuse(review.ConflictOfInterest, "expert", review.Alias(i), "kind", kind)
}

// saidInterest says an interest in a sentence, for the regulator.
func saidInterest(l lang, i review.Interest) string {
	with := i.With
	if w, ok := sides[review.Side(with)]; ok && i.Kind == review.InterestRole {
		with = w.in(l)
	}
	said := interestKinds[i.Kind].in(l)
	if with != "" {
		said += words{"：", ": "}.in(l) + with
	}
	if w, ok := interestSources[i.Source]; ok {
		said += words{"（", " ("}.in(l) + w.in(l) + words{"）", ")"}.in(l)
	}
	return said
}

var interestKinds = map[string]words{
	review.InterestDeclared: {"本人申报的利益关系", "declared interest"}, review.InterestInstitution: {"现工作单位", "works there now"},
	review.InterestEmployer: {"曾在该单位工作", "worked there"}, review.InterestWork: {"曾受起草单位委托工作", "worked for the drafting unit"},
	review.InterestRole: {"在本案中已代表另一方", "acted for another side of the case"}, review.InterestRecused: {"已在本案回避", "withdrew from this case"},
	review.InterestNoPool: {"不在专家库，或者账号已停用", "not in the pool, or the account is closed"}, review.InterestTerm: {"不在聘期内", "out of term"},
}

var interestSources = map[string]words{
	"unit": {"起草单位", "drafting unit"}, "with": {"联合起草单位", "unit that drafts with it"}, "issuer": {"制定机关", "issuer"}, "seat": {"会审单位", "seat of the joint review"},
	"text": {"文稿中提到", "named in the text"}, "case": {"针对本案", "this case"},
}
