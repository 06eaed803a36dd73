package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// patience is how long a request may take, waiting for the database included.
const patience = 10 * time.Second

const (
	// pagePolicy lets a page have our own style sheet and icons, send its forms to us, and nothing else: there is no script.
	pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// dataPolicy is for everything that is no page: should a browser show it as one after all, it is a dead one.
	dataPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
	// hostPrefix makes browsers take a cookie from this very host only, by HTTPS and for the whole site (RFC 6265bis): what
	// another host of the same domain plants is not ours.
	hostPrefix = "__Host-"
)

// request is what is known about a request while it is answered.
type request struct {
	id       string
	lang     lang
	log      *slog.Logger
	person   *postgres.Person // nil: nobody is signed in
	lent     []postgres.Lent  // in which they act for others today
	csrf     string           // of the session; "" when there is none
	byCookie bool             // the browser vouches for the person: writes need the csrf token
	session  string           // the session's token, to end it
	unread   int              // notices, for a page
	from     string           // the address that asks
	secure   bool             // the browser came by HTTPS
	enrol    bool             // a second factor must be set up first
	browser  string           // its family
	device   string           // token by which the browser is known; "" when it has none
	step     string           // token of a second step that is still to come
	cookies  []string         // more for the answer: huma's adapter would join several in one header
}

// patienceFor is longer where a file comes up a slow line.
func (s *Server) patienceFor(c *fiber.Ctx) time.Duration {
	if takesFile(c.Method(), c.Path()) {
		return uploadsWait
	}
	return s.patience
}

type requestKey struct{}

// requestOf returns what is known about the request; outside one, a blank that logs.
func requestOf(ctx context.Context) *request {
	if q, ok := ctx.Value(requestKey{}).(*request); ok {
		return q
	}
	return &request{lang: zh, log: slog.Default()}
}

// viewer is who looks; nobody sees what nobody may see.
func (q *request) viewer() review.Viewer {
	if q.person == nil {
		return review.Viewer{}
	}
	return viewerOf(*q.person, q.lent)
}

// begin gives the request a number, a language and a logger.
func (s *Server) begin(c *fiber.Ctx) *request {
	id := c.Get(fiber.HeaderXRequestID)
	if len(id) > 64 || id == "" || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' }) {
		id = uuid.NewString()
	}
	from, secure := s.peer(c)
	if secure {
		takeHostCookies(c)
	}
	q := &request{id: id, lang: language(c, secure), log: s.log.With("request", id), browser: browserOf(c.Get(fiber.HeaderUserAgent)),
		device: c.Cookies(deviceCookie), step: c.Cookies(stepCookie), from: from, secure: secure}
	c.Set(fiber.HeaderXRequestID, id)
	c.Set(fiber.HeaderContentLanguage, string(q.lang))
	s.secureHeaders(c, q.secure)
	c.SetUserContext(context.WithValue(c.UserContext(), requestKey{}, q))
	return q
}

// around stands round every route: number, headers, deadline, who is asking, recovery, metrics and the access log.
func (s *Server) around(c *fiber.Ctx) (err error) {
	start := time.Now()
	q := s.begin(c)
	ctx, cancel := context.WithTimeout(c.UserContext(), s.patienceFor(c))
	defer cancel()
	c.SetUserContext(ctx)
	defer func() {
		if r := recover(); r != nil {
			q.log.Error("panic", "value", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", r)
		}
		if err != nil { // answered here, so that metrics and log see the status
			err = s.fail(c, err)
		}
		for _, k := range q.cookies {
			c.Response().Header.Add(fiber.HeaderSetCookie, k)
		}
		if q.secure {
			giveHostCookies(c)
		}
		policyByContent(c)
		route, status, took := s.pattern(c), c.Response().StatusCode(), time.Since(start)
		s.meter.observe(c.Method(), route, status, took)
		who := ""
		if q.person != nil {
			who = q.person.ID
			if status == fiber.StatusForbidden {
				s.noteRefusal(ctx, c.Method()+" "+route)
			}
		}
		level := slog.LevelInfo
		if route == "/healthz" || route == "/readyz" || route == "/metrics" || route == "/static/:name" {
			level = slog.LevelDebug
		}
		// No query string: it may hold words of a draft's title.
		q.log.Log(ctx, level, "http", "method", c.Method(), "route", route, "path", c.Path(), "status", status, "ms", took.Milliseconds(), "person", who)
	}()
	if err := cleanAddress(c.Path(), string(c.Request().URI().QueryString())); err != nil {
		return err
	}
	refused := s.admitted(c, q) // before the body: nobody's is read beyond what a form or a text takes
	if err := s.readBody(c, q.person != nil); err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	if err := s.stand(ctx, q); err != nil {
		return err
	}
	return c.Next()
}

// admitted finds out who asks, and refuses what is asked too often, with a bad token, or by a page of another site.
func (s *Server) admitted(c *fiber.Ctx, q *request) error {
	if err := s.withinRates(c, "address", s.addresses, neighbours(q.from)); err != nil { // before the database is asked
		return err
	}
	if err := s.fromHere(c, q); err != nil {
		return err
	}
	if err := s.identify(c, q); err != nil || q.person == nil {
		return err
	}
	return s.withinRates(c, "account", s.accounts, q.person.ID)
}

// readBody reads the body whole, or refuses one that is too large only after having taken it off the wire: a client
// that is cut off while it sends never sees the answer.
func (s *Server) readBody(c *fiber.Ctx, known bool) error {
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return nil
	}
	_ = c.Context().Conn().SetReadDeadline(time.Now().Add(s.patienceFor(c)))
	limit := bodyLimit
	if known {
		limit = limitOf(c.Method(), c.Path())
	}
	body, err := io.ReadAll(io.LimitReader(stream, int64(limit)+1))
	if err != nil {
		c.Set(fiber.HeaderConnection, "close")
		return review.Refuse(review.Malformed, "detail", "request")
	}
	if len(body) > limit {
		c.Set(fiber.HeaderConnection, "close")
		_, _ = io.Copy(io.Discard, io.LimitReader(stream, 32*bodyLimit))
		return review.Refuse(review.TooLarge, "field", "body", "limit", fmt.Sprintf("%d MiB", limit>>20))
	}
	c.Request().SetBodyRaw(body)
	return nil
}

// pattern is the route that answered, so that metrics stay few: one for all that is served nowhere.
func (s *Server) pattern(c *fiber.Ctx) string {
	method := c.Method()
	if method == fiber.MethodHead {
		method = fiber.MethodGet
	}
	if p := c.Route().Path; s.policies[method+" "+p] != "" {
		return p
	}
	return "none"
}

func (s *Server) secureHeaders(c *fiber.Ctx, secure bool) {
	c.Set("Content-Security-Policy", dataPolicy) // until it turns out to be a page
	c.Set("X-Content-Type-Options", "nosniff")
	c.Set("X-Frame-Options", "DENY")
	c.Set("Referrer-Policy", "same-origin")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Vary("Accept-Language", "Cookie")
	if secure {
		c.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// policyByContent gives a page what a page needs. A handler that set a policy of its own keeps it.
func policyByContent(c *fiber.Ctx) {
	h := &c.Response().Header
	if strings.HasPrefix(string(h.ContentType()), fiber.MIMETextHTML) && string(h.Peek("Content-Security-Policy")) == dataPolicy {
		c.Set("Content-Security-Policy", pagePolicy)
	}
}

// hostCookies are the cookies that say who somebody is. By HTTPS they travel under hostPrefix; inside they have one name.
var hostCookies = []string{sessionCookie, loginCookie, stepCookie, deviceCookie}

// takeHostCookies believes no cookie that came without the prefix.
func takeHostCookies(c *fiber.Ctx) {
	h := &c.Request().Header
	for _, name := range hostCookies {
		value := string(h.Cookie(hostPrefix + name))
		h.DelCookie(name)
		h.DelCookie(hostPrefix + name)
		if value != "" {
			h.SetCookie(name, value)
		}
	}
}

func giveHostCookies(c *fiber.Ctx) {
	h := &c.Response().Header
	var all []string
	for name, cookie := range h.Cookies() {
		k := string(cookie)
		if slices.Contains(hostCookies, string(name)) {
			k = hostPrefix + k
		}
		all = append(all, k)
	}
	h.DelAllCookies()
	for _, k := range all {
		h.Add(fiber.HeaderSetCookie, k)
	}
}

// fromHere refuses a write that a page of another site had a browser send; it stands beside the tokens of forms. Browsers
// say where a request comes from in Sec-Fetch-Site; old ones, and all on plain HTTP, in Origin; a program says neither.
// A bearer token is sent by nobody's browser by itself.
func (s *Server) fromHere(c *fiber.Ctx, q *request) error {
	if c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead || c.Get(fiber.HeaderAuthorization) != "" {
		return nil
	}
	origin := c.Get(fiber.HeaderOrigin)
	switch site := c.Get("Sec-Fetch-Site"); {
	case site == "same-origin" || site == "none":
		return nil
	case site != "":
		return review.Refuse(codeElsewhere)
	case origin == "":
		return nil
	case origin == "null" && c.Path() == "/link": // its referrer policy hides the page's address, and a browser then hides the origin as well
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || !strings.EqualFold(u.Host, s.host(c)) || q.secure && u.Scheme != "https" {
		return review.Refuse(codeElsewhere)
	}
	return nil
}

// host is the name by which the browser asked for us, to compare with. Nothing is built from it.
func (s *Server) host(c *fiber.Ctx) string {
	if remote, ok := netip.AddrFromSlice(c.Context().RemoteIP()); ok && s.trusted(remote.Unmap()) {
		hops := strings.Split(headerList(c, fiber.HeaderXForwardedHost), ",")
		if last := strings.TrimSpace(hops[len(hops)-1]); last != "" {
			return last
		}
	}
	return string(c.Request().Host())
}

// language is what ?lang asks for, kept in a cookie on pages; then the cookie; then, for a program, what it accepts. Pages
// are Chinese until somebody asks for English: an office's browser says "en" more often than its user does.
func language(c *fiber.Ctx, secure bool) lang {
	if l := lang(c.Query("lang")); l == zh || l == en {
		if !strings.HasPrefix(c.Path(), "/api/") {
			c.Cookie(&fiber.Cookie{Name: "lang", Value: string(l), Path: "/", MaxAge: 365 * 24 * 3600, HTTPOnly: true, Secure: secure, SameSite: "Lax"})
		}
		return l
	}
	if l := lang(c.Cookies("lang")); l == zh || l == en {
		return l
	}
	if !strings.HasPrefix(c.Path(), "/api/") {
		return zh
	}
	for _, tag := range strings.Split(c.Get(fiber.HeaderAcceptLanguage), ",") {
		switch tag = strings.ToLower(strings.TrimSpace(tag)); {
		case strings.HasPrefix(tag, "zh"):
			return zh
		case strings.HasPrefix(tag, "en"):
			return en
		}
	}
	return zh
}

// meter counts requests by route pattern.
type meter struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	limited  *prometheus.CounterVec
}

func newMeter() *meter {
	m := &meter{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fairreview_http_requests_total",
			Help: "Requests by method, route pattern and status."}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "fairreview_http_request_seconds",
			Help:    "Time to answer by method and route pattern.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"method", "route"}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fairreview_http_rate_limited_total",
			Help: "Requests refused because an account or an address asked too often."}, []string{"by"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.limited)
	return m
}

func (m *meter) observe(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(method, route).Observe(took.Seconds())
}

// healthz says that the process answers.
func (s *Server) healthz(c *fiber.Ctx) error { return c.SendString("ok\n") }

// readyz says whether a case could be worked on now: the database and what runs the cases both answer.
func (s *Server) readyz(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), 3*time.Second)
	defer cancel()
	err := s.db.Ping(ctx)
	if err == nil && s.ready != nil {
		err = s.ready(ctx)
	}
	if err != nil {
		requestOf(ctx).log.Warn("not ready", "error", err)
		return review.Refuse(review.Unavailable)
	}
	return c.SendString("ready\n")
}

func (s *Server) metrics(c *fiber.Ctx) error {
	h := promhttp.HandlerFor(s.gather, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	return adaptor.HTTPHandler(h)(c)
}
