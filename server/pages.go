package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

//go:embed templates/*.html static/*
var files embed.FS

// page is one parsed template with its layout.
type page struct{ *template.Template }

// assets are the embedded files with a short hash each, which makes their addresses change with their content.
var assets = func() map[string]string {
	out := map[string]string{}
	list, _ := fs.Glob(files, "static/*")
	for _, name := range list {
		b, _ := files.ReadFile(name)
		sum := sha256.Sum256(b)
		out[path.Base(name)] = hex.EncodeToString(sum[:4])
	}
	return out
}()

func parsePages() (map[string]page, error) {
	out := map[string]page{}
	funcs := template.FuncMap{
		"asset": func(name string) string { return "/static/" + name + "?v=" + assets[name] },
		"add":   func(a, b int) int { return a + b },
		"f2":    func(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) },
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if base := strings.TrimSuffix(path.Base(name), ".html"); base != "layout" {
			t, err := template.New("layout.html").Funcs(funcs).ParseFS(files, "templates/layout.html", name)
			if err != nil {
				return nil, fmt.Errorf("page %s: %w", base, err)
			}
			out[base] = page{t}
		}
	}
	return out, nil
}

// frame is what every page has round it, and the words that templates ask for.
type frame struct {
	Lang   lang
	Here   string // this address, for the language switch
	Other  string // this address in the other language
	Person *postgres.Person
	CSRF   string
	Demo   bool
	Unread int // notices
}

func (f *frame) setFrame(g frame) { *f = g }

type view interface{ setFrame(frame) }

// T says a thing in the reader's language; templates keep both beside each other.
func (f frame) T(inZh, inEn string) string { return words{inZh, inEn}.in(f.Lang) }

// The words of the record.
func (f frame) Status(s review.Status) string     { return wordOr(statuses[s].in(f.Lang), string(s)) }
func (f frame) Action(k review.ActionKind) string { return wordOr(actions[k].in(f.Lang), string(k)) }
func (f frame) Role(r review.Role) string         { return wordOr(roles[r].in(f.Lang), string(r)) }
func (f frame) Outcome(o review.Outcome) string   { return wordOr(outcomes[o].in(f.Lang), string(o)) }
func (f frame) Kind(k review.Kind) string         { return wordOr(kinds[k].in(f.Lang), string(k)) }
func (f frame) Route(r review.Route) string       { return wordOr(routeNames[r].in(f.Lang), string(r)) }
func (f frame) Seat(s review.SeatStatus) string   { return wordOr(seatStatuses[s].in(f.Lang), string(s)) }
func (f frame) Panel(s review.PanelStatus) string {
	return wordOr(panelStatuses[s].in(f.Lang), string(s))
}
func (f frame) Member(s string) string          { return wordOr(memberStatuses[s].in(f.Lang), s) }
func (f frame) Result(r review.Result) string   { return wordOr(results[r].in(f.Lang), string(r)) }
func (f frame) Trigger(t review.Trigger) string { return wordOr(triggers[t].in(f.Lang), string(t)) }
func (f frame) Slot(s review.Slot) string       { return wordOr(slots[s].in(f.Lang), string(s)) }
func (f frame) Answered(a string) string        { return wordOr(answerWords[a].in(f.Lang), a) }
func (f frame) Proposed(p string) string        { return wordOr(proposals[p].in(f.Lang), p) }
func (f frame) Nature(n string) string          { return wordOr(natures[n].in(f.Lang), n) }
func (f frame) Group(g string) string           { return wordOr(groups[g].in(f.Lang), g) }
func (f frame) NoneGround(g string) string      { return wordOr(groundWords[g].in(f.Lang), g) }
func (f frame) HeardKind(k string) string       { return wordOr(heardWords[k].in(f.Lang), k) }
func (f frame) Interest(k string) string        { return wordOr(interestWords[k].in(f.Lang), k) }
func (f frame) BasedOn(k string) string         { return wordOr(basedWords[k].in(f.Lang), k) }
func (f frame) Delivered(k string) string       { return wordOr(deliveryWords[k].in(f.Lang), k) }
func (f frame) Legality(k string) string        { return wordOr(legalWords[k].in(f.Lang), k) }
func (f frame) Pattern(k string) string         { return wordOr(patternWords[k].in(f.Lang), k) }
func (f frame) IssueWay(k string) string        { return wordOr(issueWays[review.IssueBy(k)].in(f.Lang), k) }
func (f frame) Position(v int) string           { return positionWords[v].in(f.Lang) }
func (f frame) Signed(v int) string             { return signed(v) }
func (f frame) Clock(t time.Time) string        { return clock(f.Lang, t) }
func (f frame) Day(t time.Time) string          { return string(review.DateOf(t)) }
func (f frame) Last(t time.Time) string         { return string(review.DateOf(t.Add(-time.Second))) }
func (f frame) Say(e *review.Error) string {
	return say(f.Lang, sentences[e.Code], shown(f.Lang, e.Params))
}

// Short is an outcome in a narrow column.
func (f frame) Short(o review.Outcome) string {
	if o == review.Repeal {
		return f.T("废止", "Repealed")
	}
	return f.Outcome(o)
}

// Item is an item of the standards as a reader knows it: its article and our summary.
func (f frame) Item(id string) string {
	std := review.StandardsOn(today())
	it, ok := std.Item(id)
	if !ok {
		it, ok = std.Exception(id)
	}
	if !ok {
		return id
	}
	return itemID(f.Lang, id) + " " + words{it.Zh, it.En}.in(f.Lang)
}

// itemID names an item by its article: 条例-9-5, REG-9-5.
func itemID(l lang, id string) string {
	if l == en {
		return id
	}
	return review.Item{ID: id}.Article()
}

// Tone colors a status: waiting on the unit, failed, done, exception, or under review.
func (f frame) Tone(s review.Status) string {
	switch s {
	case review.ConcludedFail, review.NotIssued, review.Repealed, review.ExceptionDue, review.Returned, review.SuspendedExec:
		return "bad"
	case review.CorrectionAsked, review.Suspended, review.Revising, review.ConsultUnit, review.ToRevise, review.ToRepeal:
		return "wait"
	case review.ConcludedException, review.IssuedException, review.KeptException:
		return "exception"
	case review.ConcludedPass, review.Legality, review.Issued, review.Kept, review.Revised:
		return "good"
	case review.OutOfScope, review.Withdrawn, review.Lapsed, review.ClosedUnissued, review.Ceased, review.Extended, review.Drafting, review.Inventoried:
		return "quiet"
	}
	return "busy"
}

func wordOr(s, otherwise string) string { return orElse(s, otherwise) }

func signed(v int) string {
	switch {
	case v > 0:
		return "+" + strconv.Itoa(v)
	case v < 0:
		return "−" + strconv.Itoa(-v)
	}
	return "0"
}

// clock shows an instant as a clock in China does.
func clock(l lang, t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	if l == en {
		return review.In(t).Format("2006-01-02 15:04") + " (UTC+8)"
	}
	return review.In(t).Format("2006年1月2日 15:04")
}

// show renders a page to a buffer and sends it whole or not at all.
func (s *Server) show(c *fiber.Ctx, name string, v view) error {
	q := requestOf(c.UserContext())
	demo, err := s.demo(c.UserContext())
	if err != nil {
		return err
	}
	if q.unread, err = s.unread(c.UserContext()); err != nil {
		return err
	}
	return s.render(c, name, v, q, demo)
}

func (s *Server) render(c *fiber.Ctx, name string, v view, q *request, demo bool) error {
	other := en
	if q.lang == en {
		other = zh
	}
	values, _ := url.ParseQuery(string(c.Request().URI().QueryString()))
	values.Set("lang", string(other))
	v.setFrame(frame{Lang: q.lang, Here: c.Path(), Other: c.Path() + "?" + values.Encode(), Person: q.person, CSRF: q.csrf, Demo: demo, Unread: q.unread})
	var b bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&b, "layout.html", v); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(b.Bytes())
}

func (s *Server) static(c *fiber.Ctx) error {
	name := c.Params("name")
	hash, ok := assets[name]
	if !ok {
		return fiber.ErrNotFound
	}
	b, err := files.ReadFile("static/" + name)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, orElse(mime.TypeByExtension(path.Ext(name)), "application/octet-stream"))
	if c.Query("v") == hash {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	return c.Send(b)
}

// demo reports whether the database says that all in it is made up.
func (s *Server) demo(ctx context.Context) (bool, error) {
	v, err := s.db.Setting(ctx, "demo")
	return v == "true", err
}

// account is a demo account, shown on the sign-in page.
type account struct{ Login, Name, Role, Unit string }

func (s *Server) demoAccounts(ctx context.Context) ([]account, string, error) {
	if demo, err := s.demo(ctx); err != nil || !demo {
		return nil, "", err
	}
	list, err := s.db.Setting(ctx, "demo_accounts")
	if err != nil || list == "" {
		return nil, "", err
	}
	var out []account
	if err := json.Unmarshal([]byte(list), &out); err != nil {
		return nil, "", fmt.Errorf("setting demo_accounts: %w", err)
	}
	password, err := s.db.Setting(ctx, "demo_password")
	return out, password, err
}

// errorView is a refusal as a page.
type errorView struct {
	frame
	Problem *Problem
}

func (s *Server) errorPage(c *fiber.Ctx, p *Problem) error {
	q := requestOf(c.UserContext())
	c.Status(p.Status)
	demo, err := s.demo(c.UserContext())
	if err != nil { // the page of an error must not need the database
		demo = false
	}
	return s.render(c, "error", &errorView{Problem: p}, q, demo)
}

type loginView struct {
	frame
	Next, Login, Token string
	Problem            *Problem
	Accounts           []account
	Password           string
	Linked             bool // a password was just set by a one-time link
}

// RoleWord is the name of a role; the list of demo accounts may give it in words already.
func (v *loginView) RoleWord(r string) string { return v.Role(review.Role(r)) }

// homeView is the numbers of a period.
type homeView struct {
	frame
	Counts
	Year   bool // the period is one calendar year
	Units  []postgres.Unit
	Filter countsInput
}

// Share is a part of the whole in per mille of the bar's width.
func (v *homeView) Share(n int) float64 {
	if v.Reviewed == 0 {
		return 0
	}
	return 1000 * float64(n) / float64(v.Reviewed)
}

// List is the address of the list behind a number.
func (v *homeView) List(group, kind string) string {
	q := url.Values{"group": {group}, "from": {string(v.Period.From)}, "to": {string(v.Period.To)}}
	for k, x := range map[string]string{"unit": v.Filter.Unit, "route": v.Filter.Route, "kind": orElse(kind, v.Filter.Kind), "asOf": v.Filter.AsOf} {
		if x != "" {
			q.Set(k, x)
		}
	}
	return "/cases?" + q.Encode()
}

func (s *Server) homePage(c *fiber.Ctx) error {
	ctx := c.UserContext()
	in := countsInput{From: c.Query("from"), To: c.Query("to"), Unit: c.Query("unit"), Route: c.Query("route"), Kind: c.Query("kind"), AsOf: c.Query("asOf")}
	if err := oneOf("route", in.Route, routeNames); err != nil {
		return err
	}
	if err := oneOf("kind", in.Kind, kinds); err != nil {
		return err
	}
	n, err := s.count(ctx, &in)
	if err != nil {
		return err
	}
	v := homeView{Counts: n, Filter: in}
	v.Year = n.Period.From[4:] == "-01-01" && n.Period.To == n.Period.From[:4]+"-12-31"
	if requestOf(ctx).person != nil {
		if v.Units, err = s.db.Units(ctx); err != nil {
			return err
		}
	}
	return s.show(c, "home", &v)
}

// oneOf refuses a value that is not among the words of its kind; empty is none.
func oneOf[K ~string](field, v string, known map[K]words) error {
	if _, ok := known[K(v)]; !ok && v != "" {
		return review.Refuse(review.Invalid, "field", field)
	}
	return nil
}

type casesView struct {
	frame
	postgres.CasePage
	Filter   casesInput
	From, To review.Date
	Units    []postgres.Unit
	Statuses []review.Status
	Outcomes []review.Outcome
	Groups   []string
	NextPage string
	First    bool
	FirstURL string
}

func (s *Server) casesPage(c *fiber.Ctx) error {
	ctx := c.UserContext()
	in := casesInput{Unit: c.Query("unit"), Route: c.Query("route"), Kind: c.Query("kind"), Status: c.Query("status"), Outcome: c.Query("outcome"),
		Group: c.Query("group"), From: c.Query("from"), To: c.Query("to"), AsOf: c.Query("asOf"), Q: strings.TrimSpace(c.Query("q")), Cursor: c.Query("cursor"), Limit: 50}
	for _, err := range []error{oneOf("route", in.Route, routeNames), oneOf("kind", in.Kind, kinds), oneOf("outcome", in.Outcome, outcomes), oneOf("group", in.Group, groups)} {
		if err != nil {
			return err
		}
	}
	if len(in.Q) > 300 || len(in.Cursor) > 300 || len(in.Unit) > 64 {
		return review.Refuse(review.Invalid, "field", "q")
	}
	f, err := in.filter(requestOf(ctx).viewer())
	if err != nil {
		return err
	}
	v := casesView{Filter: in, From: f.From, To: f.To, Statuses: review.Statuses(), Outcomes: review.Outcomes(), First: in.Cursor == "",
		Groups: []string{"reviewed", "kept", "amended", "repealed", "inProgress", "withdrawn", "outOfScope", "lapsed"}}
	if v.CasePage, err = s.db.Cases(ctx, f); err != nil {
		return err
	}
	if v.Units, err = s.db.Units(ctx); err != nil {
		return err
	}
	values, _ := url.ParseQuery(string(c.Request().URI().QueryString()))
	values.Del("cursor")
	values.Del("lang")
	for k := range values {
		if values.Get(k) == "" {
			values.Del(k)
		}
	}
	v.FirstURL = "/cases?" + values.Encode()
	if v.Next != "" {
		values.Set("cursor", v.Next)
		v.NextPage = "/cases?" + values.Encode()
	}
	return s.show(c, "cases", &v)
}

type tasksView struct {
	frame
	Tasks   []TaskAnswer
	Notices []Notice
}

func (s *Server) tasksPage(c *fiber.Ctx) error {
	rows, err := s.taskRows(c.UserContext())
	if err != nil {
		return err
	}
	notices, err := s.notices(c.UserContext())
	if err != nil {
		return err
	}
	return s.show(c, "tasks", &tasksView{Tasks: rows, Notices: notices})
}

// caseView is a case as a reader sees it.
type caseView struct {
	frame
	review.Case
	UnitName, IssuerName, RegulatorName string
	Names                               map[string]string
	Waiting                             []string // for whom
	Article                             string   // by which article the case stands where it does
	Next                                []nextStep
	May                                 []Possible
	Not                                 []Refused
	Text                                []clause
	TextCut                             bool
	limits                              limits
	Matrix                              matrix
	Triggers                            []review.Trigger
	Rounds                              []roundView
	Hidden                              int // events left out of the page
	Held                                []HeldAnswer
	Urgent                              review.Urgency
	Marks                               []MarkAnswer
	PacketMissing                       []MissingSlot
	Letters                             []LetterRef
	Decided                             *ScopeDecision
	Ends                                *ExceptionEnd
	Drafts                              *Drafts // of the regulator alone
	RouteWhy                            string
}

// SlotName is a document of the packet, those of the local list too.
func (v *caseView) SlotName(s review.Slot) string { return slotName(v.Lang, v.Case.Rules, s) }

// NotHeardOf are those named by 办法 28 whom the record of opinions does not name.
func (v *caseView) NotHeardOf() []string { return notHeardKinds(v.Case) }

// Signing is the draft that waits for a check or a signature; only the regulator sees it.
func (v *caseView) Signing() *review.Conclusion {
	if v.Drafts == nil || v.Case.Status != review.RegSign && v.Case.Status != review.RegCheck {
		return nil
	}
	return v.Case.Draft
}

// Changed is what differs since the draft before, or in what is being signed.
func (v *caseView) Changed() *DraftChange {
	if v.Drafts.Signing.Any() {
		return v.Drafts.Signing
	}
	return v.Drafts.Drafts[len(v.Drafts.Drafts)-1].Since
}

// Removed reports whether an answer took the clause out of the text.
func (v *caseView) Removed(clause string) bool { return clause == review.Removed }

// limits bound a page. A case that would make a page of more than pageLimit is shown again in less; all of it is in the API.
type limits struct{ text, events, cells, entries, letters int }

const pageLimit = 190 << 10

var sizes = []limits{{48 << 10, 120, 900, 200, 8000}, {16 << 10, 40, 300, 30, 120}}

// Few reports whether the i-th entry of a list is still shown.
func (v *caseView) Few(i int) bool { return i < v.limits.entries }

// Cut is how many of n entries are not shown.
func (v *caseView) Cut(n int) int { return max(0, n-v.limits.entries) }

// Rest is what the line under a list says of those that are not shown.
func (v *caseView) Rest(n int) any {
	return struct {
		V *caseView
		N int
	}{v, v.Cut(n)}
}

// stated is a reason that a seat gave for one clause, or for declining.
type stated struct {
	Unit, Clause, Item, Reason, Change string
	Value                              int
}

// Reasons are what the seats said beside their numbers.
func (v *caseView) Reasons() []stated {
	var out []stated
	for _, s := range v.Matrix.Seats {
		if s.Reason != "" {
			out = append(out, stated{Unit: s.Unit, Reason: s.Reason})
		}
		for _, p := range s.Positions {
			if p.Reason != "" {
				out = append(out, stated{s.Unit, p.Clause, p.Item, p.Reason, p.Change, p.Value})
			}
		}
	}
	return out
}

// Concluded puts a conclusion beside the page, for the template that shows one.
func (v *caseView) Concluded(k review.Conclusion) any {
	return struct {
		V *caseView
		K review.Conclusion
	}{v, k}
}

// Clip shortens a text to what the page has room for.
func (v *caseView) Clip(s string) string {
	if r := []rune(s); len(r) > v.limits.letters {
		return string(r[:v.limits.letters]) + "…"
	}
	return s
}

// nextStep is one way on from here.
type nextStep struct {
	Action review.ActionKind
	By     []review.Role
	To     review.Status
	Basis  string
}

// clause is a piece of the text under its label; the text before the first has none.
type clause struct {
	Label string
	Text  string
	Marks []string // items found against it
}

// roundView is what happened in one round.
type roundView struct {
	Round  int
	Events []EventAnswer
}

// matrix is the positions of a joint review, clauses down and seats across.
type matrix struct {
	Seats []review.Seat
	Rows  []matrixRow
	Most  float64
	Cut   int // clauses left out, on all of which nobody differs
}

type matrixRow struct {
	review.ClauseDivergence
	Cells []matrixCell
}

type matrixCell struct {
	Value int
	Given bool
}

// Words are the words of the record, beside the case's own fields of the same names.
func (v *caseView) Words() frame { return v.frame }

// ItemWords is an item by its article and our summary.
func (v *caseView) ItemWords(id string) string { return v.frame.Item(id) }

// ItemID is an item by its article alone.
func (v *caseView) ItemID(id string) string { return itemID(v.Lang, id) }

// With puts a finding beside the page, for the template that shows one.
func (v *caseView) With(f review.Finding) any {
	return struct {
		V *caseView
		F review.Finding
	}{v, f}
}

// Basis is an article in the reader's language.
func (v *caseView) Basis(b string) string { return basis(v.Lang, b) }

// Sentence says what somebody did.
func (v *caseView) Sentence(e EventAnswer) string {
	who := orElse(e.ActorName, v.Name(e.Action.Actor.Person))
	role := roles[e.Action.Actor.Role].in(v.Lang)
	if e.Action.Actor.Role == review.Timer {
		who, role = role, ""
	}
	if e.Action.Actor.For != "" {
		who += onBehalf(v.Lang, orElse(e.ForName, v.Name(e.Action.Actor.For)))
	}
	what := actions[e.Action.Kind].in(v.Lang)
	moved := ""
	if e.From != e.To {
		moved = v.T("，案件转为“", ". The case is now at “") + statuses[e.To].in(v.Lang) + "”"
	}
	at := strings.Trim(e.UnitName+" "+role, " ")
	if at != "" {
		at = v.T("（", " (") + at + v.T("）", ")")
	}
	return who + at + v.T("：", ": ") + what + moved + v.T("。依据：", ". Basis: ") + basis(v.Lang, e.Event.Basis) + v.T("。", ".")
}

var inEnglish = strings.NewReplacer("条例", "Regulation art.", "办法", "Measures art.", "design", "this system's own rule", "local", "local rule")
var inChinese = strings.NewReplacer("design", "本系统规则", "local", "本地规则", "; ", "；", ", ", "、", "B1-", "总局答疑 B1-")

// basis puts an article in the reader's language.
func basis(l lang, b string) string {
	if l == en {
		return inEnglish.Replace(b)
	}
	return inChinese.Replace(b)
}

// Name is a person or unit by name.
func (v *caseView) Name(id string) string { return orElse(v.Names[id], id) }

func (s *Server) casePage(c *fiber.Ctx) error {
	ctx := c.UserContext()
	q := requestOf(ctx)
	cs, err := s.readCase(ctx, c.Params("id"))
	if err != nil {
		return err
	}
	v := caseView{Case: cs, Triggers: cs.Triggers(), Next: nextSteps(cs)}
	if v.Names, err = s.db.Names(ctx, idsOf(cs)); err != nil {
		return err
	}
	v.UnitName, v.IssuerName, v.RegulatorName = v.Name(cs.Unit), v.Name(cs.Measure.Issuer), v.Name(cs.Regulator)
	for _, t := range turnsOf(cs, q.viewer()) {
		v.Waiting = append(v.Waiting, turnWords(q.lang, t, v.Names))
	}
	v.May, v.Not = possible(q.lang, cs, person(ctx).ID, standings(ctx))
	v.Marks, v.Decided, v.Ends = marks(q.lang, cs, time.Now()), scopeDecision(q.lang, cs), exceptionEnds(cs, time.Now())
	v.PacketMissing, v.Letters = packetMissing(q.lang, cs), letterRefs(q.lang, cs, q.viewer())
	if v.RouteWhy, err = s.routeWhy(ctx, cs); err != nil {
		return err
	}
	if v.Held, v.Urgent, err = s.timeOf(ctx, cs, time.Now()); err != nil {
		return err
	}
	events, err := s.db.Events(ctx, cs.ID, q.viewer())
	if err != nil {
		return err
	}
	past := pastLetters(q.lang, cs, events, q.viewer())
	v.Letters = append(v.Letters, past[:min(len(past), 12)]...)
	if ofRegulator(cs, person(ctx)) {
		d, err := s.draftsOf(ctx, cs, events)
		if err != nil {
			return err
		}
		if v.Drafts = &d; len(d.Drafts) == 0 {
			v.Drafts = nil
		}
	}
	text := ""
	if cs.Text.Hash != "" {
		if text, err = s.db.Text(ctx, cs.Text.Hash, q.viewer()); err != nil && review.CodeOf(err) != review.NotFound {
			return err
		}
	}
	for _, v.limits = range sizes {
		v.fill(text, events)
		if err := s.show(c, "case", &v); err != nil || len(c.Response().Body()) < pageLimit {
			return err
		}
	}
	return nil
}

// routeWhy says why the way of issuing leads to its route.
func (s *Server) routeWhy(ctx context.Context, c review.Case) (string, error) {
	if c.IssueBy == "" {
		return "", nil
	}
	issuer, err := s.db.Unit(ctx, c.Measure.Issuer)
	if err != nil && review.CodeOf(err) != review.NotFound {
		return "", err
	}
	if r, err := review.RouteFor(review.IssueBy(c.IssueBy), review.IssuerKindOf(issuer.Kind), c.Measure.Nature); err == nil {
		return routeWhys[r.Why].in(requestOf(ctx).lang), nil
	}
	return "", nil // a way of issuing of another time
}

// fill lays out what there may be much of, within the limits.
func (v *caseView) fill(text string, events []postgres.EventRow) {
	v.Matrix = matrixOf(v.Case, v.limits.cells)
	v.Rounds, v.Hidden, v.Article = roundsOf(events, v.limits.events)
	v.Text, v.TextCut = nil, false
	if text != "" {
		v.Text, v.TextCut = clausesOf(text, v.Case, v.limits.text)
	}
}

func turnWords(l lang, t Turn, names map[string]string) string {
	role := roles[t.Role].in(l)
	if t.Unit == "" {
		return role
	}
	return orElse(names[t.Unit], t.Unit) + " · " + role
}

// idsOf are the people and units that a case's page names.
func idsOf(c review.Case) []string {
	ids := []string{c.Unit, c.Regulator, c.Measure.Issuer, c.Officer, c.TextBy, c.Main.Person}
	for _, h := range c.Hands {
		if h.Side != review.ExpertSide { // an expert's name is shown through the panel, or not at all
			ids = append(ids, h.Person)
		}
	}
	if c.Joint != nil {
		for _, s := range c.Joint.Seats {
			ids = append(ids, s.Unit, s.Mark.Person)
		}
	}
	if c.Panel != nil {
		for _, m := range c.Panel.Members {
			ids = append(ids, m.Person)
		}
	}
	for _, k := range []*review.Conclusion{c.Draft, c.Conclusion} {
		if k != nil {
			ids = append(ids, k.By, k.Checker, k.Approver)
		}
	}
	ids = append(append(ids, c.With...), c.Readers...)
	if c.Scope != nil {
		ids = append(ids, c.Scope.By)
	}
	if c.Asked != nil {
		ids = append(ids, c.Asked.By)
	}
	if c.Urged != nil {
		ids = append(ids, c.Urged.By, c.Urged.Unit)
	}
	if c.Delivery != nil {
		ids = append(ids, c.Delivery.By)
	}
	if c.Mediation != nil {
		ids = append(ids, c.Mediation.AskedBy, c.Mediation.NotedBy)
	}
	if c.Sunset != nil {
		for _, e := range c.Sunset.Done {
			ids = append(ids, e.By)
		}
	}
	if c.Request != nil {
		ids = append(ids, c.Request.By)
	}
	if c.Waived != nil {
		ids = append(ids, c.Waived.AskedBy, c.Waived.By)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return slices.DeleteFunc(ids, func(id string) bool { return id == "" || strings.HasPrefix(id, "专家") })
}

// nextSteps are the ways on from where the case stands.
func nextSteps(c review.Case) []nextStep {
	var out []nextStep
	for _, m := range review.Moves() {
		if m.From == nil || !slices.Contains(m.From, c.Status) || m.Kind != "" && m.Kind != c.Kind || m.Route != "" && m.Route != c.Route {
			continue
		}
		if m.Action == review.Convene && !c.Rules.Joint || m.Action == review.FormPanel && !c.Rules.Panel || m.Action == review.SendConfirm && !c.Rules.StockConfirm {
			continue
		}
		switch m.Action {
		case review.Undo, review.Urge, review.Escalate, review.Reclock, review.SetSecrecy: // they lead nowhere
			continue
		case review.Deliver, review.RecordLegality, review.AskMediation, review.NoteMediation:
			if c.Procedure < 2 {
				continue
			}
		case review.DraftOpinion:
			if c.Rules.Middle {
				m.To = review.RegCheck
			}
		}
		out = append(out, nextStep{m.Action, m.By, m.To, m.Basis})
	}
	return out
}

// clausesOf cuts the text into its clauses, each with the items found against it.
func clausesOf(text string, c review.Case, most int) ([]clause, bool) {
	cut := len(text) > most
	if cut {
		text = strings.ToValidUTF8(text[:most], "")
	}
	found := map[string][]string{}
	mark := func(fs []review.Finding) {
		for _, f := range fs {
			if !slices.Contains(found[f.Clause], f.Item) {
				found[f.Clause] = append(found[f.Clause], f.Item)
			}
		}
	}
	if c.Checklist != nil && c.Checklist.TextHash == c.Text.Hash {
		mark(c.Checklist.Findings)
	}
	for _, ch := range c.Changes {
		if !ch.Closed && ch.TextHash == c.Text.Hash {
			mark([]review.Finding{ch.Finding})
		}
	}
	var out []clause
	split := review.Split(text)
	labels := []string{}
	for _, s := range split {
		if s.Label != review.Preamble {
			labels = append(labels, s.Label)
		}
	}
	if len(labels) <= len(c.Text.Clauses) && slices.Equal(labels, c.Text.Clauses[:len(labels)]) {
		for _, s := range split {
			out = append(out, clause{Label: strings.TrimPrefix(s.Label, review.Preamble), Text: text[s.Start:s.End], Marks: found[s.Label]})
		}
		return out, cut
	}
	next := 0 // it was split in another way: by the labels themselves
	for line := range strings.Lines(text) {
		if next < len(c.Text.Clauses) {
			label := c.Text.Clauses[next]
			head, _, _ := strings.Cut(label, "#")
			if strings.HasPrefix(strings.TrimSpace(line), head) || label == "全文" {
				out = append(out, clause{Label: label, Marks: found[label]})
				next++
			}
		}
		if len(out) == 0 {
			out = append(out, clause{})
		}
		out[len(out)-1].Text += line
	}
	return out, cut
}

// matrixOf lays the positions out; when there are too many cells for a page, clauses on which nobody differs go.
func matrixOf(c review.Case, most int) matrix {
	if c.Joint == nil {
		return matrix{}
	}
	m := matrix{Seats: c.Joint.Seats, Most: c.Divergence()}
	for _, d := range c.Divergences() {
		row := matrixRow{ClauseDivergence: d, Cells: make([]matrixCell, len(m.Seats))}
		for i, seat := range m.Seats {
			for _, p := range seat.Positions {
				if p.Clause == d.Clause {
					row.Cells[i] = matrixCell{Value: p.Value, Given: true}
				}
			}
		}
		m.Rows = append(m.Rows, row)
	}
	if len(m.Rows)*len(m.Seats) > most {
		all := len(m.Rows)
		m.Rows = slices.DeleteFunc(m.Rows, func(r matrixRow) bool { return r.Divergence == 0 })
		if most = max(1, most/max(1, len(m.Seats))); len(m.Rows) > most {
			slices.SortStableFunc(m.Rows, func(a, b matrixRow) int { return int(1000 * (b.Divergence - a.Divergence)) })
			m.Rows = m.Rows[:most]
		}
		m.Cut = all - len(m.Rows)
	}
	return m
}

// roundsOf groups the events by round, newest round first, and finds the article by which the case stands where it does.
func roundsOf(rows []postgres.EventRow, most int) (out []roundView, hidden int, article string) {
	hidden = max(0, len(rows)-most)
	for i, r := range rows {
		if r.From != r.To {
			article = r.Basis
		}
		if i < hidden {
			continue
		}
		if len(out) == 0 || out[len(out)-1].Round != r.Round {
			out = append(out, roundView{Round: r.Round})
		}
		last := &out[len(out)-1]
		last.Events = append(last.Events, EventAnswer{Event: r.Event, Hash: r.Hash, ActorName: r.ActorName, UnitName: r.UnitName, ForName: r.ForName})
	}
	slices.Reverse(out)
	return out, hidden, article
}
