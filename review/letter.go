package review

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// LetterKind names a letter that a case can have.
type LetterKind string

// The letters. Correction, suspension and return are three different things with three different texts.
const (
	ReceiptLetter      LetterKind = "receipt"       // 回执
	CorrectionLetter   LetterKind = "correction"    // 补正通知书
	SuspensionLetter   LetterKind = "suspension"    // 中止审查通知书
	ReturnLetter       LetterKind = "return"        // 退回通知书
	OpinionLetter      LetterKind = "opinion"       // 公平竞争审查意见, of the regulator
	ConclusionLetter   LetterKind = "conclusion"    // 公平竞争审查结论, of the drafting unit, or on an existing measure
	ExceptionDueLetter LetterKind = "exception_due" // 例外到期停止实施提示
)

// LetterKinds lists them in the order of the procedure.
func LetterKinds() []LetterKind {
	return []LetterKind{ReceiptLetter, CorrectionLetter, SuspensionLetter, ReturnLetter, OpinionLetter, ConclusionLetter, ExceptionDueLetter}
}

// Letter is what stands in a letter, as data: the server puts the parts into sentences. It names units and people by id, days
// as YYYY-MM-DD, and nobody of an expert panel.
type Letter struct {
	Kind      LetterKind
	Number    string // of the case, the same in every letter
	DocNo     string // 发文字号, where the letter has one
	To, From  string // units
	Date      Date
	Signatory string // who signed it; "": nobody yet
	Officer   string // whose name stands on it as the one to ask
	Basis     string // articles, as in Move
	Due       Date   // last day of the period it sets, never a provisional one
	Parts     []LetterPart
}

// LetterPart is a paragraph: a stable key, and what its sentence is filled with. A key that begins with "h." is a heading.
type LetterPart struct {
	Key    string
	Params map[string]string
}

// Letters lists the letters that can be printed now, in the order of LetterKinds.
func Letters(c Case) []LetterKind {
	var out []LetterKind
	for _, k := range LetterKinds() {
		if _, err := Write(c, k); err == nil {
			out = append(out, k)
		}
	}
	return out
}

// Write makes a letter from the case as it stands. Refused: NotFound when the case has no such letter now; ProvisionalDue when
// it would set a period whose end is not certain, or not known yet. A letter is printed from the state that it is about:
// once the case has moved on, Retell gives that state back.
func Write(c Case, kind LetterKind) (Letter, error) {
	w := letterWriter{c: &c, l: Letter{Kind: kind, Number: c.Number, To: c.Unit, From: c.Regulator, Officer: c.Officer}}
	ok := false
	switch kind {
	case ReceiptLetter:
		ok = w.receipt()
	case CorrectionLetter:
		ok = w.correction()
	case SuspensionLetter:
		ok = w.suspension()
	case ReturnLetter:
		ok = w.returned()
	case OpinionLetter, ConclusionLetter:
		ok = w.conclusion()
	case ExceptionDueLetter:
		ok = w.exceptionDue()
	}
	switch {
	case !ok:
		return Letter{}, Refuse(NotFound)
	case w.provisional:
		return Letter{}, Refuse(ProvisionalDue)
	}
	return w.l, nil
}

// MayRead reports whether the letter concerns the viewer: the drafting unit, the regulator, and whom it is addressed to.
// A draft is no letter, and a seat or an expert gets none.
func (l Letter) MayRead(c Case, v Viewer) bool {
	return slices.ContainsFunc([]string{c.Unit, c.Regulator, l.To}, func(u string) bool { return u != "" && slices.Contains(v.Units, u) })
}

type letterWriter struct {
	c           *Case
	l           Letter
	provisional bool
}

// say adds a paragraph from its key and pairs of parameter name and value.
func (w *letterWriter) say(key string, pairs ...string) {
	p := LetterPart{Key: key, Params: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		p.Params[pairs[i]] = pairs[i+1]
	}
	w.l.Parts = append(w.l.Parts, p)
}

func (w *letterWriter) measure(key string, more ...string) {
	w.say(key, append([]string{"measure", w.c.Measure.Title, "hash", short(w.c.Text.Hash)}, more...)...)
}

// short is the beginning of a hash, as letters name a text.
func short(hash string) string { return hash[:min(len(hash), 16)] }

// due sets the last day of the running period, or marks the letter as not to be printed.
func (w *letterWriter) due() {
	k := w.c.Clock
	if k == nil || k.Due.IsZero() || k.Provisional {
		w.provisional = true
		return
	}
	w.l.Due = lastDay(k.Due)
}

// lastDay is the day at whose end a period ends.
func lastDay(due time.Time) Date { return DateOf(due.Add(-time.Second)) }

// receipt says what was handed in and when: while the packet lies unopened, or by the regulator's own clock later. A text that
// was changed since is not the one that was received.
func (w *letterWriter) receipt() bool {
	c := w.c
	if c.Packet == nil || c.Route != Government || c.Kind != New || c.Packet.Documents[SlotDraft] != c.Text.Hash {
		return false
	}
	var at time.Time
	switch {
	case c.Review != nil && len(c.Review.Spans) > 0:
		at = c.Review.Spans[0].From
	case c.Status == Submitted && c.Asked == nil:
		at = c.Since
	default:
		return false
	}
	w.l.Date, w.l.Basis, w.l.Officer = DateOf(at), "条例 14; 办法 31", ""
	w.measure("receipt.received", "time", at.UTC().Format(time.RFC3339), "letter", c.Packet.LetterNo)
	for _, slot := range c.slots() {
		if hash := c.Packet.Documents[slot]; hash != "" {
			w.say("receipt.document", "slot", string(slot), "sum", hash)
		}
	}
	w.say("receipt.meaning")
	return true
}

func (w *letterWriter) asked(kind ActionKind, s Status) bool {
	a := w.c.Asked
	return a != nil && w.c.Status == s && (a.Kind == kind || a.Kind == "")
}

func (w *letterWriter) correction() bool {
	if !w.asked(AskCorrection, CorrectionAsked) {
		return false
	}
	a := w.c.Asked
	w.l.Date, w.l.Basis, w.l.Officer = DateOf(a.At), "办法 31", a.By
	w.due()
	w.measure("correction.found")
	for _, slot := range a.Slots {
		w.say("correction.document", "slot", string(slot))
	}
	w.say("correction.reason", "reason", a.Reason)
	w.say("correction.until", "due", string(w.l.Due), "days", strconv.Itoa(w.days()))
	w.say("correction.else")
	return true
}

func (w *letterWriter) days() int {
	if w.c.Clock == nil {
		return 0
	}
	return w.c.Clock.Days
}

func (w *letterWriter) suspension() bool {
	if !w.asked(Suspend, Suspended) {
		return false
	}
	a := w.c.Asked
	w.l.Date, w.l.Basis, w.l.Officer = DateOf(a.At), "条例 16; 办法 28, 31", a.By
	w.measure("suspension.found")
	w.say("suspension.reason", "reason", a.Reason)
	w.say("suspension.do")
	if w.c.Clock == nil {
		w.say("suspension.open")
		return true
	}
	w.due()
	w.say("suspension.until", "due", string(w.l.Due), "days", strconv.Itoa(w.days()))
	return true
}

// returned is opened by the timer; the officer who asked answers for it with their name.
func (w *letterWriter) returned() bool {
	a := w.c.Asked
	if a == nil || w.c.Status != Returned {
		return false
	}
	w.l.Date, w.l.Basis, w.l.Officer = DateOf(w.c.Since), "办法 31", a.By
	if a.Kind == Suspend {
		w.measure("return.unheard", "date", string(DateOf(a.At)), "reason", a.Reason)
	} else {
		w.measure("return.uncorrected", "date", string(DateOf(a.At)), "reason", a.Reason)
		for _, slot := range a.Slots {
			w.say("correction.document", "slot", string(slot))
		}
	}
	w.say("return.means")
	w.say("return.again")
	return true
}

// stands reports whether the conclusion is the last word on the text: nothing that it says has been answered or replaced since.
func (c *Case) stands() bool {
	if c.Conclusion == nil || c.Conclusion.TextHash != c.Text.Hash {
		return false
	}
	switch c.Status {
	case ConcludedPass, ConcludedException, ConcludedFail, Revising, NotIssued, Legality, ClosedUnissued, Issued, IssuedException,
		ExceptionDue, Ceased, Extended, Kept, KeptException:
		return true
	}
	return false
}

func (w *letterWriter) conclusion() bool {
	c := w.c
	opinion := c.Route == Government && c.Kind == New
	if !c.stands() || opinion != (w.l.Kind == OpinionLetter) {
		return false
	}
	k := *c.Conclusion
	w.l.DocNo, w.l.Date, w.l.Signatory, w.l.Officer = k.DocNo, k.SignedOn, k.Approver, ""
	w.l.Basis = "条例 17; 办法 29" // who concludes on an existing measure stands in no law
	key := "conclusion.of"
	if opinion {
		w.l.Basis, w.l.Officer, key = "条例 14, 17; 办法 33", c.Officer, "opinion.of"
	} else {
		if c.Kind == New {
			w.l.Basis = "条例 13, 17; 办法 29"
		}
		w.l.To = c.Measure.Issuer
		if !slices.Contains(c.Hands, Hand{Person: k.Approver, Side: RegulatorSide}) {
			w.l.From = c.Unit
		}
	}
	letter := ""
	if c.Packet != nil {
		letter = c.Packet.LetterNo
	}
	w.measure(key, "letter", letter)

	w.say("h.review")
	w.measure("review.text", "version", strconv.Itoa(c.Texts))
	if opinion {
		w.say("review.together", "regulator", c.Regulator, "unit", c.Unit, "standards", k.Standards)
	} else {
		w.say("review.alone", "unit", w.l.From, "standards", k.Standards)
	}
	w.heard(k)
	if opinion {
		w.say("h.prelim")
		w.say("plain", "said", k.Prelim)
	}
	w.advisers(k)
	w.finding(k)
	w.besides(k)
	w.say("h.after")
	switch {
	case k.Result == Fails && opinion:
		w.say("after.fails")
		w.say("after.report")
	case k.Result == Fails:
		w.say("after.fails")
	case c.Kind == New:
		w.say("after.meets")
	default:
		w.say("after.kept")
	}
	return true
}

func (w *letterWriter) heard(k Conclusion) {
	w.say("h.heard")
	if k.NotHeard != "" {
		w.say("heard.none", "ground", k.NotHeard, "said", k.HowHeard)
		return
	}
	w.say("plain", "said", k.HowHeard)
}

// advisers says how the positions of the seats and the panel's opinion were used. Names are in neither.
func (w *letterWriter) advisers(k Conclusion) {
	if k.UseJoint == "" && k.UsePanel == "" {
		return
	}
	w.say("h.advisers")
	if k.UseJoint != "" {
		w.say("advisers.joint", "said", k.UseJoint)
	}
	if k.UsePanel != "" {
		w.say("advisers.panel", "said", k.UsePanel)
	}
}

// finding is the clear finding, each part that does not meet the standards with the required change, and the five points of
// an exception (办法 29).
func (w *letterWriter) finding(k Conclusion) {
	w.say("h.finding")
	w.measure("finding." + string(k.Result))
	if k.Result == Fails {
		for i, f := range required(w.c, k) {
			w.say("finding.part", "n", strconv.Itoa(i+1), "clause", f.Clause, "item", f.Item, "standards", k.Standards, "effect", f.Effect, "change", f.Change)
			if f.Basis != "" {
				w.say("finding.basis", "said", f.Basis)
			}
		}
	}
	if e := w.c.Exception; k.Result == MeetsByExc && e != nil {
		w.say("exception.ground", "exception", e.Ground, "standards", k.Standards)
		w.say("exception.effect", "said", e.Effect)
		w.say("exception.alternatives", "said", e.Alternatives)
		if e.Until != "" {
			w.say("exception.until", "until", string(e.Until), "said", e.PeriodWhy)
		} else {
			w.say("exception.condition", "condition", e.Condition, "said", e.PeriodWhy)
		}
		if strings.TrimSpace(e.Other) != "" {
			w.say("exception.other", "said", e.Other)
		}
	}
	for _, d := range k.Dropped {
		if i := slices.IndexFunc(w.c.Changes, func(ch Change) bool { return ch.ID == d.Change }); i >= 0 {
			w.say("finding.dropped", "clause", w.c.Changes[i].Finding.Clause, "change", w.c.Changes[i].Finding.Change, "said", d.Reason)
		}
	}
}

// required are the parts that a failing conclusion finds not to meet the standards: those it names, and those put to the unit
// before that are still not answered.
func required(c *Case, k Conclusion) []Finding {
	var out []Finding
	for _, ch := range c.Changes {
		if !ch.Closed && (!ch.made() || ch.TextHash == k.TextHash) && !slices.Contains(out, ch.Finding) {
			out = append(out, ch.Finding)
		}
	}
	for _, f := range k.Findings {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// besides are advice and risk warnings, apart from the finding and from each other: they block nothing.
func (w *letterWriter) besides(k Conclusion) {
	list := func(heading, key string, entries []string) {
		for i, said := range entries {
			if i == 0 {
				w.say(heading)
				w.say("besides.mean")
			}
			w.say(key, "n", strconv.Itoa(i+1), "said", said)
		}
	}
	list("h.advice", "besides.entry", k.Advice)
	list("h.risks", "besides.entry", k.Risks)
}

// exceptionDue tells the unit that an exception ends soon, once notice was given, or that it has ended and is to be stopped.
func (w *letterWriter) exceptionDue() bool {
	c := w.c
	if c.Route == Department {
		w.l.From, w.l.To = c.Unit, c.Measure.Issuer
	}
	w.l.Basis, w.l.Officer = "条例 12; 办法 25", ""
	s, end := c.Sunset, ""
	if c.Exception != nil {
		end = string(c.Exception.Until)
	}
	switch {
	case c.Status == ExceptionDue:
		w.l.Date = DateOf(c.Since)
		if end != "" && Date(end) < w.l.Date {
			w.measure("exception.over", "until", end)
		} else {
			w.measure("exception.met", "date", string(w.l.Date))
		}
		w.say("exception.stop")
	case (c.Status == IssuedException || c.Status == KeptException) && s != nil && s.Noticed > 0 && s.Until != "":
		w.l.Date, w.l.Due = s.Until.AddDays(-s.Noticed), s.Until
		w.measure("exception.soon", "until", string(s.Until), "days", strconv.Itoa(s.Noticed))
		w.say("exception.choose")
	default:
		return false
	}
	if c.Conclusion != nil {
		w.say("exception.concluded", "docno", c.Conclusion.DocNo, "date", string(c.Conclusion.SignedOn))
	}
	return true
}
