// Package server is the site: the API under /api/v1, the pages people read, and what operators look at.
//
// It speaks review and reads postgres. What changes a case goes through Reviews and comes back when it is recorded, so
// that the next read shows it. It does not know what runs the cases.
//
// The rule: every route says in server.go who may use it, and nothing is served that does not.
package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// Reviews carries out what people do to cases. Both answer when the action is recorded, or refuse: with the domain's
// codes, review.UnderWay when it was accepted and is not finished, review.Unavailable when nothing happened.
type Reviews interface {
	Open(ctx context.Context, caseID string, req review.Request, a review.Action) (review.Receipt, error)
	Act(ctx context.Context, caseID string, req review.Request, a review.Action) (review.Receipt, error)
}

// Options are what a server is made of.
type Options struct {
	DB      *postgres.DB
	Reviews Reviews
	Log     *slog.Logger
	Metrics prometheus.Gatherer             // what else /metrics shows; may be nil
	Ready   func(ctx context.Context) error // health of what Reviews needs; may be nil
	Secure  bool                            // served over HTTPS: cookies say so, and browsers are told to stay there
}

// Server answers requests. It is made by New and holds nothing that is not in the database.
type Server struct {
	db      *postgres.DB
	reviews Reviews
	log     *slog.Logger
	ready   func(context.Context) error
	gather  prometheus.Gatherer
	secure  bool

	app      *fiber.App
	api      huma.API
	openapi  []byte
	doc      docPage
	pages    map[string]page
	policies map[string]policy          // by method and pattern
	known    map[string]map[string]bool // query parameters by operation
	meter    *meter
}

// policy says who may use a route. The zero policy lets nobody in.
type policy string

const (
	anyone   policy = "anyone"   // nothing here is confidential
	totals   policy = "totals"   // anyone for the totals of a period; narrowed, whoever is signed in
	signedIn policy = "signedIn" // what is then seen or done, the relation to the case decides
	operator policy = "operator" // the machine itself, or an administrator
)

// New returns a server that is ready to listen.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Server{db: o.DB, reviews: o.Reviews, log: o.Log, ready: o.Ready, secure: o.Secure, policies: map[string]policy{},
		known: map[string]map[string]bool{}}
	s.meter = newMeter()
	s.gather = s.meter.registry
	if o.Metrics != nil {
		s.gather = prometheus.Gatherers{s.meter.registry, o.Metrics}
	}
	var err error
	if s.pages, err = parsePages(); err != nil {
		return nil, err
	}
	s.app = fiber.New(fiber.Config{
		AppName:               "fairreview",
		DisableStartupMessage: true,
		Immutable:             true, // strings outlive the request: in a workflow, in a log
		UnescapePath:          true,
		BodyLimit:             bodyLimit,
		StreamRequestBody:     true, // see readBody
		ReadBufferSize:        16 << 10,
		ReadTimeout:           15 * time.Second,
		WriteTimeout:          30 * time.Second,
		IdleTimeout:           75 * time.Second,
		ErrorHandler:          s.fail,
	})
	s.app.Use(s.around)
	speakInKeys()
	s.api = newAPI(s.app)
	s.routes()
	return s, s.document()
}

// App is the handler, to listen with or to test.
func (s *Server) App() *fiber.App { return s.app }

// routes is everything that is served, and to whom.
func (s *Server) routes() {
	// The process
	s.get(anyone, "/healthz", s.healthz)
	s.get(anyone, "/readyz", s.readyz)
	s.get(operator, "/metrics", s.metrics)
	// Pages
	s.get(totals, "/", s.homePage)
	s.get(signedIn, "/cases", s.casesPage)
	s.get(signedIn, "/cases/:id", s.casePage)
	s.get(signedIn, "/tasks", s.tasksPage)
	s.get(anyone, "/docs", s.docsPage)
	s.get(anyone, "/openapi.json", s.openapiJSON)
	s.get(anyone, "/static/:name", s.static)
	s.get(anyone, "/login", s.loginPage)
	s.post(anyone, "/login", s.signInForm)
	s.post(signedIn, "/logout", s.signOutForm)
	// API: who is asking
	add(s, anyone, "POST", "/sessions", "signIn", "Sign in with account and password", s.signIn)
	add(s, signedIn, "DELETE", "/sessions", "signOut", "End the session", s.signOut)
	add(s, signedIn, "GET", "/me", "me", "Who is signed in, and what they may act as", s.me)
	// API: what can be chosen from
	add(s, signedIn, "GET", "/catalogue", "catalogue", "The review standards in force", s.catalogue)
	add(s, signedIn, "GET", "/units", "units", "Units: drafting units, regulators, seats", s.units)
	add(s, signedIn, "GET", "/people", "people", "People who hold a role, for the regulator and for one's own unit", s.people)
	// API: texts
	add(s, signedIn, "POST", "/texts", "putText", "Store a text under its SHA-256", s.putText)
	add(s, signedIn, "GET", "/texts/{hash}", "text", "A stored text", s.text)
	// API: cases
	add(s, signedIn, "POST", "/cases", "openCase", "Open a case", s.openCase)
	add(s, signedIn, "POST", "/cases/{id}/actions", "act", "Act on a case", s.act)
	add(s, signedIn, "GET", "/cases", "cases", "List and filter cases", s.cases)
	add(s, signedIn, "GET", "/cases/{id}", "case", "A case, whose turn it is, and what one may do", s.getCase)
	add(s, signedIn, "GET", "/cases/{id}/events", "events", "A case's history, oldest first", s.events)
	add(s, signedIn, "GET", "/tasks", "tasks", "What waits for one's own hand, by due date", s.tasks)
	// API: numbers
	add(s, totals, "GET", "/counts", "counts", "The numbers of a period and the list behind each", s.counts)
}

func (s *Server) get(who policy, path string, h fiber.Handler) {
	s.policies["GET "+path] = who
	s.app.Get(path, s.guard(who), h)
}

func (s *Server) post(who policy, path string, h fiber.Handler) {
	s.policies["POST "+path] = who
	s.app.Post(path, s.guard(who), s.form, h)
}
