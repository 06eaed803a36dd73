package review

import (
	"testing"
)

func TestFinishedRecords(t *testing.T) {
	t.Parallel()
	opening := func() Opening {
		return Opening{Measure: Measure{Title: "关于扶持本地企业的通知", Issuer: "dept", DocNo: "县政发〔2019〕3号"}, Kind: Existing, Route: Department, Unit: "dept", Regulator: "amr"}
	}
	clerk := Actor{Person: "import", Role: Admin}
	for _, tt := range []struct {
		name    string
		alter   func(*Opening)
		outcome Outcome
		decided Date
		status  Status
		want    Code
	}{
		{"kept", nil, Keep, "2023-11-30", Kept, ""},
		{"revised", nil, Amend, "2023-11-30", Revised, ""},
		{"repealed on a day the source does not give", nil, Repeal, "", Repealed, ""},
		{"withdrawn is no end of a clean-up", nil, Withdrew, "2023-11-30", "", Invalid},
		{"decided tomorrow", nil, Keep, DateOf(start).AddDays(1), "", Invalid},
		{"decided on no day", nil, Keep, "2023-02-30", "", Invalid},
		{"no title", func(o *Opening) { o.Measure.Title = " " }, Keep, "2023-11-30", "", Missing},
		{"nobody's", func(o *Opening) { o.Unit = "" }, Keep, "2023-11-30", "", Missing},
		{"issued on no day", func(o *Opening) { o.Measure.IssuedOn = "long ago" }, Keep, "2023-11-30", "", Invalid},
		{"a new measure is not imported", func(o *Opening) { o.Kind = New }, Keep, "2023-11-30", "", Invalid},
		{"a state secret", func(o *Opening) { o.Secret = true }, Keep, "2023-11-30", "", StateSecret},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := opening()
			if tt.alter != nil {
				tt.alter(&o)
			}
			r, err := Finished("c1", o, tt.outcome, tt.decided, "清理台账", clerk, start)
			if CodeOf(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if err != nil {
				return
			}
			c := r.Case
			if c.Status != tt.status || !c.Status.Closed() || c.Outcome != tt.outcome || !r.Imported || r.Event.To != c.Status || r.Event.Version != c.Version || (c.Counted == nil) != (tt.decided == "") {
				t.Errorf("case %+v", c)
			}
			if c.Counted != nil && DateOf(*c.Counted) != tt.decided {
				t.Errorf("counts on %s", DateOf(*c.Counted))
			}
			for _, m := range Moves() {
				if err := Permit(c, handler, m.Action); CodeOf(err) != AlreadyDone {
					t.Errorf("%s: %v", m.Action, err)
				}
			}
		})
	}
}
