package review

import (
	"strings"
	"testing"
)

func TestRulesThatNoCaseCouldLiveWith(t *testing.T) {
	t.Parallel()
	const good = `{"version":"2027.1","joint":true,"panel":true,"stockConfirm":false,"legality":false,"threshold":1.5,"correctionDays":3,
		"jointDays":5,"panelDays":10,"reviewDays":7,"urgeHours":24,"slots":[{"id":"basis","zh":"制定依据","en":"Basis","required":true}]}`
	r, err := ParseRules([]byte(good))
	if err != nil || r.ReviewDays != 7 || len(r.Slots) != 1 || !r.Slots[0].Required {
		t.Fatalf("good rules: %+v, %v", r, err)
	}
	for name, c := range map[string]struct{ old, new, field string }{
		"a version nobody can name":            {`"2027.1"`, `"2027 一"`, "version"},
		"a threshold beyond any difference":    {`"threshold":1.5`, `"threshold":4.5`, "threshold"},
		"a correction without a day":           {`"correctionDays":3`, `"correctionDays":0`, "correctionDays"},
		"a year and more for a joint review":   {`"jointDays":5`, `"jointDays":251`, "jointDays"},
		"urging without a pause":               {`"urgeHours":24`, `"urgeHours":0`, "urgeHours"},
		"a document that the Measures name":    {`"id":"basis"`, `"id":"note"`, "slots"},
		"a document without a Chinese name":    {`"zh":"制定依据"`, `"zh":" "`, "slots"},
		"a document under an id with capitals": {`"id":"basis"`, `"id":"Basis"`, "slots"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(good, c.old) {
				t.Fatalf("%q is not in the good rules", c.old)
			}
			_, err := ParseRules([]byte(strings.Replace(good, c.old, c.new, 1)))
			if CodeOf(err) != Invalid || !strings.Contains(err.Error(), c.field) {
				t.Errorf("got %v", err)
			}
		})
	}
	for name, text := range map[string]string{
		"a misspelt setting": strings.Replace(good, "jointDays", "jointdaysx", 1),
		"two objects":        good + good,
		"no JSON":            "joint: true",
		"nothing":            "",
		"far too much":       strings.Repeat(" ", 65<<10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := ParseRules([]byte(text)); err == nil {
				t.Error("was read")
			}
		})
	}
}
