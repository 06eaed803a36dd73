package server

import (
	"context"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// ScopeAnswers is what a case is opened by: the questions of scope, and the ways of issuing with the route each leads to.
type ScopeAnswers struct {
	Version   string                 `json:"version"`
	Questions []review.ScopeQuestion `json:"questions" nullable:"false" doc:"The first one first; the answers are handed in with start_review or mark_out_of_scope"`
	Grounds   []Worded               `json:"grounds" nullable:"false" doc:"Grounds on which a measure is out of scope"`
	Ways      []Way                  `json:"issueBy" nullable:"false" doc:"Ways of issuing"`
}

// Worded is an id in words.
type Worded struct {
	ID string `json:"id"`
	Zh string `json:"zh"`
	En string `json:"en"`
}

// Way is a way of issuing and where it leads an issuer of the usual kind.
type Way struct {
	Worded
	review.Routing
	WhyZh string `json:"whyZh"`
	WhyEn string `json:"whyEn"`
}

func (s *Server) scope(context.Context, *struct{}) (*reply[ScopeAnswers], error) {
	out := ScopeAnswers{Version: review.ScopeVersion, Questions: review.ScopeTree()}
	for _, g := range scopeGroundsInOrder {
		out.Grounds = append(out.Grounds, Worded{g, scopeGrounds[g].zh, scopeGrounds[g].en})
	}
	for _, by := range review.WaysOfIssuing() {
		r, err := review.RouteFor(by, review.IssuerGovernment, "")
		if err != nil {
			return nil, err
		}
		why := routeWhys[r.Why]
		out.Ways = append(out.Ways, Way{Worded{string(by), issueWays[by].zh, issueWays[by].en}, r, why.zh, why.en})
	}
	return answer(out, nil)
}

// issueBy is a way of issuing; its schema lists them all.
type issueBy string

// Schema lists the ways of issuing.
func (issueBy) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, by := range review.WaysOfIssuing() {
		s.Enum = append(s.Enum, string(by))
	}
	return s
}

type routingInput struct {
	IssueBy issueBy `query:"issueBy" doc:"How it will be issued, see GET /scope; left out: the usual way of the issuer"`
	Issuer  string  `query:"issuer" required:"true" minLength:"1" maxLength:"64" doc:"Unit that will issue it, or issued it"`
	Nature  string  `query:"nature" maxLength:"64" pattern:"^[a-z_]*$" doc:"As when a case is opened"`
}

// RoutingAnswer says where a way of issuing leads and why, in the reader's language.
type RoutingAnswer struct {
	IssueBy string       `json:"issueBy"`
	Name    string       `json:"name" doc:"The way of issuing in words"`
	Route   review.Route `json:"route"`
	Article string       `json:"article"`
	Why     string       `json:"why" doc:"Why this route, in words"`
	WhyKey  string       `json:"whyKey"`
	Lead    bool         `json:"lead" doc:"Several units may take part, and the one that leads reviews"`
	Odd     bool         `json:"odd" doc:"Such an issuer does not usually issue in this way: opening a case like this needs routeReason"`
}

// routing says which route a case would take, before it is opened.
func (s *Server) routing(ctx context.Context, in *routingInput) (*reply[RoutingAnswer], error) {
	issuer, err := s.usableUnit(ctx, in.Issuer, "issuer")
	if err != nil {
		return nil, err
	}
	kind := review.IssuerKindOf(issuer.Kind)
	by := review.IssueBy(orElse(string(in.IssueBy), string(review.IssueByOf(kind, in.Nature, false))))
	r, err := review.RouteFor(by, kind, in.Nature)
	if err != nil {
		return nil, err
	}
	l := requestOf(ctx).lang
	return answer(RoutingAnswer{IssueBy: string(by), Name: issueWays[by].in(l), Route: r.Route, Article: r.Article, Why: routeWhys[r.Why].in(l), WhyKey: r.Why,
		Lead: r.Lead, Odd: !by.Fits(kind)}, nil)
}

// decideRoute fills in how the measure is issued and the route that follows. Another route, or an issuer that does not
// issue in this way, looks wrong: RouteOdd, unless the request says why (条例 13, 14).
func (s *Server) decideRoute(ctx context.Context, in *openInput, issuer postgres.Unit, o *review.Opening) error {
	b, kind := in.Body, review.IssuerKindOf(issuer.Kind)
	by := review.IssueBy(orElse(string(b.IssueBy), string(review.IssueByOf(kind, o.Measure.Nature, len(b.With) > 0))))
	derived, err := review.RouteFor(by, kind, o.Measure.Nature)
	if err != nil {
		return err
	}
	o.IssueBy, o.RouteDerived, o.RouteReason = string(by), derived.Route, strings.TrimSpace(b.RouteReason)
	o.Route, o.RouteArticle = derived.Route, derived.Article
	if chosen := review.Route(b.Route); chosen != "" && review.OddRoute(chosen, derived) {
		o.Route, o.RouteArticle = chosen, review.ArticleOf(chosen)
	}
	if odd := o.Route != derived.Route || !by.Fits(kind); odd && o.RouteReason == "" {
		return review.Refuse(review.RouteOdd, "route", string(derived.Route), "article", derived.Article)
	}
	switch {
	case by == review.ByDepartments && len(b.With) == 0:
		return review.Refuse(review.Missing, "field", "with")
	case !derived.Lead && len(b.With) > 0: // nobody else takes part where there is nobody to lead
		return review.Refuse(review.Invalid, "field", "with")
	}
	o.With, err = s.jointUnits(ctx, b.With, o.Unit)
	return err
}

// jointUnits checks the units that issue with the lead: usable, each named once, none of them the lead.
func (s *Server) jointUnits(ctx context.Context, with []string, lead string) ([]string, error) {
	for i, id := range with {
		if id == lead || slices.Contains(with[:i], id) {
			return nil, review.Refuse(review.Invalid, "field", "with")
		}
		if _, err := s.usableUnit(ctx, id, "with"); err != nil {
			return nil, err
		}
	}
	return with, nil
}

// extendable checks that the case named carries an exception in force that the person may read (办法 25): an extension is
// concluded before the end, so one that is over cannot be carried on.
func (s *Server) extendable(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	c, err := s.readCase(ctx, id)
	if review.CodeOf(err) == review.NotFound || err == nil && c.Status != review.IssuedException && c.Status != review.KeptException {
		return review.Refuse(review.Invalid, "field", "extends")
	}
	return err
}

// opener returns the membership as which the person opens the case: a handler of the drafting unit, or, for a measure that was
// issued without review, an officer of the regulator that found it (补做审查).
func opener(p postgres.Person, unit postgres.Unit, unreviewed bool) (postgres.Membership, bool) {
	for _, m := range p.Memberships {
		if m.Role == review.Handler && m.Unit == unit.ID {
			return m, true
		}
	}
	for _, m := range p.Memberships {
		if unreviewed && m.Role == review.Officer && m.Unit == unit.Regulator {
			return m, true
		}
	}
	return postgres.Membership{}, false
}
