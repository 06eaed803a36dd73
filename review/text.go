package review

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// TextLimit bounds a stored text, in bytes: about 300,000 Chinese characters.
const TextLimit = 1 << 20

// Clauses returns the labels of a text's clauses in order, as Split makes them and without the preamble: 第一条, or 一 and
// （一） under it. A text without numbering is one clause, 全文.
func Clauses(text string) []string {
	return TextOf("", Split(text), nil).Clauses
}

// CleanText refuses a text that is empty, too large, not UTF-8 or that holds control characters other than line
// breaks and tabs; it never changes it.
func CleanText(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return Refuse(Missing, "field", "text")
	case len(text) > TextLimit:
		return Refuse(TooLarge, "field", "text", "limit", "1 MiB")
	case !CleanString(text):
		return Refuse(BadCharacters, "field", "text")
	}
	return nil
}

// CleanString reports whether s is UTF-8 without control characters other than line breaks and tabs.
func CleanString(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' || r == '\ufffe' || r == '\uffff'
	})
}
