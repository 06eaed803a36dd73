package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fairreview/fairreview/internal/pgtest"
	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
	"github.com/fairreview/fairreview/schema"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// direct carries out actions as a running case does, with the real machine and the real record, in this process.
type direct struct {
	db    *postgres.DB
	mu    sync.Mutex
	cases map[string]review.Case
	err   error // what to answer instead
}

func (d *direct) Open(ctx context.Context, id string, req review.Request, a review.Action) (review.Receipt, error) {
	return d.do(ctx, review.Case{ID: id}, req, a)
}

func (d *direct) Act(ctx context.Context, id string, req review.Request, a review.Action) (review.Receipt, error) {
	return d.do(ctx, review.Case{}, req, a, id)
}

func (d *direct) Reclock(ctx context.Context, id string, seen int) (review.Receipt, error) {
	d.mu.Lock()
	at := d.cases[id].Version
	d.mu.Unlock()
	if at != seen {
		return review.Receipt{}, review.Refuse(review.Conflict)
	}
	reqID := fmt.Sprintf("reclock/%s/%d", id, seen)
	return d.do(ctx, review.Case{}, review.Request{ID: reqID, Digest: reqID}, review.Action{Kind: review.Reclock, Actor: review.Actor{Role: review.Timer}, Seen: seen}, id)
}

func (d *direct) do(ctx context.Context, c review.Case, req review.Request, a review.Action, id ...string) (review.Receipt, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return review.Receipt{}, d.err
	}
	if len(id) > 0 {
		c = d.cases[id[0]]
	}
	next, ev, err := review.Apply(c, a, time.Now())
	if err != nil {
		return review.Receipt{}, err
	}
	as, err := d.db.Save(ctx, review.Record{Case: next, Event: ev, Request: req})
	if err != nil {
		return review.Receipt{}, err
	}
	next.Assign(as)
	d.cases[next.ID] = next
	return review.Receipt{Case: next.ID, Number: next.Number, Version: next.Version, Status: next.Status, Digest: req.Digest}, nil
}

// The people of the tests: login, name, unit, role. The password is the same for all.
var cast = []struct {
	id, name, unit string
	role           review.Role
}{
	{"drafter", "沈起草", "ind", review.Handler}, {"checker", "周复核", "ind", review.ReviewBody}, {"head", "吴负责", "ind", review.UnitHead},
	{"officer", "陈承办", "amr", review.Officer}, {"officer2", "郑承办", "amr", review.Officer}, {"approver", "钱签发", "amr", review.Approver},
	{"finhead", "赵会审", "fin", review.UnitHead}, {"devhead", "孙会审", "dev", review.UnitHead}, {"findrafter", "李外人", "fin", review.Handler},
	{"expert1", "王专家", "pool", review.Expert}, {"expert2", "冯专家", "pool", review.Expert}, {"root", "系统管理员", "amr", review.Admin},
}

const password = "correct horse battery staple"

// site is a server over a fresh database, with everybody signed in by token.
type site struct {
	*Server
	t       testing.TB
	db      *postgres.DB
	reviews *direct
	tokens  map[string]string
	log     *lockedBuffer
	n       int
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newSite(t testing.TB) *site {
	t.Helper()
	ctx := context.Background()
	db, err := postgres.Open(ctx, pgtest.New(t, schema.Migrate), 8)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	for _, u := range []postgres.Unit{
		{ID: "amr", Name: "云溪市市场监督管理局", NameEN: "Yunxi Administration for Market Regulation", Kind: "regulator", Regulator: "amr", Active: true},
		{ID: "gov", Name: "云溪市人民政府", NameEN: "Government of Yunxi", Kind: "government", Regulator: "amr", Active: true},
		{ID: "ind", Name: "云溪市工业和信息化局", NameEN: "Yunxi Bureau of Industry", Kind: "department", Regulator: "amr", Active: true},
		{ID: "fin", Name: "云溪市财政局", NameEN: "Yunxi Bureau of Finance", Kind: "department", Regulator: "amr", Active: true},
		{ID: "dev", Name: "云溪市发展和改革委员会", NameEN: "Yunxi Development Commission", Kind: "department", Regulator: "amr", Active: true},
		{ID: "pool", Name: "云溪市公平竞争审查专家库", NameEN: "Expert pool", Kind: "pool", Regulator: "amr", Active: true},
	} {
		must(t, db.CreateUnit(ctx, u))
	}
	s := &site{t: t, db: db, reviews: &direct{db: db, cases: map[string]review.Case{}}, tokens: map[string]string{}, log: &lockedBuffer{}}
	for _, p := range cast {
		pw := ""
		if p.id == "drafter" || p.id == "officer" {
			pw = password
		}
		must(t, db.CreatePerson(ctx, postgres.NewPerson{ID: p.id, Login: p.id, Name: p.name, Password: pw,
			Memberships: []postgres.Membership{{Unit: p.unit, Role: p.role, Post: "科员"}}}))
		s.tokens[p.id], err = db.CreateToken(ctx, p.id, "test", time.Hour)
		must(t, err)
	}
	for _, id := range []string{"expert1", "expert2"} {
		s.pooled(id, "竞争法")
	}
	s.Server, err = New(Options{DB: db, Reviews: s.reviews, Log: slog.New(slog.NewJSONHandler(s.log, nil))})
	must(t, err)
	return s
}

// pooled enters an expert in the pool of the regulator, with a field.
func (s *site) pooled(id, field string) {
	s.t.Helper()
	_, err := s.db.Idempotent(s.t.Context(), "officer", "pool "+id, "", func(tx *postgres.Tx) (any, error) {
		_, err := tx.PutExpert(s.t.Context(), "officer", postgres.PoolEntry{Regulator: "amr", Person: id, Fields: []string{field}, Institution: "湖山大学", From: "2020-01-01"}, "")
		return nil, err
	})
	must(s.t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// got is an answer with its body read.
type got struct {
	*http.Response
	body []byte
}

func (g got) problem() (p Problem) {
	_ = json.Unmarshal(g.body, &p)
	return p
}

func (g got) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(g.body, v); err != nil {
		t.Fatalf("%v in %s", err, g.body)
	}
}

// call asks as somebody ("" is nobody) with a fresh idempotency key; body is JSON text, or a value to be made JSON.
func (s *site) call(who, method, path string, body any, headers ...string) got {
	s.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		j, err := json.Marshal(b)
		must(s.t, err)
		r = bytes.NewReader(j)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, path, r)
	must(s.t, err)
	if who != "" {
		req.Header.Set("Authorization", "Bearer "+s.tokens[who])
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == "POST" {
		s.n++
		req.Header.Set(keyHeader, fmt.Sprintf("key-%d", s.n))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
		} else {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	return s.send(req)
}

func (s *site) send(req *http.Request) got {
	s.t.Helper()
	resp, err := s.App().Test(req, 30_000)
	must(s.t, err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	must(s.t, err)
	return got{resp, b}
}

// ok asks for an answer with a status, and stops the test when another comes.
func (s *site) ok(status int, who, method, path string, body any, headers ...string) got {
	s.t.Helper()
	g := s.call(who, method, path, body, headers...)
	if g.StatusCode != status {
		s.t.Fatalf("%s %s by %q: %d, want %d: %s", method, path, who, g.StatusCode, status, g.body)
	}
	return g
}

const draft = "关于支持工业企业创新发展的若干措施\n第一条 对全市工业企业的技术改造给予支持。\n第二条 在本市注册的企业优先享受奖励。\n第三条 本措施自印发之日起施行。\n"

// put stores a text and returns its hash.
func (s *site) put(who, text string) string {
	s.t.Helper()
	var out StoredText
	s.ok(200, who, "POST", "/api/v1/texts", map[string]any{"text": text}).into(s.t, &out)
	return out.Hash
}

type obj = map[string]any

func opening(kind, issuer string) obj {
	m := obj{"title": "关于支持工业企业创新发展的若干措施", "nature": "normative_document", "issuer": issuer, "field": "制造业", "publicInterest": "none"}
	if kind == "existing" {
		m["docNo"], m["issuedOn"] = "云工信〔2021〕8号", "2021-03-04"
	}
	return obj{"kind": kind, "unit": "ind", "measure": m}
}

// open opens a case as the drafter and returns its receipt.
func (s *site) open(kind, issuer string) Receipt {
	s.t.Helper()
	var r Receipt
	s.ok(201, "drafter", "POST", "/api/v1/cases", opening(kind, issuer)).into(s.t, &r)
	return r
}

// do acts on the case at the version it stands at, and moves the receipt on.
func (s *site) do(r *Receipt, who, kind string, with obj) {
	s.t.Helper()
	body := obj{"kind": kind, "seen": r.Version}
	if kind == "start_review" {
		body["scope"] = inScope
	}
	for k, v := range with {
		body[k] = v
	}
	s.ok(200, who, "POST", "/api/v1/cases/"+r.Case+"/actions", body).into(s.t, r)
}

var heard = obj{"whom": "工业企业及行业协会", "how": "书面征求", "from": "2026-01-05", "to": "2026-01-20", "said": "企业认为注册地条件影响公平竞争，已采纳。",
	"kinds": []string{"competitors", "associations"}, "asked": true,
	"opinions": []obj{{"from": "市机械行业协会", "said": "注册地条件影响公平竞争", "answer": "adopted"}}}

// inScope is a way through the scope questions that ends in a review.
var inScope = obj{"answers": []obj{{"question": "kind", "answer": "normative"}, {"question": "effect", "answer": "industry"}}}

func clear() []string {
	var out []string
	for _, it := range review.StandardsOn(today()).Items {
		out = append(out, it.ID)
	}
	return out
}

func checklist(hash string) obj {
	return obj{"standards": review.StandardsOn(today()).Version, "textHash": hash, "clear": clear()}
}

func (s *site) conclusion(who, result, hash string) obj {
	return obj{"result": result, "textHash": hash, "standards": review.StandardsOn(today()).Version, "written": s.put(who, "公平竞争审查结论："+result+hash),
		"howHeard": "书面征求了工业企业及行业协会意见。"}
}

// toSign brings a new measure to its unit head's desk and returns the text's hash; more is added to the text.
func (s *site) toSign(r *Receipt, more ...string) string {
	s.t.Helper()
	hash := s.put("drafter", draft+strings.Join(more, ""))
	s.do(r, "drafter", "start_review", obj{"text": obj{"hash": hash}, "heard": heard})
	s.do(r, "drafter", "send_check", obj{"checklist": checklist(hash)})
	s.do(r, "checker", "send_sign", nil)
	return hash
}

// conclude takes a new measure of the department to its conclusion.
func (s *site) conclude(r *Receipt) {
	s.t.Helper()
	hash := s.toSign(r)
	k := s.conclusion("head", "meets", hash)
	k["docNo"] = "云工信竞审〔2026〕3号"
	s.do(r, "head", "conclude_pass", obj{"conclusion": k})
}

// submit takes a new measure of the government to the regulator.
func (s *site) submit(r *Receipt, more ...string) string {
	s.t.Helper()
	hash := s.toSign(r, more...)
	s.do(r, "head", "sign_prelim", nil)
	s.do(r, "drafter", "submit", obj{"packet": obj{"documents": obj{"draft": hash, "note": s.put("drafter", "起草说明"), "prelim": s.put("drafter", "初审意见"),
		"heard": s.put("drafter", "听取意见情况")}, "noteBasis": "产业政策", "noteHeard": "已听取并采纳", "letterNo": "云工信函〔2026〕12号"}})
	s.do(r, "officer", "accept", nil)
	return hash
}

// listen serves the site on a port of its own and returns its address.
func (s *site) listen() string {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(s.t, err)
	go func() { _ = s.App().Listener(l) }()
	s.t.Cleanup(func() { _ = s.App().Shutdown() })
	return "http://" + l.Addr().String()
}

// keeper keeps what it was given, as a running case would.
type keeper struct {
	*direct
	got []kept
}

type kept struct {
	id string
	a  review.Action
}

func (k *keeper) Act(ctx context.Context, id string, req review.Request, a review.Action) (review.Receipt, error) {
	k.got = append(k.got, kept{id, a})
	return k.direct.Act(ctx, id, req, a)
}
