package postgres

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fairreview/fairreview/review"
)

var bureau = []string{"bureau"}

// drawDesk is a desk with cases that were concluded in March 2026, and a second officer.
func drawDesk(t *testing.T, n int) (d *desk, kept []string) {
	t.Helper()
	d = newDesk(t)
	d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: "fang", Login: "fang", Name: "姓名fang", Memberships: []Membership{{Unit: "bureau", Role: review.Officer}}}))
	for i := range n {
		kept = append(kept, d.pass(d.toSign(d.register(handlerA, review.Department, fmt.Sprint("办法", i)))).ID)
	}
	slices.Sort(kept)
	return d, kept
}

func spotCheck(take, alternates int) DrawRequest {
	return DrawRequest{ID: uuid.NewString(), Person: "shen", Viewer: viewBureau, Regulator: "bureau",
		Filter: review.DrawFilter{From: "2026-01-01", To: "2026-12-31", Group: GroupKept}, Take: take, Alternates: alternates}
}

// once does a write of a draw under a key of its own.
func (d *desk) once(do func(*Tx) error) error {
	d.later(time.Second)
	_, err := d.db.Idempotent(d.ctx, "shen", uuid.NewString(), "digest", func(tx *Tx) (any, error) { return "", do(tx) })
	return err
}

func (d *desk) request(q DrawRequest) error {
	return d.once(func(tx *Tx) error { return tx.RequestDraw(d.ctx, q) })
}

func (d *desk) draw(id string) error {
	return d.once(func(tx *Tx) error { return tx.Draw(d.ctx, id, "shen", bureau) })
}

func (d *desk) drawRecord(id string) review.DrawRecord {
	d.Helper()
	r, err := d.db.DrawRecord(d.ctx, id, bureau)
	d.must(err)
	if err := r.Verify(); err != nil {
		d.Errorf("record %s: %v", id, err)
	}
	return r
}

func TestADrawFromRequestToRecord(t *testing.T) {
	t.Parallel()
	d, kept := drawDesk(t, 6)
	d.register(handlerA, review.Department, "在办的")
	q := spotCheck(3, 2)
	d.must(d.request(q))
	asked := d.drawRecord(q.ID)
	if diff := cmp.Diff(kept, asked.Eligible); diff != "" || asked.Seed != "" || len(asked.Drawn) != 0 {
		t.Errorf("asked for: %+v\n%s", asked, diff)
	}
	// What happens to the cases afterwards does not touch the list.
	d.pass(d.toSign(d.register(handlerA, review.Department, "后来的")))
	d.must(d.draw(q.ID))
	drawn := d.drawRecord(q.ID)
	if drawn.EligibleHash != asked.EligibleHash || drawn.RequestHash != asked.RequestHash || len(drawn.Seed) != 64 || len(drawn.Drawn) != 3 || len(drawn.Alternates) != 2 {
		t.Errorf("drawn: %+v", drawn)
	}
	for i, id := range slices.Concat(drawn.Drawn, drawn.Alternates) {
		c, err := d.db.Case(d.ctx, id, viewBureau)
		d.must(err)
		if c.Number != drawn.Labels[i] {
			t.Errorf("%s is labelled %s, its number is %s", id, drawn.Labels[i], c.Number)
		}
	}
	d.later(time.Hour)
	d.must(d.draw(q.ID))
	if diff := cmp.Diff(drawn, d.drawRecord(q.ID)); diff != "" {
		t.Errorf("drawn once more: %s", diff)
	}
	page, err := d.db.Draws(d.ctx, bureau, "", 0)
	d.must(err)
	if len(page.Draws) != 1 || page.Draws[0].Eligible != 6 || page.Draws[0].RequestedByName != "姓名shen" || page.Draws[0].DrawnAt == nil ||
		page.Draws[0].Filter != q.Filter || page.Draws[0].RequestHash != drawn.RequestHash {
		t.Errorf("list %+v", page)
	}
}

func TestTwentyAtOnceDrawOneSeed(t *testing.T) {
	t.Parallel()
	d, _ := drawDesk(t, 4)
	q := spotCheck(2, 0)
	d.must(d.request(q))
	var seeds [20]string
	d.atOnce(20, func(i int) error {
		if err := d.draw(q.ID); err != nil {
			return err
		}
		r, err := d.db.DrawRecord(d.ctx, q.ID, bureau)
		seeds[i] = r.Seed
		return err
	})
	for i, s := range seeds {
		if len(s) != 64 || s != seeds[0] {
			t.Errorf("%d saw seed %q, 0 saw %q", i, s, seeds[0])
		}
	}
	d.drawRecord(q.ID)
	other := spotCheck(2, 0)
	other.Filter.Unit = "transport"
	d.refused(d.request(other), review.DrawEmpty)
}

func TestAListIsDrawnFromOnceUnlessTwoAgree(t *testing.T) {
	t.Parallel()
	d, _ := drawDesk(t, 5)
	first, rival := spotCheck(2, 1), spotCheck(1, 0)
	rival.Filter.From = "2026-02-01" // another period, the same cases
	d.must(d.request(first))
	d.must(d.request(rival)) // harmless as long as no seed is known
	again := uuid.NewString()
	ask := func(id, of, who, reason string) error {
		return d.once(func(tx *Tx) error { return tx.RequestDrawAgain(d.ctx, id, of, who, bureau, reason) })
	}
	agree := func(id, who string) error {
		return d.once(func(tx *Tx) error { return tx.AgreeDraw(d.ctx, id, who, bureau) })
	}
	d.refused(ask(again, first.ID, "shen", "抽错了"), review.DrawUndrawn)
	d.refused(agree(first.ID, "fang"), review.DrawNotAgain)
	d.must(d.draw(first.ID))
	d.refused(d.draw(rival.ID), review.DrawnBefore)
	d.refused(d.request(spotCheck(2, 1)), review.DrawnBefore)

	d.refused(ask(again, first.ID, "shen", "  "), review.Missing)
	d.refused(ask(again, first.ID, "shen", "a\x00b"), review.BadCharacters)
	d.refused(ask(again, first.ID, "shen", strings.Repeat("长", review.DrawReason+1)), review.TooLarge)
	d.must(ask(again, first.ID, "shen", "抽中的案件已由上级抽查"))
	err := ask(uuid.NewString(), first.ID, "fang", "另一理由")
	d.refused(err, review.DrawnBefore)
	if !strings.Contains(err.Error(), again) {
		t.Errorf("%v does not name %s", err, again)
	}
	d.refused(d.draw(again), review.DrawUnagreed)
	d.refused(agree(again, "shen"), review.SameHand)
	d.must(agree(again, "fang"))
	d.must(agree(again, "fang"))
	d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: "third", Login: "third", Name: "第三人"}))
	d.refused(agree(again, "third"), review.DrawAgreed)
	d.must(d.draw(again))
	one, two := d.drawRecord(first.ID), d.drawRecord(again)
	if two.AgainOf != first.ID || two.SecondBy != "fang" || two.EligibleHash != one.EligibleHash || two.Take != one.Take ||
		two.TakeAlternates != one.TakeAlternates || two.Seed == one.Seed || two.RequestHash == one.RequestHash {
		t.Errorf("drawn again: %+v after %+v", two, one)
	}
	// And again of the second one: the chain goes on, without branches.
	third := uuid.NewString()
	d.must(ask(third, again, "fang", "再次重抽"))
	d.refused(agree(third, "fang"), review.SameHand)
	page, err := d.db.Draws(d.ctx, bureau, "", 2)
	d.must(err)
	rest, err := d.db.Draws(d.ctx, bureau, page.Next, 2)
	d.must(err)
	var got []string
	for _, r := range slices.Concat(page.Draws, rest.Draws) {
		got = append(got, r.ID+">"+r.Again)
	}
	if len(got) != 4 || got[0] != third+">" || got[1] != again+">"+third || !slices.Contains(got, first.ID+">"+again) || rest.Next != "" {
		t.Errorf("list %v", got)
	}
}

func TestADrawOfTwoAtOnceFromOneListIsOne(t *testing.T) {
	t.Parallel()
	d, _ := drawDesk(t, 3)
	var qs [8]DrawRequest
	for i := range qs {
		qs[i] = spotCheck(1, 0)
		d.must(d.request(qs[i]))
	}
	var errs [8]error
	d.atOnce(len(qs), func(i int) error { errs[i] = d.draw(qs[i].ID); return nil })
	drawn := 0
	for _, err := range errs {
		switch review.CodeOf(err) {
		case "":
			d.must(err)
			drawn++
		case review.DrawnBefore:
		default:
			t.Error(err)
		}
	}
	if drawn != 1 {
		t.Errorf("%d of 8 requests for one list were drawn: %v", drawn, errs)
	}
}

func TestWhoIsEligible(t *testing.T) {
	t.Parallel()
	d, kept := drawDesk(t, 2)
	d.must(d.db.CreateUnit(d.ctx, Unit{ID: "other", Name: "邻市市场监督管理局", Kind: "regulator", Regulator: "other", Active: true}))
	for name, tc := range map[string]struct {
		change func(*DrawRequest)
		want   review.Code
		field  string
	}{
		"in the period":              {func(*DrawRequest) {}, "", ""},
		"of the unit and route":      {func(q *DrawRequest) { q.Filter.Unit, q.Filter.Route = "housing", "department" }, "", ""},
		"another period":             {func(q *DrawRequest) { q.Filter.To = "2026-01-31" }, review.DrawEmpty, ""},
		"another group":              {func(q *DrawRequest) { q.Filter.Group = GroupOutOfScope }, review.DrawEmpty, ""},
		"another route":              {func(q *DrawRequest) { q.Filter.Route = "government" }, review.DrawEmpty, ""},
		"cases one may not read":     {func(q *DrawRequest) { q.Viewer = review.Viewer{Person: "shen"} }, review.DrawEmpty, ""},
		"cases of another regulator": {func(q *DrawRequest) { q.Regulator = "other" }, review.DrawEmpty, ""},
		"in progress is no outcome":  {func(q *DrawRequest) { q.Filter.Group = GroupInProgress }, review.Invalid, "group"},
		"no group":                   {func(q *DrawRequest) { q.Filter.Group = "" }, review.Invalid, "group"},
		"no first day":               {func(q *DrawRequest) { q.Filter.From = "" }, review.Invalid, "from"},
		"an end before the start":    {func(q *DrawRequest) { q.Filter.To = "2025-01-01" }, review.Invalid, "to"},
		"nobody taken":               {func(q *DrawRequest) { q.Take = 0 }, review.Invalid, "take"},
		"too many taken":             {func(q *DrawRequest) { q.Take = 501 }, review.Invalid, "take"},
		"too many alternates":        {func(q *DrawRequest) { q.Alternates = 51 }, review.Invalid, "alternates"},
		"an id that is none":         {func(q *DrawRequest) { q.ID = "1" }, review.Invalid, "id"},
		"a unit with a zero byte":    {func(q *DrawRequest) { q.Filter.Unit = "a\x00" }, review.BadCharacters, "unit"},
	} {
		q := spotCheck(1, 0)
		tc.change(&q)
		err := d.request(q)
		if got := review.CodeOf(err); got != tc.want || tc.field != "" && !strings.Contains(err.Error(), `"`+tc.field+`"`) {
			t.Errorf("%s: %v, want %q %s", name, err, tc.want, tc.field)
		}
		if tc.want == "" {
			if r := d.drawRecord(q.ID); !slices.Equal(r.Eligible, kept) {
				t.Errorf("%s: %v, want %v", name, r.Eligible, kept)
			}
		}
	}
	q := spotCheck(1, 0)
	d.must(d.request(q))
	for name, read := range map[string]func() error{
		"the record":     func() error { _, err := d.db.DrawRecord(d.ctx, q.ID, []string{"other"}); return err },
		"no such record": func() error { _, err := d.db.DrawRecord(d.ctx, uuid.NewString(), bureau); return err },
		"no id":          func() error { _, err := d.db.DrawRecord(d.ctx, "x", bureau); return err },
		"to draw": func() error {
			return d.once(func(tx *Tx) error { return tx.Draw(d.ctx, q.ID, "shen", []string{"other"}) })
		},
		"to agree": func() error {
			return d.once(func(tx *Tx) error { return tx.AgreeDraw(d.ctx, q.ID, "fang", []string{"other"}) })
		},
		"to draw again": func() error {
			return d.once(func(tx *Tx) error {
				return tx.RequestDrawAgain(d.ctx, uuid.NewString(), q.ID, "fang", []string{"other"}, "x")
			})
		},
		"with no regulator": func() error { return d.once(func(tx *Tx) error { return tx.Draw(d.ctx, q.ID, "shen", nil) }) },
	} {
		if got := review.CodeOf(read()); got != review.NotFound {
			t.Errorf("another regulator's, %s: %q", name, got)
		}
	}
	if page, err := d.db.Draws(d.ctx, []string{"other"}, "", 0); err != nil || len(page.Draws) != 0 {
		t.Errorf("another regulator lists %v, %v", page, err)
	}
}

// What the schema refuses, whoever asks.
func TestDrawsAreForGood(t *testing.T) {
	t.Parallel()
	d, kept := drawDesk(t, 3)
	asked, drawn := spotCheck(1, 1), spotCheck(2, 1)
	d.must(d.request(asked))
	d.must(d.request(drawn))
	d.must(d.draw(drawn.ID))
	insert := func(change map[string]string) string {
		columns := []string{"id", "what", "regulator", "filter", "eligible", "eligible_hash", "take", "alternates", "requested_by", "requested_at", "request_hash"}
		values := map[string]string{"id": "gen_random_uuid()", "what": "'spot_check'", "regulator": "'bureau'", "filter": "'{}'",
			"eligible": "'{a,b}'", "eligible_hash": "'" + review.EligibleHash([]string{"a", "b"}) + "'", "take": "1", "alternates": "0",
			"requested_by": "'shen'", "requested_at": "now()", "request_hash": "repeat('a', 64)"}
		for k, v := range change {
			if _, there := values[k]; !there {
				columns = append(columns, k)
			}
			values[k] = v
		}
		list := make([]string, len(columns))
		for i, c := range columns {
			list[i] = values[c]
		}
		return "INSERT INTO draws (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(list, ", ") + ")"
	}
	_, err := d.db.sql.Exec(insert(nil))
	d.must(err)
	hash := func(ids ...string) string { return "'" + review.EligibleHash(ids) + "'" }
	at := func(id, set string) string { return "UPDATE draws SET " + set + " WHERE id = '" + id + "'" }
	again := "'" + drawn.ID + "'"
	seed := "sha256('x'), drawn_by = 'shen', drawn_at = now() + interval '100 years'"
	for name, statement := range map[string]string{
		"another seed":                    at(drawn.ID, "seed = "+seed),
		"the seed away":                   at(drawn.ID, "seed = NULL, drawn_by = NULL, drawn_at = NULL"),
		"another day of the draw":         at(drawn.ID, "drawn_at = drawn_at + interval '1 day'"),
		"another list":                    at(asked.ID, "eligible = '{"+kept[0]+"}', eligible_hash = "+hash(kept[0])),
		"another hash":                    at(asked.ID, "eligible_hash = repeat('a', 64)"),
		"more taken":                      at(asked.ID, "take = 3"),
		"more alternates":                 at(asked.ID, "alternates = 3"),
		"another filter":                  at(asked.ID, "filter = '{}'"),
		"another reason":                  at(asked.ID, "reason = 'x'"),
		"another to have asked":           at(asked.ID, "requested_by = 'fang'"),
		"another day of asking":           at(asked.ID, "requested_at = requested_at - interval '1 day'"),
		"another request's hash":          at(asked.ID, "request_hash = repeat('a', 64)"),
		"a first draw as one again":       at(asked.ID, "again_of = "+again+", reason = 'x'"),
		"a second officer of a first one": at(asked.ID, "second_by = 'fang', second_at = now() + interval '100 years'"),
		"a short seed":                    at(asked.ID, "seed = '\\x00', drawn_by = 'shen', drawn_at = now() + interval '100 years'"),
		"a seed without a day":            at(asked.ID, "seed = sha256('x')"),
		"a seed before it was asked":      at(asked.ID, "seed = sha256('x'), drawn_by = 'shen', drawn_at = '2000-01-01'"),
		"a row gone":                      "DELETE FROM draws WHERE id = '" + asked.ID + "'",
		"all rows gone":                   "TRUNCATE draws",
		"a request with a seed":           insert(map[string]string{"seed": "sha256('x')", "drawn_by": "'shen'", "drawn_at": "now()"}),
		"a list that is not sorted":       insert(map[string]string{"eligible": "'{b,a}'"}),
		"a list with one twice":           insert(map[string]string{"eligible": "'{a,a,b}'"}),
		"a list with another hash":        insert(map[string]string{"eligible": "'{a,c}'"}),
		"an empty list":                   insert(map[string]string{"eligible": "'{}'", "eligible_hash": hash()}),
		"nobody taken":                    insert(map[string]string{"take": "0"}),
		"a kind of its own":               insert(map[string]string{"what": "'lottery'"}),
		"again without a reason":          insert(map[string]string{"again_of": again, "reason": "' '"}),
		"again of no draw":                insert(map[string]string{"again_of": "gen_random_uuid()", "reason": "'x'"}),
		"again, agreed beforehand":        insert(map[string]string{"again_of": again, "reason": "'x'", "second_by": "'fang'", "second_at": "now()"}),
	} {
		if _, err := d.db.sql.Exec(statement); err == nil {
			t.Errorf("%s went in: %s", name, statement)
		}
	}
	second := uuid.NewString()
	_, err = d.db.sql.Exec(insert(map[string]string{"id": "'" + second + "'", "again_of": again, "reason": "'x'"}))
	d.must(err)
	for name, statement := range map[string]string{
		"two again of one":            insert(map[string]string{"again_of": again, "reason": "'y'"}),
		"a seed without agreement":    at(second, "seed = "+seed),
		"one who agrees with oneself": at(second, "second_by = 'shen', second_at = now() + interval '1 day'"),
	} {
		if _, err := d.db.sql.Exec(statement); err == nil {
			t.Errorf("%s went in: %s", name, statement)
		}
	}
	_, err = d.db.sql.Exec(at(second, "second_by = 'fang', second_at = now() + interval '1 day'"))
	d.must(err)
	if _, err := d.db.sql.Exec(at(second, "second_by = 'lin'")); err == nil {
		t.Error("another second officer went in")
	}
	d.drawRecord(drawn.ID)
	d.drawRecord(asked.ID)
}

// Whoever owns the database can switch triggers off. The record then says that it was touched.
func TestARecordThatWasTamperedWithDoesNotFit(t *testing.T) {
	t.Parallel()
	d, kept := drawDesk(t, 4)
	q := spotCheck(1, 1)
	d.must(d.request(q))
	d.must(d.draw(q.ID))
	for _, change := range []string{"take = 2", "eligible = '{" + kept[0] + "}'", "requested_by = 'fang'", "filter = '{\"from\": \"2026-02-02\"}'"} {
		tx, err := d.db.sql.Beginx()
		d.must(err)
		_, err = tx.Exec("SET LOCAL session_replication_role = replica")
		d.must(err)
		_, err = tx.Exec("UPDATE draws SET "+change+" WHERE id = $1", q.ID)
		d.must(err)
		r, err := drawRecord(d.ctx, tx, q.ID, bureau)
		d.must(err)
		if r.Verify() == nil {
			t.Errorf("%s: the record still fits", change)
		}
		d.must(tx.Rollback())
	}
}

func TestAHundredThousandAreEligibleAndNoMore(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.tampered = true // the list does not look at the cases again
	ids := make([]string, review.DrawEligible)
	for i := range ids {
		ids[i] = fmt.Sprintf("%08x-0000-4000-8000-000000000000", i)
	}
	r := review.DrawRecord{Format: 1, ID: uuid.NewString(), What: review.SpotCheck, Regulator: "bureau", Take: 500, TakeAlternates: 50, Eligible: ids,
		EligibleHash: review.EligibleHash(ids), RequestedBy: "shen", RequestedAt: d.db.now()}
	d.must(d.once(func(tx *Tx) error { return tx.insertDraw(d.ctx, r) }))
	start := time.Now()
	d.must(d.draw(r.ID))
	got, err := d.db.DrawRecord(d.ctx, r.ID, bureau)
	d.must(err)
	if len(got.Eligible) != review.DrawEligible || len(got.Drawn) != 500 || len(got.Alternates) != 50 {
		t.Errorf("%d eligible, %d drawn, %d alternates", len(got.Eligible), len(got.Drawn), len(got.Alternates))
	}
	t.Logf("drawn and read in %s", time.Since(start))
	r.ID, r.Eligible = uuid.NewString(), append(ids, "ffffffff-0000-4000-8000-000000000000")
	r.EligibleHash = review.EligibleHash(r.Eligible)
	if err := d.once(func(tx *Tx) error { return tx.insertDraw(d.ctx, r) }); err == nil {
		t.Error("one more went in")
	}
}
