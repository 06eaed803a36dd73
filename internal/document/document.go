// Package document reads the text out of files that people upload: .docx and plain text. It goes by what a file holds,
// never by its name, and reads only so much of it: what is packed to burst, nested without end, locked, torn or written in
// a way that is not read yet is refused with a sentence. What it returns is all the text there is, or an error.
package document

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/fairreview/fairreview/review"
)

// Limit bounds a file that text is read out of, in bytes.
const Limit = 4 << 20

// Document is what was read.
type Document struct {
	Text     string // lines end in \n
	Format   string // Docx or Text
	Encoding string // utf-8, utf-16le, utf-16be or gb18030; of a docx utf-8
	Pictures int    // of a docx: pictures, whose words are not in the text
}

// Read returns the text of a .docx or plain text file: UTF-8 with or without byte order mark, UTF-16 with one, or GB18030.
//
// Refusals: UnsupportedFile (kind: pdf, ole, encrypted, rtf, ofd, xlsx, zip, image, damaged, embedded, unknown),
// TrackedChanges, TooLarge, and those of review.CleanText for what is in it.
func Read(file []byte) (Document, error) {
	if len(file) > Limit {
		return Document{}, review.Refuse(review.TooLarge, "field", "file", "limit", "4 MiB")
	}
	var d Document
	var err error
	switch kind := Sniff(file); kind {
	case Docx:
		d, err = readDocx(file)
	case Text:
		d, err = readText(file)
	default:
		return Document{}, review.Refuse(review.UnsupportedFile, "kind", kind)
	}
	if err != nil {
		return Document{}, err
	}
	return d, review.CleanText(d.Text)
}

func readText(file []byte) (Document, error) {
	text, encoding, ok := decode(file)
	if !ok {
		return Document{}, review.Refuse(review.BadCharacters, "field", "file")
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return Document{Text: text, Format: Text, Encoding: encoding}, nil
}

// decode returns the text of a file and how it was written. The decoder of GB18030 puts U+FFFD for what is none and
// reports nothing, so that is looked for.
func decode(file []byte) (text, encoding string, ok bool) {
	switch {
	case bytes.HasPrefix(file, []byte{0xff, 0xfe}):
		return decodeUTF16(file[2:], binary.LittleEndian, "utf-16le")
	case bytes.HasPrefix(file, []byte{0xfe, 0xff}):
		return decodeUTF16(file[2:], binary.BigEndian, "utf-16be")
	}
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	if utf8.Valid(file) {
		return string(file), "utf-8", true
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(file)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return "", "", false
	}
	return string(out), "gb18030", true
}

func decodeUTF16(b []byte, order binary.ByteOrder, name string) (text, encoding string, ok bool) {
	if len(b)%2 != 0 {
		return "", "", false
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	text = string(utf16.Decode(units))
	return text, name, !strings.ContainsRune(text, utf8.RuneError)
}
