package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
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

// request is what is known about a request while it is answered.
type request struct {
	id       string
	lang     lang
	log      *slog.Logger
	person   *postgres.Person // nil: nobody is signed in
	csrf     string           // of the session; "" when there is none
	byCookie bool             // the browser vouches for the person: writes need the csrf token
	session  string           // the session's token, to end it
	from     string           // the address that asks
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
	return q.person.Viewer()
}

// begin gives the request a number, a language and a logger.
func (s *Server) begin(c *fiber.Ctx) *request {
	id := c.Get(fiber.HeaderXRequestID)
	if len(id) > 64 || id == "" || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' }) {
		id = uuid.NewString()
	}
	q := &request{id: id, lang: language(c), log: s.log.With("request", id), from: c.Context().RemoteIP().String()}
	c.Set(fiber.HeaderXRequestID, id)
	c.Set(fiber.HeaderContentLanguage, string(q.lang))
	s.secureHeaders(c)
	c.SetUserContext(context.WithValue(c.UserContext(), requestKey{}, q))
	return q
}

// around stands round every route: number, headers, deadline, who is asking, recovery, metrics and the access log.
func (s *Server) around(c *fiber.Ctx) (err error) {
	start := time.Now()
	q := s.begin(c)
	ctx, cancel := context.WithTimeout(c.UserContext(), patience)
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
		route, status, took := s.pattern(c), c.Response().StatusCode(), time.Since(start)
		s.meter.observe(c.Method(), route, status, took)
		who := ""
		if q.person != nil {
			who = q.person.ID
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
	if err := readBody(c); err != nil {
		return err
	}
	if err := s.identify(c, q); err != nil {
		return err
	}
	return c.Next()
}

// readBody reads the body whole, or refuses one that is too large only after having taken it off the wire: a client
// that is cut off while it sends never sees the answer.
func readBody(c *fiber.Ctx) error {
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return nil
	}
	_ = c.Context().Conn().SetReadDeadline(time.Now().Add(patience))
	body, err := io.ReadAll(io.LimitReader(stream, bodyLimit+1))
	if err != nil {
		c.Set(fiber.HeaderConnection, "close")
		return review.Refuse(review.Malformed, "detail", "request")
	}
	if len(body) > bodyLimit {
		c.Set(fiber.HeaderConnection, "close")
		_, _ = io.Copy(io.Discard, io.LimitReader(stream, 32*bodyLimit))
		return fiber.ErrRequestEntityTooLarge
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

func (s *Server) secureHeaders(c *fiber.Ctx) {
	c.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
	c.Set("X-Content-Type-Options", "nosniff")
	c.Set("X-Frame-Options", "DENY")
	c.Set("Referrer-Policy", "same-origin")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Vary("Accept-Language", "Cookie")
	if s.secure {
		c.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// language is what ?lang asks for, kept in a cookie on pages; then the cookie; then, for a program, what it accepts. Pages
// are Chinese until somebody asks for English: an office's browser says "en" more often than its user does.
func language(c *fiber.Ctx) lang {
	if l := lang(c.Query("lang")); l == zh || l == en {
		if !strings.HasPrefix(c.Path(), "/api/") {
			c.Cookie(&fiber.Cookie{Name: "lang", Value: string(l), Path: "/", MaxAge: 365 * 24 * 3600, SameSite: "Lax"})
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
}

func newMeter() *meter {
	m := &meter{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fairreview_http_requests_total",
			Help: "Requests by method, route pattern and status."}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "fairreview_http_request_seconds",
			Help:    "Time to answer by method and route pattern.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"method", "route"}),
	}
	m.registry.MustRegister(m.requests, m.seconds)
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
