package server

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/fairreview/fairreview/review"
)

// upload sends a form as somebody: fields in pairs, then a file under a name ("" is none).
func (s *site) upload(who, path, name string, file []byte, fields ...string) got {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		must(s.t, w.WriteField(fields[i], fields[i+1]))
	}
	if name != "" {
		h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`}, "Content-Type": {"text/html"}}
		p, err := w.CreatePart(h)
		must(s.t, err)
		_, err = p.Write(file)
		must(s.t, err)
	}
	must(s.t, w.Close())
	return s.call(who, "POST", path, b.String(), "Content-Type", w.FormDataContentType())
}

func wordFile(paragraphs ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	body := ""
	for _, p := range paragraphs {
		body += "<w:p><w:r><w:t>" + p + "</w:t></w:r></w:p>"
	}
	for _, f := range [][2]string{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`},
		{"word/document.xml", `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body + `</w:body></w:document>`},
	} {
		w, _ := z.Create(f[0])
		_, _ = w.Write([]byte(f[1]))
	}
	_ = z.Close()
	return b.Bytes()
}

func TestATextComesOutOfAFile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	file := wordFile("若干措施", "第一条 甲", "第二条 乙")
	var out UploadedText
	g := s.upload("drafter", "/api/v1/texts/upload", "若干措施（送审稿）.docx", file)
	g.into(t, &out)
	if g.StatusCode != 200 || out.Format != "docx" || !out.Splittable || !slices.Equal(out.Clauses, []string{"第一条", "第二条"}) || out.Original == "" {
		t.Fatalf("%d %s", g.StatusCode, g.body)
	}
	var stored StoredText
	s.ok(200, "drafter", "GET", "/api/v1/texts/"+out.Hash, nil).into(t, &stored)
	if stored.Text != "若干措施\n第一条 甲\n第二条 乙" {
		t.Errorf("stored %q", stored.Text)
	}
	s.ok(404, "officer", "GET", "/api/v1/texts/"+out.Hash, nil)
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte("本市支持企业。"))
	must(t, err)
	s.upload("drafter", "/api/v1/texts/upload", "a.txt", gb).into(t, &out)
	if out.Encoding != "gb18030" || out.Splittable || !slices.Equal(out.Clauses, []string{"全文"}) {
		t.Errorf("GB18030: %+v", out)
	}
	// The original is among the files of the case that names the text, for the unit and the regulator.
	r := s.open("new", "gov")
	s.do(&r, "drafter", "start_review", obj{"text": obj{"hash": stored.Hash}, "heard": heard})
	for _, who := range []string{"drafter", "officer"} {
		var fs Files
		s.ok(200, who, "GET", "/api/v1/cases/"+r.Case+"/files", nil).into(t, &fs)
		if len(fs.Files) != 1 || fs.Files[0].Kind != review.FileOriginal || fs.Files[0].Text != stored.Hash || fs.Files[0].Name != "若干措施（送审稿）.docx" || fs.Names["drafter"] != "沈起草" {
			t.Errorf("%s sees %+v", who, fs)
		}
		if g := s.ok(200, who, "GET", "/api/v1/cases/"+r.Case+"/files/"+fs.Files[0].Hash, nil); !bytes.Equal(g.body, file) {
			t.Errorf("%s gets %d bytes of %d", who, len(g.body), len(file))
		}
	}
}

func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const path = "/api/v1/texts/upload"
	tracked := bytes.Clone(wordFile("x</w:t></w:r><w:ins><w:r><w:t>y</w:t></w:r></w:ins><w:r><w:t>"))
	for _, tt := range []struct {
		name, file string
		body       []byte
		status     int
		code       string
		says       string
	}{
		{"a PDF by another name", "稿.docx", []byte("%PDF-1.7"), 422, "unsupported_file", "PDF"},
		{"an old Word file", "稿.doc", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), 422, "unsupported_file", ".docx"},
		{"a picture", "稿.txt", []byte("\x89PNG\r\n\x1a\n"), 422, "unsupported_file", "图片"},
		{"tracked changes", "稿.docx", tracked, 422, "tracked_changes", "修订"},
		{"a control character", "稿.txt", []byte("第一条\x0b甲"), 422, "bad_characters", "控制字符"},
		{"an empty file", "稿.txt", nil, 422, "missing", "文件"},
		{"a file over 4 MiB", "稿.txt", bytes.Repeat([]byte("a"), 4<<20+1), 413, "too_large", "4 MiB"},
		{"a text over 1 MiB", "稿.txt", bytes.Repeat([]byte("a"), 1<<20+1), 413, "too_large", "1 MiB"},
		{"no file", "", nil, 422, "missing", "文件"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := s.upload("drafter", path, tt.file, tt.body).problem()
			if p.Status != tt.status || p.Code != tt.code || !strings.Contains(p.Detail, tt.says) {
				t.Errorf("%+v", p)
			}
		})
	}
	if p := s.upload("", path, "a.txt", []byte("甲")).problem(); p.Status != 401 {
		t.Errorf("nobody uploads: %+v", p)
	}
	if p := s.upload("drafter", path, "a.txt", []byte("甲"), "kind", "note").problem(); p.Code != "invalid" || p.Params["field"] != "kind" {
		t.Errorf("a field that is none: %+v", p)
	}
	if p := s.upload("drafter", path, "a.txt", bytes.Repeat([]byte("a"), 6<<20)).problem(); p.Status != 413 {
		t.Errorf("a body that is too large: %+v", p)
	}
	if p := s.upload("", path, "a.txt", bytes.Repeat([]byte("a"), 3<<20)).problem(); p.Status != 413 {
		t.Errorf("nobody's large body is read: %+v", p)
	}
	for _, tt := range []struct {
		name, kind, body string
		status           int
		code             string
	}{
		{"as JSON", "application/json", `{}`, 415, "not_form"},
		{"without a boundary", "multipart/form-data", "x", 415, "not_form"},
		{"cut off", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx", 400, "malformed"},
		{"two files", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\ny\r\n--b--\r\n", 400, "malformed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if p := s.call("drafter", "POST", path, tt.body, "Content-Type", tt.kind).problem(); p.Status != tt.status || p.Code != tt.code {
				t.Errorf("%+v", p)
			}
		})
	}
	if p := s.call("drafter", "POST", path, "x", "Content-Type", "multipart/form-data; boundary=b", keyHeader, "").problem(); p.Code != "missing" || p.Params["field"] != keyHeader {
		t.Errorf("without a key: %+v", p)
	}
	if p := s.call("drafter", "POST", "/api/v1/texts", "x", "Content-Type", "multipart/form-data; boundary=b").problem(); p.Code != "not_json" {
		t.Errorf("a form elsewhere: %+v", p)
	}
}

func TestAWriteByCookieNeedsItsToken(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	in := s.ok(200, "", "POST", "/api/v1/sessions", obj{"login": "drafter", "password": password})
	var me Me
	in.into(t, &me)
	cookie := strings.SplitN(in.Header.Get("Set-Cookie"), ";", 2)[0]
	body := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n甲\r\n--b--\r\n"
	if p := s.call("", "POST", "/api/v1/texts/upload", body, "Content-Type", "multipart/form-data; boundary=b", "Cookie", cookie).problem(); p.Status != 403 || p.Code != "stale_form" {
		t.Errorf("without: %+v", p)
	}
	s.ok(200, "", "POST", "/api/v1/texts/upload", body, "Content-Type", "multipart/form-data; boundary=b", "Cookie", cookie, csrfHeader, me.CSRF)
}

func TestTheSameUploadHappensOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	send := func(boundary, text string) got {
		return s.call("drafter", "POST", "/api/v1/texts/upload", "--"+boundary+"\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n"+text+"\r\n--"+boundary+"--\r\n",
			"Content-Type", "multipart/form-data; boundary="+boundary, keyHeader, "one")
	}
	first, again := send("b", "第一条 甲"), send("c", "第一条 甲")
	if first.StatusCode != 200 || !bytes.Equal(first.body, again.body) {
		t.Errorf("%s and then %s", first.body, again.body)
	}
	if p := send("b", "第一条 乙").problem(); p.Code != "key_reused" {
		t.Errorf("the key with another file: %+v", p)
	}
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	s.submit(&r)
	path := "/api/v1/cases/" + r.Case + "/files"
	attach := func(who, kind, name string, file []byte) got { return s.upload(who, path, name, file, "kind", kind) }
	pdf := []byte("%PDF-1.7\n甲")
	var scan FileAnswer
	g := attach("officer", "scan", `..\..\审查\意见.PDF`, pdf)
	g.into(t, &scan)
	if g.StatusCode != 200 || scan.Name != "意见.pdf" || scan.Format != "pdf" || scan.Size != len(pdf) || scan.Unit != "amr" {
		t.Fatalf("%d %s", g.StatusCode, g.body)
	}
	attach("drafter", "note", "说明.html", []byte("<script>alert(1)</script>"))
	s.do(&r, "officer", "convene", obj{"seats": []obj{{"unit": "fin"}, {"unit": "dev"}}})
	if g := attach("finhead", "other", "财政意见.txt", []byte("财政部门的意见")); g.StatusCode != 200 {
		t.Errorf("a seat attaches: %s", g.body)
	}
	for who, want := range map[string][]string{
		"drafter": {"scan 意见.pdf", "note 说明.html.txt"}, "officer": {"scan 意见.pdf", "note 说明.html.txt", "other 财政意见.txt"},
		"finhead": {"note 说明.html.txt", "other 财政意见.txt"}, "devhead": {"note 说明.html.txt"},
	} {
		var fs Files
		s.ok(200, who, "GET", path, nil).into(t, &fs)
		var seen []string
		for _, f := range fs.Files {
			seen = append(seen, string(f.Kind)+" "+f.Name)
		}
		if !slices.Equal(seen, want) {
			t.Errorf("%s sees %v, want %v", who, seen, want)
		}
	}
	d := s.ok(200, "drafter", "GET", path+"/"+scan.Hash, nil)
	if !bytes.Equal(d.body, pdf) || d.Header.Get("Content-Type") != "application/pdf" || d.Header.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.HasPrefix(d.Header.Get("Content-Security-Policy"), "sandbox") || len(d.Header.Values("Content-Security-Policy")) != 1 ||
		d.Header.Get("Content-Disposition") != `attachment; filename="`+scan.Hash[:12]+`.pdf"; filename*=UTF-8''%E6%84%8F%E8%A7%81.pdf` {
		t.Errorf("%q with %v", d.body, d.Header)
	}
	for who, status := range map[string]int{"": 401, "findrafter": 200, "expert1": 404, "root": 404} {
		s.ok(status, who, "GET", path, nil)
		if who != "findrafter" { // of a unit with a seat
			s.ok(status, who, "GET", path+"/"+scan.Hash, nil)
		}
	}
	s.ok(404, "devhead", "GET", path+"/"+scan.Hash, nil) // not for a seat
	s.ok(404, "officer", "GET", path+"/"+strings.Repeat("a", 64), nil)
	s.ok(404, "officer", "GET", path+"/none", nil)
	for _, tt := range []struct {
		name, who, kind string
		file            []byte
		status          int
		code            string
	}{
		{"a seat attaches a preliminary opinion", "finhead", "prelim", pdf, 403, "forbidden"},
		{"a stranger", "expert1", "other", pdf, 404, "not_found"},
		{"a kind that is none", "officer", "virus", pdf, 422, "invalid"},
		{"no kind", "officer", "", pdf, 422, "missing"},
		{"an archive", "officer", "other", []byte("PK\x05\x06" + strings.Repeat("\x00", 18)), 422, "unsupported_file"},
		{"a program", "officer", "other", []byte("MZ\x90\x00\x03\x00"), 422, "unsupported_file"},
		{"an old Word file", "officer", "other", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), 422, "unsupported_file"},
		{"nothing", "officer", "other", nil, 422, "missing"},
		{"a file over 10 MiB", "officer", "other", bytes.Repeat([]byte("a"), 10<<20+1), 413, "too_large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if p := attach(tt.who, tt.kind, "a.pdf", tt.file).problem(); p.Status != tt.status || p.Code != tt.code {
				t.Errorf("%+v", p)
			}
		})
	}
	if p := s.upload("officer", "/api/v1/cases/"+uuid.NewString()+"/files", "a.pdf", pdf, "kind", "note").problem(); p.Status != 404 {
		t.Errorf("to no case: %+v", p)
	}
	large := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("x"), 9<<20)...)
	if g := attach("officer", "report", "大.pdf", large); g.StatusCode != 200 {
		t.Errorf("9 MiB: %s", g.body)
	}
}

func TestAnExpertReadsSomeAndAttachesNone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	s.submit(&r)
	path := "/api/v1/cases/" + r.Case + "/files"
	for _, kind := range []string{"note", "prelim", "report"} {
		if g := s.upload("drafter", path, kind+".txt", []byte(kind), "kind", kind); g.StatusCode != 200 {
			t.Fatalf("%s", g.body)
		}
	}
	s.do(&r, "officer", "ask_panel", obj{"reason": "涉及面广"})
	s.do(&r, "officer2", "form_panel", obj{"panel": obj{"questions": []string{"是否歧视？"}, "experts": []string{"expert1"}, "quorum": 1}})
	var fs Files
	s.ok(200, "expert1", "GET", path, nil).into(t, &fs)
	if len(fs.Files) != 1 || fs.Files[0].Kind != review.FileNote {
		t.Errorf("the expert sees %+v", fs.Files)
	}
	if p := s.upload("expert1", path, "a.txt", []byte("甲"), "kind", "other").problem(); p.Status != 403 {
		t.Errorf("the expert attaches: %+v", p)
	}
}

// Over a real connection: a body of the size that is allowed comes through, and a larger one is answered, not cut off.
func TestALargeFileOverTheWire(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.open("new", "gov")
	at := s.listen() + "/api/v1/cases/" + r.Case + "/files"
	for _, tt := range []struct{ size, status int }{{9 << 20, 200}, {12 << 20, 413}} {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		must(t, w.WriteField("kind", "scan"))
		p, err := w.CreateFormFile("file", "a.pdf")
		must(t, err)
		_, _ = p.Write(append([]byte("%PDF-1.7\n"), make([]byte, tt.size)...))
		must(t, w.Close())
		req, err := http.NewRequestWithContext(context.Background(), "POST", at, &b)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+s.tokens["drafter"])
		req.Header.Set("Content-Type", w.FormDataContentType())
		req.Header.Set(keyHeader, fmt.Sprint(tt.size))
		resp, err := http.DefaultClient.Do(req)
		must(t, err)
		_ = resp.Body.Close()
		if resp.StatusCode != tt.status {
			t.Errorf("%d bytes: %d", tt.size, resp.StatusCode)
		}
	}
}

func TestCleanName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ given, format, want string }{
		{"若干措施.docx", "docx", "若干措施.docx"},
		{`C:\用户\稿.DOCX`, "docx", "稿.docx"},
		{"../../etc/passwd", "txt", "passwd.txt"},
		{"a\x00b\r\nc.pdf", "pdf", "abc.pdf"},
		{"文\u202efdp.exe", "pdf", "文fdp.exe.pdf"},
		{"photo.JPG", "jpeg", "photo.jpg"},
		{"", "pdf", "file.pdf"},
		{".pdf", "pdf", "pdf.pdf"},
		{"...", "txt", "file.txt"},
		{`a"b<c>.txt`, "txt", "a_b_c_.txt"},
		{"\xb8\xe5.txt", "txt", "_.txt"},
		{strings.Repeat("甲", 300) + ".docx", "docx", strings.Repeat("甲", 115) + ".docx"},
	} {
		got := cleanName(tt.given, tt.format)
		if got != tt.want || utf8.RuneCountInString(got) > nameLimit {
			t.Errorf("%q is called %q, want %q", tt.given, got, tt.want)
		}
	}
}

func TestEveryKindHasWords(t *testing.T) {
	t.Parallel()
	for _, k := range review.FileKinds() {
		if fileKinds[k].zh == "" || fileKinds[k].en == "" {
			t.Errorf("%s has no words", k)
		}
	}
}
