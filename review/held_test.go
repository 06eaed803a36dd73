package review

import (
	"reflect"
	"testing"
	"time"
)

// course makes events from a day, an act and the status it led to.
func course(steps ...[3]string) []Event {
	var out []Event
	var from Status
	for i, s := range steps {
		out = append(out, Event{Version: i + 1, At: noon(Date(s[0])), Action: Action{Kind: ActionKind(s[1])}, From: from, To: Status(s[2])})
		from = Status(s[2])
	}
	return out
}

func TestWhoHeldTheCaseHowLong(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name   string
		events []Event
		now    Date
		want   []Held
	}{
		{"nothing happened yet", nil, "2026-03-02", nil},
		{"a draft with its unit", course([3]string{"2026-03-02", "register", "DRAFTING"}), "2026-03-09", []Held{{HeldUnit, 7 * day, 5}}},
		{"the regulator has it, and gives it back for a correction", course(
			[3]string{"2026-03-02", "register", "DRAFTING"}, [3]string{"2026-03-03", "start_review", "SELF_REVIEW"},
			[3]string{"2026-03-05", "submit", "SUBMITTED"}, [3]string{"2026-03-06", "ask_correction", "CORRECTION"},
			[3]string{"2026-03-10", "correct", "SUBMITTED"}, [3]string{"2026-03-11", "accept", "REG_REVIEW"}), "2026-03-12",
			[]Held{{HeldUnit, 7 * day, 5}, {HeldRegulator, 3 * day, 3}}},
		{"an act that moves nothing changes nothing", course(
			[3]string{"2026-03-02", "register", "DRAFTING"}, [3]string{"2026-03-03", "urge", "DRAFTING"}), "2026-03-04", []Held{{HeldUnit, 2 * day, 2}}},
		{"seats until their period ends, then the officer", course(
			[3]string{"2026-03-02", "convene", "JOINT_REVIEW"}, [3]string{"2026-03-03", "give_position", "JOINT_REVIEW"},
			[3]string{"2026-03-05", "joint_due", "JOINT_REVIEW"}, [3]string{"2026-03-06", "give_position", "JOINT_REVIEW"},
			[3]string{"2026-03-07", "close_joint", "REG_REVIEW"}), "2026-03-09",
			[]Held{{HeldRegulator, 4 * day, 2}, {HeldSeats, 3 * day, 3}}},
		{"experts until their opinions are opened", course(
			[3]string{"2026-03-02", "form_panel", "EXPERT_REVIEW"}, [3]string{"2026-03-04", "panel_due", "EXPERT_REVIEW"},
			[3]string{"2026-03-05", "open_opinions", "EXPERT_REVIEW"}), "2026-03-06",
			[]Held{{HeldRegulator, 2 * day, 2}, {HeldExperts, 2 * day, 2}}},
		{"a closed case stops the time", course(
			[3]string{"2026-03-02", "register", "DRAFTING"}, [3]string{"2026-03-04", "withdraw", "WITHDRAWN"}), "2026-12-31", []Held{{HeldUnit, 2 * day, 2}}},
		{"years in force under an exception are nobody's", course(
			[3]string{"2026-03-02", "send_legality", "LEGALITY"}, [3]string{"2026-03-03", "register_issue", "ISSUED_EXCEPTION"},
			[3]string{"2028-03-02", "exception_ends", "EXCEPTION_DUE"}, [3]string{"2028-03-03", "register_stop", "CEASED"}), "2028-06-01",
			[]Held{{HeldUnit, day, 1}, {HeldIssuer, day, 1}}},
		{"a case that began closed", course([3]string{"2026-03-02", "import", "KEPT"}), "2026-12-31", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := HeldBy(tt.events, noon(tt.now), calendar()); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestStaysFollowOnEachOther(t *testing.T) {
	t.Parallel()
	got := Stays(course([3]string{"2026-03-02", "register", "DRAFTING"}, [3]string{"2026-03-03", "urge", "DRAFTING"},
		[3]string{"2026-03-05", "start_review", "SELF_REVIEW"}, [3]string{"2026-03-06", "send_check", "UNIT_CHECK"}))
	want := []Stay{{Drafting, HeldUnit, noon("2026-03-02"), noon("2026-03-05")}, {SelfReview, HeldUnit, noon("2026-03-05"), noon("2026-03-06")},
		{UnitCheck, HeldUnit, noon("2026-03-06"), time.Time{}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

// Every open status is somebody's, but for a measure that is in force under an exception; Turns says the same.
func TestEveryOpenStatusIsHeld(t *testing.T) {
	t.Parallel()
	for _, s := range Statuses() {
		if in := s == IssuedException || s == KeptException; !s.Closed() && (holder(s) == "") != in {
			t.Errorf("%s is held by %q", s, holder(s))
		}
		c := Case{Status: s, Unit: "u", Regulator: "r", Kind: New, Route: Government, Joint: &Joint{}, Panel: &Panel{}}
		for _, turn := range Turns(c) {
			if h := holder(s); h == HeldUnit && turn.Unit != "u" || h == HeldRegulator && turn.Unit != "r" {
				t.Errorf("%s: held by %s, and it is the turn of %+v", s, h, turn)
			}
		}
	}
}
