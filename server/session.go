package server

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

const (
	sessionCookie = "fairreview_session"
	loginCookie   = "fairreview_login" // the sign-in form's own token, before there is a session
	csrfHeader    = "X-CSRF-Token"
	csrfField     = "csrf"
	keyHeader     = "Idempotency-Key"

	sessionSeconds = 12 * 3600
)

// identify finds out who is asking: by bearer token, which must be good, or by the session cookie, which may have ended.
func (s *Server) identify(c *fiber.Ctx, q *request) error {
	if auth := c.Get(fiber.HeaderAuthorization); auth != "" {
		scheme, token, _ := strings.Cut(auth, " ")
		if !strings.EqualFold(scheme, "Bearer") || token == "" {
			return review.Refuse(review.Unauthenticated)
		}
		p, err := s.db.PersonByToken(c.UserContext(), strings.TrimSpace(token))
		if err != nil {
			return err
		}
		q.person = &p
		return nil
	}
	token := c.Cookies(sessionCookie)
	if token == "" || strings.HasPrefix(c.Path(), "/static/") || c.Path() == "/healthz" || c.Path() == "/readyz" {
		return nil
	}
	p, csrf, err := s.db.PersonBySession(c.UserContext(), token)
	switch {
	case review.CodeOf(err) == review.Unauthenticated:
		s.dropCookie(c, sessionCookie)
		return nil
	case err != nil:
		return err
	}
	q.person, q.csrf, q.byCookie, q.session = &p, csrf, true, token
	return nil
}

// allow is the policy, asked before anything of the request is read.
func (s *Server) allow(c *fiber.Ctx, who policy) error {
	q := requestOf(c.UserContext())
	switch who {
	case anyone, totals: // what totals show to whom is decided by the handler, from the filters
		return nil
	case signedIn:
		if q.person == nil {
			return review.Refuse(review.Unauthenticated)
		}
		return nil
	case operator:
		// From the machine itself and not passed on for somebody else, or with an administrator's token.
		if c.Context().RemoteIP().IsLoopback() && c.Get(fiber.HeaderXForwardedFor) == "" && c.Get("Forwarded") == "" {
			return nil
		}
		if q.person == nil {
			return review.Refuse(review.Unauthenticated)
		}
		if slices.ContainsFunc(q.person.Memberships, func(m postgres.Membership) bool { return m.Role == review.Admin }) {
			return nil
		}
	}
	return review.Refuse(review.Forbidden)
}

func (s *Server) guard(who policy) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := s.allow(c, who); err != nil {
			return err
		}
		return c.Next()
	}
}

// form checks the token of a form that is sent: the session's, or before there is one the sign-in form's own.
func (s *Server) form(c *fiber.Ctx) error {
	want := requestOf(c.UserContext()).csrf
	if c.Path() == "/login" {
		want = c.Cookies(loginCookie)
	}
	if err := sameToken(want, c.FormValue(csrfField)); err != nil {
		return err
	}
	return c.Next()
}

func sameToken(want, given string) error {
	if want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(given)) != 1 {
		return review.Refuse(codeForm)
	}
	return nil
}

func (s *Server) setCookie(c *fiber.Ctx, name, value string, seconds int) {
	c.Cookie(&fiber.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, HTTPOnly: true, Secure: s.secure, SameSite: "Lax"})
}

// dropCookie takes a cookie away: by a day that is past, since fasthttp leaves out an age that is none.
func (s *Server) dropCookie(c *fiber.Ctx, name string) {
	c.Cookie(&fiber.Cookie{Name: name, Path: "/", Expires: time.Unix(0, 0), HTTPOnly: true, Secure: s.secure, SameSite: "Lax"})
}

// enter signs somebody in: the session's token, and the csrf token that goes with it.
func (s *Server) enter(ctx context.Context, login, password string) (token, csrf string, p postgres.Person, err error) {
	if token, p, err = s.db.SignIn(ctx, login, password, requestOf(ctx).from); err != nil {
		return "", "", p, err
	}
	if _, csrf, err = s.db.PersonBySession(ctx, token); err != nil {
		return "", "", p, err
	}
	requestOf(ctx).log.Info("signed in", "person", p.ID)
	return token, csrf, p, nil
}

// sessionHeader is the cookie of a session as a header, for the API; negative seconds take it away.
func (s *Server) sessionHeader(token string, seconds int) string {
	//nolint:gosec // Secure is set when the site is served over HTTPS; a local one is not.
	return (&http.Cookie{Name: sessionCookie, Value: token, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}).String()
}

func (s *Server) loginPage(c *fiber.Ctx) error {
	if requestOf(c.UserContext()).person != nil {
		return c.Redirect(within(c.Query("next")), fiber.StatusSeeOther)
	}
	return s.showLogin(c, "", nil)
}

func (s *Server) showLogin(c *fiber.Ctx, login string, p *Problem) error {
	token := rand.Text()
	s.setCookie(c, loginCookie, token, 3600)
	v := loginView{Next: within(orElse(c.FormValue("next"), c.Query("next"))), Login: login, Token: token, Problem: p}
	if p != nil {
		c.Status(p.Status)
	}
	var err error
	if v.Accounts, v.Password, err = s.demoAccounts(c.UserContext()); err != nil {
		return err
	}
	return s.show(c, "login", &v)
}

func (s *Server) signInForm(c *fiber.Ctx) error {
	login, password := c.FormValue("login"), c.FormValue("password")
	err := error(nil)
	switch {
	case login == "" || len(login) > 100 || !review.CleanString(login):
		err = review.Refuse(review.Missing, "field", "login")
	case password == "" || len(password) > 1000 || !review.CleanString(password):
		err = review.Refuse(review.Missing, "field", "password")
	default:
		var token string
		if token, _, _, err = s.enter(c.UserContext(), login, password); err == nil {
			s.setCookie(c, sessionCookie, token, sessionSeconds)
		}
	}
	if err != nil {
		p := s.explain(c.UserContext(), err)
		if p.Status >= 500 {
			return p
		}
		if !review.CleanString(login) || len(login) > 100 {
			login = ""
		}
		for k, v := range p.GetHeaders() {
			c.Set(k, v[0])
		}
		return s.showLogin(c, login, p)
	}
	s.dropCookie(c, loginCookie)
	return c.Redirect(within(c.FormValue("next")), fiber.StatusSeeOther)
}

func (s *Server) signOutForm(c *fiber.Ctx) error {
	if err := s.db.SignOut(c.UserContext(), requestOf(c.UserContext()).session); err != nil {
		return err
	}
	s.dropCookie(c, sessionCookie)
	return c.Redirect("/", fiber.StatusSeeOther)
}

// within returns a path of this site to go on to, whatever was asked for: never another site's address.
func within(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") ||
		strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(u.Path, "//") || !review.CleanString(next) {
		return "/"
	}
	return u.RequestURI()
}

// person returns who is asking; a policy made sure that there is one.
func person(ctx context.Context) postgres.Person {
	if p := requestOf(ctx).person; p != nil {
		return *p
	}
	return postgres.Person{}
}
