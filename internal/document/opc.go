package document

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/fairreview/fairreview/review"
)

// Bounds of a packed file. A policy document of a hundred pages is 1 MiB of XML; a picture is not unpacked at all.
const (
	maxParts = 3000
	maxPart  = 16 << 20 // bytes of one part, unpacked
	maxDepth = 200      // of elements within each other
)

var errDamaged = review.Refuse(review.UnsupportedFile, "kind", Damaged)

// part unpacks one part of the file, by its name without a leading slash; nil when there is none. The bound counts what
// comes out, not what the directory promises.
func part(z *zip.Reader, name string) ([]byte, error) {
	for _, f := range z.File {
		if !strings.EqualFold(strings.TrimPrefix(f.Name, "/"), name) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, errDamaged
		}
		b, err := io.ReadAll(io.LimitReader(r, maxPart+1))
		_ = r.Close()
		switch {
		case len(b) > maxPart:
			return nil, review.Refuse(review.TooLarge, "field", "file", "limit", "16 MiB")
		case err != nil: // a sum that does not fit included
			return nil, errDamaged
		}
		return b, nil
	}
	return nil, nil
}

// elements calls enter and leave for every element, and words for what stands between them. XML that is not well formed,
// nests too deep, or brings a document type (and with it entities of its own) is damaged.
func elements(b []byte, enter func(xml.StartElement) error, leave func(xml.EndElement) error, words func([]byte)) error {
	d := xml.NewDecoder(bytes.NewReader(b))
	depth := 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errDamaged
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return errDamaged
			}
			if err := enter(t); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
			if leave != nil {
				if err := leave(t); err != nil {
					return err
				}
			}
		case xml.CharData:
			if words != nil {
				words(t)
			}
		case xml.Directive:
			return errDamaged
		}
	}
}

// attr is the value of an attribute by its local name; "" when it is not there.
func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// relations reads a .rels part: target by type, the type by its last word; targets outside the file are left out.
func relations(z *zip.Reader, name, base string) (map[string]string, error) {
	b, err := part(z, name)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	err = elements(b, func(e xml.StartElement) error {
		if kind := path.Base(attr(e, "Type")); e.Name.Local == "Relationship" && attr(e, "TargetMode") != "External" {
			target := attr(e, "Target")
			if !strings.HasPrefix(target, "/") {
				target = path.Join("/", base, target)
			}
			out[kind] = strings.TrimPrefix(path.Clean(target), "/")
		}
		return nil
	}, nil, nil)
	return out, err
}

// mainPart is the name of the part that an office file is about.
func mainPart(z *zip.Reader) (string, error) {
	rels, err := relations(z, "_rels/.rels", "")
	if err != nil {
		return "", err
	}
	if main := rels["officeDocument"]; main != "" {
		return main, nil
	}
	return "", errDamaged
}

// contentType is what [Content_Types].xml says a part is.
func contentType(types []byte, name string) (string, error) {
	byName, byEnd := "", ""
	err := elements(types, func(e xml.StartElement) error {
		switch {
		case e.Name.Local == "Override" && strings.EqualFold(strings.TrimPrefix(attr(e, "PartName"), "/"), name):
			byName = attr(e, "ContentType")
		case e.Name.Local == "Default" && strings.EqualFold(attr(e, "Extension"), strings.TrimPrefix(path.Ext(name), ".")):
			byEnd = attr(e, "ContentType")
		}
		return nil
	}, nil, nil)
	if byName == "" {
		byName = byEnd
	}
	return byName, err
}
