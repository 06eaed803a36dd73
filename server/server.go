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
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// Reviews carries out what people do to cases. All answer when the action is recorded, or refuse: with the domain's
// codes, review.UnderWay when it was accepted and is not finished, review.Unavailable when nothing happened.
type Reviews interface {
	Open(ctx context.Context, caseID string, req review.Request, a review.Action) (review.Receipt, error)
	Act(ctx context.Context, caseID string, req review.Request, a review.Action) (review.Receipt, error)
	// Reclock has the running periods of a case end by today's calendar, if it still stands at the version seen. It refuses
	// Conflict when it does not, and NotFound or AlreadyDone when nothing runs.
	Reclock(ctx context.Context, caseID string, seen int) (review.Receipt, error)
}

// Options are what a server is made of.
type Options struct {
	DB      *postgres.DB
	Reviews Reviews
	Log     *slog.Logger
	Metrics prometheus.Gatherer             // what else /metrics shows; may be nil
	Ready   func(ctx context.Context) error // health of what Reviews needs; may be nil
	Secure  bool                            // served over HTTPS: cookies say so, and browsers are told to stay there
	Proxies []netip.Prefix                  // proxies that are believed when they say for whom, and how, they ask
	Rates   Rates                           // how much one account and one address may ask; zero is no bound

	Mail            bool // mail is sent: people may say where to and when
	PrivateWebhooks bool // webhooks may go to addresses of this network
}

// Server answers requests. It is made by New and holds nothing that is not in the database.
type Server struct {
	db      *postgres.DB
	reviews Reviews
	log     *slog.Logger
	ready   func(context.Context) error
	gather  prometheus.Gatherer
	secure  bool
	mail    bool
	private bool // webhooks
	proxies []netip.Prefix

	patience  time.Duration // with one request
	accounts  *gate
	addresses *gate

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

	own      policy = "own"      // signed in by a session: what is one's own account, no token touches
	entering policy = "entering" // the same, also before the second factor is set up that a role asks for
	system   policy = "system"   // the system administrator: accounts
	security policy = "security" // the security administrator: sessions, tokens and second factors of others
	auditing policy = "auditing" // the audit administrator: the log
	roleGift policy = "roleGift" // an administrator; who may give which role, the handler decides
)

// New returns a server that is ready to listen.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Server{db: o.DB, reviews: o.Reviews, log: o.Log, ready: o.Ready, secure: o.Secure, mail: o.Mail, private: o.PrivateWebhooks, proxies: o.Proxies, policies: map[string]policy{},
		known: map[string]map[string]bool{}, patience: patience, accounts: newGate(o.Rates.Account), addresses: newGate(o.Rates.Address)}
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
		CaseSensitive:         true, // an address has one spelling: limits and policies are looked up by it
		BodyLimit:             bodyLimit,
		StreamRequestBody:     true, // see readBody
		ReadBufferSize:        16 << 10,
		ReadTimeout:           15 * time.Second,
		WriteTimeout:          30 * time.Second,
		IdleTimeout:           75 * time.Second,
		ErrorHandler:          s.fail,

		// A form with a file is read by us, like every body: within bounds and after the policy was asked.
		DisablePreParseMultipartForm: true,
	})
	s.app.Use(s.around)
	speakInKeys()
	s.api = newAPI(s.app)
	if s.secure {
		s.api.OpenAPI().Components.SecuritySchemes["cookie"].Name = hostPrefix + sessionCookie
	}
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
	s.get(signedIn, "/cases/:id/letters/:kind", s.letterPage)
	s.get(signedIn, "/tasks", s.tasksPage)
	s.get(signedIn, "/notifications", s.notificationsPage)
	s.post(signedIn, "/notifications/read", s.readNoticeForm)
	s.post(signedIn, "/notifications/read-all", s.readNoticesForm)
	s.post(own, "/notifications/mail", s.mailAddressForm)
	s.post(own, "/notifications/mail/verify", s.verifyMailForm)
	s.post(own, "/notifications/mail/choices", s.mailChoicesForm)
	s.get(signedIn, "/catalogue", s.cataloguePage)
	s.get(signedIn, "/calendar", s.calendarPage) // the handler asks for an administrator
	s.get(signedIn, "/audit", s.auditPage)       // the handler asks for the audit administrator
	s.get(anyone, "/docs", s.docsPage)
	s.get(anyone, "/docs/:part", s.docsPage)
	s.get(anyone, "/openapi.json", s.openapiJSON)
	s.get(anyone, "/static/:name", s.static)
	s.get(anyone, "/login", s.loginPage)
	s.post(anyone, "/login", s.signInForm)
	s.get(anyone, "/login/code", s.stepPage)
	s.post(anyone, "/login/code", s.stepForm)
	s.get(anyone, "/link", s.linkPage)
	s.post(anyone, "/link", s.linkForm)
	s.post(entering, "/logout", s.signOutForm)
	// Pages: one's own account
	s.get(entering, "/account", s.accountPage)
	s.post(own, "/account/password", s.passwordForm)
	s.post(own, "/account/sessions/end", s.endSessionForm)
	s.post(entering, "/account/factor/begin", s.beginFactorForm)
	s.post(entering, "/account/factor/confirm", s.confirmFactorForm)
	s.post(own, "/account/factor/off", s.dropFactorForm)
	s.post(own, "/account/tokens", s.createTokenForm)
	s.post(own, "/account/tokens/revoke", s.revokeTokenForm)
	// API: who is asking
	add(s, anyone, "POST", "/sessions", "signIn", "Sign in with account and password", s.signIn)
	add(s, anyone, "POST", "/sessions/second-step", "secondStep", "The code that a second factor asks for after account and password", s.secondStep)
	add(s, entering, "DELETE", "/sessions", "signOut", "End the session", s.signOut)
	add(s, signedIn, "GET", "/me", "me", "Who is signed in, and what they may act as", s.me)
	// API: one's own account
	add(s, own, "GET", "/account/sessions", "ownSessions", "One's own sessions", s.ownSessions)
	add(s, own, "DELETE", "/account/sessions", "endOtherSessions", "End all one's other sessions", s.endOtherSessions)
	add(s, own, "DELETE", "/account/sessions/{id}", "endSession", "End one of one's own sessions", s.endSession)
	add(s, own, "POST", "/account/password", "changePassword", "Change one's own password", s.changePassword)
	add(s, entering, "GET", "/account/second-factor", "secondFactor", "Whether a second factor is set up", s.secondFactor)
	add(s, entering, "POST", "/account/second-factor", "beginSecondFactor", "Begin to set up a second factor", s.beginSecondFactor)
	add(s, entering, "POST", "/account/second-factor/confirm", "confirmSecondFactor", "Put the second factor in force with its first code", s.confirmSecondFactor)
	add(s, own, "POST", "/account/second-factor/off", "dropSecondFactor", "Take one's own second factor away", s.dropSecondFactor)
	add(s, own, "GET", "/tokens", "tokens", "One's own API tokens", s.tokens)
	add(s, own, "POST", "/tokens", "createToken", "Make an API token", s.createToken)
	add(s, own, "DELETE", "/tokens/{id}", "revokeToken", "Revoke one of one's own API tokens", s.revokeToken)
	// API: the three administrators
	add(s, system, "POST", "/admin/people", "makeAccount", "Open an account", s.makeAccount)
	add(s, system, "POST", "/admin/people/{id}/link", "makeLink", "A one-time link for a person to set a password", s.makeLink)
	add(s, system, "POST", "/admin/people/{id}/active", "setActive", "Deactivate or activate an account", s.setActive)
	add(s, roleGift, "POST", "/admin/people/{id}/roles", "giveRole", "Give a role", s.giveRole)
	add(s, security, "POST", "/admin/people/{id}/roles/end", "takeRole", "Take a role away", s.takeRole)
	add(s, security, "GET", "/admin/people/{id}/sessions", "sessionsOf", "A person's sessions", s.sessionsOf)
	add(s, security, "DELETE", "/admin/people/{id}/sessions", "endSessionsOf", "End all sessions of a person", s.endSessionsOf)
	add(s, security, "GET", "/admin/people/{id}/tokens", "tokensOf", "A person's API tokens", s.tokensOf)
	add(s, security, "DELETE", "/admin/tokens/{id}", "revokeTokenOf", "Revoke a person's API token", s.revokeTokenOf)
	add(s, security, "DELETE", "/admin/people/{id}/second-factor", "takeSecondFactor", "Take away a second factor whose phone is lost", s.takeSecondFactor)
	add(s, system, "POST", "/admin/units", "makeUnit", "Make a unit", s.makeUnit)
	add(s, system, "POST", "/admin/units/{id}", "changeUnit", "Rename a unit, move it, or change its kind or regulator", s.changeUnit)
	add(s, system, "POST", "/admin/units/{id}/merge", "mergeUnit", "Merge a unit into another, which carries its cases on", s.mergeUnit)
	add(s, roleGift, "GET", "/admin/people/{id}/posts", "postsOf", "A person's posts, with their days", s.postsOf)
	add(s, security, "POST", "/admin/people/{id}/posts", "givePost", "Give a post from a day on, and until a day", s.givePost)
	add(s, security, "POST", "/admin/people/{id}/posts/end", "endPost", "End a post on a day", s.endPost)
	add(s, system, "GET", "/admin/people/{id}/hand-over", "hanging", "What hangs on an account and needs a new home before it is closed", s.hanging)
	add(s, system, "POST", "/admin/people/{id}/close", "closeAccount", "Hand everything over and close an account", s.closeAccount)
	add(s, auditing, "GET", "/admin/case-reads", "allReads", "Who read restricted cases", s.allReads)
	add(s, auditing, "GET", "/admin/security-events", "securityEvents", "The log of what concerns security, the newest first", s.securityEvents)
	// API: dated agents; the handlers ask for the principal or the unit's head
	add(s, signedIn, "GET", "/agents", "agents", "One's own agents and those one acts for, and a head's unit's", s.agents)
	add(s, signedIn, "POST", "/agents", "makeAgent", "Let somebody act for a person in a role, for at most 90 days", s.makeAgent)
	add(s, signedIn, "DELETE", "/agents/{id}", "endAgent", "End an agent at once", s.endAgent)
	// API: what can be chosen from
	add(s, signedIn, "GET", "/catalogue", "catalogue", "The review standards in force on a day, and what changed since a version", s.catalogue)
	add(s, signedIn, "GET", "/scope", "scope", "The questions of scope, and the ways of issuing", s.scope)
	add(s, signedIn, "GET", "/routing", "routing", "Which route a way of issuing leads to, and why", s.routing)
	add(s, signedIn, "GET", "/units", "units", "Units: drafting units, regulators, seats", s.units)
	add(s, signedIn, "GET", "/people", "people", "People who hold a role, for the regulator and for one's own unit", s.people)
	// API: the working calendar; the handlers ask for an administrator
	add(s, signedIn, "GET", "/calendar", "calendar", "The working calendar: years loaded, and what is missing", s.calendar)
	add(s, signedIn, "POST", "/calendar", "loadCalendar", "Load years of the working calendar, and have running periods end anew", s.loadCalendar)
	// API: texts
	add(s, signedIn, "POST", "/texts", "putText", "Store a text under its SHA-256", s.putText)
	add(s, signedIn, "POST", "/texts/upload", "uploadText", "Read the text out of a .docx or plain text file, and store both", s.uploadText)
	add(s, signedIn, "GET", "/texts/{hash}", "text", "A stored text", s.text)
	add(s, signedIn, "GET", "/texts/{hash}/clauses", "textClauses", "A stored text by its clauses, matched with a case's present text", s.textClauses)
	describeForm(s.api, "/texts/upload", nil)
	// API: cases
	add(s, signedIn, "POST", "/cases", "openCase", "Open a case", s.openCase)
	add(s, signedIn, "POST", "/cases/{id}/actions", "act", "Act on a case", s.act)
	add(s, signedIn, "GET", "/cases", "cases", "List and filter cases", s.cases)
	add(s, signedIn, "GET", "/cases/{id}", "case", "A case, whose turn it is, and what one may do", s.getCase)
	add(s, signedIn, "GET", "/cases/{id}/events", "events", "A case's history, oldest first", s.events)
	add(s, signedIn, "GET", "/cases/{id}/compare", "compareTexts", "Two texts of a case side by side, clause by clause", s.compare)
	add(s, signedIn, "POST", "/cases/{id}/files", "attachFile", "Attach a file to a case", s.attach)
	add(s, signedIn, "GET", "/cases/{id}/files", "files", "The files of a case that one may read", s.files)
	add(s, signedIn, "GET", "/cases/{id}/files/{hash}", "file", "A file of a case, to be saved", s.file)
	describeForm(s.api, "/cases/{id}/files", map[string]*huma.Schema{"kind": fileKind()})
	add(s, signedIn, "GET", "/cases/{id}/letters", "letters", "The letters of a case that concern one", s.letters)
	add(s, signedIn, "GET", "/cases/{id}/letters/{kind}", "letter", "A letter, in the reader's language", s.letter)
	add(s, signedIn, "GET", "/cases/{id}/reads", "caseReads", "Who read a restricted case, for who answers for the restriction", s.caseReads)
	add(s, signedIn, "GET", "/cases/{id}/drafts", "drafts", "The drafts of the conclusion in this round and what differs, for the regulator", s.drafts)
	add(s, signedIn, "GET", "/tasks", "tasks", "What waits for one's own hand, by due date", s.tasks)
	// API: what one is told
	add(s, signedIn, "GET", "/notices", "notices", "What one was told about cases, newest first", s.noticeList)
	add(s, signedIn, "POST", "/notices/{id}/read", "readNotice", "Mark a notice as read", s.readNotice)
	add(s, signedIn, "POST", "/notices/read-all", "readNotices", "Mark all notices up to one as read", s.readNotices)
	add(s, own, "GET", "/account/mail", "mailSettings", "Where one gets mail, and of what", s.mailSettings)
	add(s, own, "POST", "/account/mail", "setMailAddress", "Set or take away one's mail address", s.setMailAddress)
	add(s, own, "POST", "/account/mail/verify", "verifyMail", "Put one's mail address in use, by the token that was sent there", s.verifyMail)
	add(s, own, "POST", "/account/mail/choices", "setMailChoices", "Choose of what one gets mail, and when", s.setMailChoices)
	// API: what other systems are told
	add(s, system, "GET", "/webhooks", "webhooks", "Endpoints that are told, and how their queues stand", s.webhooks)
	add(s, system, "POST", "/webhooks", "makeWebhook", "Register an endpoint; its secret is shown once", s.makeWebhook)
	add(s, system, "DELETE", "/webhooks/{id}", "endWebhook", "End an endpoint", s.endWebhook)
	add(s, system, "GET", "/webhooks/{id}/dead", "deadMessages", "Messages that an endpoint did not take within a day", s.deadMessages)
	add(s, system, "POST", "/webhooks/messages/{id}/again", "sendAgain", "Send a message again that was given up", s.sendAgain)
	// API: draws that anyone can re-run; the handlers ask for an officer or approver of a regulator
	add(s, signedIn, "POST", "/draws", "requestDraw", "Ask for a spot check: the list of who can be drawn is fixed and hashed", s.requestDraw)
	add(s, signedIn, "POST", "/draws/{id}/seed", "seedDraw", "Draw: the seed is made once, and repeating answers the same", s.seedDraw)
	add(s, signedIn, "POST", "/draws/{id}/again", "drawAgain", "Ask to draw again from the same list, with a reason", s.drawAgain)
	add(s, signedIn, "POST", "/draws/{id}/agree", "agreeDraw", "Agree, as a second officer, to draw again", s.agreeDraw)
	add(s, signedIn, "GET", "/draws", "draws", "Draws, newest first, also those asked for and not drawn", s.draws)
	add(s, signedIn, "GET", "/draws/{id}", "draw", "The record of a draw, as fairreview verify-draw reads it", s.getDraw)
	// API: experts; the handlers ask for an officer or approver of a regulator, and for a case, of its own
	add(s, signedIn, "GET", "/pool", "pool", "The experts of the pools that one's regulator uses", s.pool)
	add(s, signedIn, "POST", "/pool", "putExpert", "Enter an expert in the pool, or say anew what the entry holds", s.putExpert)
	add(s, signedIn, "POST", "/pool/{id}/end", "endTerm", "End an expert's term; what was is kept", s.endTerm)
	add(s, signedIn, "GET", "/pool/changes", "poolChanges", "What an entry of the pool held before, and who changed it", s.poolChanges)
	add(s, signedIn, "GET", "/cases/{id}/panel", "panelRecord", "Draws, overrides and how the panels of a case came about, for its regulator", s.panelRecord)
	add(s, signedIn, "POST", "/cases/{id}/panel/check", "panelCheck", "Who could sit on a panel, and what stands against the others: a dry run that changes nothing", s.panelCheck)
	add(s, signedIn, "POST", "/cases/{id}/panel/override", "overrideConflict", "Let an expert sit in spite of an interest, as a second officer", s.overrideConflict)
	add(s, signedIn, "POST", "/cases/{id}/panel/draw", "drawPanel", "Ask for a draw for a panel: the list of who can be drawn is fixed and hashed", s.drawPanel)
	created(s.api, "/cases/{id}/panel/draw")
	created(s.api, "/draws")
	created(s.api, "/draws/{id}/again")
	// API: the log; the handlers ask for the audit administrator
	add(s, signedIn, "GET", "/audit", "auditLog", "Who did what to which case, and security events, newest first, as sentences", s.auditLog)
	add(s, signedIn, "GET", "/audit/export", "auditExport", "The log as a file; that it was taken is recorded", s.auditExport)
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
