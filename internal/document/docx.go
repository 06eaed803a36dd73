package document

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"github.com/fairreview/fairreview/review"
)

// readDocx returns the text of a .docx as a reader sees it: a paragraph a line, cells joined by a tab and rows by a line
// break, text boxes after the paragraph they hang on, notes at the end, and the numbers that the file only describes
// (第一条 and the like are counted by the program that shows it). Headers, footers and comments are not the document.
func readDocx(file []byte) (Document, error) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return Document{}, errDamaged
	}
	main, err := mainPart(z)
	if err != nil {
		return Document{}, err
	}
	body, err := part(z, main)
	if err != nil || body == nil {
		return Document{}, orDamaged(err)
	}
	dir := main[:strings.LastIndexByte(main, '/')+1]
	rels, err := relations(z, dir+"_rels/"+main[len(dir):]+".rels", dir)
	if err != nil {
		return Document{}, err
	}
	w := &walker{sinks: []*sink{{}}}
	if w.numbers, err = readNumbering(z, rels["numbering"], rels["styles"]); err != nil {
		return Document{}, err
	}
	if err := elements(body, w.enter, w.leave, w.words); err != nil {
		return Document{}, err
	}
	if !w.document {
		return Document{}, errDamaged
	}
	if err := w.readNotes(z, rels); err != nil {
		return Document{}, err
	}
	return Document{Text: strings.Join(w.sinks[0].lines, "\n"), Format: Docx, Encoding: "utf-8", Pictures: w.pictures}, nil
}

func orDamaged(err error) error {
	if err != nil {
		return err
	}
	return errDamaged
}

// sink collects the lines of the body, of a table's cell, or of a text box.
type sink struct{ lines []string }

// table collects its rows, and the cells of the row that is open.
type table struct{ rows, cells []string }

// paragraph is one that is open: its words, and the lines of text boxes in it.
type paragraph struct {
	words        strings.Builder
	boxes        []string
	style        string
	numID, level string // of its own, "" when it says none
	counted      bool   // its number was taken
}

// walker goes through the main part once. What is open at the moment is on its stacks.
type walker struct {
	numbers  *numbering
	sinks    []*sink
	tables   []*table
	open     []*paragraph
	names    []string // of the open elements, of WordprocessingML and mathematics; "" for others
	skip     int      // depth at which an element was met that is not to be read; 0: none
	document bool
	props    bool // inside a paragraph's properties
	text     bool // inside characters
	size     int
	pictures int
	notes    []note
	noteID   string       // of the note that is read
	numberOf map[note]int // of the notes that the text refers to, while notes are read
}

type note struct{ kind, id string }

// skipped hold no text, or text that stands elsewhere or no longer.
var skipped = map[string]bool{
	"instrText": true, "fldData": true, "pPrChange": true, "rPrChange": true, "sectPrChange": true, "tblPrChange": true, "trPrChange": true,
	"tcPrChange": true, "tblGridChange": true, "tblPrExChange": true, "numberingChange": true, "rt": true, "sectPr": true, "sdtPr": true,
}

// tracked are changes that nobody has accepted or refused: which text holds is not for us to say.
var tracked = map[string]bool{
	"ins": true, "del": true, "moveFrom": true, "moveTo": true, "delText": true, "delInstrText": true, "cellIns": true, "cellDel": true, "cellMerge": true,
}

// name is an element's local name when it is Word's or mathematics, in either edition of the standard.
func name(n xml.Name) string {
	switch n.Space {
	case "http://schemas.openxmlformats.org/wordprocessingml/2006/main", "http://purl.oclc.org/ooxml/wordprocessingml/main":
		return n.Local
	case "http://schemas.openxmlformats.org/officeDocument/2006/math", "http://purl.oclc.org/ooxml/officeDocument/math":
		return "m:" + n.Local
	}
	return ""
}

func (w *walker) enter(e xml.StartElement) error {
	n := name(e.Name)
	w.names = append(w.names, n)
	switch {
	case w.skip > 0:
		return nil
	case tracked[n]:
		return review.Refuse(review.TrackedChanges)
	case skipped[n], n == "" && e.Name.Local == "Fallback": // the same again for older programs
		w.skip = len(w.names)
		return nil
	case n == "" && (e.Name.Local == "blip" || e.Name.Local == "imagedata"):
		w.pictures++
		return nil
	}
	switch n {
	case "document":
		w.document = true
	case "altChunk":
		return review.Refuse(review.UnsupportedFile, "kind", Embedded)
	case "p":
		w.open = append(w.open, &paragraph{})
	case "tbl":
		w.tables = append(w.tables, &table{})
	case "tc", "txbxContent":
		w.sinks = append(w.sinks, &sink{})
	case "footnote", "endnote":
		w.sinks, w.noteID = append(w.sinks, &sink{}), attr(e, "id")
	}
	if len(w.open) == 0 {
		return nil
	}
	p := w.open[len(w.open)-1]
	if w.props {
		switch n {
		case "pStyle":
			p.style = attr(e, "val")
		case "numId":
			p.numID = attr(e, "val")
		case "ilvl":
			p.level = attr(e, "val")
		}
		return nil
	}
	switch n {
	case "pPr":
		w.props = true
	case "t", "m:t":
		w.text = true
	case "tab", "ptab":
		p.words.WriteByte('\t')
	case "br", "cr":
		p.words.WriteByte('\n')
	case "noBreakHyphen":
		p.words.WriteByte('-')
	case "sym": // of a symbol font: its own number says nothing
		if r, err := strconv.ParseUint(attr(e, "char"), 16, 16); err == nil && r >= 0x20 && (r < 0xd800 || r > 0xf8ff) {
			p.words.WriteRune(rune(r))
		} else {
			p.words.WriteRune('□')
		}
	case "footnoteReference", "endnoteReference":
		w.notes = append(w.notes, note{strings.TrimSuffix(n, "Reference"), attr(e, "id")})
		p.words.WriteString(noteMark(len(w.notes)))
	}
	return nil
}

func noteMark(n int) string { return "［注" + strconv.Itoa(n) + "］" }

func (w *walker) words(b []byte) {
	if w.text && w.skip == 0 && len(w.open) > 0 && w.size <= review.TextLimit {
		w.size += len(b)
		w.open[len(w.open)-1].words.Write(b)
	}
}

func (w *walker) leave(xml.EndElement) error {
	n, depth := w.names[len(w.names)-1], len(w.names)
	w.names = w.names[:depth-1]
	if w.skip > 0 {
		if w.skip == depth {
			w.skip = 0
		}
		return nil
	}
	switch n {
	case "t", "m:t":
		w.text = false
	case "pPr":
		if w.props = false; len(w.open) > 0 {
			return w.count(w.open[len(w.open)-1])
		}
	case "p":
		return w.closeParagraph()
	case "tc":
		s := w.pop()
		if len(w.tables) == 0 {
			return errDamaged
		}
		t := w.tables[len(w.tables)-1]
		t.cells = append(t.cells, strings.Join(strings.FieldsFunc(strings.Join(s.lines, "\n"), func(r rune) bool { return r == '\n' || r == '\t' }), " "))
	case "tr":
		if len(w.tables) == 0 {
			return errDamaged
		}
		t := w.tables[len(w.tables)-1]
		t.rows, t.cells = append(t.rows, strings.Join(t.cells, "\t")), nil
	case "tbl":
		t := w.tables[len(w.tables)-1]
		w.tables = w.tables[:len(w.tables)-1]
		return w.put(t.rows...)
	case "txbxContent":
		s := w.pop()
		if len(w.open) == 0 {
			return w.put(s.lines...)
		}
		p := w.open[len(w.open)-1]
		p.boxes = append(p.boxes, s.lines...)
	case "footnote", "endnote":
		s := w.pop()
		if k := w.numberOf[note{n, w.noteID}]; k > 0 {
			return w.put(noteMark(k) + strings.TrimSpace(strings.Join(s.lines, " ")))
		}
	}
	return nil
}

// count takes the number of a paragraph, once, when its properties are known.
func (w *walker) count(p *paragraph) error {
	if p.counted {
		return nil
	}
	p.counted = true
	number := w.numbers.next(p)
	w.size += len(number)
	p.words.WriteString(number)
	return nil
}

func (w *walker) closeParagraph() error {
	p := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	w.props, w.text = false, false
	line := p.words.String()
	if !p.counted { // without properties it may have a number by its style
		line = w.numbers.next(p) + line
	}
	return w.put(append([]string{line}, p.boxes...)...)
}

func (w *walker) pop() *sink {
	s := w.sinks[len(w.sinks)-1]
	w.sinks = w.sinks[:len(w.sinks)-1]
	return s
}

// put adds lines to what is open, while they fit.
func (w *walker) put(lines ...string) error {
	s := w.sinks[len(w.sinks)-1]
	s.lines = append(s.lines, lines...)
	if w.size += len(lines); w.size > review.TextLimit {
		return review.Refuse(review.TooLarge, "field", "text", "limit", "1 MiB")
	}
	return nil
}

// readNotes adds the foot- and endnotes that the text refers to after it, each behind its mark.
func (w *walker) readNotes(z *zip.Reader, rels map[string]string) error {
	numberOf := map[note]int{}
	for i, n := range w.notes {
		numberOf[n] = i + 1
	}
	for _, kind := range []string{"footnote", "endnote"} {
		if !slices.ContainsFunc(w.notes, func(n note) bool { return n.kind == kind }) {
			continue
		}
		b, err := part(z, rels[kind+"s"])
		if err != nil || b == nil {
			return orDamaged(err)
		}
		notes := &walker{numbers: w.numbers, sinks: []*sink{{}}, size: w.size, numberOf: numberOf}
		if err := elements(b, notes.enter, notes.leave, notes.words); err != nil {
			return err
		}
		w.size, w.pictures = notes.size, w.pictures+notes.pictures
		w.sinks[0].lines = append(w.sinks[0].lines, notes.sinks[0].lines...)
	}
	return nil
}
