package server

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/review"
)

// docPage is the description of the API as people read it, made once from the OpenAPI document.
type docPage struct {
	Version    string
	Operations []docOperation
	Schemas    []docSchema
	Codes      []docCode
}

type docOperation struct {
	Method, Path, ID string
	Summary          docWords
	Who              policy
	Params           []docField
	Body             string // schema
	Responses        []docResponse
	Curl             string
}

// docField is a parameter, or a property of a schema; Ref is the schema that its type names.
type docField struct {
	Name, In, Type, Ref, Doc string
	Required                 bool
}

type docResponse struct{ Status, Body string }

type docSchema struct {
	Name   string
	Fields []docField
}

type docCode struct {
	Code     review.Code
	Status   int
	Sentence docWords
}

type docWords struct{ words }

// In says it in the reader's language.
func (w docWords) In(l lang) string { return w.in(l) }

// docsView is one page of the description: the contents and the codes (no part), the operations of one group, or the schemas.
type docsView struct {
	frame
	docPage
	Part string
}

// schemasPart is the page of the schemas; the others are named by the first word of their paths.
const schemasPart = "schemas"

// Group is the page on which the operation is described.
func (o docOperation) Group() string { return tag(strings.TrimPrefix(o.Path, apiPrefix)) }

// Shown are the operations that the page describes.
func (v *docsView) Shown() []docOperation {
	var out []docOperation
	for _, o := range v.Operations {
		if o.Group() == v.Part {
			out = append(out, o)
		}
	}
	return out
}

// WhoWords say who may use an operation.
func (v *docsView) WhoWords(p policy) string {
	if w, ok := policyWords[p]; ok {
		return w.in(v.Lang)
	}
	return string(p)
}

var policyWords = map[policy]words{
	anyone:   {"无需登录", "no sign-in"},
	totals:   {"期间总数无需登录，筛选需登录", "totals of a period without sign-in, filters with"},
	signedIn: {"需登录；按职责和与案件的关系授权", "sign-in; by role and by one's relation to the case"},
	operator: {"本机或者系统管理员", "this machine itself, or a system administrator"},
	entering: {"登录过程中", "while signing in"},
	own:      {"登录会话本人", "oneself, in a session"},
	system:   {"系统管理员", "system administrator"},
	security: {"安全管理员", "security administrator"},
	auditing: {"审计管理员", "audit administrator"},
	roleGift: {"安全管理员；管理员岗位由系统管理员授予", "security administrator; posts of administrators by the system administrator"},
}

func (s *Server) docsPage(c *fiber.Ctx) error {
	v := docsView{docPage: s.doc, Part: c.Params("part")}
	if v.Part != "" && v.Part != schemasPart && len(v.Shown()) == 0 {
		return review.Refuse(review.NotFound)
	}
	return s.show(c, "docs", &v)
}

// docOf reads what is shown out of the OpenAPI document.
func docOf(api *huma.OpenAPI, policies map[string]policy) docPage {
	d := docPage{Version: api.Info.Version}
	for path, item := range api.Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "DELETE": item.Delete} {
			if op != nil {
				d.Operations = append(d.Operations, operationOf(api, path, method, op, policies))
			}
		}
	}
	slices.SortFunc(d.Operations, func(a, b docOperation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	schemas := api.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		d.Schemas = append(d.Schemas, docSchema{Name: name, Fields: fieldsOf(schemas[name])})
	}
	for code, w := range sentences {
		d.Codes = append(d.Codes, docCode{code, statusOf[code], docWords{w}})
	}
	slices.SortFunc(d.Codes, func(a, b docCode) int { return cmp.Or(a.Status-b.Status, cmp.Compare(a.Code, b.Code)) })
	return d
}

func operationOf(api *huma.OpenAPI, path, method string, op *huma.Operation, policies map[string]policy) docOperation {
	o := docOperation{Method: method, Path: path, ID: op.OperationID, Summary: docWords{words{operationNames[op.OperationID], op.Summary}},
		Who: policies[method+" "+strings.NewReplacer("{", ":", "}", "").Replace(path)]}
	for _, p := range op.Parameters {
		if p.Name == "lang" { // of every operation: the page says so once
			continue
		}
		t, _ := typeOf(p.Schema)
		o.Params = append(o.Params, docField{Name: p.Name, In: p.In, Type: t, Doc: docOfSchema(p.Description, p.Schema), Required: p.Required})
	}
	if op.RequestBody != nil {
		if m := op.RequestBody.Content["application/json"]; m != nil {
			_, o.Body = typeOf(m.Schema)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := docResponse{Status: status}
		for _, m := range op.Responses[status].Content {
			_, r.Body = typeOf(m.Schema)
		}
		o.Responses = append(o.Responses, r)
	}
	o.Curl = curl(api, o, op)
	return o
}

// curl is a call that could be typed as it stands, with a token of one's own.
func curl(api *huma.OpenAPI, o docOperation, op *huma.Operation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "curl")
	if o.Method != "GET" {
		fmt.Fprintf(&b, " -X %s", o.Method)
	}
	path := strings.NewReplacer("{id}", "$CASE", "{hash}", "$HASH", "{kind}", "$KIND").Replace(o.Path)
	fmt.Fprintf(&b, " \"$SITE%s\"", path)
	if o.Who == own || o.Who == entering {
		b.WriteString(" \\\n  -b cookies.txt")
		if o.Method != "GET" {
			b.WriteString(" -H \"X-CSRF-Token: $CSRF\"")
		}
	} else if o.Who != anyone && o.Who != totals {
		b.WriteString(" \\\n  -H \"Authorization: Bearer $TOKEN\"")
	}
	if slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == keyHeader }) {
		b.WriteString(" \\\n  -H \"Idempotency-Key: $(uuidgen)\"")
	}
	if op.RequestBody != nil {
		if m := op.RequestBody.Content["application/json"]; m != nil {
			body, _ := json.Marshal(sample(api, m.Schema, o.ID, 0))
			fmt.Fprintf(&b, " \\\n  -H \"Content-Type: application/json\" \\\n  -d '%s'", body)
		} else if m := op.RequestBody.Content["multipart/form-data"]; m != nil {
			for _, name := range m.Schema.Required {
				value := "note"
				if name == "file" {
					value = "@$FILE"
				}
				fmt.Fprintf(&b, " \\\n  -F \"%s=%s\"", name, value)
			}
		}
	}
	return b.String()
}

// sample is a value of the schema with what is required of it.
func sample(api *huma.OpenAPI, s *huma.Schema, op string, depth int) any {
	if s.Ref != "" {
		s = api.Components.Schemas.SchemaFromRef(s.Ref)
	}
	switch {
	case depth > 6:
		return nil
	case len(s.Enum) > 0 && op == "act":
		return "accept"
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type == huma.TypeInteger || s.Type == huma.TypeNumber:
		return 1
	case s.Type == huma.TypeBoolean:
		return false
	case s.Type == huma.TypeArray:
		return []any{}
	case s.Type == huma.TypeObject:
		out := map[string]any{}
		for _, name := range s.Required {
			out[name] = sample(api, s.Properties[name], op, depth+1)
			if v, ok := samples[name]; ok {
				out[name] = v
			}
		}
		return out
	}
	return "…"
}

var samples = map[string]any{
	"title": "关于促进公平竞争的若干措施", "nature": "normative_document", "issuer": "$ISSUER", "unit": "$UNIT", "login": "$LOGIN", "password": "$PASSWORD",
	"text": "第一条 ……\n第二条 ……", "seen": 5,
}

func fieldsOf(s *huma.Schema) []docField {
	var out []docField
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		t, ref := typeOf(p)
		if ref != "" {
			t = strings.TrimSuffix(t, ref)
		}
		out = append(out, docField{Name: name, Type: t, Ref: ref, Doc: docOfSchema("", p), Required: slices.Contains(s.Required, name)})
	}
	return out
}

// typeOf names a type in a word or two, and the schema it refers to.
func typeOf(s *huma.Schema) (name, ref string) {
	switch {
	case s == nil:
		return "", ""
	case s.Ref != "":
		ref = s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
		return ref, ref
	case s.Type == huma.TypeArray:
		item, ref := typeOf(s.Items)
		return "[] " + item, ref
	case s.Type == huma.TypeObject && s.AdditionalProperties != nil:
		if v, ok := s.AdditionalProperties.(*huma.Schema); ok {
			item, ref := typeOf(v)
			return "map " + item, ref
		}
	}
	return strings.TrimSpace(s.Type + " " + s.Format), ""
}

// docOfSchema says what a value means and what bounds it.
func docOfSchema(doc string, s *huma.Schema) string {
	if s == nil {
		return doc
	}
	if doc == "" {
		doc = s.Description
	}
	var bounds []string
	if len(s.Enum) > 0 {
		all := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			all[i] = fmt.Sprint(v)
		}
		bounds = append(bounds, strings.Join(all, ", "))
	}
	if s.MinLength != nil && s.MaxLength != nil {
		bounds = append(bounds, fmt.Sprintf("%d–%d characters", *s.MinLength, *s.MaxLength))
	} else if s.MaxLength != nil {
		bounds = append(bounds, fmt.Sprintf("≤ %d characters", *s.MaxLength))
	}
	if s.Minimum != nil && s.Maximum != nil {
		bounds = append(bounds, fmt.Sprintf("%g to %g", *s.Minimum, *s.Maximum))
	}
	if s.MaxItems != nil {
		bounds = append(bounds, fmt.Sprintf("≤ %d entries", *s.MaxItems))
	}
	if s.Default != nil {
		bounds = append(bounds, fmt.Sprintf("default %v", s.Default))
	}
	if len(bounds) == 0 {
		return doc
	}
	return strings.TrimSpace(doc + " (" + strings.Join(bounds, "; ") + ")")
}
