package server

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// One's own account, as an API.

// Sessions lists sessions.
type Sessions struct {
	Sessions []postgres.Session `json:"sessions" nullable:"false"`
}

// Ended says how many were ended.
type Ended struct {
	Ended int `json:"ended"`
}

// ByID names a person, a session or a token in the address.
type ByID struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) ownSessions(ctx context.Context, _ *struct{}) (*reply[Sessions], error) {
	list, err := s.db.Sessions(ctx, person(ctx).ID, requestOf(ctx).session)
	return answer(Sessions{list}, err)
}

func (s *Server) endOtherSessions(ctx context.Context, _ *struct{}) (*reply[Ended], error) {
	q, me := requestOf(ctx), person(ctx).ID
	n, err := s.db.EndOtherSessions(ctx, me, me, q.session, q.from)
	return answer(Ended{n}, err)
}

func (s *Server) endSession(ctx context.Context, in *ByID) (*struct{}, error) {
	me := person(ctx).ID
	return nil, s.db.EndSession(ctx, me, me, in.ID, requestOf(ctx).from)
}

type passwordInput struct {
	Body struct {
		Old string `json:"old" minLength:"1" maxLength:"1000" doc:"The present password"`
		New string `json:"new" minLength:"1" maxLength:"1000" doc:"12 to 128 characters of whatever kind"`
	}
}

// changePassword ends the other sessions; this one stays.
func (s *Server) changePassword(ctx context.Context, in *passwordInput) (*struct{}, error) {
	q := requestOf(ctx)
	return nil, s.db.ChangePassword(ctx, person(ctx).ID, q.session, in.Body.Old, in.Body.New, q.from)
}

func (s *Server) secondFactor(ctx context.Context, _ *struct{}) (*reply[postgres.Factor], error) {
	f, err := s.db.Factor(ctx, person(ctx).ID)
	return answer(f, err)
}

type proofInput struct {
	Body struct {
		Password string `json:"password" minLength:"1" maxLength:"1000" doc:"The present password"`
	}
}

func (s *Server) beginSecondFactor(ctx context.Context, in *proofInput) (*reply[postgres.Enrolment], error) {
	e, err := s.db.BeginFactor(ctx, person(ctx).ID, in.Body.Password, requestOf(ctx).from)
	return answer(e, err)
}

// Recovery are the codes for the day on which the phone is lost, shown once.
type Recovery struct {
	Codes []string `json:"codes" nullable:"false" doc:"Each opens once; shown this once"`
}

func (s *Server) confirmSecondFactor(ctx context.Context, in *secondStepInput) (*reply[Recovery], error) {
	q := requestOf(ctx)
	codes, err := s.db.ConfirmFactor(ctx, person(ctx).ID, q.session, in.Body.Code, q.from)
	return answer(Recovery{orEmpty(codes)}, err)
}

type dropInput struct {
	Body struct {
		Password string `json:"password" minLength:"1" maxLength:"1000" doc:"The present password"`
		Code     string `json:"code" minLength:"1" maxLength:"100" doc:"Six digits of the authenticator, or a recovery code"`
	}
}

func (s *Server) dropSecondFactor(ctx context.Context, in *dropInput) (*struct{}, error) {
	return nil, s.db.DropFactor(ctx, person(ctx).ID, in.Body.Password, in.Body.Code, requestOf(ctx).from)
}

// Tokens lists API tokens.
type Tokens struct {
	Tokens []postgres.Token `json:"tokens" nullable:"false"`
}

func (s *Server) tokens(ctx context.Context, _ *struct{}) (*reply[Tokens], error) {
	list, err := s.db.Tokens(ctx, person(ctx).ID)
	return answer(Tokens{list}, err)
}

type tokenInput struct {
	Keyed
	Body struct {
		Label  string           `json:"label" minLength:"1" maxLength:"100" doc:"What it is for"`
		Unit   string           `json:"unit,omitempty" maxLength:"64" doc:"Only with the memberships in this unit; all when left out"`
		Scopes []postgres.Scope `json:"scopes" enum:"read,act,admin" minItems:"1" maxItems:"3" doc:"What it may be used for; none implies another"`
		Days   int              `json:"days" minimum:"1" maximum:"366" doc:"How long it opens"`
	}
}

// NewToken is a token that was just made.
type NewToken struct {
	postgres.Token
	Secret string `json:"secret,omitempty" doc:"Send as Authorization: Bearer. Shown this once; missing when the same request is repeated"`
}

// createToken makes a token once per key. Its secret is in the first answer only: it is stored nowhere, so a repeat has
// nothing to show, and the token is then revoked and made anew.
func (s *Server) createToken(ctx context.Context, in *tokenInput) (*reply[NewToken], error) {
	me, q, b := person(ctx).ID, requestOf(ctx), in.Body
	var secret string
	stored, err := s.db.Idempotent(ctx, me, in.Key, digest("POST /tokens", "", b), func(tx *postgres.Tx) (any, error) {
		var t postgres.Token
		var err error
		t, secret, err = tx.IssueToken(ctx, postgres.NewToken{Person: me, Label: b.Label, Unit: b.Unit, Scopes: b.Scopes, Life: days(b.Days)}, q.from)
		return t, err
	})
	var out NewToken
	if err == nil {
		err = json.Unmarshal(stored, &out.Token)
	}
	out.Secret = secret
	return answer(out, err)
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

func (s *Server) revokeToken(ctx context.Context, in *ByID) (*struct{}, error) {
	me := person(ctx).ID
	return nil, s.db.RevokeToken(ctx, me, me, in.ID, requestOf(ctx).from)
}

// The page of one's own account: all of the above, without script. What is shown once is in the answer to the form.

// accountView is the page of one's own account.
type accountView struct {
	frame
	Enrol    bool // nothing else until a second factor is set up
	Required bool // a role asks for one
	Factor   postgres.Factor
	Begun    *postgres.Enrolment
	Recovery []string
	Sessions []postgres.Session
	Tokens   []postgres.Token
	Scopes   []postgres.Scope
	Secret   string // of the token just made
	Done     string // what was just done
	Problem  *Problem
	Place    string // the part of the page that the problem belongs to
}

// ScopeWord names what a token may be used for.
func (v *accountView) ScopeWord(scope any) string {
	switch s, _ := scope.(postgres.Scope); s {
	case postgres.ScopeRead:
		return v.T("查看", "read")
	case postgres.ScopeAct:
		return v.T("办理", "act")
	case postgres.ScopeAdmin:
		return v.T("管理", "administer")
	}
	return ""
}

// Allowed are the words for a token's scopes.
func (v *accountView) Allowed(t postgres.Token) string {
	if len(t.Scopes) == 0 {
		return v.T("全部", "everything")
	}
	out := ""
	for i, s := range t.Scopes {
		if i > 0 {
			out += v.T("、", ", ")
		}
		out += v.ScopeWord(postgres.Scope(s))
	}
	return out
}

// Units are the units that the person is in, each once.
func (v *accountView) Units() []postgres.Membership {
	var out []postgres.Membership
	for _, m := range v.Person.Memberships {
		if !slices.ContainsFunc(out, func(o postgres.Membership) bool { return o.Unit == m.Unit }) {
			out = append(out, m)
		}
	}
	return out
}

// Same reports whether the problem belongs to this part of the page.
func (v *accountView) Same(place string) *Problem {
	if v.Place == place {
		return v.Problem
	}
	return nil
}

func (s *Server) accountPage(c *fiber.Ctx) error {
	v := &accountView{}
	if done := c.Query("done"); slices.Contains([]string{"password", "session", "sessions", "factor", "revoked"}, done) {
		v.Done = done
	}
	return s.showAccount(c, v)
}

func (s *Server) showAccount(c *fiber.Ctx, v *accountView) error {
	ctx := c.UserContext()
	q, me := requestOf(ctx), person(ctx)
	v.Enrol, v.Scopes = q.enrol && v.Recovery == nil, postgres.Scopes()
	demo, err := s.demo(ctx)
	if err != nil {
		return err
	}
	v.Required = me.Administers() && !demo
	if v.Factor, err = s.db.Factor(ctx, me.ID); err != nil {
		return err
	}
	if v.Sessions, err = s.db.Sessions(ctx, me.ID, q.session); err != nil {
		return err
	}
	if v.Tokens, err = s.db.Tokens(ctx, me.ID); err != nil {
		return err
	}
	return s.show(c, "account", v)
}

// did goes back to the page after a form was done, and shows what was refused beside the form that asked for it.
func (s *Server) did(c *fiber.Ctx, place, done string, err error) error {
	if err == nil {
		return c.Redirect("/account?done="+url.QueryEscape(done)+"#"+place, fiber.StatusSeeOther)
	}
	p, err := s.refused(c, err)
	if err != nil {
		return err
	}
	return s.showAccount(c, &accountView{Problem: p, Place: place})
}

func (s *Server) passwordForm(c *fiber.Ctx) error {
	ctx := c.UserContext()
	q, next := requestOf(ctx), c.FormValue("new")
	err := twice(next, c.FormValue("again"))
	if err == nil {
		err = s.db.ChangePassword(ctx, person(ctx).ID, q.session, bounded(c.FormValue("old")), next, q.from)
	}
	return s.did(c, "password", "password", err)
}

// twice makes sure that a password that nobody can see was typed as it was meant.
func twice(password, again string) error {
	if password != again {
		return review.Refuse(codeAgain)
	}
	return nil
}

// bounded is what a form may bring as a password or a code; more than that is none.
func bounded(s string) string {
	if len(s) > 1000 || !review.CleanString(s) {
		return ""
	}
	return s
}

func (s *Server) endSessionForm(c *fiber.Ctx) error {
	ctx := c.UserContext()
	q, me := requestOf(ctx), person(ctx).ID
	if id := c.FormValue("id"); id != "" {
		return s.did(c, "sessions", "session", s.db.EndSession(ctx, me, me, id, q.from))
	}
	_, err := s.db.EndOtherSessions(ctx, me, me, q.session, q.from)
	return s.did(c, "sessions", "sessions", err)
}

func (s *Server) beginFactorForm(c *fiber.Ctx) error {
	ctx := c.UserContext()
	e, err := s.db.BeginFactor(ctx, person(ctx).ID, bounded(c.FormValue("password")), requestOf(ctx).from)
	if err != nil {
		return s.did(c, "factor", "", err)
	}
	return s.showAccount(c, &accountView{Begun: &e})
}

func (s *Server) confirmFactorForm(c *fiber.Ctx) error {
	ctx := c.UserContext()
	q, me := requestOf(ctx), person(ctx).ID
	codes, err := s.db.ConfirmFactor(ctx, me, q.session, bounded(c.FormValue("code")), q.from)
	if review.CodeOf(err) == postgres.StepWrong { // the secret is still to be typed in: shown again
		e, begun := s.db.Begun(ctx, me)
		p, failed := s.refused(c, err)
		if failed == nil && begun == nil {
			return s.showAccount(c, &accountView{Begun: &e, Problem: p, Place: "factor"})
		}
	}
	if err != nil {
		return s.did(c, "factor", "", err)
	}
	return s.showAccount(c, &accountView{Recovery: codes})
}

func (s *Server) dropFactorForm(c *fiber.Ctx) error {
	ctx := c.UserContext()
	err := s.db.DropFactor(ctx, person(ctx).ID, bounded(c.FormValue("password")), bounded(c.FormValue("code")), requestOf(ctx).from)
	return s.did(c, "factor", "factor", err)
}

func (s *Server) createTokenForm(c *fiber.Ctx) error {
	ctx := c.UserContext()
	n := postgres.NewToken{Person: person(ctx).ID, Label: c.FormValue("label"), Unit: c.FormValue("unit")}
	for _, v := range c.Request().PostArgs().PeekMulti("scope") {
		n.Scopes = append(n.Scopes, postgres.Scope(v))
	}
	if d, err := strconv.Atoi(c.FormValue("days")); err == nil && d >= 1 && d <= 366 {
		n.Life = days(d)
	}
	_, secret, err := s.db.IssueToken(ctx, n, requestOf(ctx).from)
	if err != nil {
		return s.did(c, "tokens", "", err)
	}
	return s.showAccount(c, &accountView{Secret: secret})
}

func (s *Server) revokeTokenForm(c *fiber.Ctx) error {
	ctx := c.UserContext()
	me := person(ctx).ID
	return s.did(c, "tokens", "revoked", s.db.RevokeToken(ctx, me, me, c.FormValue("id"), requestOf(ctx).from))
}

// A one-time link.

// linkView is the page that a one-time link opens.
type linkView struct {
	frame
	Token   string // of the form
	Secret  string // of the link, to be sent back with the form
	Link    postgres.Link
	First   bool
	Given   postgres.First // what was typed, but for the password
	Problem *Problem
}

func (s *Server) linkPage(c *fiber.Ctx) error {
	return s.showLink(c, c.Query("t"), postgres.First{Unit: "scjg"}, nil)
}

// showLink shows the form of a link that still opens. Looking uses nothing up: what fetches links to preview them must not.
func (s *Server) showLink(c *fiber.Ctx, secret string, given postgres.First, p *Problem) error {
	v := &linkView{Secret: secret, Given: given, Problem: p}
	v.Given.Password = ""
	var err error
	if v.Link, err = s.db.LinkOf(c.UserContext(), secret); err != nil {
		if v.Problem, err = s.refused(c, err); err != nil {
			return err
		}
		v.Secret = ""
	} else {
		v.First, v.Token = v.Link.Person == "", s.formToken(c)
		c.Set("Referrer-Policy", "no-referrer")
	}
	if v.Problem != nil && v.Secret == "" && c.Query("t") == "" && c.Method() == fiber.MethodGet {
		c.Status(fiber.StatusOK) // the page itself is there: it says what it is for
	}
	return s.show(c, "link", v)
}

func (s *Server) linkForm(c *fiber.Ctx) error {
	ctx := c.UserContext()
	from, secret, password := requestOf(ctx).from, c.FormValue("t"), c.FormValue("password")
	given := postgres.First{Login: bounded(c.FormValue("login")), Name: bounded(c.FormValue("name")), Unit: bounded(c.FormValue("unit")),
		UnitName: bounded(c.FormValue("unitName")), Password: password}
	l, err := s.db.LinkOf(ctx, secret)
	if err == nil {
		err = twice(password, c.FormValue("again"))
	}
	if err == nil && l.Person == "" {
		err = s.db.UseFirstLink(ctx, secret, given, from)
	} else if err == nil {
		err = s.db.UseLink(ctx, secret, password, from)
	}
	if err == nil {
		s.dropCookie(c, loginCookie)
		return c.Redirect("/login?done=link", fiber.StatusSeeOther)
	}
	p, err := s.refused(c, err)
	if err != nil {
		return err
	}
	return s.showLink(c, secret, given, p)
}
