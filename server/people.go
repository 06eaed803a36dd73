package server

import (
	"context"
	"slices"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// Agents: who acts for whom.

// Agents lists agents.
type Agents struct {
	Agents []postgres.Agent `json:"agents" nullable:"false" doc:"Those who act today or later"`
}

// headOf are the units that the person heads: a unit head, or the approver of a regulator.
func headOf(p postgres.Person) []string {
	var out []string
	for _, m := range p.Memberships {
		if (m.Role == review.UnitHead || m.Role == review.Approver) && !slices.Contains(out, m.Unit) {
			out = append(out, m.Unit)
		}
	}
	return out
}

func (s *Server) agents(ctx context.Context, _ *struct{}) (*reply[Agents], error) {
	list, err := s.db.Agents(ctx, person(ctx).ID, headOf(person(ctx)))
	return answer(Agents{list}, err)
}

type agentInput struct {
	Keyed
	Body struct {
		Principal string      `json:"principal,omitempty" maxLength:"64" doc:"For whom; oneself when left out. For another only the unit's head says so"`
		Agent     string      `json:"agent" minLength:"1" maxLength:"64"`
		Unit      string      `json:"unit" minLength:"1" maxLength:"64"`
		Role      string      `json:"role" enum:"handler,review_body,unit_head,officer,checker,approver" doc:"Of the principal, in the unit; nobody stands in for an expert"`
		From      review.Date `json:"from" minLength:"10" maxLength:"10" doc:"YYYY-MM-DD, today or later"`
		To        review.Date `json:"to" minLength:"10" maxLength:"10" doc:"Last day; at most 90 days in all"`
		Reason    string      `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// makeAgent is the principal's, or the unit head's. A head does not make themselves the agent of another: they would lend
// themselves a second hand.
func (s *Server) makeAgent(ctx context.Context, in *agentInput) (*reply[postgres.Agent], error) {
	me, b := person(ctx), in.Body
	a := postgres.Agent{Principal: orElse(b.Principal, me.ID), Agent: b.Agent, Unit: b.Unit, Role: review.Role(b.Role), First: b.From, Last: b.To, Reason: b.Reason}
	if a.Principal != me.ID && (!slices.Contains(headOf(me), a.Unit) || a.Agent == me.ID) {
		return nil, review.Refuse(review.Forbidden)
	}
	made, err := s.db.MakeAgent(ctx, me.ID, a, requestOf(ctx).from)
	return answer(made, err)
}

// endAgent is the principal's, the agent's, or the unit head's. To others there is no such agent.
func (s *Server) endAgent(ctx context.Context, in *ByID) (*struct{}, error) {
	me := person(ctx)
	a, err := s.db.Agent(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if a.Principal != me.ID && a.Agent != me.ID && !slices.Contains(headOf(me), a.Unit) {
		return nil, review.Refuse(review.NotFound)
	}
	return nil, s.db.EndAgent(ctx, me.ID, in.ID, requestOf(ctx).from)
}

// Units: the system administrator's.

// UnitData is what a unit is.
type UnitData struct {
	Name      string `json:"name" minLength:"1" maxLength:"200"`
	NameEN    string `json:"nameEN,omitempty" maxLength:"200"`
	Kind      string `json:"kind" enum:"government,department,regulator,party,congress,enterprise,pool"`
	Parent    string `json:"parent,omitempty" maxLength:"64" doc:"Unit above"`
	Regulator string `json:"regulator,omitempty" maxLength:"64" doc:"Market regulator of the level; a regulator is its own"`
}

func (b UnitData) unit(id string) postgres.Unit {
	u := postgres.Unit{ID: id, Name: b.Name, NameEN: b.NameEN, Kind: b.Kind, Parent: b.Parent, Regulator: b.Regulator, Active: true}
	if u.Kind == "regulator" && u.Regulator == "" {
		u.Regulator = id
	}
	return u
}

type makeUnitInput struct {
	Body struct {
		ID string `json:"id" minLength:"1" maxLength:"64" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]*$"`
		UnitData
	}
}

func (s *Server) makeUnit(ctx context.Context, in *makeUnitInput) (*reply[postgres.Unit], error) {
	if err := s.db.MakeUnit(ctx, person(ctx).ID, in.Body.unit(in.Body.ID), requestOf(ctx).from); err != nil {
		return nil, err
	}
	return answer(s.db.Unit(ctx, in.Body.ID))
}

type changeUnitInput struct {
	ByID
	Body UnitData
}

// changeUnit says anew what a unit is: its name, its kind, where it belongs and who regulates it.
func (s *Server) changeUnit(ctx context.Context, in *changeUnitInput) (*reply[postgres.Unit], error) {
	if err := s.db.ChangeUnit(ctx, person(ctx).ID, in.Body.unit(in.ID), requestOf(ctx).from); err != nil {
		return nil, err
	}
	return answer(s.db.Unit(ctx, in.ID))
}

type mergeUnitInput struct {
	ByID
	Body struct {
		Into string `json:"into" minLength:"1" maxLength:"64"`
	}
}

func (s *Server) mergeUnit(ctx context.Context, in *mergeUnitInput) (*reply[postgres.Unit], error) {
	if err := s.db.MergeUnits(ctx, person(ctx).ID, in.ID, in.Body.Into, requestOf(ctx).from); err != nil {
		return nil, err
	}
	return answer(s.db.Unit(ctx, in.ID))
}

// Posts with their days: the security administrator gives and ends them, as any role.

// Posts lists a person's posts.
type Posts struct {
	Posts []postgres.Post `json:"posts" nullable:"false" doc:"Past and to come as well, the newest first"`
}

func (s *Server) postsOf(ctx context.Context, in *ByID) (*reply[Posts], error) {
	list, err := s.db.Posts(ctx, in.ID)
	return answer(Posts{list}, err)
}

type postInput struct {
	ByID
	Body struct {
		Unit string      `json:"unit" minLength:"1" maxLength:"64"`
		Role string      `json:"role" minLength:"1" maxLength:"30"`
		Post string      `json:"post,omitempty" maxLength:"100"`
		From review.Date `json:"from" minLength:"10" maxLength:"10" doc:"First day, today or later"`
		To   review.Date `json:"to,omitempty" maxLength:"10" doc:"The first day on which it is over"`
	}
}

func (s *Server) givePost(ctx context.Context, in *postInput) (*struct{}, error) {
	b := in.Body
	p := postgres.Post{Membership: postgres.Membership{Unit: b.Unit, Role: review.Role(b.Role), Post: b.Post}, From: b.From, To: b.To}
	return nil, s.db.GivePost(ctx, person(ctx).ID, in.ID, p, requestOf(ctx).from)
}

type endPostInput struct {
	ByID
	Body struct {
		Unit string      `json:"unit" minLength:"1" maxLength:"64"`
		Role string      `json:"role" minLength:"1" maxLength:"30"`
		To   review.Date `json:"to" minLength:"10" maxLength:"10" doc:"The first day on which it is over, today or later"`
	}
}

func (s *Server) endPost(ctx context.Context, in *endPostInput) (*struct{}, error) {
	p := postgres.Post{Membership: postgres.Membership{Unit: in.Body.Unit, Role: review.Role(in.Body.Role)}, To: in.Body.To}
	return nil, s.db.EndPost(ctx, person(ctx).ID, in.ID, p, requestOf(ctx).from)
}

// Hand-over.

// HangingOn lists what hangs on an account.
type HangingOn struct {
	Hanging []postgres.Hanging `json:"hanging" nullable:"false"`
}

func (s *Server) hanging(ctx context.Context, in *ByID) (*reply[HangingOn], error) {
	list, err := s.db.Hangs(ctx, in.ID)
	return answer(HangingOn{list}, err)
}

type closeInput struct {
	ByID
	Body struct {
		Homes []postgres.Home `json:"homes,omitempty" nullable:"false" maxItems:"200" doc:"Who takes over each thing that hangs on the account"`
	}
}

func (s *Server) closeAccount(ctx context.Context, in *closeInput) (*struct{}, error) {
	return nil, s.db.CloseAccount(ctx, person(ctx).ID, in.ID, in.Body.Homes, requestOf(ctx).from)
}
