package server

import (
	"context"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// MailAnswer says whether mail is sent from here, and to whom and when to oneself.
type MailAnswer struct {
	postgres.MailSettings
	Sent bool `json:"sent" doc:"false: this site sends no mail"`
}

func (s *Server) mailSettings(ctx context.Context, _ *struct{}) (*reply[MailAnswer], error) {
	got, err := s.db.MailSettings(ctx, person(ctx).ID)
	return answer(MailAnswer{got, s.mail}, err)
}

type addressInput struct {
	Keyed
	Body struct {
		Address string `json:"address" maxLength:"254" doc:"Empty: no mail. A link is sent there; nothing else is before it was followed"`
	}
}

func (s *Server) setMailAddress(ctx context.Context, in *addressInput) (*struct{}, error) {
	return nil, s.db.SetMailAddress(ctx, person(ctx).ID, in.Body.Address)
}

type verifyInput struct {
	Keyed
	Body struct {
		Token string `json:"token" minLength:"1" maxLength:"100"`
	}
}

func (s *Server) verifyMail(ctx context.Context, in *verifyInput) (*struct{}, error) {
	return nil, s.db.VerifyMail(ctx, person(ctx).ID, in.Body.Token)
}

type choicesInput struct {
	Keyed
	Body struct {
		Choices map[review.NoticeKind]postgres.MailChoice `json:"choices" doc:"By kind of notice: now, digest or off; what is not named stays"`
	}
}

func (s *Server) setMailChoices(ctx context.Context, in *choicesInput) (*struct{}, error) {
	return nil, s.db.SetMailChoices(ctx, person(ctx).ID, in.Body.Choices)
}

// mailView is what the page of notices shows about mail.
type mailView struct {
	On      bool
	Verify  string // the token of a link that was followed
	Address string
	InUse   bool
	Kinds   []kindChoice
}

type kindChoice struct {
	Kind   review.NoticeKind
	Text   string
	Choice postgres.MailChoice
}

func (s *Server) mailOf(ctx context.Context, verify string) (mailView, error) {
	v := mailView{On: s.mail, Verify: verify}
	got, err := s.db.MailSettings(ctx, person(ctx).ID)
	if err != nil || !s.mail {
		return v, err
	}
	v.Address, v.InUse = got.Address, got.Verified
	for _, k := range review.NoticeKinds() {
		v.Kinds = append(v.Kinds, kindChoice{k, noticeText(requestOf(ctx).lang, k), got.Choices[k]})
	}
	return v, nil
}

func (s *Server) mailAddressForm(c *fiber.Ctx) error {
	if err := s.db.SetMailAddress(c.UserContext(), person(c.UserContext()).ID, strings.TrimSpace(c.FormValue("address"))); err != nil {
		return err
	}
	return c.Redirect("/notifications#mail", fiber.StatusSeeOther)
}

func (s *Server) verifyMailForm(c *fiber.Ctx) error {
	if err := s.db.VerifyMail(c.UserContext(), person(c.UserContext()).ID, c.FormValue("token")); err != nil {
		return err
	}
	return c.Redirect("/notifications#mail", fiber.StatusSeeOther)
}

func (s *Server) mailChoicesForm(c *fiber.Ctx) error {
	choices := map[review.NoticeKind]postgres.MailChoice{}
	for name, value := range c.Request().PostArgs().All() {
		if k := review.NoticeKind(name); slices.Contains(review.NoticeKinds(), k) {
			choices[k] = postgres.MailChoice(value)
		}
	}
	if err := s.db.SetMailChoices(c.UserContext(), person(c.UserContext()).ID, choices); err != nil {
		return err
	}
	return c.Redirect("/notifications#mail", fiber.StatusSeeOther)
}
