package postgres

import (
	"encoding/base32"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"github.com/fairreview/fairreview/review"
)

const good = "山色空蒙 lamplight 渡口" // a password that nothing is wrong with

// keyed gives the desk a key to keep second factors with.
func (d *desk) keyed() {
	d.Helper()
	d.must(d.db.Govern(Accounts{Keys: []SecretKey{{ID: "k1", Secret: []byte(strings.Repeat("k", 32))}}}))
}

// codeNow is the code that a phone with this secret shows at the desk's time.
func (d *desk) codeNow(e Enrolment) string {
	d.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(e.Secret, " ", ""))
	d.must(err)
	return codeAt(secret, stepOf(d.db.now()))
}

// enrolled signs the person in, sets a second factor up and returns it with its recovery codes and the session.
func (d *desk) enrolled(person, password string) (Enrolment, []string, string) {
	d.Helper()
	e, err := d.signIn(person, password, "10.0.0.1")
	d.must(err)
	begun, err := d.db.BeginFactor(d.ctx, person, password, "10.0.0.1")
	d.must(err)
	codes, err := d.db.ConfirmFactor(d.ctx, person, e.Session, d.codeNow(begun), "10.0.0.1")
	d.must(err)
	d.later(time.Minute)
	return begun, codes, e.Session
}

// kinds lists what the log says, the oldest first.
func (d *desk) kinds() []EventKind {
	d.Helper()
	var out []EventKind
	d.must(d.db.sql.Select(&out, `SELECT kind FROM security_events ORDER BY seq`))
	return out
}

func TestPasswordsAreLongAndNotTheFirstGuess(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, password string
		want           review.Code
	}{
		{"eleven Chinese characters", "落霞与孤鹜齐飞秋水长天", PasswordLength},
		{"thirteen of them", "落霞与孤鹜齐飞秋水共长天色", ""},
		{"eleven characters", "xk7-qpvw2ma", PasswordLength},
		{"twelve characters", "xk7-qpvw2mab", ""},
		{"a hundred and twenty-eight", strings.Repeat("xk7-qpvw2mab tree", 8)[:128], ""},
		{"a hundred and twenty-nine", strings.Repeat("xk7-qpvw2mab tree", 8)[:129], PasswordLength},
		{"no capitals and no digits are asked for", "lampwick orchard tuesday rain", ""},
		{"a control character", "xk7-qpvw2m\x00b", review.BadCharacters},
		{"a word with a year", "Password2026!", PasswordCommon},
		{"the same in leet", "P@55w0rd2026", PasswordCommon},
		{"twice the same word", "passwordPASSWORD", PasswordCommon},
		{"two common words", "dragonMonkey12", PasswordCommon},
		{"pinyin and a number", "woaini1314520", PasswordCommon},
		{"a longer phrase in pinyin", "Woaizhongguo2026", PasswordCommon},
		{"the keyboard", "1qaz2wsx3edc", PasswordCommon},
		{"a row of it", "qwertyuiop123", PasswordCommon},
		{"digits that follow each other", "123456789012", PasswordCommon},
		{"backwards", "987654321098", PasswordCommon},
		{"one piece over and over", "ab3ab3ab3ab3ab3", PasswordCommon},
		{"hardly different characters", "aabbaabbabab", PasswordCommon},
		{"the login", "lin.wei-2026!", PasswordCommon},
		{"the name", "林维林维林维-2026!", PasswordCommon},
		{"this program", "fair-review-2026", PasswordCommon},
		{"this program in leet", "F41rR3v13w!2026", PasswordCommon},
		{"what it is for", "公平竞争审查2026年度!", PasswordCommon},
		{"the login inside a long phrase", "linwei went to market on a donkey", ""},
		{"what the comic says", "Correct Horse Battery Staple", PasswordCommon},
	} {
		if got := review.CodeOf(CheckPassword(tt.password, "lin.wei", "林维")); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if n := len(common()); n < 2000 || n > 5000 {
		t.Errorf("%d common passwords", n)
	}
}

func TestChangingOnesOwnPassword(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	here, err := d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
	there, err := d.signIn("lin", "correct horse", "10.0.0.2")
	d.must(err)
	change := func(old, next string) error {
		return d.db.ChangePassword(d.ctx, "lin", here.Session, old, next, "10.0.0.1")
	}
	d.refused(change("wrong", good), PasswordWrong)
	d.refused(change("correct horse", "short"), PasswordLength)
	d.refused(change("correct horse", "Password2026!"), PasswordCommon)
	d.must(change("correct horse", good))
	if _, _, err := d.db.PersonBySession(d.ctx, here.Session); err != nil {
		t.Errorf("the session that changed it: %v", err)
	}
	_, _, err = d.db.PersonBySession(d.ctx, there.Session)
	d.refused(err, review.Unauthenticated)
	_, err = d.signIn("lin", "correct horse", "10.0.0.1")
	d.refused(err, review.Unauthenticated)
	_, err = d.signIn("lin", good, "10.0.0.1")
	d.must(err)
	for range attemptsPerPair { // whoever sits at an unlocked screen guesses no further than at the door
		_ = change("wrong", good)
	}
	d.refused(change(good, good+"!"), review.TooMany)
	var log []string
	d.must(d.db.sql.Select(&log, `SELECT convert_from(payload, 'UTF8') FROM security_events`))
	for _, secret := range []string{good, "correct horse", here.Session, there.Session} {
		if strings.Contains(strings.Join(log, "\n"), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	d.password("zhou", "correct horse")
	a, err := d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
	d.later(time.Minute)
	b, err := d.signIn("lin", "correct horse", "10.0.0.2")
	d.must(err)
	other, err := d.signIn("zhou", "correct horse", "10.0.0.3")
	d.must(err)
	list, err := d.db.Sessions(d.ctx, "lin", a.Session)
	d.must(err)
	if len(list) != 2 || list[0].Current || !list[1].Current || list[0].Address != "10.0.0.2" || list[0].Browser != "Firefox" {
		t.Fatalf("%+v", list)
	}
	d.refused(d.db.EndSession(d.ctx, "zhou", "zhou", list[0].ID, ""), review.NotFound)
	d.refused(d.db.EndSession(d.ctx, "lin", "lin", "nonsense", ""), review.NotFound)
	d.must(d.db.EndSession(d.ctx, "lin", "lin", list[0].ID, "10.0.0.1"))
	_, _, err = d.db.PersonBySession(d.ctx, b.Session)
	d.refused(err, review.Unauthenticated)
	for range 2 {
		_, err = d.signIn("lin", "correct horse", "10.0.0.4")
		d.must(err)
	}
	if n, err := d.db.EndOtherSessions(d.ctx, "lin", "lin", a.Session, ""); err != nil || n != 2 {
		t.Errorf("%d ended, %v", n, err)
	}
	for _, token := range []string{a.Session, other.Session} {
		if _, _, err := d.db.PersonBySession(d.ctx, token); err != nil {
			t.Errorf("a session that nobody ended: %v", err)
		}
	}
}

func TestASessionFromBeforeSigningInIsWorthNothingAfter(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	planted := "a token that somebody planted in the browser"
	e, err := d.db.SignIn(d.ctx, Credentials{Login: "lin", Password: "correct horse", Address: "10.0.0.1", Session: planted})
	d.must(err)
	if e.Session == planted {
		t.Error("the planted token became the session")
	}
	_, _, err = d.db.PersonBySession(d.ctx, planted)
	d.refused(err, review.Unauthenticated)
	again, err := d.db.SignIn(d.ctx, Credentials{Login: "lin", Password: "correct horse", Address: "10.0.0.1", Session: e.Session})
	d.must(err)
	_, _, err = d.db.PersonBySession(d.ctx, e.Session)
	d.refused(err, review.Unauthenticated)
	if again.Session == e.Session {
		t.Error("signing in did not change the token")
	}
	// The same on the way over the second step.
	d.keyed()
	begun, _, session := d.enrolled("lin", "correct horse")
	step, err := d.db.SignIn(d.ctx, Credentials{Login: "lin", Password: "correct horse", Address: "10.0.0.1", Session: session})
	d.must(err)
	_, _, err = d.db.PersonBySession(d.ctx, session)
	d.refused(err, review.Unauthenticated)
	_, _, err = d.db.PersonBySession(d.ctx, step.Step)
	d.refused(err, review.Unauthenticated)
	if step.Session != "" {
		t.Error("a session before the second step")
	}
	_, err = d.db.SecondStep(d.ctx, step.Step, d.codeNow(begun), Credentials{})
	d.must(err)
}

func TestLimitsOfSessionsAreGoverned(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	d.must(d.db.Govern(Accounts{SessionIdle: 5 * time.Minute, SessionLife: 9 * time.Minute}))
	e, err := d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
	d.later(4 * time.Minute)
	_, _, err = d.db.PersonBySession(d.ctx, e.Session)
	d.must(err)
	d.later(5 * time.Minute)
	_, _, err = d.db.PersonBySession(d.ctx, e.Session)
	d.refused(err, review.Unauthenticated)
	for name, a := range map[string]Accounts{
		"a short key":      {Keys: []SecretKey{{ID: "k", Secret: []byte("short")}}},
		"a key without id": {Keys: []SecretKey{{Secret: make([]byte, 32)}}},
		"a negative limit": {SessionIdle: -1},
	} {
		if d.db.Govern(a) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestWhoIsDeactivatedIsOutAndStaysOut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	e, err := d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
	token, err := d.db.CreateToken(d.ctx, "lin", "脚本", time.Hour)
	d.must(err)
	link, err := d.db.MakeLink(d.ctx, "zhou", "lin", "")
	d.must(err)
	d.refused(d.db.SetActive(d.ctx, "lin", "lin", false, ""), NotOneself)
	d.refused(d.db.SetActive(d.ctx, "zhou", "nobody", false, ""), review.NotFound)
	d.must(d.db.SetActive(d.ctx, "zhou", "lin", false, "10.0.0.9"))
	out := func(when string) {
		_, _, err := d.db.PersonBySession(d.ctx, e.Session)
		_, err2 := d.db.PersonByToken(d.ctx, token)
		_, err3 := d.db.LinkOf(d.ctx, link)
		if review.CodeOf(err) != review.Unauthenticated || review.CodeOf(err2) != review.Unauthenticated || review.CodeOf(err3) != LinkOver {
			t.Errorf("%s: session %v, token %v, link %v", when, err, err2, err3)
		}
	}
	out("deactivated")
	_, err = d.signIn("lin", "correct horse", "10.0.0.1")
	d.refused(err, review.Unauthenticated)
	d.must(d.db.SetActive(d.ctx, "zhou", "lin", true, "10.0.0.9"))
	out("activated again")
	_, err = d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
}

func TestAPostThatIsTakenAwayIsGoneAtTheNextRequest(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	e, err := d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
	token, err := d.db.CreateToken(d.ctx, "lin", "脚本", time.Hour)
	d.must(err)
	now := func() (bySession, byToken int) {
		p, _, err := d.db.PersonBySession(d.ctx, e.Session)
		d.must(err)
		q, err := d.db.PersonByToken(d.ctx, token)
		d.must(err)
		return len(p.Viewer().Units), len(q.Viewer().Units)
	}
	if a, b := now(); a != 1 || b != 1 {
		t.Fatalf("%d, %d units", a, b)
	}
	post := Membership{Unit: "housing", Role: review.Handler}
	d.refused(d.db.TakeRole(d.ctx, "lin", "lin", post, ""), NotOneself)
	d.must(d.db.TakeRole(d.ctx, "zhou", "lin", post, ""))
	if a, b := now(); a != 0 || b != 0 {
		t.Errorf("after it was taken: %d, %d units", a, b)
	}
	d.refused(d.db.TakeRole(d.ctx, "zhou", "lin", post, ""), review.NotFound)
	d.must(d.db.GiveRole(d.ctx, "zhou", "lin", post, ""))
	if a, b := now(); a != 1 || b != 1 {
		t.Errorf("given back: %d, %d units", a, b)
	}
	d.refused(d.db.GiveRole(d.ctx, "zhou", "lin", Membership{Unit: "nowhere", Role: review.Handler}, ""), review.Invalid)
	d.refused(d.db.GiveRole(d.ctx, "zhou", "nobody", post, ""), review.NotFound)
}

// cheap makes guesses cost nothing: the test of ten thousand is about what they leave behind.
func (d *desk) cheap(right string) *atomic.Int64 {
	var hashed atomic.Int64
	d.db.accounts.matches = func(password, hash string) (bool, error) {
		hashed.Add(1)
		return password == right && hash != nobodysPassword, nil
	}
	return &hashed
}

func TestTenThousandWrongPasswordsFromElsewhere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	hashed := d.cheap("correct horse")
	first, err := d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
	hashed.Store(0)
	const guesses, workers = 10_000, 16
	d.atOnce(workers, func(w int) error {
		for i := w; i < guesses; i += workers {
			_, err := d.db.SignIn(d.ctx, Credentials{Login: "lin", Password: fmt.Sprint("guess ", i), Address: fmt.Sprintf("203.%d.%d.%d", i>>16&255, i>>8&255, i&255)})
			if c := review.CodeOf(err); c != review.Unauthenticated && c != review.TooMany {
				return fmt.Errorf("guess %d: %w", i, err)
			}
		}
		return nil
	})
	if n := hashed.Load(); n > attemptsPerLogin {
		t.Errorf("%d passwords were hashed", n)
	}
	rows := func(table string) (n int) {
		d.must(d.db.sql.Get(&n, `SELECT count(*) FROM `+table))
		return n
	}
	if n := rows("sign_in_attempts"); n > attemptsPerLogin {
		t.Errorf("%d attempts are kept", n)
	}
	if n := rows("security_counts"); n > countedByLogin+8*workers {
		t.Errorf("%d counts", n)
	}
	// The owner at their own desk gets in, at once and as often as they like, also with a slip.
	owner := func(password string) error {
		_, err := d.db.SignIn(d.ctx, Credentials{Login: "lin", Password: password, Address: "10.0.0.1", Device: first.Device})
		return err
	}
	for range 3 {
		d.refused(owner("a slip"), review.Unauthenticated)
		d.must(owner("correct horse"))
	}
	// From a browser that nobody knows they wait: that is what the known one is for.
	_, err = d.signIn("lin", "correct horse", "10.0.0.2")
	d.refused(err, review.TooMany)
	// The log has one line for many, and none is lost.
	d.later(2 * time.Minute)
	events, err := d.db.SecurityEvents(d.ctx, 0, 1000)
	d.must(err)
	failed, lines := 0, 0
	for _, e := range events {
		if e.Kind == EventSignInFailed || e.Kind == EventSignInThrottled {
			failed += e.Times
			lines++
		}
	}
	if failed != guesses+3+1 || lines > countedByLogin+8*workers {
		t.Errorf("%d failures in %d lines", failed, lines)
	}
	if report, err := d.db.VerifySecurity(d.ctx, nil); err != nil || report.Bad != nil || report.Events != len(events) {
		t.Errorf("%+v, %v", report, err)
	}
	d.later(attemptWindow)
	_, err = d.signIn("lin", "correct horse", "10.0.0.2")
	d.must(err)
	if n := rows("sign_in_attempts"); n != 0 {
		t.Errorf("%d attempts after the window", n)
	}
}

func TestAFloodOfLoginsIsForgottenFromItsOldestEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.cheap("")
	_, err := d.db.sql.Exec(`
		INSERT INTO sign_in_attempts (login, address, at)
		SELECT 'nobody' || n, '198.51.100.' || n, $1 FROM generate_series(1, $2) n`, d.db.now(), 2*attemptsKept)
	d.must(err)
	for i := range 64 {
		_, _ = d.signIn(fmt.Sprint("nobody", i), "x", fmt.Sprintf("10.1.0.%d", i))
	}
	var n int
	d.must(d.db.sql.Get(&n, `SELECT count(*) FROM sign_in_attempts`))
	if n > attemptsKept+64 {
		t.Errorf("%d attempts are kept", n)
	}
}

func TestAKnownBrowserIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	d.password("zhou", "correct horse")
	d.cheap("correct horse")
	e, err := d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
	var kept []byte
	d.must(d.db.sql.Get(&kept, `SELECT token_hash FROM known_devices`))
	if strings.Contains(string(kept), e.Device) || e.Device == "" {
		t.Error("the token itself is stored, or there is none")
	}
	if again, err := d.db.SignIn(d.ctx, Credentials{Login: "lin", Password: "correct horse", Address: "10.0.0.1", Device: e.Device}); err != nil || again.Device != "" {
		t.Errorf("a browser that is known becomes known: %+v, %v", again, err)
	}
	guess := func(login, from string) review.Code {
		_, err := d.db.SignIn(d.ctx, Credentials{Login: login, Password: "wrong", Address: from, Device: e.Device})
		return review.CodeOf(err)
	}
	// Whoever stole it guesses ten times, wherever from, and at nobody else's login more than without it.
	for i := range attemptsPerDevice {
		if got := guess("lin", fmt.Sprint("10.0.1.", i)); got != review.Unauthenticated {
			t.Fatalf("guess %d: %s", i, got)
		}
	}
	if got := guess("lin", "10.0.2.1"); got != review.TooMany {
		t.Errorf("one more: %s", got)
	}
	for range attemptsPerPair {
		guess("zhou", "10.0.3.1")
	}
	if got := guess("zhou", "10.0.3.1"); got != review.TooMany {
		t.Errorf("at another's login: %s", got)
	}
	d.later(deviceLife)
	if name, err := d.db.deviceOf(d.ctx, "lin", e.Device); err != nil || name != "" {
		t.Errorf("after its time: %q, %v", name, err)
	}
	for range devicesPerPerson + 5 {
		d.later(time.Second)
		_, err := d.signIn("lin", "correct horse", "10.0.0.1")
		d.must(err)
	}
	var n int
	d.must(d.db.sql.Get(&n, `SELECT count(*) FROM known_devices WHERE person = 'lin'`))
	if n != devicesPerPerson {
		t.Errorf("%d browsers are known", n)
	}
}

func TestFailuresAreCountedUnderTheSubscriber(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", "::ffff:203.0.113.7": "203.0.113.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::9": "2001:db8:1:2::/64",
		"fe80::1%eth0": "fe80::/64", "": "", "device of mine": "deviceofmine",
	} {
		if got := source(address); got != want {
			t.Errorf("%q is counted under %q, want %q", address, got, want)
		}
	}
}

// The vectors of RFC 6238, appendix B (SHA-1), their last six digits.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := codeAt(secret, stepOf(time.Unix(at, 0))); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
	now := time.Unix(1234567890, 0)
	for drift := int64(-2); drift <= 2; drift++ {
		step := stepOf(now) + drift
		want := step
		if drift < -1 || drift > 1 {
			want = 0
		}
		if got := matchingStep(secret, codeAt(secret, step), now, 0); got != want {
			t.Errorf("%d steps off: %d", drift, got)
		}
	}
	if got := matchingStep(secret, "005 924", now, 0); got == 0 {
		t.Error("a space between the digits is none of the matter")
	}
	if got := matchingStep(secret, "005924", now, stepOf(now)); got != 0 {
		t.Error("a code that was used opens again")
	}
}

func TestTheSecondStep(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	_, err := d.db.BeginFactor(d.ctx, "lin", "correct horse", "")
	d.refused(err, FactorNoKey)
	d.keyed()
	_, err = d.db.BeginFactor(d.ctx, "lin", "wrong", "")
	d.refused(err, PasswordWrong)
	begun, err := d.db.BeginFactor(d.ctx, "lin", "correct horse", "")
	d.must(err)
	if again, err := d.db.Begun(d.ctx, "lin"); err != nil || again != begun {
		t.Errorf("shown again: %+v, %v", again, err)
	}
	if !strings.HasPrefix(begun.URI, "otpauth://totp/fairreview:lin?secret=") || len(strings.Fields(begun.Secret)) != 8 {
		t.Errorf("%+v", begun)
	}
	if e, err := d.signIn("lin", "correct horse", "10.0.0.1"); err != nil || e.Session == "" {
		t.Errorf("a factor that is only begun asks for a code: %+v, %v", e, err)
	}
	mine, err := d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
	elsewhere, err := d.signIn("lin", "correct horse", "10.0.0.2")
	d.must(err)
	_, err = d.db.ConfirmFactor(d.ctx, "lin", mine.Session, "000000", "")
	d.refused(err, StepWrong)
	codes, err := d.db.ConfirmFactor(d.ctx, "lin", mine.Session, d.codeNow(begun), "")
	d.must(err)
	if f, err := d.db.Factor(d.ctx, "lin"); err != nil || !f.On || f.Recovery != 10 || len(codes) != 10 {
		t.Errorf("%+v, %v, %d codes", f, err, len(codes))
	}
	_, _, err = d.db.PersonBySession(d.ctx, elsewhere.Session)
	d.refused(err, review.Unauthenticated)
	if p, _, err := d.db.PersonBySession(d.ctx, mine.Session); err != nil || !p.SecondFactor {
		t.Errorf("%+v, %v", p, err)
	}
	var sealed []byte
	d.must(d.db.sql.Get(&sealed, `SELECT secret FROM second_factors`))
	if plain, _ := base32Plain.DecodeString(strings.ReplaceAll(begun.Secret, " ", "")); strings.Contains(string(sealed), string(plain)) {
		t.Error("the secret is stored as it is")
	}

	step := func() string {
		t.Helper()
		e, err := d.signIn("lin", "correct horse", "10.0.0.1")
		d.must(err)
		if e.Session != "" || e.Step == "" || e.Person.ID != "" {
			t.Fatalf("%+v", e)
		}
		return e.Step
	}
	enter := func(step, code string) (Entry, error) {
		return d.db.SecondStep(d.ctx, step, code, Credentials{Address: "10.0.0.1"})
	}
	// The code that turned it on does not sign in as well.
	_, err = enter(step(), d.codeNow(begun))
	d.refused(err, StepWrong)
	d.later(30 * time.Second)
	s := step()
	e, err := enter(s, d.codeNow(begun))
	d.must(err)
	if e.Person.ID != "lin" || e.Session == "" {
		t.Errorf("%+v", e)
	}
	_, err = enter(s, d.codeNow(begun))
	d.refused(err, StepOver)
	_, err = enter(step(), d.codeNow(begun)) // the same code, a new step
	d.refused(err, StepWrong)
	// Recovery codes: each once, typed in any manner.
	_, err = enter(step(), strings.ToUpper(strings.ReplaceAll(codes[0], "-", " ")))
	d.must(err)
	_, err = enter(step(), codes[0])
	d.refused(err, StepWrong)
	if f, _ := d.db.Factor(d.ctx, "lin"); f.Recovery != 9 {
		t.Errorf("%d left", f.Recovery)
	}
	// Two at once with one code: one gets in.
	d.later(time.Hour)
	one, two, code := step(), step(), d.codeNow(begun)
	var in atomic.Int32
	d.atOnce(2, func(i int) error {
		_, err := enter([]string{one, two}[i], code)
		if err == nil {
			in.Add(1)
		} else if review.CodeOf(err) != StepWrong {
			return err
		}
		return nil
	})
	if in.Load() != 1 {
		t.Errorf("one code let %d in", in.Load())
	}
	// Five tries, five minutes.
	d.later(time.Hour)
	s = step()
	for range stepTries {
		_, err = enter(s, "000000")
		d.refused(err, StepWrong)
	}
	_, err = enter(s, d.codeNow(begun))
	d.refused(err, StepOver)
	s = step()
	d.later(stepLife)
	_, err = enter(s, d.codeNow(begun))
	d.refused(err, StepOver)
	// Off: the password and a code, both.
	d.later(time.Hour)
	d.refused(d.db.DropFactor(d.ctx, "lin", "wrong", d.codeNow(begun), ""), PasswordWrong)
	d.refused(d.db.DropFactor(d.ctx, "lin", "correct horse", "000000", ""), StepWrong)
	d.must(d.db.DropFactor(d.ctx, "lin", "correct horse", d.codeNow(begun), ""))
	if e, err := d.signIn("lin", "correct horse", "10.0.0.1"); err != nil || e.Session == "" {
		t.Errorf("without it: %+v, %v", e, err)
	}
	want := []EventKind{EventFactorOn, EventRecoveryUsed, EventFactorOff}
	for _, k := range d.kinds() {
		if len(want) > 0 && k == want[0] {
			want = want[1:]
		}
	}
	if len(want) > 0 {
		t.Errorf("the log lacks %v: %v", want, d.kinds())
	}
}

func TestCodesAreGuessedNoMoreOftenThanPasswords(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	d.keyed()
	begun, _, _ := d.enrolled("lin", "correct horse")
	tries := 0
	for i := range 40 {
		e, err := d.signIn("lin", "correct horse", fmt.Sprint("10.0.7.", i))
		if review.CodeOf(err) == review.TooMany {
			break
		}
		d.must(err)
		for range stepTries {
			_, err := d.db.SecondStep(d.ctx, e.Step, "000000", Credentials{})
			if review.CodeOf(err) == StepWrong {
				tries++
			} else if review.CodeOf(err) != review.TooMany {
				d.must(err)
			}
		}
	}
	if tries != codesPerPerson {
		t.Errorf("%d wrong codes were looked at", tries)
	}
	d.later(attemptWindow + time.Minute)
	e, err := d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
	_, err = d.db.SecondStep(d.ctx, e.Step, d.codeNow(begun), Credentials{})
	d.must(err)
}

func TestSecretsOutliveANewKey(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	d.keyed()
	begun, _, _ := d.enrolled("lin", "correct horse")
	old, fresh := SecretKey{ID: "k1", Secret: []byte(strings.Repeat("k", 32))}, SecretKey{ID: "k2", Secret: []byte(strings.Repeat("n", 32))}
	enter := func() error {
		d.later(time.Hour)
		e, err := d.signIn("lin", "correct horse", "10.0.0.1")
		d.must(err)
		_, err = d.db.SecondStep(d.ctx, e.Step, d.codeNow(begun), Credentials{})
		return err
	}
	d.must(d.db.Govern(Accounts{Keys: []SecretKey{fresh, old}}))
	d.must(enter())
	d.must(d.db.Govern(Accounts{Keys: []SecretKey{fresh}}))
	d.refused(enter(), FactorNoKey)
	d.must(d.db.Govern(Accounts{Keys: []SecretKey{{ID: "k1", Secret: fresh.Secret}}}))
	if err := enter(); err == nil || review.CodeOf(err) != "" {
		t.Errorf("under another key with the same name: %v", err)
	}
	// A secret that was put beside another's name does not open there.
	d.must(d.db.Govern(Accounts{Keys: []SecretKey{old}}))
	d.password("zhou", "correct horse")
	_, err := d.db.sql.Exec(`INSERT INTO second_factors (person, key_id, secret, created_at, confirmed_at)
		SELECT 'zhou', key_id, secret, created_at, confirmed_at FROM second_factors WHERE person = 'lin'`)
	d.must(err)
	e, err := d.signIn("zhou", "correct horse", "10.0.0.1")
	d.must(err)
	if _, err := d.db.SecondStep(d.ctx, e.Step, d.codeNow(begun), Credentials{}); err == nil {
		t.Error("lin's secret opens zhou's account")
	}
}

func TestTokensHaveScopesAUnitAndAnEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.must(d.db.CreatePerson(d.ctx, NewPerson{ID: "lin", Login: "lin", Name: "姓名lin", Memberships: []Membership{
		{Unit: "housing", Role: review.Handler}, {Unit: "transport", Role: review.ReviewBody}}}))
	issue := func(n NewToken) (Token, string, error) {
		n.Person = "lin"
		if n.Label == "" {
			n.Label = "脚本"
		}
		return d.db.IssueToken(d.ctx, n, "10.0.0.1")
	}
	day := 24 * time.Hour
	for _, tt := range []struct {
		name string
		n    NewToken
		want review.Code
	}{
		{"no scope", NewToken{Life: day}, review.Missing},
		{"an unknown scope", NewToken{Life: day, Scopes: []Scope{"root"}}, review.Invalid},
		{"longer than a year", NewToken{Life: 367 * day, Scopes: []Scope{ScopeRead}}, TokenLife},
		{"no time at all", NewToken{Scopes: []Scope{ScopeRead}}, TokenLife},
		{"a unit one is not in", NewToken{Life: day, Scopes: []Scope{ScopeRead}, Unit: "bureau"}, review.Invalid},
		{"a label of two lines", NewToken{Life: day, Scopes: []Scope{ScopeRead}, Label: "a\nb"}, review.Invalid},
	} {
		if _, _, err := issue(tt.n); review.CodeOf(err) != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	one, secret, err := issue(NewToken{Life: 30 * day, Scopes: []Scope{ScopeRead, ScopeAct}, Unit: "transport"})
	d.must(err)
	p, err := d.db.PersonByToken(d.ctx, secret)
	d.must(err)
	if diff := cmp.Diff([]Scope{ScopeRead, ScopeAct}, p.Scopes); diff != "" || len(p.Memberships) != 1 || p.Memberships[0].Unit != "transport" {
		t.Errorf("%s, %+v", diff, p.Memberships)
	}
	if v := p.Viewer(); !cmp.Equal(v.Units, []string{"transport"}) {
		t.Errorf("it sees %v", v.Units)
	}
	d.later(2 * time.Minute)
	_, err = d.db.PersonByToken(d.ctx, secret)
	d.must(err)
	full, err := d.db.CreateToken(d.ctx, "lin", "旧", day)
	d.must(err)
	if p, err := d.db.PersonByToken(d.ctx, full); err != nil || len(p.Scopes) != 0 || len(p.Memberships) != 2 {
		t.Errorf("a token without a scope: %+v, %v", p, err)
	}
	list, err := d.db.Tokens(d.ctx, "lin")
	d.must(err)
	if len(list) != 2 || list[1].ID != one.ID || list[1].Used == nil || !list[1].Used.Equal(d.db.now()) || list[1].UnitName != "交通运输局" || list[0].Used == nil {
		t.Errorf("%+v", list)
	}
	d.refused(d.db.RevokeToken(d.ctx, "zhou", "zhou", one.ID, ""), review.NotFound)
	d.must(d.db.RevokeToken(d.ctx, "lin", "lin", one.ID, ""))
	_, err = d.db.PersonByToken(d.ctx, secret)
	d.refused(err, review.Unauthenticated)
	d.must(d.db.RevokeToken(d.ctx, "sun", "", list[0].ID, ""))
	_, err = d.db.PersonByToken(d.ctx, full)
	d.refused(err, review.Unauthenticated)
	// Out of the unit, the token of the unit is a token of nothing.
	_, secret, err = issue(NewToken{Life: day, Scopes: []Scope{ScopeRead}, Unit: "transport"})
	d.must(err)
	d.must(d.db.TakeRole(d.ctx, "zhou", "lin", Membership{Unit: "transport", Role: review.ReviewBody}, ""))
	if p, err := d.db.PersonByToken(d.ctx, secret); err != nil || len(p.Memberships) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestThreeAdministratorsAreThreePeople(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	role := func(r review.Role) Membership { return Membership{Unit: "bureau", Role: r} }
	d.must(d.db.GiveRole(d.ctx, "zhou", "lin", role(review.Admin), ""))
	d.refused(d.db.GiveRole(d.ctx, "zhou", "lin", role(review.SecurityAdmin), ""), AdminsApart)
	d.refused(d.db.GiveRole(d.ctx, "zhou", "lin", Membership{Unit: "city", Role: review.AuditAdmin}, ""), AdminsApart)
	d.must(d.db.GiveRole(d.ctx, "zhou", "lin", Membership{Unit: "city", Role: review.Admin}, "")) // the same one, in two units
	d.refused(d.db.GiveRole(d.ctx, "lin", "lin", role(review.Admin), ""), NotOneself)
	// Both at once, in one statement and by two hands.
	d.refused(d.db.CreatePerson(d.ctx, NewPerson{ID: "he", Login: "he", Name: "何", Memberships: []Membership{role(review.SecurityAdmin), role(review.AuditAdmin)}}), AdminsApart)
	var refused atomic.Int32
	d.atOnce(8, func(i int) error {
		err := d.db.GiveRole(d.ctx, "lin", "bao", role([]review.Role{review.SecurityAdmin, review.AuditAdmin}[i%2]), "")
		if review.CodeOf(err) == AdminsApart {
			refused.Add(1)
			return nil
		}
		return err
	})
	p, err := d.db.People(d.ctx, PeopleFilter{Unit: "bureau"})
	d.must(err)
	held := 0
	for _, q := range p {
		if q.ID == "bao" && q.Has(review.SecurityAdmin) {
			held++
		}
		if q.ID == "bao" && q.Has(review.AuditAdmin) {
			held++
		}
	}
	if held != 1 || refused.Load() != 4 {
		t.Errorf("bao holds %d, %d were refused", held, refused.Load())
	}
	// Not by SQL either, unless one ends where the other begins.
	for statement, fits := range map[string]bool{
		`INSERT INTO memberships (person, unit, role, valid_from) VALUES ('shen', 'bureau', 'admin', '2026-01-01'), ('shen', 'bureau', 'audit_admin', '2026-01-01')`: false,
		`UPDATE memberships SET role = 'audit_admin' WHERE person = 'lin' AND unit = 'city' AND role = 'admin'`:                                                      false,
		`INSERT INTO memberships (person, unit, role, valid_from, valid_to) VALUES ('shen', 'bureau', 'admin', '2026-01-01', '2026-02-01'),
			('shen', 'bureau', 'audit_admin', '2026-02-01', NULL)`: true,
	} {
		if _, err := d.db.sql.Exec(statement); (err == nil) != fits {
			t.Errorf("%s: %v", statement, err)
		}
	}
	// No eyes into any case.
	for _, r := range []review.Role{review.Admin, review.SecurityAdmin, review.AuditAdmin} {
		if v := (Person{ID: "x", Memberships: []Membership{role(r)}}).Viewer(); len(v.Units) != 0 {
			t.Errorf("%s sees %v", r, v.Units)
		}
	}
}

func TestOneTimeLinks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	e, err := d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
	_, err = d.db.MakeLink(d.ctx, "lin", "lin", "")
	d.refused(err, NotOneself)
	_, err = d.db.MakeLink(d.ctx, "zhou", "nobody", "")
	d.refused(err, review.NotFound)
	first, err := d.db.MakeLink(d.ctx, "zhou", "lin", "")
	d.must(err)
	link, err := d.db.MakeLink(d.ctx, "zhou", "lin", "")
	d.must(err)
	d.refused(d.db.UseLink(d.ctx, first, good, ""), LinkOver) // a newer one was made
	if l, err := d.db.LinkOf(d.ctx, link); err != nil || l != (Link{Person: "lin", Login: "lin", Name: "姓名lin"}) {
		t.Errorf("%+v, %v", l, err)
	}
	d.refused(d.db.UseLink(d.ctx, link, "lin lin lin 1", ""), PasswordCommon)
	d.refused(d.db.UseFirstLink(d.ctx, link, First{Login: "me", Name: "我", Unit: "x", UnitName: "局", Password: good}, ""), LinkOver)
	if _, _, err := d.db.PersonBySession(d.ctx, e.Session); err != nil {
		t.Errorf("a link that was not used ended a session: %v", err)
	}
	var used atomic.Int32
	d.atOnce(4, func(int) error {
		err := d.db.UseLink(d.ctx, link, good, "10.0.0.8")
		if err == nil {
			used.Add(1)
		} else if review.CodeOf(err) != LinkOver {
			return err
		}
		return nil
	})
	if used.Load() != 1 {
		t.Errorf("used %d times", used.Load())
	}
	_, _, err = d.db.PersonBySession(d.ctx, e.Session)
	d.refused(err, review.Unauthenticated)
	_, err = d.signIn("lin", good, "10.0.0.1")
	d.must(err)
	late, err := d.db.MakeLink(d.ctx, "zhou", "lin", "")
	d.must(err)
	d.later(linkLife)
	d.refused(d.db.UseLink(d.ctx, late, good, ""), LinkOver)
}

func TestTheFirstAdministrator(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	one, err := d.db.FirstLink(d.ctx)
	d.must(err)
	two, err := d.db.FirstLink(d.ctx) // two processes start
	d.must(err)
	if one == "" || two == "" {
		t.Fatal("a database without administrators gives no link")
	}
	me := First{Login: "wei.lan", Name: "魏兰", Unit: "scjg", UnitName: "市场监管局", Password: good}
	for name, spoil := range map[string]func(*First){
		"a common password": func(f *First) { f.Password = "Password2026!" }, "no name": func(f *First) { f.Name = " " },
		"a login with a space": func(f *First) { f.Login = "wei lan" }, "no unit": func(f *First) { f.UnitName = "" },
	} {
		f := me
		spoil(&f)
		if err := d.db.UseFirstLink(d.ctx, one, f, ""); review.CodeOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.must(d.db.UseFirstLink(d.ctx, one, me, "127.0.0.1"))
	me.Login = "other"
	d.refused(d.db.UseFirstLink(d.ctx, two, me, ""), LinkOver)
	d.refused(d.db.UseFirstLink(d.ctx, one, me, ""), LinkOver)
	if again, err := d.db.FirstLink(d.ctx); err != nil || again != "" {
		t.Errorf("a link though there is an administrator: %q, %v", again, err)
	}
	e, err := d.signIn("wei.lan", good, "127.0.0.1")
	d.must(err)
	if !e.Person.Has(review.Admin) || !e.Person.Administers() || e.Person.SecondFactor {
		t.Errorf("%+v", e.Person)
	}
	demo := newDesk(t)
	demo.must(demo.db.SetSetting(demo.ctx, "demo", "true"))
	if link, err := demo.db.FirstLink(demo.ctx); err != nil || link != "" {
		t.Errorf("a demo gives a link: %q, %v", link, err)
	}
}

func TestAdministratorsFromTheConsole(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	np := NewPerson{ID: "lin", Login: "lin", Name: "姓名lin", Password: good, Memberships: []Membership{{Unit: "bureau", Role: review.Admin}}}
	d.must(d.db.CreateAdministrator(d.ctx, np))
	e, err := d.signIn("lin", good, "")
	d.must(err)
	if len(e.Person.Memberships) != 2 {
		t.Errorf("the post they had: %+v", e.Person.Memberships)
	}
	np.Memberships[0].Role = review.SecurityAdmin
	d.refused(d.db.CreateAdministrator(d.ctx, np), AdminsApart)
	np.Password = "Password2026!"
	d.refused(d.db.CreateAdministrator(d.ctx, np), PasswordCommon)
	np.Login = "not a login"
	d.refused(d.db.CreateAdministrator(d.ctx, np), LoginForm)
	d.refused(d.db.MakeAccount(d.ctx, "lin", "LIN", "另一人", ""), review.Invalid)
	d.must(d.db.MakeAccount(d.ctx, "lin", "new.one", "新人", ""))
	if vacant, err := d.db.Vacant(d.ctx, review.AuditAdmin); err != nil || !vacant {
		t.Errorf("%v, %v", vacant, err)
	}
}

func TestTheSecurityLogIsForGood(t *testing.T) {
	t.Parallel()
	filled := func(t *testing.T) *desk {
		d := newDesk(t)
		for i := range 5 {
			d.later(time.Second)
			d.must(d.db.Note(d.ctx, SecurityEvent{Kind: EventExport, Person: "lin", Address: "10.0.0.1", What: fmt.Sprint("list ", i)}))
		}
		return d
	}
	d := filled(t)
	report, err := d.db.VerifySecurity(d.ctx, nil)
	d.must(err)
	if report.Bad != nil || report.Events != 5 || len(report.Head) != 64 {
		t.Errorf("%+v", report)
	}
	d.atOnce(20, func(i int) error {
		return d.db.Note(d.ctx, SecurityEvent{Kind: EventRefused, Person: "lin", What: fmt.Sprint(i)})
	})
	if report, err = d.db.VerifySecurity(d.ctx, nil); err != nil || report.Bad != nil || report.Events != 25 {
		t.Errorf("written by many at once: %+v, %v", report, err)
	}
	for _, statement := range []string{`UPDATE security_events SET what = ''`, `DELETE FROM security_events`, `TRUNCATE security_events`} {
		if _, err := d.db.sql.Exec(statement); err == nil {
			t.Errorf("%s is possible", statement)
		}
	}
	for name, tt := range map[string]struct {
		statement string
		seq       int64
		what      string
	}{
		"a column changed":          {`UPDATE security_events SET person = 'zhou' WHERE seq = 3`, 3, "column person was changed"},
		"a time changed":            {`UPDATE security_events SET at = at + interval '1 second' WHERE seq = 2`, 2, "column at was changed"},
		"a payload changed":         {`UPDATE security_events SET payload = convert_to(replace(convert_from(payload, 'UTF8'), 'lin', 'xin'), 'UTF8') WHERE seq = 4`, 4, "payload or nonce"},
		"an event removed":          {`DELETE FROM security_events WHERE seq = 2`, 2, "gone"},
		"the first removed":         {`DELETE FROM security_events WHERE seq = 1`, 1, "gone"},
		"the last removed":          {`DELETE FROM security_events WHERE seq = 5`, 5, "gone"},
		"two put in other order":    {`UPDATE security_events SET seq = CASE seq WHEN 2 THEN 103 ELSE 102 END WHERE seq IN (2, 3)`, 2, "gone"},
		"a copy added at the end":   {`INSERT INTO security_events SELECT 6, at, kind, person, login, address, what, times, payload, nonce, hash, hash FROM security_events WHERE seq = 5`, 6, "payload or nonce"},
		"the head turned back":      {`UPDATE security_head SET seq = 4, hash = (SELECT hash FROM security_events WHERE seq = 4)`, 5, "beyond the last"},
		"changed and hashed anew":   {`UPDATE security_events SET payload = x.p, hash = sha256(prev_hash || nonce || x.p) FROM (SELECT convert_to(replace(convert_from(payload, 'UTF8'), 'list 4', 'list 9'), 'UTF8') AS p FROM security_events WHERE seq = 5) x WHERE seq = 5`, 5, "column what"},
		"and the column with it":    {`UPDATE security_events SET what = 'list 9', payload = x.p, hash = sha256(prev_hash || nonce || x.p) FROM (SELECT convert_to(replace(convert_from(payload, 'UTF8'), 'list 4', 'list 9'), 'UTF8') AS p FROM security_events WHERE seq = 5) x WHERE seq = 5`, 5, "not the hash that the log ends with"},
		"in the middle, hashed too": {`UPDATE security_events SET what = 'list 9', payload = x.p, hash = sha256(prev_hash || nonce || x.p) FROM (SELECT convert_to(replace(convert_from(payload, 'UTF8'), 'list 1', 'list 9'), 'UTF8') AS p FROM security_events WHERE seq = 2) x WHERE seq = 2`, 3, "not chained"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := filled(t)
			d.tamper(tt.statement)
			report, err := d.db.VerifySecurity(d.ctx, nil)
			d.must(err)
			if report.Bad == nil || report.Bad.Seq != tt.seq || !strings.Contains(report.Bad.What, tt.what) || report.Head != "" {
				t.Errorf("%+v", report.Bad)
			}
		})
	}
}

func TestWhatHappensOftenIsCountedByTheMinute(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.password("lin", "correct horse")
	for range 4 {
		_, err := d.signIn("lin", "secret typed wrongly", "6.6.6.6")
		d.refused(err, review.Unauthenticated)
	}
	_, err := d.signIn("a password typed as login", "x", "6.6.6.6")
	d.refused(err, review.Unauthenticated)
	if n := len(d.kinds()); n != 0 {
		t.Errorf("%d events within the minute", n)
	}
	d.later(time.Minute)
	events, err := d.db.SecurityEvents(d.ctx, 0, 10)
	d.must(err)
	if len(events) != 2 {
		t.Fatalf("%+v", events)
	}
	for i := range events {
		events[i].At = time.Time{}
	}
	want := []SecurityEvent{
		{Seq: 2, Kind: EventSignInFailed, Person: "lin", Login: "lin", Address: "6.6.6.6", Times: 4},
		{Seq: 1, Kind: EventSignInFailed, Address: "6.6.6.6", Times: 1},
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Error(diff)
	}
	for i := range 500 {
		d.must(d.db.Count(d.ctx, SecurityEvent{Kind: EventSignInFailed, Person: "lin", Login: fmt.Sprint("login", i), Address: fmt.Sprint("10.9.", i>>8, ".", i&255)}))
	}
	var n, sum int
	d.must(d.db.sql.QueryRow(`SELECT count(*), sum(times) FROM security_counts`).Scan(&n, &sum))
	if n > countedByLogin+1 || sum != 500 {
		t.Errorf("%d rows for %d", n, sum)
	}
}

// meanwhile runs do while first is done and not committed, until do waits for it or has ended, and returns what do ended
// with after the commit.
func (d *desk) meanwhile(first func(*sqlx.Tx) error, do func() error) error {
	d.Helper()
	tx, err := d.db.sql.Beginx()
	d.must(err)
	d.must(first(tx))
	done := make(chan error, 1)
	go func() { done <- do() }()
	for waits := false; !waits; {
		select {
		case err := <-done:
			d.must(tx.Commit())
			return err
		default:
			d.must(d.db.sql.Get(&waits, `
				SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`))
		}
	}
	d.must(tx.Commit())
	return <-done
}

func TestTwoAtTheSameMomentDoNotBothFindTheOtherAbsent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.refused(d.meanwhile(func(tx *sqlx.Tx) error {
		_, err := tx.Exec(`INSERT INTO memberships (person, unit, role, valid_from) VALUES ('bao', 'bureau', 'security_admin', '2026-03-02')`)
		return err
	}, func() error {
		return d.db.GiveRole(d.ctx, "zhou", "bao", Membership{Unit: "bureau", Role: review.AuditAdmin}, "")
	}), AdminsApart)

	d.password("lin", "correct horse")
	d.keyed()
	begun, _, _ := d.enrolled("lin", "correct horse")
	e, err := d.signIn("lin", "correct horse", "10.0.0.1")
	d.must(err)
	d.refused(d.meanwhile(func(tx *sqlx.Tx) error {
		_, err := tx.Exec(`UPDATE second_factors SET last_step = $1`, stepOf(d.db.now()))
		return err
	}, func() error {
		_, err := d.db.SecondStep(d.ctx, e.Step, d.codeNow(begun), Credentials{})
		return err
	}), StepWrong)
}
