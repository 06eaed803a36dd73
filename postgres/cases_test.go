package postgres

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairreview/fairreview/review"
)

// cases reads all pages of a list and checks that its total says how many there are.
func (d *desk) cases(f CaseFilter) []CaseRow {
	d.Helper()
	var all []CaseRow
	for {
		page, err := d.db.Cases(d.ctx, f)
		d.must(err)
		all = append(all, page.Cases...)
		if page.Next == "" {
			if page.Total != len(all) {
				d.Errorf("total %d of %d cases under %+v", page.Total, len(all), f)
			}
			return all
		}
		f.Cursor = page.Next
	}
}

func ids(rows []CaseRow) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r.ID)
	}
	return out
}

func TestPagesHoldStillWhileCasesAreOpened(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var want []string
	for i := range 11 {
		want = append(want, d.register(handlerA, review.Department, fmt.Sprint("办法", i)).ID)
	}
	slices.Reverse(want)
	var got []string
	f := CaseFilter{Viewer: viewA, Limit: 3}
	for {
		page, err := d.db.Cases(d.ctx, f)
		d.must(err)
		got = append(got, ids(page.Cases)...)
		if f.Cursor = page.Next; f.Cursor == "" {
			break
		}
		d.register(handlerA, review.Department, "新来的")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPagesCutBetweenCasesOfOneInstant(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var want []string
	for i := range 7 {
		r := d.step(newCase(), handlerA, review.Register, review.Details{Opening: d.opening(handlerA, review.Department, fmt.Sprint("办法", i))})
		r.Case.OpenedAt = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		_, err := d.db.Save(d.ctx, r)
		d.must(err)
		want = append(want, r.Case.ID)
	}
	slices.Sort(want)
	slices.Reverse(want)
	if diff := cmp.Diff(want, ids(d.cases(CaseFilter{Viewer: viewA, Limit: 2}))); diff != "" {
		t.Error(diff)
	}
}

func TestFiltersOfAList(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.on("2026-01-10")
	kept := d.issued("住房 100% 补贴_办法")
	d.on("2026-02-10")
	open := d.register(handlerB, review.Government, "交通办法")
	for _, tt := range []struct {
		name string
		f    CaseFilter
		want []string
	}{
		{"none", CaseFilter{}, []string{open.ID, kept.ID}},
		{"unit", CaseFilter{Unit: "transport"}, []string{open.ID}},
		{"route", CaseFilter{Route: "department"}, []string{kept.ID}},
		{"kind", CaseFilter{Kind: "existing"}, nil},
		{"status", CaseFilter{Status: "ISSUED"}, []string{kept.ID}},
		{"outcome", CaseFilter{Outcome: "keep"}, []string{kept.ID}},
		{"title", CaseFilter{Query: "办法"}, []string{open.ID, kept.ID}},
		{"a per cent sign is one", CaseFilter{Query: "0%"}, []string{kept.ID}},
		{"an underscore is one", CaseFilter{Query: "交_"}, nil},
		{"number", CaseFilter{Query: open.Number}, []string{open.ID}},
		{"opened from", CaseFilter{From: "2026-02-01"}, []string{open.ID}},
		{"opened to", CaseFilter{To: "2026-01-31"}, []string{kept.ID}},
		{"kept", CaseFilter{Group: GroupKept}, []string{kept.ID}},
		{"kept in February", CaseFilter{Group: GroupKept, From: "2026-02-01", To: "2026-02-28"}, nil},
		{"in progress at the end of January", CaseFilter{Group: GroupInProgress, To: "2026-01-31"}, nil},
		{"in progress", CaseFilter{Group: GroupInProgress}, []string{open.ID}},
		{"known by the first", CaseFilter{AsOf: ref(review.Date("2026-01-31").End())}, []string{kept.ID}},
	} {
		tt.f.Viewer = viewBureau
		if diff := cmp.Diff(tt.want, ids(d.cases(tt.f))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	row := d.cases(CaseFilter{Viewer: viewBureau, Group: GroupKept})[0]
	want := CaseRow{ID: kept.ID, Number: kept.Number, Title: "住房 100% 补贴_办法", Kind: review.New, Route: review.Department,
		Status: review.Issued, Unit: "housing", UnitName: "住房和城乡建设局", Outcome: review.Keep, OutcomeOn: "2026-01-10", Round: 1,
		Version: 6, OpenedAt: kept.OpenedAt, UpdatedAt: kept.Main.At, MadeUp: true, Label: "演示"}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Error(diff)
	}
}

func TestAFilterThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, tt := range []struct {
		f    CaseFilter
		want review.Code
	}{
		{CaseFilter{Group: "lost"}, review.Invalid},
		{CaseFilter{From: "2025-02-30"}, review.Invalid},
		{CaseFilter{From: "2026-02-01", To: "2026-01-01"}, review.Invalid},
		{CaseFilter{Cursor: "%%%"}, review.Invalid},
		{CaseFilter{Cursor: writeCursor(time.Now(), "' OR true --")}, review.Invalid},
		{CaseFilter{Query: "a\x00"}, review.BadCharacters},
		{CaseFilter{Unit: "\xff"}, review.BadCharacters},
	} {
		_, err := d.db.Cases(d.ctx, tt.f)
		if review.CodeOf(err) != tt.want {
			t.Errorf("%+v: %v, want %s", tt.f, err, tt.want)
		}
	}
	for _, id := range []string{"", "x", "' OR true --", "a\x00b", newCase().ID} {
		_, err := d.db.Case(d.ctx, id, viewBureau)
		if review.CodeOf(err) != review.NotFound {
			t.Errorf("case %q: %v", id, err)
		}
	}
}

func TestWhoHasNoPartInACaseSeesNothingOfIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.issued("办法")
	open := d.register(handlerA, review.Department, "办法二")
	for _, v := range []review.Viewer{viewB, {Person: "nobody"}, {}, {Units: []string{""}}} {
		_, err := d.db.Case(d.ctx, c.ID, v)
		d.refused(err, review.NotFound)
		_, err = d.db.Events(d.ctx, c.ID, v)
		d.refused(err, review.NotFound)
		_, err = d.db.Text(d.ctx, c.Text.Hash, v)
		d.refused(err, review.NotFound)
		for _, group := range []string{"", GroupReviewed, GroupKept, GroupInProgress} {
			if rows := d.cases(CaseFilter{Viewer: v, Group: group}); len(rows) > 0 {
				t.Errorf("%+v sees %v under %q", v, rows, group)
			}
		}
		// Even with a role in the unit whose turn it is, without being a reader.
		tasks, err := d.db.Tasks(d.ctx, v, []Membership{{Unit: "housing", Role: review.Handler}})
		d.must(err)
		if len(tasks) > 0 {
			t.Errorf("%+v has %v", v, tasks)
		}
	}
	for _, v := range []review.Viewer{viewA, viewBureau} {
		if got := ids(d.cases(CaseFilter{Viewer: v})); !slices.Equal(got, []string{open.ID, c.ID}) {
			t.Errorf("%+v sees %v", v, got)
		}
		if _, err := d.db.Events(d.ctx, c.ID, v); err != nil {
			t.Errorf("%+v: %v", v, err)
		}
	}
}

func TestAnExpertSeesTheCaseUntilTheyRecuseThemselves(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	expert := review.Actor{Person: "gu", Role: review.Expert}
	d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: "gu", Login: "gu", Name: "顾老师"}))
	c := d.register(handlerA, review.Government, "办法")
	c.Status = review.RegReview // how it came here is the domain's matter
	c.Measure.PublicInterest = "major"
	c = d.act(c, officer, review.FormPanel, review.Details{Panel: &review.PanelPlan{Questions: []string{"有无影响"}, Experts: []string{"gu", "someone"}, Quorum: 1}})
	view := review.Viewer{Person: "gu"}
	if got := ids(d.cases(CaseFilter{Viewer: view})); !slices.Equal(got, []string{c.ID}) {
		t.Fatalf("the expert sees %v", got)
	}
	tasks, err := d.db.Tasks(d.ctx, view, nil)
	d.must(err)
	if len(tasks) != 1 || tasks[0].Role != review.Expert || tasks[0].Due == nil {
		t.Errorf("the expert's tasks: %+v", tasks)
	}
	// The unit sees an alias, in the case and in its history.
	c = d.act(c, expert, review.Recuse, review.Details{Reason: "与企业有往来"})
	events, err := d.db.Events(d.ctx, c.ID, viewA)
	d.must(err)
	last := events[len(events)-1]
	if last.Action.Actor.Person != review.Alias(0) || last.ActorName != review.Alias(0) || last.UnitName != "" || last.Action.Reason != "" {
		t.Errorf("the unit sees %+v", last)
	}
	if events, err = d.db.Events(d.ctx, c.ID, viewBureau); err != nil || events[len(events)-1].ActorName != "顾老师" {
		t.Errorf("the bureau sees %+v, %v", events[len(events)-1], err)
	}
	if got := d.cases(CaseFilter{Viewer: view}); len(got) != 0 {
		t.Errorf("recused, the expert still sees %v", got)
	}
	_, err = d.db.Case(d.ctx, c.ID, view)
	d.refused(err, review.NotFound)
}

func TestTasksAreThoseOfTheRoleByDueDate(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.register(handlerA, review.Department, "先")
	second := d.register(handlerA, review.Department, "后")
	r := d.step(second, handlerA, review.StartReview, review.Details{Heard: heard, Text: ref(d.put(handlerA, "第一条 甲。"))})
	r.Case.Clock = &review.Clock{Days: 3, From: d.db.now(), Version: 2}
	_, err := d.db.Save(d.ctx, r)
	d.must(err)
	signing := d.toSign(d.register(handlerA, review.Department, "待签"))
	for _, tt := range []struct {
		role review.Role
		want []string
	}{
		{review.Handler, []string{second.ID, first.ID}},
		{review.UnitHead, []string{signing.ID}},
		{review.ReviewBody, nil},
	} {
		rows, err := d.db.Tasks(d.ctx, viewA, []Membership{{Unit: "housing", Role: tt.role}, {Unit: "transport", Role: tt.role}})
		d.must(err)
		var got []string
		for _, r := range rows {
			got = append(got, r.ID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", tt.role, diff)
		}
	}
	counts, err := d.db.StatusCounts(d.ctx)
	d.must(err)
	if diff := cmp.Diff(map[review.Status]int{review.Drafting: 1, review.SelfReview: 1, review.UnitSign: 1}, counts); diff != "" {
		t.Error(diff)
	}
}
