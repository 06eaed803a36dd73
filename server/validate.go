package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/fairreview/fairreview/review"
)

// Bounds of a request.
const (
	bodyLimit      = 2 << 20 // a text, escaped
	bodyLimitWords = "2 MiB"
	actionLimit    = 512 << 10 // what an action may bring: it is carried by the running case
	jsonDepth      = 32
)

// readable refuses JSON that is not one complete value in UTF-8, that nests deeper than anything here does, that says a field
// twice, or that holds control characters: the decoder would repair the one silently and drop the other.
func readable(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return review.Refuse(review.Malformed, "detail", "empty")
	}
	if !utf8.Valid(body) {
		return review.Refuse(review.Malformed, "detail", "utf8")
	}
	type level struct {
		object bool
		names  map[string]bool
		name   string // the field whose value comes next; "" before a name
		key    bool
	}
	var stack []level
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	for done := false; ; {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) && done {
			return nil
		}
		if err != nil || done && len(stack) == 0 {
			return review.Refuse(review.Malformed, "detail", "json")
		}
		top := len(stack) - 1
		if str, ok := tok.(string); ok {
			// A lone surrogate escape is decoded to U+FFFD: something was lost on the way here.
			if !review.CleanString(str) || strings.ContainsRune(str, utf8.RuneError) {
				field := "body"
				if top >= 0 {
					field = orElse(stack[top].name, field)
				}
				return review.Refuse(review.BadCharacters, "field", field)
			}
			if top >= 0 && stack[top].object && !stack[top].key {
				if stack[top].names[str] {
					return review.Refuse(review.Malformed, "detail", "duplicate")
				}
				stack[top].names[str], stack[top].name, stack[top].key = true, str, true
				continue
			}
		}
		switch tok {
		case json.Delim('{'), json.Delim('['):
			if len(stack) == jsonDepth {
				return review.Refuse(review.Malformed, "detail", "depth")
			}
			if top >= 0 {
				stack[top].key = false
			}
			stack = append(stack, level{object: tok == json.Delim('{'), names: map[string]bool{}})
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
		default:
			if top >= 0 {
				stack[top].key = false
			}
		}
		done = len(stack) == 0
	}
}

// cleanAddress refuses an address with bytes that are no text, or with a parameter given twice.
func cleanAddress(path, query string) error {
	if !review.CleanString(path) || strings.ContainsAny(path, "\n\r\t") {
		return review.Refuse(review.NotFound)
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return review.Refuse(review.Malformed, "detail", "query")
	}
	for k, vs := range values {
		if len(vs) > 1 || !review.CleanString(k) || !review.CleanString(vs[0]) || strings.ContainsAny(k+vs[0], "\n\r\t") {
			return review.Refuse(review.Malformed, "detail", "query")
		}
	}
	return nil
}

// speakInKeys makes huma's validation say a key and an argument instead of an English sentence; invalid puts both
// into the reader's words. The messages are variables of huma's package and are read when operations are registered.
var speakInKeys = sync.OnceFunc(func() {
	for _, m := range []struct {
		at       *string
		key, arg string
	}{
		{&validation.MsgUnexpectedProperty, "unknown", ""}, {&validation.MsgExpectedRequiredProperty, "required", "%s"},
		{&validation.MsgExpectedRFC3339DateTime, "date_time", ""}, {&validation.MsgExpectedRFC3339Date, "date", ""},
		{&validation.MsgExpectedRFC4122UUID, "uuid", "%v"}, {&validation.MsgExpectedBoolean, "boolean", ""},
		{&validation.MsgExpectedNumber, "number", ""}, {&validation.MsgExpectedInteger, "integer", ""},
		{&validation.MsgExpectedString, "string", ""}, {&validation.MsgExpectedArray, "array", ""},
		{&validation.MsgExpectedObject, "object", ""}, {&validation.MsgExpectedOneOf, "one_of", "%s"},
		{&validation.MsgExpectedMinimumNumber, "minimum", "%v"}, {&validation.MsgExpectedMaximumNumber, "maximum", "%v"},
		{&validation.MsgExpectedMinLength, "min_len", "%d"}, {&validation.MsgExpectedMaxLength, "max_len", "%d"},
		{&validation.MsgExpectedMinItems, "min_items", "%d"}, {&validation.MsgExpectedMaxItems, "max_items", "%d"},
		{&validation.MsgExpectedMatchPattern, "pattern", "%s"}, {&validation.MsgExpectedBePattern, "pattern", "%s"},
	} {
		*m.at = m.key + ":" + m.arg
	}
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError {
		return &Problem{Status: status, Code: string(codeInternal)}
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		if ctx == nil {
			return huma.NewError(status, msg, errs...)
		}
		return problemOfHuma(requestOf(ctx.Context()), status, errs)
	}
})

// problemOfHuma puts what huma found wrong with a request into our words. Its own texts and the values it would echo
// stay here.
func problemOfHuma(q *request, status int, errs []error) *Problem {
	e, list := review.Refuse(review.Malformed, "detail", "json"), []FieldError(nil)
	switch {
	case status >= 500:
		q.log.Error("request failed", "error", errors.Join(errs...))
		e = review.Refuse(codeInternal, "request", q.id)
	case status == 413:
		e = review.Refuse(review.TooLarge, "field", "body", "limit", bodyLimitWords)
	case status == 415:
		e = review.Refuse(codeNotJSON)
	case len(errs) > 0 && status == 422:
		list = fieldErrors(q.lang, errs)
		missing := true
		for _, err := range errs {
			missing = missing && isMissing(err)
		}
		e = review.Refuse(review.Invalid, "field", list[0].Field)
		if missing {
			e.Code = review.Missing
		}
	}
	status = statusOf[e.Code]
	return &Problem{
		Type: "/docs#" + string(e.Code), Title: titles[status].in(q.lang), Status: status, Code: string(e.Code), Params: e.Params,
		Detail: say(q.lang, sentences[e.Code], e.Params), Errors: list, Instance: "urn:request:" + q.id,
	}
}

func isMissing(err error) bool {
	key, _, _ := rule(err)
	return key == "required"
}

// rule reads the key, argument and place out of what huma found.
func rule(err error) (key, arg, at string) {
	var d *huma.ErrorDetail
	if !errors.As(err, &d) {
		return "invalid", "", "body"
	}
	key, arg, found := strings.Cut(d.Message, ":")
	at = d.Location
	if !found {
		switch arg = ""; {
		case strings.HasPrefix(d.Message, "required "):
			key = "required"
		case strings.HasPrefix(d.Message, "unknown query"):
			key = "unknown"
		case strings.HasPrefix(d.Message, "invalid integer"):
			key = "integer"
		case strings.HasPrefix(d.Message, "invalid boolean"):
			key = "boolean"
		case strings.HasPrefix(d.Message, "invalid float"):
			key = "number"
		}
	}
	if _, known := fieldRules[key]; !known {
		key, arg = "invalid", ""
	}
	if key == "required" && arg != "" {
		at += "." + arg
	}
	for _, place := range []string{"body.", "query.", "header.", "path."} {
		at = strings.TrimPrefix(at, place)
	}
	return key, arg, orElse(strings.TrimPrefix(at, "body."), "body")
}

func fieldErrors(l lang, errs []error) []FieldError {
	out := make([]FieldError, 0, len(errs))
	for _, err := range errs {
		if len(out) == 50 { // enough to work on
			break
		}
		key, arg, at := rule(err)
		out = append(out, FieldError{Field: at, Message: say(l, fieldRules[key], map[string]string{"arg": arg})})
	}
	return out
}
