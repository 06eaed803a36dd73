package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

const apiPrefix = "/api/v1"

func newAPI(app *fiber.App) huma.API {
	cfg := huma.DefaultConfig("fairreview 公平竞争审查工作平台", "1.0.0")
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath, cfg.CreateHooks = "", "", "", nil
	cfg.Info.Description = "Fair-competition review of policy measures: open a case, act on it, read it, list, count. " +
		"Sign in with a bearer token, or with the session cookie of POST " + apiPrefix + "/sessions; writes by cookie send X-CSRF-Token. " +
		"Every write that changes a case or stores a text takes an Idempotency-Key: the same key and content happen once and get the same answer. " +
		"Refusals are application/problem+json (RFC 9457) with a stable code; detail is a sentence in Chinese or English (Accept-Language, or ?lang=en)."
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", Description: "An API token"},
		"cookie": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "The browser's session; writes also send X-CSRF-Token"},
	}
	return humafiber.New(app, cfg)
}

// add registers an operation of the API: the policy is asked first, then the form of the request, then the handler; its
// refusals become problems here.
func add[I, O any](s *Server, who policy, method, path, id, summary string, h func(context.Context, *I) (*O, error)) {
	op := huma.Operation{Method: method, Path: apiPrefix + path, OperationID: id, Summary: summary, Tags: []string{tag(path)}, Errors: []int{400}}
	switch by := []map[string][]string{{"bearer": {}}, {"cookie": {}}}; who {
	case anyone:
		op.Security = []map[string][]string{{}}
	case totals:
		op.Security = append([]map[string][]string{{}}, by...)
		op.Errors = append(op.Errors, 401, 422)
	case own, entering:
		op.Security = by[1:]
		op.Errors = append(op.Errors, 401, 403, 404, 422)
	default:
		op.Security = by
		op.Errors = append(op.Errors, 401, 403, 404, 422)
	}
	if method == http.MethodPost {
		op.Errors = append(op.Errors, 409, 413, 415, 422, 429, 503)
		op.MaxBodyBytes = int64(limitOf(method, op.Path))
		if path == "/cases" {
			op.DefaultStatus = http.StatusCreated
		}
		if strings.HasPrefix(path, "/cases") {
			op.Responses = map[string]*huma.Response{"202": {Description: "Accepted and under way; look at Location"}}
		}
	}
	slices.Sort(op.Errors)
	op.Errors = slices.Compact(op.Errors)
	op.Middlewares = huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		if err := s.admit(humafiber.Unwrap(ctx), who, op); err != nil {
			_ = s.fail(humafiber.Unwrap(ctx), err)
			return
		}
		next(ctx)
	}}
	s.policies[method+" "+strings.NewReplacer("{", ":", "}", "").Replace(op.Path)] = who
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, s.explain(ctx, err)
		}
		return out, nil
	})
}

func tag(path string) string {
	head, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return head
}

// admit is what every operation asks before anything of it is decoded: who, by whose hand, under which key, in what form.
func (s *Server) admit(c *fiber.Ctx, who policy, op huma.Operation) error {
	if err := s.allow(c, who); err != nil {
		return err
	}
	for k := range c.Queries() {
		if !s.known[op.OperationID][k] {
			return review.Refuse(review.Invalid, "field", k)
		}
	}
	if op.Method == http.MethodGet {
		return nil
	}
	if q := requestOf(c.UserContext()); q.byCookie && who != anyone {
		if err := sameToken(q.csrf, c.Get(csrfHeader)); err != nil {
			return err
		}
	}
	if op.Method != http.MethodPost {
		return nil
	}
	if who == signedIn || op.OperationID == "createToken" {
		key := c.Get(keyHeader)
		if key == "" {
			return review.Refuse(review.Missing, "field", keyHeader)
		}
		if len(key) > 200 || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return review.Refuse(review.Invalid, "field", keyHeader)
		}
	}
	if takesFile(op.Method, op.Path) {
		if err := formOnce(c); err != nil {
			return err
		}
		body := c.Request().Body()
		c.Request().SetBodyStream(bytes.NewReader(body), len(body))
		return nil
	}
	if err := jsonOnce(c); err != nil {
		return err
	}
	if strings.HasPrefix(op.Path, apiPrefix+"/cases") && len(c.Body()) > actionLimit {
		return review.Refuse(review.TooLarge, "field", "body", "limit", "512 KiB")
	}
	body := c.Body()
	if err := readable(body); err != nil {
		return err
	}
	c.Request().SetBodyStream(bytes.NewReader(body), len(body)) // where huma reads it
	return nil
}

// jsonOnce refuses a body that does not say, once, that it is JSON in UTF-8.
func jsonOnce(c *fiber.Ctx) error {
	n := 0
	for line := range bytes.Lines(c.Request().Header.RawHeaders()) { // parsed, only the last of several is left
		if name, _, ok := bytes.Cut(line, []byte(":")); ok && strings.EqualFold(string(name), fiber.HeaderContentType) {
			n++
		}
	}
	kind, param, _ := strings.Cut(strings.ToLower(c.Get(fiber.HeaderContentType)), ";")
	param = strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(param), `"`, ""), " ", "")
	if n != 1 || strings.TrimSpace(kind) != "application/json" || param != "" && param != "charset=utf-8" {
		return review.Refuse(codeNotJSON)
	}
	return nil
}

// Keyed is the header of every write that must happen once.
type Keyed struct {
	Key string `header:"Idempotency-Key" required:"true" minLength:"1" maxLength:"200" doc:"1 to 200 visible characters; the same key and content happen once"`
}

// Body of an answer.
type reply[T any] struct{ Body T }

func answer[T any](body T, err error) (*reply[T], error) {
	if err != nil {
		return nil, err
	}
	return &reply[T]{body}, nil
}

// Who is asking.

type signInInput struct {
	Body struct {
		Login    string `json:"login" minLength:"1" maxLength:"100"`
		Password string `json:"password" minLength:"1" maxLength:"1000"`
	}
}

// Me is who is signed in.
type Me struct {
	ID          string                `json:"id"`
	Name        string                `json:"name"`
	Memberships []postgres.Membership `json:"memberships" nullable:"false"`
	CSRF        string                `json:"csrf,omitempty" doc:"Send as X-CSRF-Token with writes by cookie"`
	SecondStep  bool                  `json:"secondStep,omitempty" doc:"Nobody is signed in yet: send the code of the second factor to /sessions/second-step"`
}

func meOf(p postgres.Person, csrf string) Me {
	return Me{ID: p.ID, Name: p.Name, Memberships: orEmpty(p.Memberships), CSRF: csrf}
}

type signInOutput struct {
	SetCookie []string `header:"Set-Cookie"`
	Body      Me
}

func (s *Server) signIn(ctx context.Context, in *signInInput) (*signInOutput, error) {
	e, err := s.enter(ctx, in.Body.Login, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return s.entered(ctx, e), nil
}

type signOutOutput struct {
	SetCookie []string `header:"Set-Cookie"`
}

func (s *Server) signOut(ctx context.Context, _ *struct{}) (*signOutOutput, error) {
	if q := requestOf(ctx); q.byCookie {
		if err := s.db.SignOut(ctx, q.session, q.from); err != nil {
			return nil, err
		}
	}
	return &signOutOutput{SetCookie: []string{cookieHeader(ctx, sessionCookie, "", -1)}}, nil
}

func (s *Server) me(ctx context.Context, _ *struct{}) (*reply[Me], error) {
	return answer(meOf(person(ctx), requestOf(ctx).csrf), nil)
}

// What can be chosen from.

// Units lists units.
type Units struct {
	Units []postgres.Unit `json:"units" nullable:"false"`
}

func (s *Server) units(ctx context.Context, _ *struct{}) (*reply[Units], error) {
	us, err := s.db.Units(ctx)
	return answer(Units{orEmpty(us)}, err)
}

type peopleInput struct {
	Role string `query:"role" enum:"handler,review_body,unit_head,officer,checker,approver,expert" doc:"Who holds this role"`
	Unit string `query:"unit" maxLength:"64"`
}

// People lists people.
type People struct {
	People []Me `json:"people" nullable:"false"`
}

func (s *Server) people(ctx context.Context, in *peopleInput) (*reply[People], error) {
	own := slices.ContainsFunc(person(ctx).Memberships, func(m postgres.Membership) bool {
		return m.Role == review.Officer || m.Role == review.Approver || m.Role == review.Admin || m.Role == review.SecurityAdmin || in.Unit != "" && m.Unit == in.Unit
	})
	if !own { // drafting units know experts as 专家甲 only
		return nil, review.Refuse(review.Forbidden)
	}
	ps, err := s.db.People(ctx, postgres.PeopleFilter{Unit: in.Unit, Role: review.Role(in.Role)})
	if err != nil {
		return nil, err
	}
	out := People{People: make([]Me, len(ps))}
	for i, p := range ps {
		out.People[i] = meOf(p, "")
	}
	return answer(out, nil)
}

// document builds the published description of the API and the page that shows it, once, from the operations registered.
func (s *Server) document() error {
	language := &huma.Param{Name: "lang", In: "query", Description: "Language of sentences, before Accept-Language",
		Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{string(zh), string(en)}}}
	for _, item := range s.api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Delete} {
			if op == nil {
				continue
			}
			op.Parameters = append(op.Parameters, language)
			s.known[op.OperationID] = map[string]bool{}
			for _, p := range op.Parameters {
				s.known[op.OperationID][p.Name] = p.In == "query"
			}
		}
	}
	b, err := json.MarshalIndent(s.api.OpenAPI(), "", " ")
	if err != nil {
		return fmt.Errorf("openapi: %w", err)
	}
	s.openapi = b
	s.doc = docOf(s.api.OpenAPI(), s.policies)
	return nil
}

func (s *Server) openapiJSON(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "application/json")
	return c.Send(s.openapi)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
