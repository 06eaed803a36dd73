package document

import (
	"archive/zip"
	"bytes"
	"strings"
)

// What a file is by its content.
const (
	Docx      = "docx"
	Xlsx      = "xlsx"
	Text      = "txt"
	PDF       = "pdf"
	PNG       = "png"
	JPEG      = "jpeg"
	OLE       = "ole"       // .doc, .wps, .xls: the old formats
	Encrypted = "encrypted" // an office file behind a password
	RTF       = "rtf"
	OFD       = "ofd"
	Zip       = "zip"
	Image     = "image"    // of another kind
	Macros    = "macros"   // an office file with a program in it
	Damaged   = "damaged"  // it begins like one of these and cannot be read
	Embedded  = "embedded" // the text is in a file within the file
	Unknown   = "unknown"
)

// MediaTypes are the kinds of file that may be attached to a case, and what they are sent as.
var MediaTypes = map[string]string{
	Docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	Xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	PDF:  "application/pdf", PNG: "image/png", JPEG: "image/jpeg", Text: "text/plain",
}

// Sniff says what a file is, by its content alone.
func Sniff(file []byte) string {
	begins := func(s string) bool { return bytes.HasPrefix(file, []byte(s)) }
	switch {
	case begins("%PDF-"):
		return PDF
	case begins("\x89PNG\r\n\x1a\n"):
		return PNG
	case begins("\xff\xd8\xff"):
		return JPEG
	case begins("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		if bytes.Contains(file, utf16le("EncryptedPackage")) {
			return Encrypted
		}
		return OLE
	case begins("{\\rtf"):
		return RTF
	case begins("GIF8"), begins("BM") && len(file) > 6 && file[6] == 0, begins("II*\x00"), begins("MM\x00*"), begins("RIFF") && len(file) > 12 && string(file[8:12]) == "WEBP":
		return Image
	case begins("PK\x03\x04"), begins("PK\x05\x06"):
		return sniffZip(file)
	}
	// Other control characters than NUL are still a text's: they are refused with a sentence of their own.
	if text, _, ok := decode(file); ok && !strings.ContainsRune(text, 0) {
		return Text
	}
	return Unknown
}

func utf16le(s string) []byte {
	out := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		out = append(out, s[i], 0)
	}
	return out
}

func sniffZip(file []byte) string {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil || len(z.File) > maxParts {
		return Damaged
	}
	office := false
	for _, f := range z.File {
		switch name := strings.ToLower(f.Name); {
		case name == "ofd.xml":
			return OFD
		case strings.HasSuffix(name, "/vbaproject.bin"):
			return Macros
		case name == "[content_types].xml":
			office = true
		}
	}
	if !office {
		return Zip
	}
	types, err := part(z, "[Content_Types].xml")
	if err != nil {
		return Damaged
	}
	main, err := mainPart(z)
	if err != nil {
		return Damaged
	}
	kind, err := contentType(types, main)
	switch {
	case err != nil:
		return Damaged
	case strings.Contains(kind, "macroEnabled"):
		return Macros
	case strings.Contains(kind, "wordprocessingml.document.main"):
		return Docx
	case strings.Contains(kind, "spreadsheetml.sheet.main"):
		return Xlsx
	}
	return Zip
}
