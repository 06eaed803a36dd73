package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/internal/document"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

const (
	formRoom    = 64 << 10 // of a form, beside the file
	nameLimit   = 120      // characters of a file's name
	uploadsWait = time.Minute
)

// limitOf bounds the body of a request: more than bodyLimit for the two routes that take a file.
func limitOf(method, path string) int {
	switch {
	case method != http.MethodPost:
	case path == apiPrefix+"/texts/upload":
		return document.Limit + formRoom
	case strings.HasPrefix(path, apiPrefix+"/cases/") && strings.HasSuffix(path, "/files"):
		return postgres.FileLimit + formRoom
	}
	return bodyLimit
}

// takesFile reports whether a request brings a form with a file rather than JSON.
func takesFile(method, path string) bool { return limitOf(method, path) > bodyLimit }

// formOnce refuses a body that does not say, once, that it is a form with a file.
func formOnce(c *fiber.Ctx) error {
	n := 0
	for line := range bytes.Lines(c.Request().Header.RawHeaders()) {
		if name, _, ok := bytes.Cut(line, []byte(":")); ok && strings.EqualFold(string(name), fiber.HeaderContentType) {
			n++
		}
	}
	if kind, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType)); n != 1 || err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return review.Refuse(codeNotForm)
	}
	return nil
}

// form is what was sent: the fields by name, and the file.
type form struct {
	fields map[string]string
	name   string
	file   []byte
}

// formOf reads a form with one file and the fields that are named, each once. It is in memory already, and bounded.
func formOf(contentType string, body []byte, limit int, fields ...string) (form, error) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return form{}, review.Refuse(codeNotForm)
	}
	f := form{fields: map[string]string{}}
	for r, found := multipart.NewReader(bytes.NewReader(body), params["boundary"]), false; ; {
		p, err := r.NextRawPart() // raw: nobody encodes a part for us
		if errors.Is(err, io.EOF) {
			for _, name := range fields {
				if f.fields[name] == "" {
					return form{}, review.Refuse(review.Missing, "field", name)
				}
			}
			if !found {
				return form{}, review.Refuse(review.Missing, "field", "file")
			}
			return f, nil
		}
		if err != nil {
			return form{}, review.Refuse(review.Malformed, "detail", "form")
		}
		room := limit
		if p.FormName() != "file" {
			room = 1000
		}
		b, err := io.ReadAll(io.LimitReader(p, int64(room)+1))
		name := p.FormName()
		switch {
		case err != nil:
			return form{}, review.Refuse(review.Malformed, "detail", "form")
		case name == "file" && found, f.fields[name] != "":
			return form{}, review.Refuse(review.Malformed, "detail", "duplicate")
		case name == "file" && len(b) > limit:
			return form{}, review.Refuse(review.TooLarge, "field", "file", "limit", fmt.Sprintf("%d MiB", limit>>20))
		case name == "file":
			f.name, f.file, found = p.FileName(), b, true
		case !slices.Contains(fields, name):
			if len(name) > 64 || !review.CleanString(name) {
				name = "body"
			}
			return form{}, review.Refuse(review.Invalid, "field", name)
		case len(b) > room || !review.CleanString(string(b)):
			return form{}, review.Refuse(review.Invalid, "field", name)
		default:
			f.fields[name] = string(b)
		}
	}
}

// cleanName is what a file is called here: no path, nothing that cannot be seen, an ending that fits what is in it, and
// no more than nameLimit characters.
func cleanName(name, format string) string {
	name = strings.ToValidUTF8(name, "_")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == '\u2028', r == '\u2029', r == utf8.RuneError, r == '\ufffe', r == '\uffff':
			return -1
		case strings.ContainsRune(`<>:"|?*`, r): // no file system of an office takes them
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " .")
	end := "." + format
	if given := strings.ToLower(path.Ext(name)); given == end || format == document.JPEG && given == ".jpg" {
		end = given
		name = name[:len(name)-len(end)]
	}
	if r := []rune(name); len(r) > nameLimit-len(end) {
		name = string(r[:nameLimit-len(end)])
	}
	if name == "" {
		name = "file"
	}
	return name + end
}

// disposition makes a browser save a file under its name, and never show it (RFC 6266, 8187).
func disposition(f postgres.FileRow) string {
	var b strings.Builder
	for _, c := range []byte(f.Name) {
		if c < utf8.RuneSelf && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return fmt.Sprintf(`attachment; filename="%s.%s"; filename*=UTF-8''%s`, f.Hash[:12], f.Format, b.String())
}

// Upload is a form with a file, as it came.
type Upload struct {
	Keyed
	ContentType string `header:"Content-Type" hidden:"true"`
	RawBody     []byte
}

// describeForm publishes what an operation that takes a file takes.
func describeForm(api huma.API, path string, fields map[string]*huma.Schema) {
	s := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"file": {Type: huma.TypeString, Format: "binary"}}, Required: []string{"file"}}
	for name, f := range fields {
		s.Properties[name] = f
		s.Required = append(s.Required, name)
	}
	slices.Sort(s.Required)
	api.OpenAPI().Paths[apiPrefix+path].Post.RequestBody.Content = map[string]*huma.MediaType{"multipart/form-data": {Schema: s}}
}

// UploadedText is a text that was read out of a file.
type UploadedText struct {
	StoredText
	Original string `json:"original" doc:"SHA-256 of the file itself, which is kept: see the files of the case"`
	Format   string `json:"format" enum:"docx,txt"`
	Encoding string `json:"encoding" enum:"utf-8,utf-16le,utf-16be,gb18030"`
	Pictures int    `json:"pictures,omitempty" doc:"Pictures in the file: words in them are not in the text"`
}

// uploadText reads the text out of a file, stores it as POST /texts does, and keeps the file.
func (s *Server) uploadText(ctx context.Context, in *Upload) (*reply[UploadedText], error) {
	f, err := formOf(in.ContentType, in.RawBody, document.Limit)
	if err != nil {
		return nil, err
	}
	if len(f.file) == 0 {
		return nil, review.Refuse(review.Missing, "field", "file")
	}
	d, err := document.Read(f.file)
	if err != nil {
		return nil, err
	}
	who, name := person(ctx).ID, cleanName(f.name, d.Format)
	stored, err := s.db.Idempotent(ctx, who, in.Key, digest("POST /texts/upload", hexSum(string(f.file)), name), func(tx *postgres.Tx) (any, error) {
		hash, err := tx.PutText(ctx, who, d.Text)
		if err != nil {
			return nil, err
		}
		original, err := tx.PutOriginal(ctx, who, hash, postgres.NewFile{Name: name, Format: d.Format, Body: f.file})
		return UploadedText{StoredText: storedText(hash, d.Text), Original: original, Format: d.Format, Encoding: d.Encoding, Pictures: d.Pictures}, err
	})
	var out UploadedText
	if err == nil {
		err = json.Unmarshal(stored, &out)
	}
	return answer(out, err)
}

// FileAnswer is a file of a case.
type FileAnswer struct {
	Hash   string          `json:"hash" doc:"SHA-256, hex"`
	Kind   review.FileKind `json:"kind"`
	Called string          `json:"called,omitempty" doc:"The kind in words"`
	Name   string          `json:"name"`
	Format string          `json:"format" enum:"docx,xlsx,pdf,png,jpeg,txt" doc:"By its content"`
	Size   int             `json:"size" doc:"Bytes"`
	Text   string          `json:"text,omitempty" doc:"Of an original: hash of the text that was read out of it"`
	Person string          `json:"person"`
	Unit   string          `json:"unit"`
	At     time.Time       `json:"at"`
}

// Files are the files of a case that the person may read.
type Files struct {
	Files []FileAnswer      `json:"files" nullable:"false"`
	Names map[string]string `json:"names" doc:"Names of the people and units"`
}

// fileKind is a kind of attachment; its schema lists them.
func fileKind() *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Description: "What it is"}
	for _, k := range review.FileKinds() {
		s.Enum = append(s.Enum, string(k))
	}
	return s
}

type attachInput struct {
	CaseID
	Upload
}

// attach adds a file to a case, by a member of the drafting unit, the regulator, or a unit with a seat.
func (s *Server) attach(ctx context.Context, in *attachInput) (*reply[FileAnswer], error) {
	c, err := s.readCase(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	f, err := formOf(in.ContentType, in.RawBody, postgres.FileLimit, "kind")
	if err != nil {
		return nil, err
	}
	kind := review.FileKind(f.fields["kind"])
	if !slices.Contains(review.FileKinds(), kind) {
		return nil, review.Refuse(review.Invalid, "field", "kind")
	}
	p := person(ctx)
	i := slices.IndexFunc(p.Memberships, func(m postgres.Membership) bool { // what a unit above may read, it may not add to
		return m.Role != review.Expert && m.Role != review.Admin && review.MayAttach(c, m.Unit, kind)
	})
	if i < 0 {
		return nil, review.Refuse(review.Forbidden)
	}
	if len(f.file) == 0 {
		return nil, review.Refuse(review.Missing, "field", "file")
	}
	format := document.Sniff(f.file)
	if document.MediaTypes[format] == "" {
		return nil, review.Refuse(review.UnsupportedFile, "kind", format)
	}
	file := postgres.NewFile{Name: cleanName(f.name, format), Format: format, Body: f.file}
	stored, err := s.db.Idempotent(ctx, p.ID, in.Key, digest("POST /cases/files", in.ID, []string{string(kind), file.Name, hexSum(string(f.file))}), func(tx *postgres.Tx) (any, error) {
		row, err := tx.Attach(ctx, c.ID, c.Version, kind, actorOf(p, p.Memberships[i]), file)
		return fileAnswer(row), err
	})
	var out FileAnswer
	if err == nil {
		err = json.Unmarshal(stored, &out)
	}
	return answer(out, err)
}

func fileAnswer(r postgres.FileRow) FileAnswer {
	return FileAnswer{Hash: r.Hash, Kind: r.Kind, Name: r.Name, Format: r.Format, Size: r.Size, Text: r.Text, Person: r.Person, Unit: r.Unit, At: r.At.UTC()}
}

func (s *Server) files(ctx context.Context, in *CaseID) (*reply[Files], error) {
	if _, err := s.readCase(ctx, in.ID); err != nil {
		return nil, err
	}
	rows, err := s.db.Files(ctx, in.ID, requestOf(ctx).viewer())
	if err != nil {
		return nil, err
	}
	out, ids := Files{Files: make([]FileAnswer, len(rows))}, []string{}
	for i, r := range rows {
		out.Files[i] = fileAnswer(r)
		out.Files[i].Called = fileKinds[r.Kind].in(requestOf(ctx).lang)
		ids = append(ids, r.Person, r.Unit)
	}
	out.Names, err = s.db.Names(ctx, ids)
	return answer(out, err)
}

type fileInput struct {
	CaseID
	Hash string `path:"hash" doc:"SHA-256, hex"`
}

type fileOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Policy      string `header:"Content-Security-Policy"`
	NoSniff     string `header:"X-Content-Type-Options"`
	Body        []byte
}

// file sends a file of a case to be saved. A browser never shows it as part of this site, whatever is in it.
func (s *Server) file(ctx context.Context, in *fileInput) (*fileOutput, error) {
	if !isHash(in.Hash) {
		return nil, review.Refuse(review.NotFound)
	}
	if _, err := s.readCase(ctx, in.ID); err != nil {
		return nil, err
	}
	row, body, err := s.db.File(ctx, in.ID, in.Hash, requestOf(ctx).viewer())
	if err != nil {
		return nil, err
	}
	return &fileOutput{ContentType: orElse(document.MediaTypes[row.Format], "application/octet-stream"), Disposition: disposition(row),
		Policy: "sandbox; default-src 'none'", NoSniff: "nosniff", Body: body}, nil
}
