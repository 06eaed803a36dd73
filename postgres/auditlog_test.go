package postgres

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fairreview/fairreview/review"
)

func (d *desk) log(f LogFilter) []LogRow {
	d.Helper()
	page, err := d.db.AuditLog(d.ctx, f)
	d.must(err)
	return page.Rows
}

// securityEvents notes that the officer gave somebody a role, n times.
func (d *desk) securityEvents(n int) {
	d.Helper()
	for range n {
		d.later(time.Second)
		d.must(d.db.Note(d.ctx, SecurityEvent{Kind: EventRoleGiven, Person: "shen", Address: "10.0.0.7", What: "lin"}))
	}
}

func TestTheLogPagesThroughEventsOfAllCasesAndSecurityEventsNewestFirst(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.issued("办法")
	d.securityEvents(3)
	d.issued("办法二")
	// Two sources at one instant: nothing is shown twice, nothing left out.
	d.must(d.db.Note(d.ctx, SecurityEvent{Kind: EventRoleGiven, Person: "shen", Address: "10.0.0.7", What: "lin"}))
	d.must(d.db.Note(d.ctx, SecurityEvent{Kind: EventRoleGiven, Person: "shen", Address: "10.0.0.7", What: "lin"}))
	all := d.log(LogFilter{Limit: 200})
	if len(all) != 17 {
		t.Fatalf("%d rows", len(all))
	}
	key := func(r LogRow) string {
		if r.Security != nil {
			return fmt.Sprint("s", r.Security.Seq)
		}
		return fmt.Sprint(r.Case, r.Version)
	}
	for limit := range 18 {
		if limit == 0 {
			continue
		}
		var got []string
		for f := (LogFilter{Limit: limit}); ; {
			page, err := d.db.AuditLog(d.ctx, f)
			d.must(err)
			for _, r := range page.Rows {
				got = append(got, key(r))
			}
			if f.Cursor = page.Next; f.Cursor == "" {
				break
			}
		}
		var want []string
		for _, r := range all {
			want = append(want, key(r))
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %v, want %v", limit, got, want)
		}
	}
	if !slices.IsSortedFunc(all, func(a, b LogRow) int { return b.At.Compare(a.At) }) {
		t.Error("not by time")
	}
	if s := all[1].Security; s == nil || all[1].WhatName != "姓名lin" || all[1].PersonName != "姓名shen" || s.Address != "10.0.0.7" {
		t.Errorf("%+v", all[1])
	}
}

func TestTheLogIsFiltered(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.on("2026-03-02")
	c := d.issued("办法")
	d.on("2026-03-04")
	b := d.register(handlerB, review.Department, "办法二")
	d.securityEvents(1)
	for _, tt := range []struct {
		name string
		f    LogFilter
		want int
	}{
		{"nothing is asked for", LogFilter{}, 8},
		{"from the second day", LogFilter{From: "2026-03-04"}, 2},
		{"up to the first day", LogFilter{To: "2026-03-02"}, 6},
		{"a day between", LogFilter{From: "2026-03-03", To: "2026-03-03"}, 0},
		{"a person, who did it or to whom it was done", LogFilter{Person: "lin"}, 5},
		{"a person who is nobody", LogFilter{Person: "nobody"}, 0},
		{"a unit", LogFilter{Unit: "transport"}, 1},
		{"a kind of action", LogFilter{Kind: "register"}, 2},
		{"a kind of security event", LogFilter{Kind: "role_given"}, 1},
		{"a case", LogFilter{Number: c.Number}, 6},
		{"a case and a kind", LogFilter{Number: b.Number, Kind: "send_check"}, 0},
	} {
		if got := d.log(tt.f); len(got) != tt.want {
			t.Errorf("%s: %d rows, want %d", tt.name, len(got), tt.want)
		}
	}
	for _, f := range []LogFilter{{From: "2026-02-30"}, {From: "2026-03-02", To: "2026-03-01"}, {Cursor: "x"}, {Cursor: "MjAyNi0wMy0wMlQwMDowMDowMFogeCAx"},
		{Person: "a\x00"}, {To: "2026-03-01", Cursor: cursorOf(LogRow{At: d.db.now(), Case: c.ID, Version: 1})}} {
		if _, err := d.db.AuditLog(d.ctx, f); review.CodeOf(err) != review.Invalid && review.CodeOf(err) != review.BadCharacters {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

func TestTheLogTellsNothingThatWasSaid(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.issued("绝密的名称")
	for _, r := range d.log(LogFilter{}) {
		e := r.Event
		kind, actor := e.Action.Kind, e.Action.Actor
		e.Action = review.Action{}
		if said := fmt.Sprintf("%+v", e) + fmt.Sprintf("%+v", r.Event.Action.Details); strings.Contains(said, "名称") || strings.Contains(said, "座谈") || e.Text != "" || e.Basis != "" {
			t.Errorf("%s by %v: %s", kind, actor, said)
		}
		if r.PersonName != "姓名"+actor.Person || r.UnitName != "住房和城乡建设局" || r.Number == "" || e.To == "" {
			t.Errorf("%+v", r)
		}
	}
}

// TestAHiddenHandCannotBeFound looks at the log while opinions are sealed and positions not open, as it is and through
// every filter that could tell whose they are.
func TestAHiddenHandCannotBeFound(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	expert := review.Actor{Person: "wang", Unit: "pool", Role: review.Expert}
	seat := review.Actor{Person: "zhao", Unit: "finance", Role: review.UnitHead}
	panel := func(s review.PanelStatus) string {
		return `{"id":"x","round":1,"regulator":"bureau","panel":{"status":"` + string(s) + `","members":[{"person":"li"},{"person":"wang"}]}}`
	}
	joint := func(closed bool) string {
		return fmt.Sprintf(`{"id":"x","round":1,"regulator":"bureau","joint":{"closed":%t,"seats":[]}}`, closed)
	}
	for _, tt := range []struct {
		name   string
		kind   review.ActionKind
		actor  review.Actor
		state  string
		sealed bool
		person string // what is shown
		as     review.ActionKind
	}{
		{"an opinion while the panel deliberates", review.GiveOpinion, expert, panel(review.PanelOpining), true, "", review.GiveOpinion},
		{"an opinion that was opened", review.GiveOpinion, expert, panel(review.PanelOpened), false, "专家乙", review.GiveOpinion},
		{"an invitation that was accepted", review.AcceptSeat, expert, panel(review.PanelOpining), false, "专家乙", review.AcceptSeat},
		{"a recusal", review.Recuse, expert, panel(review.PanelOpining), false, "专家乙", review.Recuse},
		{"an expert's act that nobody expected", review.Submit, expert, "", false, "专家", review.Submit},
		{"a position of an open joint review", review.GivePosition, seat, joint(false), true, "", review.GivePosition},
		{"a seat that declined, which reads as an answer", review.DeclineSeat, seat, joint(false), true, "", review.GivePosition},
		{"a position when it is closed", review.GivePosition, seat, joint(true), false, "zhao", review.GivePosition},
		{"a seat that declined, when it is closed", review.DeclineSeat, seat, joint(true), false, "zhao", review.DeclineSeat},
	} {
		e := entry{Event: review.Event{Case: "x", Version: 9, Round: 1, At: at, From: review.ExpertReview, To: review.ExpertReview,
			Action: review.Action{Kind: tt.kind, Actor: tt.actor, Details: review.Details{Reason: "说了什么", Opinion: &review.Opinion{}}}}}
		r := logRow{Case: "x", Version: 9, At: at, Payload: payloadOf(t, e), Number: "2026-000001-3", Round: 1, Regulator: "bureau", Name: tt.actor.Person, UnitName: "单位"}
		if tt.state != "" {
			r.State = []byte(tt.state)
		}
		got, err := r.shown()
		if err != nil {
			t.Fatal(err)
		}
		a := got.Event.Action
		if got.Sealed != tt.sealed || got.PersonName != tt.person || a.Kind != tt.as || a.Reason != "" || a.Opinion != nil {
			t.Errorf("%s: %+v", tt.name, got)
		}
		if hidden := tt.person != tt.actor.Person; hidden && (a.Actor.Unit != "" || got.UnitName != "" || a.Actor.Person == tt.actor.Person) {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	experts, seats := guarded()
	for _, kind := range []review.ActionKind{review.AcceptSeat, review.DeclineSeatPanel, review.Recuse, review.GiveOpinion} {
		if !slices.Contains(experts, string(kind)) {
			t.Errorf("%s is not among what experts do", kind)
		}
	}
	if len(seats) != 2 {
		t.Errorf("seats %v", seats)
	}
	// The same through SQL: one event of each kind in the record, the filters that would point at a hand find nothing.
	d := newDesk(t)
	c := d.register(handlerA, review.Department, "办法")
	for v, k := range []review.ActionKind{review.GiveOpinion, review.GivePosition, review.DeclineSeat} {
		actor := seat
		if k == review.GiveOpinion {
			actor = expert
		}
		e := entry{Event: review.Event{Case: c.ID, Version: v + 2, Round: 1, At: d.db.now(), Action: review.Action{Kind: k, Actor: actor}, To: review.JointReview}}
		d.tamper(`INSERT INTO events (case_id, version, round, at, kind, person, unit, from_status, to_status, outcome, request_digest,
				record_digest, payload, nonce, prev_hash, hash)
			SELECT case_id, $2, 1, at, $3, $4, $5, '', 'JOINT_REVIEW', '', '', record_digest, $6, nonce, prev_hash, hash FROM events WHERE case_id = $1 AND version = 1`,
			c.ID, v+2, string(k), actor.Person, actor.Unit, payloadOf(t, e))
	}
	for closed, want := range map[bool][7]int{false: {4, 0, 0, 0, 0, 0, 1}, true: {4, 0, 0, 2, 2, 1, 1}} {
		d.tamper(`UPDATE cases SET state = CAST($2 AS json) WHERE id = $1`, c.ID,
			fmt.Sprintf(`{"id":"%s","round":1,"regulator":"bureau","joint":{"closed":%t,"seats":[]},"panel":{"status":"%s","members":[{"person":"wang"}]}}`, c.ID, closed, review.PanelOpining))
		for i, f := range []LogFilter{{}, {Person: "wang"}, {Unit: "pool"}, {Person: "zhao"}, {Unit: "finance"}, {Kind: "decline_seat"}, {Kind: "give_opinion"}} {
			got := d.log(f)
			if len(got) != want[i] {
				t.Errorf("joint review closed %t, %+v: %d rows, want %d", closed, f, len(got), want[i])
			}
			for _, r := range got {
				if r.PersonName == "wang" || r.Event.Action.Actor.Person == "wang" || !closed && (r.PersonName == "zhao" || r.Event.Action.Actor.Unit == "finance") {
					t.Errorf("joint review closed %t, %+v: %+v", closed, f, r)
				}
			}
		}
	}
}

func TestAnAuditAdministratorIsKnown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	has := func(want bool, when string) {
		t.Helper()
		if got, err := d.db.HasAuditAdmin(d.ctx); err != nil || got != want {
			t.Errorf("%s: %t, %v", when, got, err)
		}
	}
	has(false, "nobody")
	d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: "audit", Login: "audit", Name: "审计", Memberships: []Membership{{Unit: "bureau", Role: review.AuditAdmin}}}))
	has(true, "somebody")
	_, err := d.db.sql.Exec(`UPDATE people SET active = false WHERE id = 'audit'`)
	d.must(err)
	has(false, "whose account is closed")
}

func payloadOf(t *testing.T, e entry) []byte {
	t.Helper()
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
