package server

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// statusOf is the one table from a refusal's code to an HTTP status. A test holds it against every code of the domain.
var statusOf = map[review.Code]int{
	review.UnderWay: 202,

	review.Malformed: 400,

	review.Unauthenticated: 401,

	review.Forbidden: 403, review.NotYourRole: 403, review.TwoSides: 403, review.SameHand: 403, review.StateSecret: 403,
	codeForm: 403, codeElsewhere: 403,

	review.NotFound: 404,
	codeNoMethod:    405,

	review.Conflict: 409, review.NotYourTurn: 409, review.AlreadyDone: 409, review.WrongRoute: 409, review.OverlayOff: 409,
	review.NoEscape: 409, review.Concluded: 409, review.SeatsOpen: 409, review.PanelUndecided: 409, review.SecondNeeded: 409,
	review.QuorumOpen: 409, review.Sealed: 409, review.NothingAsked: 409, review.LinkedNotIssued: 409,
	review.ConfirmNeeded: 409, review.OpenCaseExists: 409, review.Forked: 409, review.LegalityOpen: 409, review.NothingToUndo: 409,
	review.TooLate: 409, review.TooSoon: 409, review.NobodyToUrge: 409, review.ProvisionalDue: 409,

	review.DrawnBefore: 409, review.DrawUndrawn: 409, review.DrawUnagreed: 409, review.DrawAgreed: 409, review.DrawNotAgain: 409,

	review.TooLarge: 413,
	codeNotJSON:     415, codeNotForm: 415,

	review.Missing: 422, review.Invalid: 422, review.TextUnchanged: 422, review.TextMismatch: 422, review.NotHeard: 422,
	review.PublicNotHeard: 422, review.ItemsOpen: 422, review.ItemUnknown: 422, review.StandardsOld: 422, review.BasisOpen: 422,
	review.FindingOpen: 422, review.ExceptionOpen: 422, review.PacketOpen: 422, review.SlotNotAsked: 422, review.ChangesOpen: 422,
	review.BreachOpen: 422, review.NoBreach: 422, review.SuperiorNoBasis: 422, review.KeyReused: 422, review.BadCharacters: 422,
	review.ScopeOpen: 422, review.RouteOdd: 422,
	review.ClausesUnsure: 422, review.UnsupportedFile: 422, review.TrackedChanges: 422,
	review.ConclusionOpen: 422, review.ChangesBeyond: 422, review.MaterialText: 422, review.ExtensionOpen: 422,

	review.DrawEmpty: 422,

	review.NotInPool: 409, review.ConflictOfInterest: 409, review.ConflictForGood: 409, review.PoolTooSmall: 409, review.PanelNotDrawn: 409,
	review.PersonalData: 422,

	review.TooMany: 429, codeRate: 429,
	codeHeaderBig: 431,

	postgres.StepOver: 401, postgres.ScopeLacking: 403, postgres.SessionNeeded: 403, postgres.EnrolFirst: 403, postgres.NotOneself: 403,
	postgres.LinkOver: 404, postgres.FactorOn: 409, postgres.FactorOff: 409, postgres.FactorNoKey: 409, postgres.AdminsApart: 409,
	postgres.PasswordLength: 422, postgres.PasswordCommon: 422, postgres.PasswordWrong: 422, postgres.StepWrong: 422, postgres.TokenLife: 422,
	postgres.LoginForm: 422, codeAgain: 422,

	postgres.AgentRole: 403, postgres.AgentOutside: 422, postgres.AgentDays: 422, postgres.UnitMerged: 409, postgres.UnitCircle: 422,
	postgres.HandOverOpen: 409,

	codeInternal: 500,

	review.Unavailable: 503,
}

// Problem answers a refusal (RFC 9457). Clients branch on code; people read detail.
type Problem struct {
	Type     string            `json:"type" doc:"Where the code is explained"`
	Title    string            `json:"title" doc:"The status in words"`
	Status   int               `json:"status" doc:"HTTP status"`
	Detail   string            `json:"detail" doc:"What happened and what to do, in the reader's language"`
	Code     string            `json:"code" doc:"Stable code of the refusal"`
	Params   map[string]string `json:"params,omitempty" doc:"What the sentence was filled with"`
	Errors   []FieldError      `json:"errors,omitempty" nullable:"false" doc:"One entry for each field that was not acceptable"`
	Instance string            `json:"instance" doc:"Number of this request, as in X-Request-Id and the log"`
}

// FieldError says what is wrong with one field.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus is the HTTP status, where huma looks for it.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes huma send problems as what they are.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders says when to come back, and where to look for what is under way.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	switch p.Status {
	case 401:
		h.Set("WWW-Authenticate", `Bearer realm="fairreview"`)
	case 429:
		h.Set("Retry-After", orElse(p.Params["seconds"], "60"))
	case 503:
		h.Set("Retry-After", "5")
	case 202:
		h.Set("Retry-After", "1")
		h.Set("Location", "/api/v1/cases/"+p.Params["case"])
	}
	return h
}

// explain turns any error into a problem in the reader's language. An error without a code is ours: it is logged under
// the request's number and its text stays here.
func (s *Server) explain(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	q := requestOf(ctx)
	if away(err) {
		q.log.Warn("service away", "error", err)
	}
	e := refusal(err)
	if e == nil {
		q.log.Error("request failed", "error", err)
		e = review.Refuse(codeInternal, "request", q.id)
	}
	params := make(map[string]string, len(e.Params)+1)
	for k, v := range e.Params {
		params[k] = v
	}
	for _, k := range []string{"who", "person"} {
		if id := params[k]; id != "" {
			params["name"] = s.name(ctx, id)
		}
	}
	status, ok := statusOf[e.Code]
	if !ok {
		q.log.Error("refusal without a status", "code", string(e.Code))
		status = 500
	}
	return &Problem{
		Type: "/docs#" + string(e.Code), Title: titles[status].in(q.lang), Status: status, Code: string(e.Code),
		Params: params, Detail: say(q.lang, sentences[e.Code], shown(q.lang, params)), Instance: "urn:request:" + q.id,
	}
}

// refusal returns the refusal in err's chain, giving the framework's and the clock's errors a code; nil is internal.
func refusal(err error) *review.Error {
	var e *review.Error
	var f *fiber.Error
	switch {
	case errors.As(err, &e):
		return e
	case away(err):
		return review.Refuse(review.Unavailable)
	case errors.As(err, &f):
		switch f.Code {
		case 404:
			return review.Refuse(review.NotFound)
		case 405:
			return review.Refuse(codeNoMethod)
		case 413:
			return review.Refuse(review.TooLarge, "field", "body", "limit", bodyLimitWords)
		case 431:
			return review.Refuse(codeHeaderBig)
		}
		if f.Code < 500 {
			return review.Refuse(review.Malformed, "detail", "request")
		}
	}
	return nil
}

// away reports whether err says that the database, or time, is gone rather than that something here is wrong.
func away(err error) bool {
	var network net.Error
	var sql interface{ SQLState() string }
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, driver.ErrBadConn),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return true
	case errors.As(err, &sql): // connection, resources, intervention of an operator
		class := sql.SQLState() + "  "
		return slices.Contains([]string{"08", "53", "57"}, class[:2])
	}
	return false
}

// shown are the parameters as the sentence shows them: a name for an id, a clock time for an instant.
func shown(l lang, params map[string]string) map[string]string {
	out := make(map[string]string, len(params))
	for k, v := range params {
		out[k] = v
	}
	if _, ok := out["who"]; ok {
		out["who"] = orElse(out["name"], roles[review.Timer].in(l))
	}
	if t, err := time.Parse(time.RFC3339, out["at"]); err == nil {
		out["at"] = clock(l, t)
	}
	return out
}

// name is a person's name, or the id when the record does not know it.
func (s *Server) name(ctx context.Context, id string) string {
	names, err := s.db.Names(ctx, []string{id})
	if err != nil {
		requestOf(ctx).log.Error("names", "error", err)
	}
	return orElse(names[id], id)
}

// fail answers an error: as a page to a browser that asked for a page, and as a problem otherwise.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	if requestOf(c.UserContext()).id == "" { // it failed before the first handler: a request that could not be read
		s.begin(c)
	}
	p := s.explain(c.UserContext(), err)
	for k, v := range p.GetHeaders() {
		c.Set(k, v[0])
	}
	if wantsPage(c) {
		if p.Status == 401 && c.Method() == fiber.MethodGet {
			return c.Redirect("/login?next="+url.QueryEscape(c.OriginalURL()), fiber.StatusSeeOther)
		}
		if p.Code == string(postgres.EnrolFirst) && c.Method() == fiber.MethodGet {
			return c.Redirect("/account", fiber.StatusSeeOther)
		}
		if p.Status == 401 {
			c.Response().Header.Del("WWW-Authenticate")
		}
		return s.errorPage(c, p)
	}
	c.Status(p.Status)
	if err := c.JSON(p); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/problem+json")
	return nil
}

func wantsPage(c *fiber.Ctx) bool {
	return !strings.HasPrefix(c.Path(), "/api/") && strings.Contains(c.Get(fiber.HeaderAccept), "text/html")
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
