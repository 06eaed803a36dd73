package server

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fairreview/fairreview/postgres"
	"github.com/fairreview/fairreview/review"
)

// letterTitles head the letters.
var letterTitles = map[review.LetterKind]words{
	review.ReceiptLetter: {"提请公平竞争审查材料回执", "Receipt of a submission"}, review.CorrectionLetter: {"补正通知书", "Notice of correction"},
	review.SuspensionLetter: {"中止审查通知书", "Notice of suspension"}, review.ReturnLetter: {"退回通知书", "Notice of return"},
	review.OpinionLetter: {"公平竞争审查意见", "Fair competition review opinion"}, review.ConclusionLetter: {"公平竞争审查结论", "Fair competition review conclusion"},
	review.ExceptionDueLetter: {"例外到期停止实施提示", "Notice that an exception ends"},
}

// letterParts are the sentences of the letters; {name} is a parameter. A line of its own is a paragraph of its own.
var letterParts = map[string]words{
	"receipt.received": {"你单位于{time}提请公平竞争审查的《{measure}》（提请函：{letter}；文稿校验码：{hash}），本机关已经收到。收到的材料如下：",
		"On {time} we received “{measure}”, submitted for fair competition review (letter: {letter}; text: {hash}), with these documents:"},
	"receipt.document": {"{slot}，SHA-256：{sum}", "{slot}, SHA-256: {sum}"},
	"receipt.meaning": {"本回执只证明收到上列材料，不表示材料已经齐备，也不表示对政策措施的意见。需要补正的，另行通知。",
		"This receipt shows that the documents arrived. It does not say that they are complete and holds no view of the measure. A correction would be asked for separately."},

	"correction.found": {"你单位提请审查的《{measure}》（文稿校验码：{hash}），经核对，材料不齐备。依照{basis}，请补正下列材料：",
		"The packet on “{measure}” (text: {hash}) is not complete. Under the {basis}, please correct these documents:"},
	"correction.document": {"{slot}", "{slot}"},
	"correction.reason":   {"具体要求：{reason}", "What is asked: {reason}"},
	"correction.until": {"补正期限为{days}个工作日，自本通知之日的次日起算，至{due}24时届满。",
		"You have {days} working days, not counting the day of this notice: until the end of {due} (UTC+8)."},
	"correction.else": {"期满未补正的，提请审查的材料予以退回。补正只限于上列材料；需要改动其他内容的，请申请撤回提请。",
		"If the correction does not come in time, the packet is returned. Correct only what is listed; to change anything else, ask to take the submission back."},

	"suspension.found": {"你单位提请审查的《{measure}》（文稿校验码：{hash}），经核对，起草过程中没有就公平竞争影响听取意见。依照{basis}，决定中止审查。",
		"While “{measure}” (text: {hash}) was drafted, nobody was heard on its effect on fair competition. Under the {basis}, the review is suspended."},
	"suspension.reason": {"具体情况：{reason}", "In detail: {reason}"},
	"suspension.do": {"请听取有竞争关系的经营者、上下游经营者、行业协会商会和可能受影响的其他经营者的意见；涉及社会公众利益的，一并听取社会公众意见。听取后补充记录，即恢复审查；因此改动文稿的，请重新审查后再提请。",
		"Hear competing operators, operators up and down the chain, trade associations and chambers of commerce, and others who may be affected; where the public's interests are touched, the public too. Once the record is handed in the review goes on. If the text changes because of what was said, review it again before submitting."},
	"suspension.open": {"本次中止不设期限。", "No period is set for this."},
	"suspension.until": {"补充听取意见的期限为{days}个工作日，至{due}24时届满。期满未补充的，提请审查的材料予以退回。",
		"You have {days} working days, until the end of {due} (UTC+8). If the record does not come in time, the packet is returned."},

	"return.uncorrected": {"本机关于{date}通知你单位补正《{measure}》（文稿校验码：{hash}）的材料，要求为：{reason}\n期限已经届满，下列材料没有补正。依照{basis}，现将提请审查的材料退回。",
		"On {date} you were asked to correct the packet on “{measure}” (text: {hash}): {reason}\nThe period is over and the documents below were not corrected. Under the {basis}, the packet is returned."},
	"return.unheard": {"本机关于{date}中止审查《{measure}》（文稿校验码：{hash}），要求为：{reason}\n期限已经届满，没有补充听取意见的记录。依照{basis}，现将提请审查的材料退回。",
		"On {date} the review of “{measure}” (text: {hash}) was suspended: {reason}\nThe period is over and no opinions were heard. Under the {basis}, the packet is returned."},
	"return.means": {"退回不是审查结论。未经公平竞争审查的政策措施不得出台。", "A return is no conclusion. A measure that has not been reviewed must not be issued."},
	"return.again": {"材料补齐后可以重新提请审查；需要修改文稿的，修改后重新初审。", "Once complete, the packet may be submitted again; if the text must change, do the preliminary review again first."},

	"opinion.of": {"你单位以{letter}提请审查的《{measure}》（文稿校验码：{hash}）收悉。依照{basis}，经会同审查，提出如下意见。",
		"We have your {letter} on “{measure}” (text: {hash}). Under the {basis}, and having reviewed it together with you, our opinion is as follows."},
	"conclusion.of": {"依照{basis}，对《{measure}》（文稿校验码：{hash}）进行了公平竞争审查，结论如下。",
		"Under the {basis}, “{measure}” (text: {hash}) was reviewed for fair competition, with this conclusion."},
	"h.review": {"审查对象和审查情况", "What was reviewed"},
	"review.text": {"审查针对《{measure}》第{version}稿，文稿校验码（SHA-256前16位）为{hash}；对其他文稿不适用。",
		"The review is of version {version} of “{measure}”, whose SHA-256 begins with {hash}, and of no other text."},
	"review.together": {"审查由{regulator}会同{unit}进行，逐项对照{standards}起施行的审查标准。", "It was reviewed by {regulator} together with {unit}, item by item, against the standards in force since {standards}."},
	"review.alone":    {"审查由{unit}进行，逐项对照{standards}起施行的审查标准。", "It was reviewed by {unit}, item by item, against the standards in force since {standards}."},
	"h.heard":         {"听取意见情况", "How opinions were heard"},
	"heard.none":      {"没有听取意见，属于“{ground}”的情形。\n{said}", "Nobody was heard, on the ground: {ground}.\n{said}"},
	"h.prelim":        {"起草单位初审情况", "The drafting unit's preliminary review"},
	"plain":           {"{said}", "{said}"},
	"h.advisers":      {"会审意见、专家意见采用情况", "How positions and the panel's opinion were used"},
	"advisers.joint":  {"会审意见：{said}", "Joint review: {said}"},
	"advisers.panel":  {"专家论证意见：{said}", "Expert panel: {said}"},

	"h.finding":     {"审查结论", "Finding"},
	"finding.meets": {"《{measure}》符合公平竞争审查标准。", "“{measure}” meets the review standards."},
	"finding.exception": {"《{measure}》具有或者可能具有排除、限制竞争效果，符合例外规定的条件，适用例外规定。",
		"“{measure}” restricts competition, or may, and meets the conditions of the exception, which applies."},
	"finding.fails": {"《{measure}》不符合公平竞争审查标准。不符合的内容和修改要求如下：", "“{measure}” does not meet the review standards, in the parts and with the required changes below."},
	"finding.part": {"（{n}）{clause}\n审查标准：{item}\n影响：{effect}\n修改要求：{change}",
		"({n}) {clause}\nStandard: {item}\nEffect: {effect}\nRequired change: {change}"},
	"finding.basis":          {"查找依据：{said}", "Legal basis looked for: {said}"},
	"finding.dropped":        {"此前就“{clause}”提出的修改要求（{change}）不再要求。理由：{said}", "The change required earlier of “{clause}” ({change}) is no longer required. Reason: {said}"},
	"exception.effect":       {"排除、限制竞争的效果：{said}", "Restrictive effect: {said}"},
	"exception.ground":       {"适用的情形：{exception}", "Ground: {exception}"},
	"exception.alternatives": {"没有对公平竞争影响更小的替代方案：{said}", "No less harmful alternative: {said}"},
	"exception.until":        {"实施期限：至{until}。期限合理的理由：{said}", "Period: until {until}. Why it is reasonable: {said}"},
	"exception.condition":    {"终止条件：{condition}\n条件合理的理由：{said}", "End condition: {condition}\nWhy it is reasonable: {said}"},
	"exception.other":        {"其他说明：{said}", "Other: {said}"},
	"h.advice":               {"工作建议", "Work suggestions"},
	"h.risks":                {"风险提示", "Risk warnings"},
	"besides.mean":           {"以下内容供参考，不影响上述结论，无须答复。", "These are for information: they change nothing in the finding and need no answer."},
	"besides.entry":          {"（{n}）{said}", "({n}) {said}"},
	"h.after":                {"后续办理", "What follows"},
	"after.fails":            {"修改调整并取得新的审查结论之前，不得出台。", "Until it has been revised and a new conclusion has been signed, it must not be issued."},
	"after.report":           {"请逐条答复修改要求，并将修改情况和修改稿报送本机关。", "Answer each required change, and report the changes with the revised text."},
	"after.meets":            {"出台前内容发生重大变化的，应当重新审查。出台后，请登记发文字号、日期和印发的文本。", "If it changes materially before issue it is reviewed again. Once issued, register its number, date and text."},
	"after.kept":             {"该政策措施需要修改的，作为新的政策措施审查。", "An amendment is reviewed as a new measure."},

	"exception.over": {"《{measure}》（文稿校验码：{hash}）适用例外规定的实施期限已于{until}届满。", "The period of the exception under which “{measure}” (text: {hash}) is in force ended on {until}."},
	"exception.met":  {"《{measure}》（文稿校验码：{hash}）适用例外规定的终止条件已于{date}登记成就。", "The end condition of the exception under which “{measure}” (text: {hash}) is in force was registered as met on {date}."},
	"exception.stop": {"依照{basis}，应当及时停止实施。请印发停止实施的文件或者公告，并登记其文号和日期。", "Under the {basis} it must stop in time. Issue the document or notice that stops it, and register its number and date."},
	"exception.soon": {"《{measure}》（文稿校验码：{hash}）适用例外规定，实施期限至{until}届满，自本提示之日起还有{days}日。",
		"The exception under which “{measure}” (text: {hash}) is in force ends on {until}, {days} days from this notice."},
	"exception.choose": {"依照{basis}，期限届满应当停止实施。确需继续的，应当在届满前另行审查并取得新的审查结论。",
		"Under the {basis} it must stop when the period ends. To go on, have it reviewed anew and concluded before then."},
	"exception.concluded": {"原审查结论：{docno}（{date}）。", "The conclusion it rests on: {docno} ({date})."},
}

// LetterRef is one letter that a case has, and where to read it.
type LetterRef struct {
	Kind     review.LetterKind `json:"kind"`
	Title    string            `json:"title"`
	Date     review.Date       `json:"date,omitempty"`
	Page     string            `json:"page,omitempty" doc:"To print"`
	Link     string            `json:"link,omitempty" doc:"As data"`
	Withheld string            `json:"withheld,omitempty" doc:"Why it cannot be printed yet"`
}

// LetterList is the letters of a case.
type LetterList struct {
	Letters []LetterRef `json:"letters" nullable:"false"`
}

// LetterAnswer is a letter in the reader's language. The Chinese one is the letter; the English one is a reading copy.
type LetterAnswer struct {
	Case        string            `json:"case"`
	Kind        review.LetterKind `json:"kind"`
	Title       string            `json:"title"`
	Number      string            `json:"number" doc:"Of the case, the same everywhere"`
	DocNo       string            `json:"docNo,omitempty" doc:"发文字号"`
	To          string            `json:"to"`
	From        string            `json:"from"`
	Date        review.Date       `json:"date"`
	Due         review.Date       `json:"due,omitempty" doc:"Last day of the period that it sets"`
	Basis       string            `json:"basis"`
	Signatory   string            `json:"signatory,omitempty"`
	Officer     string            `json:"officer,omitempty"`
	Paragraphs  []Paragraph       `json:"paragraphs" nullable:"false"`
	ReadingCopy bool              `json:"readingCopy,omitempty" doc:"Not the letter, but its English reading copy"`
	MadeUp      bool              `json:"madeUp,omitempty"`
}

// Paragraph is a heading or a paragraph of a letter.
type Paragraph struct {
	Heading bool   `json:"heading,omitempty"`
	Entry   bool   `json:"entry,omitempty" doc:"An entry of a list"`
	Text    string `json:"text"`
}

type letterInput struct {
	CaseID
	Kind    string `path:"kind" maxLength:"20" doc:"As listed"`
	Version int    `query:"version" minimum:"1" maximum:"1000000" doc:"Of the case after the event that made the letter, as listed; the present one when left out"`
}

func (s *Server) letters(ctx context.Context, in *CaseID) (*reply[LetterList], error) {
	c, err := s.readCase(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	q := requestOf(ctx)
	events, err := s.db.Events(ctx, in.ID, q.viewer())
	if err != nil {
		return nil, err
	}
	return answer(LetterList{append(letterRefs(q.lang, c, q.viewer()), pastLetters(q.lang, c, events, q.viewer())...)}, nil)
}

// pastLetters lists the letters that earlier events made and that the case as it stands no longer shows, the latest first.
func pastLetters(l lang, c review.Case, events []postgres.EventRow, v review.Viewer) []LetterRef {
	var out []LetterRef
	if !(review.Letter{}).MayRead(c, v) {
		return out
	}
	var present []review.LetterKind // shown already, or withheld for the calendar
	for _, kind := range review.LetterKinds() {
		if _, err := review.Write(c, kind); err == nil || review.CodeOf(err) == review.ProvisionalDue {
			present = append(present, kind)
		}
	}
	for _, e := range slices.Backward(events) {
		kind := review.LetterOf(e.Event)
		if kind == "" {
			continue
		}
		if i := slices.Index(present, kind); i >= 0 { // it is the one that is shown already
			present = slices.Delete(present, i, i+1)
			continue
		}
		at := "/cases/" + c.ID + "/letters/" + string(kind) + "?version=" + strconv.Itoa(firm(events, e.Version))
		out = append(out, LetterRef{Kind: kind, Title: letterTitles[kind].in(l), Date: review.DateOf(e.At), Page: at, Link: apiPrefix + at})
	}
	return out
}

// firm is the version at which a letter's period had its end: the event's own, or that of a later calculation anew while the
// case stood where it did.
func firm(events []postgres.EventRow, version int) int {
	at := version
	for _, e := range events {
		switch {
		case e.Version <= version:
		case e.From != e.To:
			return at
		case e.Action.Kind == review.Reclock:
			at = e.Version
		}
	}
	return at
}

func (s *Server) letter(ctx context.Context, in *letterInput) (*reply[LetterAnswer], error) {
	return answer(s.readLetter(ctx, in.ID, in.Kind, in.Version))
}

// readLetter writes a letter to whom it concerns; to everybody else there is none. With a version it is written from the case
// as it stood then, so that a letter is the same whenever it is printed.
func (s *Server) readLetter(ctx context.Context, id, kind string, version int) (LetterAnswer, error) {
	q := requestOf(ctx)
	c, err := s.readCase(ctx, id)
	if err == nil && version > 0 {
		c, err = s.db.CaseAt(ctx, id, version, q.viewer())
	}
	if err != nil {
		return LetterAnswer{}, err
	}
	l, err := review.Write(c, review.LetterKind(kind))
	if code := review.CodeOf(err); code == review.ProvisionalDue && !(review.Letter{}).MayRead(c, q.viewer()) || err == nil && !l.MayRead(c, q.viewer()) {
		return LetterAnswer{}, review.Refuse(review.NotFound)
	}
	if err != nil {
		return LetterAnswer{}, err
	}
	names, err := s.letterNames(ctx, q.lang, l, c)
	if err != nil {
		return LetterAnswer{}, err
	}
	return letterAnswer(q.lang, c, l, names), nil
}

// letterNames are the units and people of a letter by id: units in the reader's language.
func (s *Server) letterNames(ctx context.Context, l lang, letter review.Letter, c review.Case) (map[string]string, error) {
	units := []string{letter.To, letter.From, c.Unit, c.Regulator}
	names, err := s.db.Names(ctx, append([]string{letter.Officer, letter.Signatory}, units...))
	if err != nil || l != en {
		return names, err
	}
	for _, id := range units {
		u, err := s.db.Unit(ctx, id)
		if err != nil && review.CodeOf(err) != review.NotFound {
			return nil, err
		}
		names[id] = orElse(u.NameEN, names[id])
	}
	return names, nil
}

// letterRefs lists the letters of a case that concern the viewer, and those that wait for the calendar.
func letterRefs(l lang, c review.Case, v review.Viewer) []LetterRef {
	out := []LetterRef{}
	for _, kind := range review.LetterKinds() {
		letter, err := review.Write(c, kind)
		ref := LetterRef{Kind: kind, Title: letterTitles[kind].in(l), Date: letter.Date}
		switch {
		case !letter.MayRead(c, v): // a letter that is refused concerns unit and regulator
		case err == nil:
			ref.Page, ref.Link = "/cases/"+c.ID+"/letters/"+string(kind), apiPrefix+"/cases/"+c.ID+"/letters/"+string(kind)
			out = append(out, ref)
		case review.CodeOf(err) == review.ProvisionalDue:
			ref.Withheld = sentences[review.ProvisionalDue].in(l)
			out = append(out, ref)
		}
	}
	return out
}

func letterAnswer(l lang, c review.Case, letter review.Letter, names map[string]string) LetterAnswer {
	name := func(id string) string { return orElse(names[id], id) }
	out := LetterAnswer{Case: c.ID, Kind: letter.Kind, Title: letterTitles[letter.Kind].in(l), Number: letter.Number, DocNo: letter.DocNo,
		To: name(letter.To), From: name(letter.From), Date: letter.Date, Due: letter.Due, Basis: articles(l, letter.Basis),
		Signatory: name(letter.Signatory), Officer: name(letter.Officer), Paragraphs: []Paragraph{}, ReadingCopy: l == en, MadeUp: c.Measure.MadeUp}
	headings := 0
	for _, part := range letter.Parts {
		text := parameter.ReplaceAllStringFunc(letterParts[part.Key].in(l), func(m string) string {
			key := m[1 : len(m)-1]
			if key == "basis" {
				return out.Basis
			}
			return letterWord(l, c, names, key, part.Params)
		})
		if strings.HasPrefix(part.Key, "h.") {
			headings++
			out.Paragraphs = append(out.Paragraphs, Paragraph{Heading: true, Text: ordinal(l, headings) + text})
			continue
		}
		entry := slices.Contains([]string{"receipt.document", "correction.document", "finding.basis"}, part.Key)
		for line := range strings.SplitSeq(text, "\n") { // what people wrote keeps its paragraphs
			if line = strings.TrimSpace(line); line != "" {
				out.Paragraphs = append(out.Paragraphs, Paragraph{Entry: entry, Text: line})
				entry = entry || part.Key == "finding.part" // what is said of a clause stands under it
			}
		}
	}
	return out
}

// parameter is a place to fill in a sentence. What people wrote is put in after the places were found, so that braces of
// theirs stay what they are.
var parameter = regexp.MustCompile(`\{[a-z]+\}`)

func letterWord(l lang, c review.Case, names map[string]string, key string, params map[string]string) string {
	v := params[key]
	switch key {
	case "slot":
		return slotName(l, c.Rules, review.Slot(v))
	case "unit", "regulator":
		return orElse(names[v], v)
	case "date", "due", "until", "standards":
		return dayWords(l, review.Date(v))
	case "time":
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return clock(l, t)
		}
	case "ground":
		return wordOr(groundWords[v].in(l), v)
	case "item", "exception":
		std, ok := review.StandardsNamed(params["standards"])
		if !ok {
			std = review.StandardsOn(today())
		}
		it, ok := std.Item(v)
		if !ok {
			it, ok = std.Exception(v)
		}
		if ok {
			return cite(l, v) + words{"，", ": "}.in(l) + words{it.Zh, it.En}.in(l)
		}
	}
	return v
}

// slotName is a document of the packet in words, those of the local list too.
func slotName(l lang, r review.Rules, s review.Slot) string {
	for _, rule := range r.Slots {
		if rule.ID == s {
			return words{rule.Zh, rule.En}.in(l)
		}
	}
	return wordOr(slots[s].in(l), string(s))
}

// dayWords is a day as letters write it: 2026年3月6日, 6 March 2026.
func dayWords(l lang, d review.Date) string {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return string(d)
	}
	if l == en {
		return t.Format("2 January 2006")
	}
	return t.Format("2006年1月2日")
}

var digitsZh = []rune("〇一二三四五六七八九")

// inHan writes 1 to 99 as articles and headings are numbered.
func inHan(n int) string {
	switch {
	case n < 10:
		return string(digitsZh[n])
	case n < 20:
		return strings.TrimSuffix("十"+string(digitsZh[n%10]), "〇")
	}
	return strings.TrimSuffix(string(digitsZh[n/10])+"十"+string(digitsZh[n%10]), "〇")
}

func ordinal(l lang, n int) string {
	if l == en {
		return strconv.Itoa(n) + ". "
	}
	return inHan(n) + "、"
}

// articles writes “条例 14, 17; 办法 33” out in full, as a letter cites the law.
func articles(l lang, basis string) string {
	var out []string
	for law := range strings.SplitSeq(basis, "; ") {
		name, list, _ := strings.Cut(law, " ")
		numbers := strings.Split(list, ", ")
		if l == en {
			title := map[string]string{"条例": "Regulation on Fair Competition Review", "办法": "Measures for the Implementation of the Regulation on Fair Competition Review"}[name]
			out = append(out, title+", art. "+strings.Join(numbers, ", "))
			continue
		}
		for i, n := range numbers {
			if k, err := strconv.Atoi(n); err == nil && k > 0 && k < 100 {
				numbers[i] = "第" + inHan(k) + "条"
			}
		}
		title := map[string]string{"条例": "《公平竞争审查条例》", "办法": "《公平竞争审查条例实施办法》"}[name]
		out = append(out, title+strings.Join(numbers, "、"))
	}
	return strings.Join(out, words{"和", ", and the "}.in(l))
}

// cite names an item of the standards as a letter does: 《公平竞争审查条例》第九条第五项. Another id stays as it is.
func cite(l lang, id string) string {
	law, at, _ := strings.Cut(id, "-")
	title, ok := map[string]words{"REG": {"《公平竞争审查条例》", "Regulation"}, "IMP": {"《公平竞争审查条例实施办法》", "Measures"}, "DET": {"《公平竞争审查制度实施细则》", "Detailed Rules"}}[law]
	var numbers []int
	for s := range strings.SplitSeq(at, "-") {
		n, err := strconv.Atoi(s)
		if ok = ok && err == nil && n > 0 && n < 100; ok {
			numbers = append(numbers, n)
		}
	}
	if !ok {
		return id
	}
	out := title.in(l)
	for i, n := range numbers {
		switch {
		case l == en && i == 0:
			out += " art. " + strconv.Itoa(n)
		case l == en:
			out += "(" + strconv.Itoa(n) + ")"
		default:
			out += "第" + inHan(n) + []string{"条", "项", "目"}[min(i, 2)]
		}
	}
	return out
}

// letterView is a letter to print.
type letterView struct {
	frame
	LetterAnswer
}

// DateWords is the day of the letter in words.
func (v *letterView) DateWords() string { return dayWords(v.Lang, v.Date) }

func (s *Server) letterPage(c *fiber.Ctx) error {
	version, err := strconv.Atoi(c.Query("version", "0"))
	if err != nil || version < 0 || version > 1_000_000 {
		return review.Refuse(review.Invalid, "field", "version")
	}
	l, err := s.readLetter(c.UserContext(), c.Params("id"), c.Params("kind"), version)
	if err != nil {
		return err
	}
	return s.show(c, "letter", &letterView{LetterAnswer: l})
}

// packetMissing names what the packet still lacks, in words, while it is with the unit that would submit it (办法 31).
func packetMissing(l lang, c review.Case) []MissingSlot {
	out := []MissingSlot{}
	if c.Kind != review.New || c.Route != review.Government || c.Status != review.PrelimDone && c.Status != review.Returned {
		return out
	}
	var p review.Packet
	if c.Packet != nil {
		p = *c.Packet
	}
	for _, slot := range p.Missing(c) {
		out = append(out, MissingSlot{review.Slot(slot), slotName(l, c.Rules, review.Slot(slot))})
	}
	return out
}

// MissingSlot is a document that the packet lacks.
type MissingSlot struct {
	Slot review.Slot `json:"slot"`
	Name string      `json:"name"`
}
