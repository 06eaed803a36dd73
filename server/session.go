package server

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/netip"
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
	loginCookie   = "fairreview_login"  // the sign-in form's own token, before there is a session
	stepCookie    = "fairreview_step"   // between account and password and the code of the second factor
	deviceCookie  = "fairreview_device" // a browser that somebody signed in with before
	csrfHeader    = "X-CSRF-Token"
	csrfField     = "csrf"
	keyHeader     = "Idempotency-Key"

	// How long browsers keep what the database may end earlier.
	sessionSeconds = 24 * 3600
	stepSeconds    = 300
	deviceSeconds  = 180 * 24 * 3600
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
	if p.Administers() && !p.SecondFactor { // the demo's accounts are published anyway
		demo, err := s.demo(c.UserContext())
		q.enrol = !demo
		return err
	}
	return nil
}

// allow is the policy, asked before anything of the request is read.
func (s *Server) allow(c *fiber.Ctx, who policy) error {
	q := requestOf(c.UserContext())
	if who == anyone {
		return nil
	}
	if q.enrol && who != entering {
		return review.Refuse(postgres.EnrolFirst)
	}
	if q.person != nil && len(q.person.Scopes) > 0 {
		if scope := scopeOf(who, c.Method()); !slices.Contains(q.person.Scopes, scope) {
			return review.Refuse(postgres.ScopeLacking, "scope", string(scope))
		}
	}
	if who == totals { // what totals show to whom is decided by the handler, from the filters
		return nil
	}
	// From the machine itself and not passed on for somebody else, or with an administrator's token.
	if who == operator && c.Context().RemoteIP().IsLoopback() && c.Get(fiber.HeaderXForwardedFor) == "" && c.Get("Forwarded") == "" {
		return nil
	}
	if q.person == nil {
		return review.Refuse(review.Unauthenticated)
	}
	allowed := false
	switch p := q.person; who {
	case signedIn:
		allowed = true
	case own, entering:
		if !q.byCookie {
			return review.Refuse(postgres.SessionNeeded)
		}
		allowed = true
	case operator, system:
		allowed = p.Has(review.Admin)
	case security:
		allowed = p.Has(review.SecurityAdmin)
	case auditing:
		allowed = p.Has(review.AuditAdmin)
	case roleGift:
		allowed = p.Has(review.Admin) || p.Has(review.SecurityAdmin)
	}
	if !allowed {
		return review.Refuse(review.Forbidden)
	}
	return nil
}

// scopeOf is what a token must have been made for.
func scopeOf(who policy, method string) postgres.Scope {
	switch {
	case who == operator || who == system || who == security || who == auditing || who == roleGift:
		return postgres.ScopeAdmin
	case method == fiber.MethodGet || method == fiber.MethodHead:
		return postgres.ScopeRead
	}
	return postgres.ScopeAct
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
	if p := c.Path(); p == "/login" || p == "/login/code" || p == "/link" {
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

// peer says who asks, and whether by HTTPS. What a request says about itself is believed from a trusted proxy only: of the
// addresses passed on, the last that is no such proxy's is the one that asks; what stands before it anybody may have written.
func (s *Server) peer(c *fiber.Ctx) (from string, secure bool) {
	remote, ok := netip.AddrFromSlice(c.Context().RemoteIP())
	if !ok {
		return "", s.secure
	}
	remote = remote.Unmap()
	if !s.trusted(remote) {
		return remote.String(), s.secure
	}
	from = remote.String()
	hops := strings.Split(headerList(c, fiber.HeaderXForwardedFor), ",")
	for _, hop := range slices.Backward(hops) {
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			with, e := netip.ParseAddrPort(strings.TrimSpace(hop))
			if e != nil {
				break
			}
			a = with.Addr()
		}
		a = a.Unmap().WithZone("")
		if from = a.String(); !s.trusted(a) {
			break
		}
	}
	protos := strings.Split(headerList(c, fiber.HeaderXForwardedProto), ",")
	return from, s.secure || strings.EqualFold(strings.TrimSpace(protos[len(protos)-1]), "https")
}

func (s *Server) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(s.proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// headerList is a header that may come several times as one list.
func headerList(c *fiber.Ctx, name string) string {
	var all []string
	for _, v := range c.Request().Header.PeekAll(name) {
		all = append(all, string(v))
	}
	return strings.Join(all, ",")
}

// browserOf names the family of a browser, for its owner to recognise; what the browser says in full is kept nowhere.
func browserOf(agent string) string {
	for _, b := range []struct{ mark, name string }{
		{"MicroMessenger/", "WeChat"}, {"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	} {
		if strings.Contains(agent, b.mark) {
			return b.name
		}
	}
	return ""
}

// cookie is one of ours. The session comes along when somebody follows a link to us from elsewhere; what signing in needs
// never does.
func cookie(secure bool, name, value string, seconds int) *http.Cookie {
	site := http.SameSiteLaxMode
	if name == deviceCookie || name == stepCookie {
		site = http.SameSiteStrictMode
	}
	//nolint:gosec // Secure is set when the site is served over HTTPS; a local one is not.
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: secure, SameSite: site}
}

// cookieHeader is a cookie as a header, for the API; negative seconds take it away.
func cookieHeader(ctx context.Context, name, value string, seconds int) string {
	return cookie(requestOf(ctx).secure, name, value, seconds).String()
}

func (s *Server) setCookie(c *fiber.Ctx, name, value string, seconds int) {
	k := cookie(requestOf(c.UserContext()).secure, name, value, seconds)
	site := fiber.CookieSameSiteLaxMode
	if k.SameSite == http.SameSiteStrictMode {
		site = fiber.CookieSameSiteStrictMode
	}
	c.Cookie(&fiber.Cookie{Name: name, Value: value, Path: k.Path, MaxAge: seconds, HTTPOnly: true, Secure: k.Secure, SameSite: site})
}

// dropCookie takes a cookie away: by a day that is past, since fasthttp leaves out an age that is none.
func (s *Server) dropCookie(c *fiber.Ctx, name string) {
	c.Cookie(&fiber.Cookie{Name: name, Path: "/", Expires: time.Unix(0, 0), HTTPOnly: true, Secure: requestOf(c.UserContext()).secure, SameSite: "Lax"})
}

// credentials are what the request says about the browser that signs in.
func credentials(ctx context.Context) postgres.Credentials {
	q := requestOf(ctx)
	return postgres.Credentials{Address: q.from, Browser: q.browser, Device: q.device, Session: q.session}
}

// enter signs somebody in, or leads to the second step.
func (s *Server) enter(ctx context.Context, login, password string) (postgres.Entry, error) {
	k := credentials(ctx)
	k.Login, k.Password = login, password
	e, err := s.db.SignIn(ctx, k)
	if err == nil && e.Step == "" {
		requestOf(ctx).log.Info("signed in", "person", e.Person.ID)
	}
	return e, err
}

// enterStep is the second step.
func (s *Server) enterStep(ctx context.Context, code string) (postgres.Entry, error) {
	e, err := s.db.SecondStep(ctx, requestOf(ctx).step, code, credentials(ctx))
	if err == nil {
		requestOf(ctx).log.Info("signed in", "person", e.Person.ID, "second step", true)
	}
	return e, err
}

// entered answers the API's sign-in.
func (s *Server) entered(ctx context.Context, e postgres.Entry) *signInOutput {
	if e.Step != "" {
		return &signInOutput{SetCookie: []string{cookieHeader(ctx, stepCookie, e.Step, stepSeconds)},
			Body: Me{Memberships: []postgres.Membership{}, SecondStep: true}}
	}
	q := requestOf(ctx)
	if e.Device != "" {
		q.cookies = append(q.cookies, cookieHeader(ctx, deviceCookie, e.Device, deviceSeconds))
	}
	if q.step != "" {
		q.cookies = append(q.cookies, cookieHeader(ctx, stepCookie, "", -1))
	}
	return &signInOutput{SetCookie: []string{cookieHeader(ctx, sessionCookie, e.Session, sessionSeconds)}, Body: meOf(e.Person, postgres.FormToken(e.Session))}
}

// enteredForm gives the browser what signing in leads to, and sends it on.
func (s *Server) enteredForm(c *fiber.Ctx, e postgres.Entry) error {
	next := within(c.FormValue("next"))
	if e.Step != "" {
		s.setCookie(c, stepCookie, e.Step, stepSeconds)
		return c.Redirect("/login/code?next="+url.QueryEscape(next), fiber.StatusSeeOther)
	}
	s.setCookie(c, sessionCookie, e.Session, sessionSeconds)
	if e.Device != "" {
		s.setCookie(c, deviceCookie, e.Device, deviceSeconds)
	}
	if c.Cookies(stepCookie) != "" {
		s.dropCookie(c, stepCookie)
	}
	s.dropCookie(c, loginCookie)
	return c.Redirect(next, fiber.StatusSeeOther)
}

type secondStepInput struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"100" doc:"Six digits of the authenticator, or a recovery code"`
	}
}

func (s *Server) secondStep(ctx context.Context, in *secondStepInput) (*signInOutput, error) {
	e, err := s.enterStep(ctx, in.Body.Code)
	if err != nil {
		return nil, err
	}
	return s.entered(ctx, e), nil
}

func (s *Server) loginPage(c *fiber.Ctx) error {
	if requestOf(c.UserContext()).person != nil {
		return c.Redirect(within(c.Query("next")), fiber.StatusSeeOther)
	}
	return s.showLogin(c, "", nil)
}

// formToken is the token of a form that is shown before anybody is signed in, kept in a cookie beside it.
func (s *Server) formToken(c *fiber.Ctx) string {
	token := rand.Text()
	s.setCookie(c, loginCookie, token, 3600)
	return token
}

func (s *Server) showLogin(c *fiber.Ctx, login string, p *Problem) error {
	v := loginView{Next: within(orElse(c.FormValue("next"), c.Query("next"))), Login: login, Token: s.formToken(c), Problem: p, Linked: c.Query("done") == "link"}
	if p != nil {
		c.Status(p.Status)
	}
	var err error
	if v.Accounts, v.Password, err = s.demoAccounts(c.UserContext()); err != nil {
		return err
	}
	return s.show(c, "login", &v)
}

// refused turns a refusal into the problem that a form shows; one that is no refusal is answered as an error.
func (s *Server) refused(c *fiber.Ctx, err error) (*Problem, error) {
	p := s.explain(c.UserContext(), err)
	if p.Status >= 500 {
		return nil, p
	}
	for k, v := range p.GetHeaders() {
		c.Set(k, v[0])
	}
	c.Response().Header.Del(fiber.HeaderWWWAuthenticate)
	c.Status(p.Status)
	return p, nil
}

func (s *Server) signInForm(c *fiber.Ctx) error {
	login, password := c.FormValue("login"), c.FormValue("password")
	var err error
	switch {
	case login == "" || len(login) > 100 || !review.CleanString(login):
		err = review.Refuse(review.Missing, "field", "login")
	case password == "" || len(password) > 1000 || !review.CleanString(password):
		err = review.Refuse(review.Missing, "field", "password")
	default:
		var e postgres.Entry
		if e, err = s.enter(c.UserContext(), login, password); err == nil {
			return s.enteredForm(c, e)
		}
	}
	p, err := s.refused(c, err)
	if err != nil {
		return err
	}
	if !review.CleanString(login) || len(login) > 100 {
		login = ""
	}
	return s.showLogin(c, login, p)
}

// stepView is the page of the second step.
type stepView struct {
	frame
	Next    string
	Token   string
	Problem *Problem
}

func (s *Server) stepPage(c *fiber.Ctx) error { return s.showStep(c, nil) }

func (s *Server) showStep(c *fiber.Ctx, p *Problem) error {
	return s.show(c, "step", &stepView{Next: within(orElse(c.FormValue("next"), c.Query("next"))), Token: s.formToken(c), Problem: p})
}

func (s *Server) stepForm(c *fiber.Ctx) error {
	e, err := s.enterStep(c.UserContext(), c.FormValue("code"))
	if err == nil {
		return s.enteredForm(c, e)
	}
	p, failed := s.refused(c, err)
	if failed != nil {
		return failed
	}
	if review.CodeOf(err) == postgres.StepOver {
		return s.showLogin(c, "", p)
	}
	return s.showStep(c, p)
}

func (s *Server) signOutForm(c *fiber.Ctx) error {
	q := requestOf(c.UserContext())
	if err := s.db.SignOut(c.UserContext(), q.session, q.from); err != nil {
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
