package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// office is a small bureau on a running site: who is who, and their tokens.
type office struct {
	*testing.T
	site   string
	tokens map[string]string
}

// newOffice puts a drafting unit, a government, the regulator's people and n further departments into the record.
func newOffice(t *testing.T, dir, site string, n int) *office {
	l, err := readLocal(dir)
	if err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), l.DatabaseURL, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	o := &office{T: t, site: site, tokens: map[string]string{}}
	unit := func(id, kind string) {
		if err := db.CreateUnit(t.Context(), postgres.Unit{ID: id, Name: "单位" + id, Kind: kind, Regulator: "scjg", Active: true}); err != nil {
			t.Fatal(err)
		}
	}
	person := func(id, unit string, role review.Role) {
		err := db.CreatePerson(t.Context(), postgres.NewPerson{ID: id, Login: id, Name: "人员" + id, Memberships: []postgres.Membership{{Unit: unit, Role: role}}})
		if err == nil {
			o.tokens[id], err = db.CreateToken(t.Context(), id, "test", time.Hour)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	unit("gov", "government")
	unit("unit", "department")
	for id, role := range map[string]review.Role{"drafter": review.Handler, "checker": review.ReviewBody, "head": review.UnitHead} {
		person(id, "unit", role)
	}
	person("officer", "scjg", review.Officer)
	person("officer2", "scjg", review.Officer)
	for i := range n {
		unit(fmt.Sprintf("seat%02d", i), "department")
		person(fmt.Sprintf("seat%02d.head", i), fmt.Sprintf("seat%02d", i), review.UnitHead)
	}
	return o
}

// post sends one write and returns the status and the answer.
func (o *office) post(who, path, key string, body any) (int, map[string]any) {
	raw, err := json.Marshal(body)
	if err != nil {
		o.Error(err)
	}
	req, err := http.NewRequestWithContext(o.Context(), http.MethodPost, o.site+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		o.Error(err)
		return 0, nil
	}
	req.Header.Set("Authorization", "Bearer "+o.tokens[who])
	req.Header.Set("Idempotency-Key", key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		o.Error(err)
		return 0, nil
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	var out map[string]any
	if err := json.Unmarshal(answer, &out); err != nil {
		o.Errorf("%s: %s", err, answer)
	}
	return resp.StatusCode, out
}

// step does one act and returns the version it led to.
func (o *office) step(who, id string, seen int, kind review.ActionKind, d review.Details) int {
	o.Helper()
	code, out := o.post(who, "/cases/"+id+"/actions", fmt.Sprint(kind, seen), struct {
		Kind review.ActionKind `json:"kind"`
		Seen int               `json:"seen"`
		review.Details
	}{kind, seen, d})
	if code != http.StatusOK {
		o.Fatalf("%s by %s: %d %v", kind, who, code, out)
	}
	return int(out["version"].(float64))
}

func (o *office) text(who, body string) string {
	o.Helper()
	code, out := o.post(who, "/texts", fmt.Sprintf("text-%x", body), map[string]string{"text": body})
	if code != http.StatusOK && code != http.StatusCreated {
		o.Fatalf("text: %d %v", code, out)
	}
	return out["hash"].(string)
}

// joint carries a case of the government route into a joint review of n seats and returns it.
func (o *office) joint(n int) (id string, version int) {
	code, out := o.post("drafter", "/cases", "open", map[string]any{"kind": "new", "unit": "unit",
		"measure": map[string]any{"title": "六十个单位的办法", "nature": "normative_document", "issuer": "gov", "publicInterest": "none"}})
	if code != http.StatusCreated {
		o.Fatalf("open: %d %v", code, out)
	}
	id, version = out["case"].(string), int(out["version"].(float64))
	draft := o.text("drafter", "第一条 目的。\n第二条 措施。\n第三条 施行。")
	day := review.DateOf(time.Now())
	version = o.step("drafter", id, version, review.StartReview, review.Details{Text: &review.Text{Hash: draft}, Heard: &review.Consultation{
		Whom: "经营者和协会", How: "座谈会", From: day.AddDays(-9), To: day.AddDays(-1), Kinds: []string{"associations"}, Asked: true, NoReplies: true},
		Scope: &review.Scope{Answers: []review.ScopeAnswer{{Question: "kind", Answer: "normative"}, {Question: "effect", Answer: "industry"}}}})
	l := &review.Checklist{Standards: review.StandardsOn(day).Version, TextHash: draft}
	for _, it := range review.StandardsOn(day).Items {
		l.Clear = append(l.Clear, it.ID)
	}
	version = o.step("drafter", id, version, review.SendCheck, review.Details{Checklist: l})
	version = o.step("checker", id, version, review.SendSign, review.Details{})
	version = o.step("head", id, version, review.SignPrelim, review.Details{})
	version = o.step("drafter", id, version, review.Submit, review.Details{Packet: &review.Packet{NoteBasis: "依据", NoteHeard: "听取情况", LetterNo: "函1号",
		Documents: map[review.Slot]string{review.SlotDraft: draft, review.SlotNote: o.text("drafter", "说明"), review.SlotPrelim: o.text("head", "初审意见"), review.SlotHeard: o.text("drafter", "听取意见情况")}}})
	version = o.step("officer", id, version, review.Accept, review.Details{})
	d := review.Details{Days: 5}
	for i := range n {
		d.Seats = append(d.Seats, review.Invitation{Unit: fmt.Sprintf("seat%02d", i)})
	}
	return id, o.step("officer", id, version, review.Convene, d)
}

// sixtySeats lets sixty departments answer in the same moment on the real services: all succeed. Then two officers close
// the review at once: one does, the other is told who was first.
func sixtySeats(t *testing.T, dir, site string) {
	const n = 60
	o := newOffice(t, dir, site, n)
	id, version := o.joint(n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			code, out := o.post(fmt.Sprintf("seat%02d.head", i), "/cases/"+id+"/actions", "answer", map[string]any{"kind": "give_position", "seen": version, "noObjection": true})
			if code != http.StatusOK {
				o.Errorf("seat %d: %d %v", i, code, out)
			}
		})
	}
	all.Wait()
	codes, who := map[int]int{}, ""
	var mu sync.Mutex
	for _, officer := range []string{"officer", "officer2"} {
		all.Go(func() {
			code, out := o.post(officer, "/cases/"+id+"/actions", "close", map[string]any{"kind": "close_joint", "seen": version + n})
			mu.Lock()
			defer mu.Unlock()
			if codes[code]++; code == http.StatusConflict {
				who = fmt.Sprint(out["detail"])
			}
		})
	}
	all.Wait()
	if codes[http.StatusOK] != 1 || codes[http.StatusConflict] != 1 {
		t.Errorf("two officers at once: %v", codes)
	}
	if !strings.Contains(who, "人员officer") {
		t.Errorf("the second is not told who was first: %s", who)
	}
}
