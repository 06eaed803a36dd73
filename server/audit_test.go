package server

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// auditor adds an audit administrator, who is then asked as "auditor".
func (s *site) auditor() {
	s.t.Helper()
	ctx := context.Background()
	must(s.t, s.db.CreatePerson(ctx, postgres.NewPerson{ID: "auditor", Login: "auditor", Name: "韩审计", Memberships: []postgres.Membership{{Unit: "amr", Role: review.AuditAdmin}}}))
	var err error
	s.tokens["auditor"], err = s.db.CreateToken(ctx, "auditor", "test", time.Hour)
	must(s.t, err)
}

func (s *site) auditLogOf(who, query string) []AuditRow {
	s.t.Helper()
	var log AuditLog
	s.ok(200, who, "GET", "/api/v1/audit?limit=200&"+query, nil).into(s.t, &log)
	return slices.DeleteFunc(log.Rows, func(r AuditRow) bool { return r.Kind == string(postgres.EventTokenCreated) }) // the tests' own
}

func TestOnlyTheAuditAdministratorReadsTheLog(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.open("new", "ind")
	paths := []string{"/api/v1/audit", "/api/v1/audit/export", "/audit"}
	// While there is none, the system administrator does.
	for _, path := range paths {
		s.ok(200, "root", "GET", path, nil)
	}
	s.auditor()
	for _, path := range paths {
		s.ok(200, "auditor", "GET", path, nil)
		for _, p := range cast {
			if g := s.call(p.id, "GET", path, nil); g.StatusCode != 403 || g.problem().Code != "forbidden" || bytes.Contains(g.body, []byte("2026-0")) {
				t.Errorf("%s by %s: %d %s", path, p.id, g.StatusCode, g.body)
			}
		}
		if g := s.call("", "GET", path, nil); g.StatusCode != 401 {
			t.Errorf("%s by nobody: %d", path, g.StatusCode)
		}
	}
	// The log opens no case.
	r := s.open("new", "ind")
	if g := s.call("auditor", "GET", "/api/v1/cases/"+r.Case, nil); g.StatusCode != 404 {
		t.Errorf("a case: %d", g.StatusCode)
	}
}

func TestTheLogReadsAsSentences(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.auditor()
	r := s.open("new", "ind")
	hash := s.toSign(&r)
	var c CaseAnswer
	s.ok(200, "drafter", "GET", "/api/v1/cases/"+r.Case, nil).into(t, &c)
	must(t, s.db.Note(context.Background(), postgres.SecurityEvent{Kind: postgres.EventRoleGiven, Person: "root", Address: "192.0.2.7", What: "drafter"}))
	must(t, s.db.Note(context.Background(), postgres.SecurityEvent{Kind: postgres.EventSignInFailed, Login: "x'y", Times: 3}))
	var sentences []string
	for _, row := range s.auditLogOf("auditor", "") {
		_, rest, _ := strings.Cut(row.Sentence, "，")
		sentences = append(sentences, rest)
	}
	want := []string{
		"账号“x'y”：登录失败，一分钟内3次。",
		"系统管理员：授予岗位（沈起草，drafter），来自192.0.2.7。",
		"云溪市工业和信息化局周复核（起草单位审查机构）对案件" + c.Number + "办理“送审签”，状态由“审查机构复核中”变为“审查机构负责人审签中”。",
		"云溪市工业和信息化局沈起草（起草单位经办人）对案件" + c.Number + "办理“送审查机构”，状态由“起草单位审查中”变为“审查机构复核中”。",
		"云溪市工业和信息化局沈起草（起草单位经办人）对案件" + c.Number + "办理“开展审查”，状态由“起草中（含听取意见）”变为“起草单位审查中”。",
		"云溪市工业和信息化局沈起草（起草单位经办人）对案件" + c.Number + "办理“登记”，状态为“起草中（含听取意见）”。",
	}
	if len(sentences) != len(want) {
		t.Fatalf("%d rows: %q", len(sentences), sentences)
	}
	for i := range want {
		if sentences[i] != want[i] {
			t.Errorf("row %d: %s, want %s", i, sentences[i], want[i])
		}
	}
	var log AuditLog
	g := s.ok(200, "auditor", "GET", "/api/v1/audit?kind=send_sign", nil, "Accept-Language", "en")
	g.into(t, &log)
	if len(log.Rows) != 1 || !strings.HasSuffix(log.Rows[0].Sentence, " (UTC+8): 周复核 (Review body of the unit, 云溪市工业和信息化局) did “Send for signature” on case "+c.Number+
		"; it went from “Checked by the review body” to “With the unit head”.") {
		t.Errorf("in English: %+v", log.Rows)
	}
	// Nothing of what was written: neither title nor text, neither reasons nor who was heard.
	g = s.ok(200, "auditor", "GET", "/api/v1/audit?limit=200", nil)
	for _, said := range []string{"创新发展", "第一条", "机械行业协会", hash, "reason", "书面征求"} {
		if bytes.Contains(g.body, []byte(said)) {
			t.Errorf("the log says %s: %s", said, g.body)
		}
	}
	for query, n := range map[string]int{"person=drafter": 4, "unit=ind": 4, "unit=fin": 0, "kind=role_given": 1, "case=" + c.Number: 4, "case=2026-999999-9": 0,
		"from=" + string(today()): 6, "to=2020-01-01": 0, "person=drafter&kind=register": 1} {
		if rows := s.auditLogOf("auditor", query); len(rows) != n {
			t.Errorf("%s: %d rows, want %d", query, len(rows), n)
		}
	}
	for _, query := range []string{"from=2026-02-30", "cursor=abc", "nothing=1", "limit=0", "person=" + strings.Repeat("x", 65)} {
		if g := s.call("auditor", "GET", "/api/v1/audit?"+query, nil); g.StatusCode != 422 {
			t.Errorf("%s: %d", query, g.StatusCode)
		}
	}
	// Page by page it is the same.
	var paged []string
	for cursor := ""; ; {
		var page AuditLog
		s.ok(200, "auditor", "GET", "/api/v1/audit?limit=2&cursor="+url.QueryEscape(cursor), nil).into(t, &page)
		for _, row := range page.Rows {
			if row.Kind == string(postgres.EventTokenCreated) {
				continue
			}
			_, rest, _ := strings.Cut(row.Sentence, "，")
			paged = append(paged, rest)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if strings.Join(paged, "\n") != strings.Join(want, "\n") {
		t.Errorf("in pages: %q", paged)
	}
}

// TestASealedOpinionIsNobodysInTheLog looks while the panel deliberates, by everything that the log can be asked.
func TestASealedOpinionIsNobodysInTheLog(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.auditor()
	r := s.open("new", "gov")
	s.submit(&r)
	s.do(&r, "officer", "convene", obj{"seats": []obj{{"unit": "fin"}, {"unit": "dev"}}})
	s.do(&r, "finhead", "give_position", obj{"noObjection": true})
	openJoint := withoutTokens(s.ok(200, "auditor", "GET", "/api/v1/audit?limit=200", nil).body)
	if bytes.Contains(openJoint, []byte("赵会审")) || bytes.Contains(openJoint, []byte("finhead")) || !bytes.Contains(openJoint, []byte("会审单位作出反馈（会审结束前不公开）")) {
		t.Errorf("while the joint review is open: %s", openJoint)
	}
	s.do(&r, "devhead", "give_position", obj{"noObjection": true})
	s.do(&r, "officer", "close_joint", nil)
	s.do(&r, "officer", "ask_panel", obj{"reason": "涉及面广"})
	s.do(&r, "officer2", "form_panel", obj{"panel": obj{"questions": []string{"是否歧视？"}, "experts": []string{"expert1", "expert2"}, "quorum": 2}})
	s.do(&r, "expert1", "accept_invitation", obj{"noConflict": true, "pledge": true})
	s.do(&r, "expert2", "accept_invitation", obj{"noConflict": true, "pledge": true})
	s.do(&r, "expert1", "give_opinion", obj{"opinion": obj{"position": -2, "reasons": "限定注册地缺乏依据。", "confidence": 4}})
	asks := []string{"", "kind=give_opinion", "kind=accept_invitation", "case=" + r.Number, "person=expert1", "person=expert2", "unit=pool", "person=王专家"}
	for _, path := range []string{"/api/v1/audit?limit=200&", "/api/v1/audit/export?format=csv&", "/api/v1/audit/export?format=jsonl&", "/audit?", "/audit?lang=en&"} {
		for _, ask := range asks {
			// What was asked for may be repeated, in the form of a page and in the note of an export.
			body := withoutTokens(s.ok(200, "auditor", "GET", path+ask, nil).body)
			if strings.HasPrefix(ask, "person=") || ask == "unit=pool" {
				if bytes.Contains(body, []byte("密封）")) || bytes.Contains(body, []byte("(sealed)")) || bytes.Contains(body, []byte("专家甲")) {
					t.Errorf("%s%s finds a hidden hand: %s", path, ask, body)
				}
				continue
			}
			for _, said := range []string{"王专家", "冯专家", "注册地", "涉及面广", "歧视"} {
				if bytes.Contains(body, []byte(said)) {
					t.Errorf("%s%s says %s: %s", path, ask, said, body)
				}
			}
		}
	}
	rows := s.auditLogOf("auditor", "kind=give_opinion")
	if len(rows) != 1 {
		t.Fatalf("%d opinions", len(rows))
	}
	if row := rows[0]; !row.Sealed || row.Name+row.Person+row.Unit+row.UnitName != "" || !strings.HasSuffix(row.Sentence, "案件"+r.Number+"：专家提交意见（已密封）。") {
		t.Errorf("sealed: %+v", row)
	}
	s.do(&r, "expert2", "give_opinion", obj{"opinion": obj{"position": 1, "reasons": "可以。", "confidence": 4}})
	s.do(&r, "officer", "open_opinions", nil)
	for _, row := range s.auditLogOf("auditor", "kind=give_opinion") {
		if row.Sealed || row.Name != "专家甲" && row.Name != "专家乙" || row.Unit+row.UnitName != "" || strings.HasPrefix(row.Person, "expert") {
			t.Errorf("opened: %+v", row)
		}
	}
}

// withoutTokens leaves out the rows that tell how the tests made the tokens of everybody, experts too.
func withoutTokens(body []byte) []byte {
	rows := bytes.Split(bytes.ReplaceAll(body, []byte("},{"), []byte("\n")), []byte("\n"))
	return bytes.Join(slices.DeleteFunc(rows, func(row []byte) bool {
		return bytes.Contains(row, []byte("token_created")) || bytes.Contains(row, []byte("API token (")) || bytes.Contains(row, []byte("新建接口令牌（"))
	}), []byte("\n"))
}

func TestAnExportIsAFileAndIsItselfRecorded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.auditor()
	must(t, s.db.Note(context.Background(), postgres.SecurityEvent{Kind: postgres.EventSignInFailed, Login: "=cmd|' /C calc'!A0", What: "=1+1"}))
	r := s.open("new", "ind")
	s.conclude(&r)
	base := s.listen()
	get := func(path string, headers ...string) got {
		t.Helper()
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, base+path, nil)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+s.tokens["auditor"])
		for i := 0; i+1 < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		resp, err := http.DefaultClient.Do(req)
		must(t, err)
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		return got{resp, body}
	}
	g := get("/api/v1/audit/export?format=csv")
	if g.StatusCode != 200 || g.Header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(g.Header.Get("Content-Disposition"), `attachment; filename="audit-`) ||
		g.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", g.StatusCode, g.Header)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(g.body, []byte("\ufeff")))).ReadAll()
	must(t, err)
	rows = slices.DeleteFunc(rows, func(r []string) bool { return r[5] == string(postgres.EventTokenCreated) })
	if len(rows) != 7 || rows[0][0] != "时间" || rows[1][2] == "" || rows[6][1] != "安全" || rows[6][14] != "'=1+1" {
		t.Errorf("%q", rows)
	}
	g = get("/api/v1/audit/export?format=jsonl&kind=register", "Accept-Language", "en")
	var row AuditRow
	if err := json.Unmarshal(g.body, &row); err != nil || g.Header.Get("Content-Type") != "application/x-ndjson; charset=utf-8" || row.Kind != "register" || !strings.Contains(row.Sentence, "did “Register”") {
		t.Errorf("%s, %v", g.body, err)
	}
	if g = get("/api/v1/audit/export?from=2026-02-30"); g.StatusCode != 422 {
		t.Errorf("%d %s", g.StatusCode, g.body)
	}
	noted := s.auditLogOf("auditor", "kind=export")
	if len(noted) != 2 || noted[0].What != "audit jsonl kind=register" || noted[1].What != "audit csv" || noted[1].Person != "auditor" || noted[1].Address == "" {
		t.Errorf("noted %+v", noted)
	}
	// More than one page of the database's.
	for range exportPage {
		must(t, s.db.Note(context.Background(), postgres.SecurityEvent{Kind: postgres.EventSignOut, Person: "drafter"}))
	}
	if g = get("/api/v1/audit/export?format=jsonl"); bytes.Count(g.body, []byte("\n")) != exportPage+6+2+len(s.tokens) {
		t.Errorf("%d lines", bytes.Count(g.body, []byte("\n")))
	}
	if _, err := s.db.SQL().Exec(`ALTER TABLE security_events RENAME TO away`); err != nil {
		t.Fatal(err)
	}
	if g = get("/api/v1/audit/export"); g.StatusCode != 500 {
		t.Errorf("an export that cannot be recorded: %d", g.StatusCode)
	}
}

func TestThePageOfTheLog(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.auditor()
	for range 12 {
		r := s.open("new", "ind")
		s.conclude(&r)
	}
	must(t, s.db.Note(context.Background(), postgres.SecurityEvent{Kind: postgres.EventSignInFailed, Login: "<script>alert(1)</script>"}))
	g := s.ok(200, "auditor", "GET", "/audit", nil, "Accept", "text/html")
	checkPage(t, g)
	next := between(string(g.body), `<a href="/audit?cursor=`, `"`)
	if next == "" || !bytes.Contains(g.body, []byte("审计日志")) || !bytes.Contains(g.body, []byte("&lt;script&gt;")) {
		t.Errorf("%s", g.body)
	}
	g = s.ok(200, "auditor", "GET", "/audit?cursor="+strings.ReplaceAll(next, "&amp;", "&"), nil, "Accept", "text/html")
	if checkPage(t, g); !bytes.Contains(g.body, []byte("回到第一页")) || bytes.Contains(g.body, []byte("下一页")) {
		t.Errorf("the second page: %s", g.body)
	}
	g = s.ok(200, "auditor", "GET", "/audit?lang=en&kind=register&unit=ind&person=drafter&from=2026-01-01", nil, "Accept", "text/html")
	if checkPage(t, g); !bytes.Contains(g.body, []byte("Audit log")) || !bytes.Contains(g.body, []byte(`<option value="register" selected>`)) || !bytes.Contains(g.body, []byte(`format=csv`)) {
		t.Errorf("in English: %s", g.body)
	}
	if g = s.ok(200, "auditor", "GET", "/audit?case=none", nil, "Accept", "text/html"); !bytes.Contains(g.body, []byte("没有符合条件的记录")) {
		t.Errorf("nothing fits: %s", g.body)
	}
	for _, query := range []string{"cursor=x", "from=x", "kind=" + strings.Repeat("x", 41)} {
		if g := s.call("auditor", "GET", "/audit?"+query, nil, "Accept", "text/html"); g.StatusCode != 422 {
			t.Errorf("%s: %d", query, g.StatusCode)
		}
	}
}

func between(s, from, to string) string {
	_, rest, _ := strings.Cut(s, from)
	out, _, _ := strings.Cut(rest, to)
	return out
}

func TestEverySecurityEventHasWords(t *testing.T) {
	t.Parallel()
	for k, w := range securityKinds {
		if !hasHan(w.zh) || w.en == "" || hasHan(w.en) {
			t.Errorf("%s: %q, %q", k, w.zh, w.en)
		}
	}
	for _, k := range constantsOf(t, "../postgres/security.go", "EventKind") {
		if securityKinds[postgres.EventKind(k)].zh == "" {
			t.Errorf("%s has no words", k)
		}
	}
}

// constantsOf reads the constants of a type out of a source file, so that a new one cannot be forgotten.
func constantsOf(t *testing.T, file, name string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	must(t, err)
	var out []string
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			if id, ok := v.Type.(*ast.Ident); ok && id.Name == name {
				s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				must(t, err)
				out = append(out, s)
			}
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s holds no %s", file, name)
	}
	return out
}
