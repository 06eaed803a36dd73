package server

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// auditor refuses everybody but the audit administrator. While nobody is one, the system administrator may read the log:
// a small bureau begins so, and ends it by naming one.
func (s *Server) auditor(ctx context.Context) error {
	p := person(ctx)
	if len(p.Scopes) > 0 && !slices.Contains(p.Scopes, postgres.ScopeAdmin) {
		return review.Refuse(postgres.ScopeLacking, "scope", string(postgres.ScopeAdmin))
	}
	if p.Has(review.AuditAdmin) {
		return nil
	}
	if p.Has(review.Admin) {
		there, err := s.db.HasAuditAdmin(ctx)
		if err != nil || !there {
			return err
		}
	}
	return review.Refuse(review.Forbidden)
}

// LogFilter are the filters of the log, as a query.
type LogFilter struct {
	From   string `query:"from" maxLength:"10" doc:"YYYY-MM-DD, in China"`
	To     string `query:"to" maxLength:"10" doc:"YYYY-MM-DD, inclusive"`
	Person string `query:"person" maxLength:"64" doc:"Id of who did it, or, of a security event, to whom it was done. Leaves out experts, and open joint reviews: those hands are hidden"`
	Unit   string `query:"unit" maxLength:"64" doc:"Id of the unit in which it was done"`
	Kind   string `query:"kind" maxLength:"40" doc:"An action, or a kind of security event"`
	Case   string `query:"case" maxLength:"20" doc:"Number of a case"`
}

func (f LogFilter) filter() postgres.LogFilter {
	return postgres.LogFilter{From: review.Date(f.From), To: review.Date(f.To), Person: f.Person, Unit: f.Unit, Kind: f.Kind, Number: f.Case}
}

// String is what was asked for, for the record of an export.
func (f LogFilter) String() string {
	v := url.Values{}
	for _, p := range []struct{ k, v string }{{"from", f.From}, {"to", f.To}, {"person", f.Person}, {"unit", f.Unit}, {"kind", f.Kind}, {"case", f.Case}} {
		if p.v != "" {
			v.Set(p.k, p.v)
		}
	}
	return v.Encode()
}

type auditLogInput struct {
	LogFilter
	Cursor string `query:"cursor" maxLength:"300"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// AuditRow is one thing that was done, in words and in parts. It says nothing of what was written.
type AuditRow struct {
	At       time.Time      `json:"at"`
	Source   string         `json:"source" enum:"case,security"`
	Sentence string         `json:"sentence" doc:"All of it in the reader's language"`
	Kind     string         `json:"kind"`
	Called   string         `json:"called" doc:"The kind in words"`
	Sealed   bool           `json:"sealed,omitempty" doc:"An opinion or a position that is not open yet: whose it is is not told"`
	Case     string         `json:"case,omitempty" doc:"Number"`
	Version  int            `json:"version,omitempty"`
	Person   string         `json:"person,omitempty" doc:"Id; an expert has only an alias"`
	Name     string         `json:"name,omitempty"`
	Unit     string         `json:"unit,omitempty"`
	UnitName string         `json:"unitName,omitempty"`
	Role     review.Role    `json:"role,omitempty"`
	For      string         `json:"for,omitempty" doc:"Name of whom it was done for"`
	From     review.Status  `json:"from,omitempty"`
	To       review.Status  `json:"to,omitempty"`
	Outcome  review.Outcome `json:"outcome,omitempty"`
	Address  string         `json:"address,omitempty" doc:"From where, when it is known"`
	What     string         `json:"what,omitempty" doc:"To whom or what, of a security event"`
	Times    int            `json:"times,omitempty" doc:"How often within the minute"`
}

// AuditLog is one page of the log, newest first.
type AuditLog struct {
	Rows []AuditRow `json:"rows" nullable:"false"`
	Next string     `json:"next,omitempty" doc:"cursor of the next page"`
}

func (s *Server) auditLog(ctx context.Context, in *auditLogInput) (*reply[AuditLog], error) {
	if err := s.auditor(ctx); err != nil {
		return nil, err
	}
	f := in.filter()
	f.Cursor, f.Limit = in.Cursor, in.Limit
	page, err := s.db.AuditLog(ctx, f)
	if err != nil {
		return nil, err
	}
	return answer(AuditLog{Rows: auditRows(requestOf(ctx).lang, page.Rows), Next: page.Next}, nil)
}

func auditRows(l lang, rows []postgres.LogRow) []AuditRow {
	out := make([]AuditRow, len(rows))
	for i, r := range rows {
		out[i] = auditRow(l, r)
	}
	return out
}

func auditRow(l lang, r postgres.LogRow) AuditRow {
	if s := r.Security; s != nil {
		a := AuditRow{At: r.At, Source: "security", Kind: string(s.Kind), Called: orElse(securityKinds[s.Kind].in(l), string(s.Kind)), Person: s.Person,
			Name: r.PersonName, Address: s.Address, What: s.What}
		if s.Times > 1 {
			a.Times = s.Times
		}
		a.Sentence = securitySentence(l, r, a)
		return a
	}
	act := r.Event.Action
	a := AuditRow{At: r.At, Source: "case", Kind: string(act.Kind), Called: orElse(actions[act.Kind].in(l), string(act.Kind)), Sealed: r.Sealed, Case: r.Number,
		Version: r.Version, Person: act.Actor.Person, Name: r.PersonName, Unit: act.Actor.Unit, UnitName: r.UnitName, Role: act.Actor.Role, For: r.ForName,
		From: r.Event.From, To: r.Event.To, Outcome: r.Event.Outcome}
	a.Sentence = caseSentence(l, a)
	return a
}

// caseSentence says who did what to which case, for whom, and where that brought it.
func caseSentence(l lang, a AuditRow) string {
	at, status := clock(l, a.At), func(s review.Status) string { return orElse(statuses[s].in(l), string(s)) }
	var who string
	switch {
	case a.Sealed && a.Kind == string(review.GiveOpinion):
		return fmt.Sprintf(words{"%s，案件%s：专家提交意见（已密封）。", "%s, case %s: an expert gave an opinion (sealed)."}.in(l), at, a.Case)
	case a.Sealed:
		return fmt.Sprintf(words{"%s，案件%s：会审单位作出反馈（会审结束前不公开）。", "%s, case %s: a unit answered the joint review (not shown before it is closed)."}.in(l), at, a.Case)
	case a.Role == review.Timer:
		who = words{"系统", "The system"}.in(l)
	default:
		role := orElse(roles[a.Role].in(l), string(a.Role))
		if who = a.UnitName + a.Name + "（" + role + "）"; l == en {
			who = a.Name + " (" + role
			if a.UnitName != "" {
				who += ", " + a.UnitName
			}
			who += ")"
		}
		if a.For != "" {
			who += fmt.Sprintf(words{"代%s", ", for %s,"}.in(l), a.For)
		}
	}
	s := fmt.Sprintf("%s，%s对案件%s办理“%s”", at, who, a.Case, a.Called)
	if l == en {
		s = fmt.Sprintf("%s: %s did “%s” on case %s", at, who, a.Called, a.Case)
	}
	switch a.From {
	case "":
		s += fmt.Sprintf(words{"，状态为“%s”", "; it stands at “%s”"}.in(l), status(a.To))
	case a.To:
		s += fmt.Sprintf(words{"，状态仍为“%s”", "; it stays at “%s”"}.in(l), status(a.To))
	default:
		s += fmt.Sprintf(words{"，状态由“%s”变为“%s”", "; it went from “%s” to “%s”"}.in(l), status(a.From), status(a.To))
	}
	if a.Outcome != "" {
		s += fmt.Sprintf(words{"，计为“%s”", ", counted as “%s”"}.in(l), outcomes[a.Outcome].in(l))
	}
	return s + words{"。", "."}.in(l)
}

// securitySentence says who did what that concerns security, to whom, from where and how often.
func securitySentence(l lang, r postgres.LogRow, a AuditRow) string {
	who := a.Name
	switch {
	case who == "" && r.Security.Login != "":
		who = fmt.Sprintf(words{"账号“%s”", "account “%s”"}.in(l), r.Security.Login)
	case who == "":
		who = words{"未登录者", "somebody not signed in"}.in(l)
	}
	s := fmt.Sprintf(words{"%s，%s：%s", "%s, %s: %s"}.in(l), clock(l, a.At), who, a.Called)
	switch what := a.What; {
	case r.WhatName != "":
		s += fmt.Sprintf(words{"（%s，%s）", " (%s, %s)"}.in(l), r.WhatName, what)
	case what != "":
		s += fmt.Sprintf(words{"（%s）", " (%s)"}.in(l), what)
	}
	if a.Times > 1 {
		s += fmt.Sprintf(words{"，一分钟内%d次", ", %d times within a minute"}.in(l), a.Times)
	}
	if a.Address != "" {
		s += fmt.Sprintf(words{"，来自%s", ", from %s"}.in(l), a.Address)
	}
	return s + words{"。", "."}.in(l)
}

// securityKinds name what concerns security.
var securityKinds = map[postgres.EventKind]words{
	postgres.EventSignIn: {"登录", "signed in"}, postgres.EventSignInFailed: {"登录失败", "failed to sign in"},
	postgres.EventSignInThrottled: {"登录尝试过多，被暂缓", "too many attempts to sign in, held back"}, postgres.EventStepFailed: {"第二步验证失败", "failed the second step"},
	postgres.EventSignOut: {"退出登录", "signed out"}, postgres.EventSessionEnded: {"结束登录会话", "ended a session"},
	postgres.EventPasswordChanged: {"修改密码", "changed a password"}, postgres.EventPasswordReset: {"以一次性链接设置密码", "set a password by a one-time link"},
	postgres.EventPasswordRefused: {"当前密码核对失败", "gave a wrong present password"}, postgres.EventLinkMade: {"生成一次性链接", "made a one-time link"},
	postgres.EventFactorOn: {"启用第二步验证", "put a second factor in force"}, postgres.EventFactorOff: {"停用第二步验证", "took a second factor away"},
	postgres.EventRecoveryUsed: {"使用恢复码", "used a recovery code"}, postgres.EventTokenCreated: {"新建接口令牌", "made an API token"},
	postgres.EventTokenRevoked: {"撤销接口令牌", "revoked an API token"}, postgres.EventRoleGiven: {"授予岗位", "gave a role"}, postgres.EventRoleTaken: {"结束岗位", "took a role away"},
	postgres.EventAccountMade: {"开通账号", "opened an account"}, postgres.EventAccountOff: {"停用账号", "deactivated an account"}, postgres.EventAccountOn: {"启用账号", "activated an account"},
	postgres.EventAgentMade: {"设置代理", "made somebody an agent"}, postgres.EventAgentEnded: {"结束代理", "ended an agent"}, postgres.EventUnitMade: {"新设单位", "made a unit"},
	postgres.EventUnitChanged: {"更改单位", "changed a unit"}, postgres.EventUnitMerged: {"并入单位", "merged a unit"}, postgres.EventHandedOver: {"移交事项", "handed over"},
	postgres.EventRefused: {"无权办理，被拒绝", "was refused"}, postgres.EventExport: {"导出", "exported"}, postgres.EventOverride: {"越权处置", "overrode a rule"},
	postgres.EventWebhookMade: {"登记网络回调地址", "registered a webhook"}, postgres.EventWebhookEnded: {"停用网络回调地址", "ended a webhook"},
}

// Export: the log as a file, streamed page by page.

const (
	exportPage = 500
	exportWait = 10 * time.Minute // for the whole of it
	exportStep = 30 * time.Second // for the client to take a page
)

type auditExportInput struct {
	LogFilter
	Format string `query:"format" enum:"csv,jsonl" default:"csv" doc:"csv with a byte order mark, as spreadsheets want it, or one JSON object a line"`
}

// auditExport sends the log as a file. That somebody took it is noted first: without a note there is no file. A file that
// could not be completed ends in a broken connection, never as if it were whole.
func (s *Server) auditExport(ctx context.Context, in *auditExportInput) (*huma.StreamResponse, error) {
	if err := s.auditor(ctx); err != nil {
		return nil, err
	}
	f := in.filter()
	f.Limit = exportPage
	first, err := s.db.AuditLog(ctx, f) // refusals come before the file begins
	if err != nil {
		return nil, err
	}
	q := requestOf(ctx)
	if err := s.db.Note(ctx, postgres.SecurityEvent{Kind: postgres.EventExport, Person: person(ctx).ID, Address: q.from,
		What: strings.TrimSuffix("audit "+in.Format+" "+in.LogFilter.String(), " ")}); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		c := humafiber.Unwrap(hc)
		kind := "text/csv; charset=utf-8"
		if in.Format == "jsonl" {
			kind = "application/x-ndjson; charset=utf-8"
		}
		c.Set(fiber.HeaderContentType, kind)
		c.Set(fiber.HeaderContentDisposition, `attachment; filename="audit-`+string(today())+`.`+in.Format+`"`)
		conn := c.Context().Conn()
		// The request's own time is over when its handler returns; the file goes on.
		long, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportWait)
		c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			defer cancel()
			out := newLogWriter(w, in.Format, q.lang)
			for page := first; ; {
				_ = conn.SetWriteDeadline(time.Now().Add(exportStep))
				err := out.write(page.Rows)
				if err == nil && page.Next == "" {
					return
				}
				if f.Cursor = page.Next; err == nil {
					page, err = s.db.AuditLog(long, f)
				}
				if err != nil {
					q.log.Warn("export of the log was cut off", "error", err)
					_ = conn.Close()
					return
				}
			}
		})
	}}, nil
}

// logWriter writes rows of the log in one of the two formats.
type logWriter struct {
	w    *bufio.Writer
	csv  *csv.Writer // nil: JSON lines
	lang lang
}

func newLogWriter(w *bufio.Writer, format string, l lang) *logWriter {
	out := &logWriter{w: w, lang: l}
	if format == "csv" {
		_, _ = w.WriteString("\ufeff") // a write that fails fails again at the next flush
		out.csv = csv.NewWriter(w)
		head := []string{"时间", "来源", "案号", "事件序号", "事项", "代码", "姓名", "人员", "单位", "岗位", "代何人", "原状态", "现状态", "地址", "对象", "次数", "说明"}
		if l == en {
			head = []string{"time", "source", "case", "event", "what", "code", "name", "person", "unit", "role", "for", "from", "to", "address", "object", "times", "sentence"}
		}
		_ = out.csv.Write(head)
	}
	return out
}

// write writes a page and sees it off to the client.
func (o *logWriter) write(rows []postgres.LogRow) error {
	for _, r := range rows {
		a := auditRow(o.lang, r)
		if o.csv == nil {
			line, err := json.Marshal(a)
			if err != nil {
				return err
			}
			if _, err := o.w.Write(append(line, '\n')); err != nil {
				return err
			}
			continue
		}
		source := map[string]words{"case": {"案件", "case"}, "security": {"安全", "security"}}[a.Source].in(o.lang)
		version, times := "", ""
		if a.Version > 0 {
			version = fmt.Sprint(a.Version)
		}
		if a.Times > 1 {
			times = fmt.Sprint(a.Times)
		}
		record := []string{review.In(a.At).Format(time.RFC3339Nano), source, a.Case, version, a.Called, a.Kind, a.Name, a.Person, a.UnitName,
			roles[a.Role].in(o.lang), a.For, statuses[a.From].in(o.lang), statuses[a.To].in(o.lang), a.Address, a.What, times, a.Sentence}
		for i := range record {
			record[i] = harmless(record[i])
		}
		if err := o.csv.Write(record); err != nil {
			return err
		}
	}
	if o.csv != nil {
		if o.csv.Flush(); o.csv.Error() != nil {
			return o.csv.Error()
		}
	}
	return o.w.Flush()
}

// harmless keeps a spreadsheet from taking a cell for a formula: a login may be typed as one.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// auditView is a page of the log.
type auditView struct {
	frame
	Rows     []AuditRow
	Filter   LogFilter
	Kinds    []choice
	Units    []postgres.Unit
	NextPage string
	First    bool
	FirstURL string
	CSV      string
	JSONL    string
}

// choice is an entry of a list to choose from.
type choice struct{ Value, Word string }

func (s *Server) auditPage(c *fiber.Ctx) error {
	ctx := c.UserContext()
	if err := s.auditor(ctx); err != nil {
		return err
	}
	in := LogFilter{From: c.Query("from"), To: c.Query("to"), Person: strings.TrimSpace(c.Query("person")), Unit: c.Query("unit"), Kind: c.Query("kind"), Case: strings.TrimSpace(c.Query("case"))}
	for _, field := range []struct {
		name, value string
		limit       int
	}{{"person", in.Person, 64}, {"unit", in.Unit, 64}, {"kind", in.Kind, 40}, {"case", in.Case, 20}, {"cursor", c.Query("cursor"), 300}} {
		if len(field.value) > field.limit {
			return review.Refuse(review.Invalid, "field", field.name)
		}
	}
	f := in.filter()
	f.Cursor, f.Limit = c.Query("cursor"), 50
	page, err := s.db.AuditLog(ctx, f)
	if err != nil {
		return err
	}
	l := requestOf(ctx).lang
	query := in.String()
	v := auditView{Rows: auditRows(l, page.Rows), Filter: in, Kinds: logKinds(l), First: f.Cursor == "", FirstURL: strings.TrimSuffix("/audit?"+query, "?"),
		CSV: apiPrefix + "/audit/export?" + strings.TrimPrefix(query+"&format=csv", "&"), JSONL: apiPrefix + "/audit/export?" + strings.TrimPrefix(query+"&format=jsonl", "&")}
	if v.Units, err = s.db.Units(ctx); err != nil {
		return err
	}
	if page.Next != "" {
		v.NextPage = "/audit?" + strings.TrimPrefix(query+"&cursor="+url.QueryEscape(page.Next), "&")
	}
	return s.show(c, "audit", &v)
}

// logKinds are the kinds that a log can be filtered by, in words: actions in the order of the procedure, then security.
func logKinds(l lang) []choice {
	var out []choice
	seen := map[review.ActionKind]bool{}
	for _, m := range review.Moves() {
		if !seen[m.Action] {
			seen[m.Action] = true
			out = append(out, choice{string(m.Action), actions[m.Action].in(l)})
		}
	}
	var kinds []string
	for k := range securityKinds {
		kinds = append(kinds, string(k))
	}
	slices.Sort(kinds)
	for _, k := range kinds {
		out = append(out, choice{k, words{"安全：", "Security: "}.in(l) + securityKinds[postgres.EventKind(k)].in(l)})
	}
	return out
}

// Audits reports whether the reader reads the audit log, so that the page leads there.
func (f frame) Audits() bool { return f.Person != nil && f.Person.Has(review.AuditAdmin) }
