package server

import (
	"context"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// What the three administrators do to accounts. Each has their own part; the routes say whose it is.

type accountInput struct {
	Body struct {
		Login string `json:"login" minLength:"1" maxLength:"64" doc:"Letters, digits, dots, hyphens and underscores; the account's id as well"`
		Name  string `json:"name" minLength:"1" maxLength:"100"`
	}
}

// OneTimeLink is a link by which a person sets their own password.
type OneTimeLink struct {
	Person string `json:"person"`
	Link   string `json:"link" doc:"Path on this site; opens once, within 24 hours. Hand it over yourself: it is shown this once"`
}

// makeAccount opens an account: nobody knows its password but who follows the link.
func (s *Server) makeAccount(ctx context.Context, in *accountInput) (*reply[OneTimeLink], error) {
	me, from := person(ctx).ID, requestOf(ctx).from
	if err := s.db.MakeAccount(ctx, me, in.Body.Login, in.Body.Name, from); err != nil {
		return nil, err
	}
	return s.linkFor(ctx, in.Body.Login)
}

func (s *Server) makeLink(ctx context.Context, in *ByID) (*reply[OneTimeLink], error) {
	return s.linkFor(ctx, in.ID)
}

func (s *Server) linkFor(ctx context.Context, who string) (*reply[OneTimeLink], error) {
	token, err := s.db.MakeLink(ctx, person(ctx).ID, who, requestOf(ctx).from)
	return answer(OneTimeLink{Person: who, Link: "/link?t=" + token}, err)
}

type activeInput struct {
	ByID
	Body struct {
		Active bool `json:"active"`
	}
}

func (s *Server) setActive(ctx context.Context, in *activeInput) (*struct{}, error) {
	return nil, s.db.SetActive(ctx, person(ctx).ID, in.ID, in.Body.Active, requestOf(ctx).from)
}

type roleInput struct {
	ByID
	Body struct {
		Unit string `json:"unit" minLength:"1" maxLength:"64"`
		Role string `json:"role" minLength:"1" maxLength:"30"`
		Post string `json:"post,omitempty" maxLength:"100"`
	}
}

func (in *roleInput) membership() postgres.Membership {
	return postgres.Membership{Unit: in.Body.Unit, Role: review.Role(in.Body.Role), Post: in.Body.Post}
}

// giveRole is the security administrator's. The system administrator appoints the first security and audit administrator,
// and no other once there is one.
func (s *Server) giveRole(ctx context.Context, in *roleInput) (*struct{}, error) {
	me, m := person(ctx), in.membership()
	if !me.Has(review.SecurityAdmin) {
		if m.Role != review.SecurityAdmin && m.Role != review.AuditAdmin {
			return nil, review.Refuse(review.Forbidden)
		}
		if vacant, err := s.db.Vacant(ctx, m.Role); err != nil || !vacant {
			return nil, errorOr(err, review.Refuse(review.Forbidden))
		}
	}
	return nil, s.db.GiveRole(ctx, me.ID, in.ID, m, requestOf(ctx).from)
}

func errorOr(err error, refusal *review.Error) error {
	if err != nil {
		return err
	}
	return refusal
}

func (s *Server) takeRole(ctx context.Context, in *roleInput) (*struct{}, error) {
	return nil, s.db.TakeRole(ctx, person(ctx).ID, in.ID, in.membership(), requestOf(ctx).from)
}

func (s *Server) sessionsOf(ctx context.Context, in *ByID) (*reply[Sessions], error) {
	list, err := s.db.Sessions(ctx, in.ID, "")
	return answer(Sessions{list}, err)
}

func (s *Server) endSessionsOf(ctx context.Context, in *ByID) (*reply[Ended], error) {
	n, err := s.db.EndOtherSessions(ctx, person(ctx).ID, in.ID, "", requestOf(ctx).from)
	return answer(Ended{n}, err)
}

func (s *Server) tokensOf(ctx context.Context, in *ByID) (*reply[Tokens], error) {
	list, err := s.db.Tokens(ctx, in.ID)
	return answer(Tokens{list}, err)
}

func (s *Server) revokeTokenOf(ctx context.Context, in *ByID) (*struct{}, error) {
	return nil, s.db.RevokeToken(ctx, person(ctx).ID, "", in.ID, requestOf(ctx).from)
}

func (s *Server) takeSecondFactor(ctx context.Context, in *ByID) (*struct{}, error) {
	return nil, s.db.TakeFactor(ctx, person(ctx).ID, in.ID, requestOf(ctx).from)
}

type logInput struct {
	Before int64 `query:"before" minimum:"0" doc:"Only events before this number"`
	Limit  int   `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// SecurityLog is a part of the log.
type SecurityLog struct {
	Events []postgres.SecurityEvent `json:"events" nullable:"false"`
}

func (s *Server) securityEvents(ctx context.Context, in *logInput) (*reply[SecurityLog], error) {
	list, err := s.db.SecurityEvents(ctx, in.Before, in.Limit)
	return answer(SecurityLog{list}, err)
}

// noteRefusal writes into the log that somebody was refused, by the minute. That it could not be written is no reason to
// answer otherwise.
func (s *Server) noteRefusal(ctx context.Context, what string) {
	q := requestOf(ctx)
	if err := s.db.Count(ctx, postgres.SecurityEvent{Kind: postgres.EventRefused, Person: q.person.ID, Address: q.from, What: what}); err != nil {
		q.log.Error("note a refusal", "error", err)
	}
}
