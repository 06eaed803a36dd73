package postgres

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fairreview/fairreview/review"
)

// benchDesk is a desk with n experts in the pool, a second officer, and a case at the regulator's desk.
func benchDesk(t *testing.T, n int) (*desk, []string, review.Case) {
	t.Helper()
	d := newDesk(t)
	d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: "fang", Login: "fang", Name: "姓名fang", Memberships: []Membership{{Unit: "bureau", Role: review.Officer}}}))
	d.must(d.db.CreateUnit(d.ctx, Unit{ID: "pool", Name: "专家库", Kind: "pool", Regulator: "bureau", Active: true}))
	var experts []string
	for i := range n {
		id := fmt.Sprintf("zj%02d", i)
		d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: id, Login: id, Name: "姓名" + id, Memberships: []Membership{{Unit: "pool", Role: review.Expert}}}))
		d.must(d.enter(pooled(id)))
		experts = append(experts, id)
	}
	return d, experts, d.register(handlerA, review.Government, "办法")
}

func pooled(person string) PoolEntry {
	return PoolEntry{Regulator: "bureau", Person: person, Fields: []string{"竞争法"}, Institution: "湖山大学", From: "2026-01-01", To: "2026-12-31"}
}

func (d *desk) enter(e PoolEntry) error {
	return d.once(func(tx *Tx) error { _, err := tx.PutExpert(d.ctx, "shen", e, ""); return err })
}

func panelDraw(c review.Case, eligible []string) PanelDrawRequest {
	return PanelDrawRequest{ID: uuid.NewString(), Person: "shen", Regulator: "bureau", Case: c.ID, Round: c.Round, Fields: []string{"竞争法"}, Take: 3, Alternates: 2, Eligible: eligible}
}

func (d *desk) ask(q PanelDrawRequest) error {
	return d.once(func(tx *Tx) error { return tx.RequestPanelDraw(d.ctx, q) })
}

func TestTheEndOfATermKeepsWhatWas(t *testing.T) {
	t.Parallel()
	d, _, _ := benchDesk(t, 2)
	e := pooled("zj00")
	d.must(d.enter(e)) // as it is: no change
	e.Employers, e.Region = []PastWork{{"交通运输局", 2010, 2020}}, "湖山"
	d.must(d.enter(e))
	end := func(last review.Date, reason string) error {
		return d.once(func(tx *Tx) error { return tx.EndTerm(d.ctx, "fang", "bureau", "zj00", last, reason) })
	}
	d.refused(end("2026-03-31", " "), review.Missing)
	d.refused(end("2026-03-32", "辞聘"), review.Invalid)
	d.must(end("2026-03-31", "辞聘"))
	got, err := d.db.PoolEntryOf(d.ctx, "bureau", "zj00")
	d.must(err)
	if got.To != "2026-03-31" || got.Region != "湖山" || got.Employers[0].With != "交通运输局" || !got.Active {
		t.Errorf("ended: %+v", got)
	}
	h, err := d.db.PoolChanges(d.ctx, "bureau", "zj00")
	d.must(err)
	if len(h) != 3 || h[0].By != "fang" || h[0].Reason != "辞聘" || h[1].Entry.To != "2026-12-31" || h[2].Entry.Region != "" {
		t.Errorf("history: %+v", h)
	}
	for day, want := range map[review.Date]int{"2025-12-31": 0, "2026-03-31": 2, "2026-04-01": 1, "2027-01-01": 0} {
		all, err := d.db.Pool(d.ctx, PoolFilter{Regulators: bureau, On: day})
		d.must(err)
		if len(all) != want {
			t.Errorf("on %s: %d in term", day, len(all))
		}
	}
	d.must(end("2020-01-01", "自始无效")) // never in term, and still there
	if got, err = d.db.PoolEntryOf(d.ctx, "bureau", "zj00"); err != nil || got.To != "2025-12-31" || got.InTerm("2026-01-01") {
		t.Errorf("never: %+v, %v", got, err)
	}
	_, err = d.db.PoolEntryOf(d.ctx, "bureau", "nobody")
	d.refused(err, review.NotFound)
	d.refused(d.once(func(tx *Tx) error { return tx.EndTerm(d.ctx, "fang", "bureau", "nobody", "2026-01-01", "x") }), review.NotFound)
	d.refused(d.enter(pooled("lin")), review.Invalid) // no expert
	for _, s := range []string{`DELETE FROM pool_experts`, `TRUNCATE pool_experts CASCADE`, `DELETE FROM pool_changes`, `UPDATE pool_changes SET reason = 'x'`, `TRUNCATE pool_changes`} {
		if _, err := d.db.sql.Exec(s); err == nil || !strings.Contains(err.Error(), "kept for good") {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestMembershipsAreFacts(t *testing.T) {
	t.Parallel()
	d, _, _ := benchDesk(t, 1)
	d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: "zj00", Login: "zj00", Name: "两栖", Memberships: []Membership{{Unit: "pool", Role: review.Expert}, {Unit: "housing", Role: review.Handler}}}))
	facts, err := d.db.MemberFacts(d.ctx, []string{"zj00", "nobody"})
	d.must(err)
	if f := facts["zj00"]; len(f.Bodies) != 1 || !slices.Equal(f.Bodies[0].Units, []string{"housing"}) || len(f.Employers) != 0 {
		t.Errorf("a handler: %+v", f)
	}
	d.on("2028-05-05")
	d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: "zj00", Login: "zj00", Name: "两栖", Memberships: []Membership{{Unit: "pool", Role: review.Expert}}}))
	facts, err = d.db.MemberFacts(d.ctx, []string{"zj00"})
	d.must(err)
	if f := facts["zj00"]; len(f.Bodies) != 0 || len(f.Employers) != 1 || f.Employers[0].To != 2028 || f.Employers[0].With.Name != "住房和城乡建设局" {
		t.Errorf("a former handler: %+v", f)
	}
}

func TestARoundIsDrawnForOnceUnlessTwoAgree(t *testing.T) {
	t.Parallel()
	d, experts, c := benchDesk(t, 7)
	first, rival := panelDraw(c, experts[:6]), panelDraw(c, experts)
	d.must(d.ask(first))
	d.must(d.ask(rival)) // harmless as long as no seed is known
	d.must(d.draw(first.ID))
	d.refused(d.draw(rival.ID), review.DrawnBefore)
	drawn := d.drawRecord(first.ID)
	if len(drawn.Drawn) != 3 || len(drawn.Alternates) != 2 || drawn.Labels[4] != "姓名"+drawn.Alternates[1] {
		t.Errorf("drawn: %+v", drawn)
	}
	// A name that changes, and a pool that does, change no record.
	d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: drawn.Drawn[0], Login: drawn.Drawn[0], Name: "改名", Memberships: []Membership{{Unit: "pool", Role: review.Expert}}}))
	if again := d.drawRecord(first.ID); again.Sum != drawn.Sum {
		t.Errorf("another record: %+v", again)
	}
	d.refused(d.ask(panelDraw(c, experts)), review.DrawnBefore)
	next := panelDraw(c, experts)
	next.Reason = "专家出国"
	d.must(d.ask(next))
	d.refused(d.draw(next.ID), review.DrawUnagreed)
	other := panelDraw(c, experts)
	other.Reason = "另一理由"
	d.refused(d.ask(other), review.DrawnBefore) // asked already
	last, found, err := d.db.LastPanelDraw(d.ctx, c.ID, c.Round, "bureau")
	d.must(err)
	if !found || last.ID != first.ID {
		t.Errorf("until it has its seed, the first stands: %+v", last)
	}
	d.must(d.once(func(tx *Tx) error { return tx.AgreeDraw(d.ctx, next.ID, "fang", bureau) }))
	d.must(d.draw(next.ID))
	if last, _, err = d.db.LastPanelDraw(d.ctx, c.ID, c.Round, "bureau"); err != nil || last.ID != next.ID {
		t.Errorf("now it stands: %+v, %v", last, err)
	}
	// Another round, another case, the same list.
	second := panelDraw(c, experts[:6])
	second.Round = 2
	d.must(d.ask(second))
	d.must(d.draw(second.ID))
	c2 := d.register(handlerA, review.Government, "另案")
	third := panelDraw(c2, experts[:6])
	d.must(d.ask(third))
	d.must(d.draw(third.ID))
	list, err := d.db.PanelDraws(d.ctx, c.ID)
	d.must(err)
	if len(list) != 4 || list[len(list)-1].ID != first.ID || list[len(list)-1].Again != next.ID || list[0].Filter.Round != 2 {
		t.Errorf("list %+v", list)
	}
	page, err := d.db.Draws(d.ctx, bureau, "", 0)
	d.must(err)
	if len(page.Draws) != 0 {
		t.Errorf("among the spot checks: %+v", page)
	}
	if _, err := d.db.sql.Exec(`UPDATE draws SET labels = '{x}' WHERE id = $1`, first.ID); err == nil {
		t.Error("the names of a draw were changed")
	}
}

func TestTwentyAtOnceDrawOnePanel(t *testing.T) {
	t.Parallel()
	d, experts, c := benchDesk(t, 6)
	var asked []string
	for range 4 {
		q := panelDraw(c, experts)
		d.must(d.ask(q))
		asked = append(asked, q.ID)
	}
	var drawn [20]bool
	d.atOnce(20, func(i int) error {
		_, err := d.db.Idempotent(d.ctx, "shen", fmt.Sprint("at once ", i), "", func(tx *Tx) (any, error) { return "", tx.Draw(d.ctx, asked[i%4], "shen", bureau) })
		if drawn[i] = err == nil; review.CodeOf(err) == review.DrawnBefore {
			return nil
		}
		return err
	})
	seeds := 0
	for _, id := range asked {
		if d.drawRecord(id).Seed != "" {
			seeds++
		}
	}
	if seeds != 1 || !slices.Contains(drawn[:], true) {
		t.Errorf("%d draws have a seed", seeds)
	}
}

func TestAPoolThatIsTooSmallSaysByHowMany(t *testing.T) {
	t.Parallel()
	d, experts, c := benchDesk(t, 4)
	err := d.ask(panelDraw(c, append(experts, experts...))) // each counts once
	d.refused(err, review.PoolTooSmall)
	if !strings.Contains(err.Error(), `have="4" lack="1" need="5"`) {
		t.Error(err)
	}
	for _, size := range [][2]int{{2, 2}, {4, 2}, {1, 1}, {17, 9}, {5, 2}, {3, 51}} {
		q := panelDraw(c, experts)
		q.Take, q.Alternates = size[0], size[1]
		d.refused(d.ask(q), review.Invalid)
	}
}

func TestAnOverrideCoversWhatItWasFor(t *testing.T) {
	t.Parallel()
	d, experts, c := benchDesk(t, 1)
	unit, issuer := review.Interest{Kind: "institution", With: "甲", Source: "unit"}, review.Interest{Kind: "institution", With: "甲", Source: "issuer"}
	put := func(o Override) error {
		o.ID, o.Round = uuid.NewString(), 1
		return d.once(func(tx *Tx) error { return tx.OverrideInterests(d.ctx, c.ID, o) })
	}
	d.refused(put(Override{Expert: experts[0], Interests: []review.Interest{unit}, Reason: " ", By: "fang"}), review.Missing)
	d.refused(put(Override{Expert: experts[0], Reason: "无人可替", By: "fang"}), review.Invalid)
	d.refused(put(Override{Expert: "nobody", Interests: []review.Interest{unit}, Reason: "无人可替", By: "fang"}), review.Invalid)
	d.must(put(Override{Expert: experts[0], Interests: []review.Interest{unit}, Reason: "无人可替", By: "fang"}))
	all, err := d.db.Overrides(d.ctx, c.ID)
	d.must(err)
	if len(all) != 1 || !all[0].Covers([]review.Interest{unit}, "shen", "") || all[0].Covers([]review.Interest{unit}, "fang", "") ||
		all[0].Covers([]review.Interest{unit}, "shen", "fang") || all[0].Covers([]review.Interest{unit, issuer}, "shen") {
		t.Errorf("covers: %+v", all)
	}
	d.must(d.db.NoteFormation(d.ctx, "asked-for-and-refused", c.ID, Formation{Round: 1, How: FormedByHand, By: "shen"}))
	if made, err := d.db.Formations(d.ctx, c.ID); err != nil || len(made) != 0 {
		t.Errorf("a panel that never was: %+v, %v", made, err)
	}
	for _, s := range []string{`UPDATE panel_overrides SET reason = 'x'`, `DELETE FROM panel_overrides`, `TRUNCATE panel_overrides`, `UPDATE panel_formations SET how = 'drawn'`, `DELETE FROM panel_formations`} {
		if _, err := d.db.sql.Exec(s); err == nil || !strings.Contains(err.Error(), "kept for good") {
			t.Errorf("%s: %v", s, err)
		}
	}
	d.later(time.Second)
}
