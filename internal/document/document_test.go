package document

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/fairreview/fairreview/review"
)

const (
	types = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`
	rels = `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`
	docRels = `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/numbering" Target="numbering.xml"/>` +
		`<Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes" Target="/word/footnotes.xml"/></Relationships>`
	ns = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" ` +
		`xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"`
)

// pack makes a zip of names and contents, in pairs.
func pack(files ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			panic(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// docx makes a document of a body, with more parts in pairs.
func docx(body string, more ...string) []byte {
	return pack(append([]string{"[Content_Types].xml", types, "_rels/.rels", rels, "word/_rels/document.xml.rels", docRels,
		"word/document.xml", `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document ` + ns + `><w:body>` + body + `<w:sectPr/></w:body></w:document>`}, more...)...)
}

func p(text string) string {
	return `<w:p><w:r><w:t xml:space="preserve">` + text + `</w:t></w:r></w:p>`
}

func numbered(num, level int, text string) string {
	return fmt.Sprintf(`<w:p><w:pPr><w:numPr><w:ilvl w:val="%d"/><w:numId w:val="%d"/></w:numPr></w:pPr><w:r><w:t>%s</w:t></w:r></w:p>`, level, num, text)
}

func lvl(i int, format, text string, more ...string) string {
	return fmt.Sprintf(`<w:lvl w:ilvl="%d"><w:start w:val="1"/><w:numFmt w:val="%s"/><w:lvlText w:val="%s"/>%s</w:lvl>`, i, format, text, strings.Join(more, ""))
}

var lists = `<w:numbering ` + ns + `>` +
	`<w:abstractNum w:abstractNumId="0">` + lvl(0, "chineseCountingThousand", "第%1条") + lvl(1, "chineseCounting", "（%2）", `<w:suff w:val="nothing"/>`) + lvl(2, "decimal", "%3.") + `</w:abstractNum>` +
	`<w:abstractNum w:abstractNumId="1">` + lvl(0, "japaneseCounting", "%1、", `<w:suff w:val="nothing"/>`) + lvl(1, "decimal", "%1.%2", `<w:isLgl/>`) + `</w:abstractNum>` +
	`<w:abstractNum w:abstractNumId="2">` + lvl(0, "chineseCountingThousand", "第%1章", `<w:pStyle w:val="Chapter"/>`) + lvl(1, "chineseCountingThousand", "第%2条", `<w:lvlRestart w:val="0"/>`, `<w:pStyle w:val="Article"/>`) + `</w:abstractNum>` +
	`<w:abstractNum w:abstractNumId="3">` + lvl(0, "bullet", "\uf0b7") + `</w:abstractNum>` +
	`<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>` +
	`<w:num w:numId="3"><w:abstractNumId w:val="2"/></w:num><w:num w:numId="4"><w:abstractNumId w:val="3"/></w:num>` +
	`<w:num w:numId="5"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="10"/></w:lvlOverride></w:num></w:numbering>`

var styles = `<w:styles ` + ns + `><w:style w:type="paragraph" w:default="1" w:styleId="Normal"/>` +
	`<w:style w:type="paragraph" w:styleId="Chapter"><w:basedOn w:val="Normal"/><w:pPr><w:numPr><w:numId w:val="3"/></w:numPr></w:pPr></w:style>` +
	`<w:style w:type="paragraph" w:styleId="Article"><w:basedOn w:val="Chapter"/></w:style></w:styles>`

func styled(style, text string) string {
	return `<w:p><w:pPr><w:pStyle w:val="` + style + `"/></w:pPr><w:r><w:t>` + text + `</w:t></w:r></w:p>`
}

func TestReadDocx(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body, want string
	}{
		{"paragraphs", p("第一条 甲") + p("") + p("第二条 乙"), "第一条 甲\n\n第二条 乙"},
		{"runs of one paragraph", `<w:p><w:r><w:t>支持</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>企业</w:t></w:r></w:p>`, "支持企业"},
		{"breaks and tabs", `<w:p><w:pPr><w:tabs><w:tab w:val="left" w:pos="720"/></w:tabs></w:pPr><w:r><w:t>甲</w:t><w:tab/><w:t>乙</w:t><w:br/><w:t>丙</w:t></w:r></w:p>`, "甲\t乙\n丙"},
		{"a table", p("附表") + `<w:tbl><w:tr><w:tc>` + p("项目") + `</w:tc><w:tc>` + p("金额") + p("万元") + `</w:tc></w:tr><w:tr><w:tc>` + p("奖励") + `</w:tc><w:tc>` + p("100") + `</w:tc></w:tr></w:tbl>` + p("完"),
			"附表\n项目\t金额 万元\n奖励\t100\n完"},
		{"a table in a table", `<w:tbl><w:tr><w:tc><w:tbl><w:tr><w:tc>` + p("甲") + `</w:tc><w:tc>` + p("乙") + `</w:tc></w:tr></w:tbl>` + p("丙") + `</w:tc></w:tr></w:tbl>`, "甲 乙 丙"},
		{"a text box, once", `<w:p><w:r><mc:AlternateContent><mc:Choice Requires="wps"><wps:txbx><w:txbxContent>` + p("框内") + `</w:txbxContent></wps:txbx></mc:Choice><mc:Fallback><w:pict><w:txbxContent>` + p("框内") + `</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r><w:r><w:t>框外</w:t></w:r></w:p>`, "框外\n框内"},
		{"a field shows its result", `<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DATE</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>2026年</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`, "2026年"},
		{"a link and a content control", `<w:sdt><w:sdtPr><w:alias w:val="x"/></w:sdtPr><w:sdtContent><w:p><w:hyperlink><w:r><w:t>链接</w:t></w:r></w:hyperlink></w:p></w:sdtContent></w:sdt>`, "链接"},
		{"hidden text is text", `<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>隐藏</w:t></w:r></w:p>`, "隐藏"},
		{"a change of layout is no change of text", `<w:p><w:pPr><w:pPrChange><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:pPrChange></w:pPr><w:r><w:rPr><w:rPrChange/></w:rPr><w:t>甲</w:t></w:r></w:p>`, "甲"},
		{"escapes", p("&lt;甲&amp;乙&gt;&#x4e19;"), "<甲&乙>丙"},
		{"signs", `<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:t>是</w:t><w:noBreakHyphen/><w:t>否</w:t></w:r></w:p>`, "□是-否"},
		{"a note", `<w:p><w:r><w:t>甲</w:t><w:footnoteReference w:id="2"/></w:r></w:p>` + p("乙"), "甲［注1］\n乙\n［注1］详见附件"},
		{"numbered articles with items", numbered(1, 0, "甲") + numbered(1, 1, "乙") + numbered(1, 1, "丙") + numbered(1, 2, "丁") + numbered(1, 0, "戊") + numbered(1, 1, "己"),
			"第一条 甲\n（一）乙\n（二）丙\n1. 丁\n第二条 戊\n（一）己"},
		{"sections, and digits under them", numbered(2, 0, "甲") + numbered(2, 1, "乙") + numbered(2, 0, "丙") + numbered(2, 1, "丁"), "一、甲\n1.1 乙\n二、丙\n2.1 丁"},
		{"by style, articles counted through the chapters", styled("Chapter", "总则") + styled("Article", "甲") + styled("Article", "乙") + styled("Chapter", "附则") + styled("Article", "丙"),
			"第一章 总则\n第一条 甲\n第二条 乙\n第二章 附则\n第三条 丙"},
		{"a style's number taken off", `<w:p><w:pPr><w:pStyle w:val="Chapter"/><w:numPr><w:numId w:val="0"/></w:numPr></w:pPr><w:r><w:t>甲</w:t></w:r></w:p>`, "甲"},
		{"begins at ten", numbered(5, 0, "甲") + numbered(5, 0, "乙"), "第十条 甲\n第十一条 乙"},
		{"bullets", numbered(4, 0, "甲"), "• 甲"},
		{"a list that is not there", numbered(9, 0, "甲"), "甲"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			notes := `<w:footnotes ` + ns + `><w:footnote w:id="0">` + p("线") + `</w:footnote><w:footnote w:id="2">` + p(" 详见附件") + `</w:footnote></w:footnotes>`
			d, err := Read(docx(tt.body, "word/numbering.xml", lists, "word/styles.xml", styles, "word/footnotes.xml", notes))
			if err != nil || d.Text != tt.want || d.Format != Docx {
				t.Errorf("got %q, %v\nwant %q", d.Text, err, tt.want)
			}
		})
	}
	d, err := Read(docx(p("甲") + `<w:p><w:r><w:drawing><a:blip/></w:drawing></w:r></w:p>`))
	if err != nil || d.Pictures != 1 {
		t.Errorf("%d pictures, %v", d.Pictures, err)
	}
}

func utf16Bytes(order binary.AppendByteOrder, s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func TestReadText(t *testing.T) {
	t.Parallel()
	const text = "第一条 本市支持企业。\n第二条 𠮷野家也是。"
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		file     []byte
		encoding string
	}{
		{"UTF-8", []byte(text), "utf-8"},
		{"UTF-8 with a byte order mark", []byte("\ufeff" + text), "utf-8"},
		{"UTF-16 little endian", utf16Bytes(binary.LittleEndian, "\ufeff"+text), "utf-16le"},
		{"UTF-16 big endian", utf16Bytes(binary.BigEndian, "\ufeff"+text), "utf-16be"},
		{"GB18030", gb, "gb18030"},
		{"Windows line breaks", []byte(strings.ReplaceAll(text, "\n", "\r\n")), "utf-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := Read(tt.file)
			if err != nil || d.Text != text || d.Encoding != tt.encoding || d.Format != Text {
				t.Errorf("%+v, %v", d, err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	bomb := docx(p(strings.Repeat("甲", maxPart/3+10)))
	deep := strings.Repeat("<w:p>", maxDepth+1) + strings.Repeat("</w:p>", maxDepth+1)
	laugh := pack("[Content_Types].xml", types, "_rels/.rels", rels, "word/document.xml", `<!DOCTYPE x [<!ENTITY a "甲甲"><!ENTITY b "&a;&a;">]><w:document `+ns+`><w:body>`+p("&b;")+`</w:body></w:document>`)
	var many []string
	for i := range maxParts + 1 {
		many = append(many, fmt.Sprint(i), "")
	}
	torn := docx(p("甲"))
	const document = `<w:document ` + ns + `><w:body><w:p><w:r><w:t>甲</w:t></w:r></w:p></w:body></w:document>`
	whole := pack("[Content_Types].xml", types, "_rels/.rels", rels, "word/document.xml", document)
	if _, err := Read(whole); err != nil {
		t.Fatal(err)
	}
	sum := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(document)))
	for _, tt := range []struct {
		name string
		file []byte
		code review.Code
		kind string
	}{
		{"a PDF", []byte("%PDF-1.7\n…"), review.UnsupportedFile, PDF},
		{"an old Word or WPS file", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 W\x00o\x00r\x00d\x00"), review.UnsupportedFile, OLE},
		{"a docx behind a password", append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), utf16le("EncryptedPackage")...), review.UnsupportedFile, Encrypted},
		{"RTF", []byte(`{\rtf1 甲}`), review.UnsupportedFile, RTF},
		{"OFD", pack("OFD.xml", "<x/>"), review.UnsupportedFile, OFD},
		{"a PNG", []byte("\x89PNG\r\n\x1a\n...."), review.UnsupportedFile, PNG},
		{"a JPEG", []byte("\xff\xd8\xff\xe0...."), review.UnsupportedFile, JPEG},
		{"a GIF", []byte("GIF89a"), review.UnsupportedFile, Image},
		{"a zip", pack("a.txt", "甲"), review.UnsupportedFile, Zip},
		{"a program", []byte("MZ\x90\x00\x03\x00"), review.UnsupportedFile, Unknown},
		{"a docx with macros", pack("[Content_Types].xml", types, "_rels/.rels", rels, "word/document.xml", "<x/>", "word/vbaProject.bin", ""), review.UnsupportedFile, Macros},
		{"a sheet", pack("[Content_Types].xml", strings.NewReplacer("wordprocessingml.document", "spreadsheetml.sheet", "/word/document.xml", "/xl/workbook.xml").Replace(types), "_rels/.rels", strings.ReplaceAll(rels, "word/document.xml", "xl/workbook.xml"), "xl/workbook.xml", "<x/>"), review.UnsupportedFile, Xlsx},
		{"a docx without its document", pack("[Content_Types].xml", types, "_rels/.rels", rels), review.UnsupportedFile, Damaged},
		{"a docx without relations", pack("[Content_Types].xml", types, "word/document.xml", "<x/>"), review.UnsupportedFile, Damaged},
		{"another root", pack("[Content_Types].xml", types, "_rels/.rels", rels, "word/document.xml", "<x/>"), review.UnsupportedFile, Damaged},
		{"half a docx", torn[:len(torn)/2], review.UnsupportedFile, Damaged},
		{"a docx with a wrong sum", bytes.ReplaceAll(whole, sum, []byte{1, 2, 3, 4}), review.UnsupportedFile, Damaged},
		{"XML that is not well formed", docx("<w:p></w:r>"), review.UnsupportedFile, Damaged},
		{"an entity nobody defined", docx(p("&x;")), review.UnsupportedFile, Damaged},
		{"entities within entities", laugh, review.UnsupportedFile, Damaged},
		{"elements without end", docx(deep), review.UnsupportedFile, Damaged},
		{"more parts than there can be", pack(many...), review.UnsupportedFile, Damaged},
		{"text in a file within the file", docx(`<w:altChunk/>`), review.UnsupportedFile, Embedded},
		{"a zip bomb", bomb, review.TooLarge, ""},
		{"a long text", docx(strings.Repeat(p("甲乙丙丁"), 90_000)), review.TooLarge, ""},
		{"a numbered paragraph over and over", docx(strings.Repeat(numbered(1, 0, ""), 60_000), "word/numbering.xml", `<w:numbering `+ns+`><w:abstractNum w:abstractNumId="0">`+lvl(0, "decimal", strings.Repeat("甲", maxLevelText))+`</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>`), review.TooLarge, ""},
		{"a file that is too large", make([]byte, Limit+1), review.TooLarge, ""},
		{"an insertion nobody accepted", docx(`<w:p><w:ins w:id="1"><w:r><w:t>甲</w:t></w:r></w:ins></w:p>`), review.TrackedChanges, ""},
		{"a deletion", docx(`<w:p><w:del w:id="1"><w:r><w:delText>甲</w:delText></w:r></w:del></w:p>`), review.TrackedChanges, ""},
		{"a paragraph that was joined", docx(`<w:p><w:pPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr><w:r><w:t>甲</w:t></w:r></w:p>`), review.TrackedChanges, ""},
		{"a row put in", docx(`<w:tbl><w:tr><w:trPr><w:ins w:id="1"/></w:trPr><w:tc>` + p("甲") + `</w:tc></w:tr></w:tbl>`), review.TrackedChanges, ""},
		{"a docx without words", docx(p(" ")), review.Missing, ""},
		{"nothing", nil, review.Missing, ""},
		{"a control character", []byte("第一条\x0c甲"), review.BadCharacters, ""},
		{"a control character in a docx", docx(p("甲&#x85;")), review.BadCharacters, ""},
		{"neither UTF-8 nor GB18030", []byte("甲\xff\xffabc"), review.UnsupportedFile, Unknown},
		{"half a character of UTF-16", []byte{0xff, 0xfe, 0x41}, review.UnsupportedFile, Unknown},
		{"half a pair of UTF-16", []byte{0xff, 0xfe, 0x00, 0xd8}, review.UnsupportedFile, Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Read(tt.file)
			e, _ := err.(*review.Error) //nolint:errorlint // it is returned as it is
			if review.CodeOf(err) != tt.code || e == nil || e.Params["kind"] != tt.kind {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFiftyThousandCharactersComeThrough(t *testing.T) {
	t.Parallel()
	var want []string
	var body strings.Builder
	for i := range 1000 {
		line := fmt.Sprintf("第%d条 %s", i+1, strings.Repeat("公平竞争", 12))
		want = append(want, line)
		body.WriteString(p(line))
	}
	d, err := Read(docx(body.String()))
	if err != nil || d.Text != strings.Join(want, "\n") {
		t.Errorf("%d bytes, %v", len(d.Text), err)
	}
}

func TestSpell(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		n      int
		format string
		want   string
	}{
		{10, "chineseCountingThousand", "十"}, {11, "chineseCountingThousand", "十一"}, {20, "chineseCountingThousand", "二十"}, {101, "chineseCountingThousand", "一百零一"},
		{110, "chineseCountingThousand", "一百一十"}, {1001, "chineseCountingThousand", "一千零一"}, {1010, "chineseCountingThousand", "一千零一十"}, {12, "chineseCounting", "十二"},
		{105, "chineseCounting", "一〇五"}, {11, "chineseLegalSimplified", "壹拾壹"}, {3, "decimalZero", "03"}, {12, "decimalFullWidth", "１２"}, {28, "lowerLetter", "bb"},
		{14, "upperRoman", "XIV"}, {5000, "lowerRoman", "5000"}, {2, "decimalEnclosedCircle", "②"}, {99, "decimalEnclosedCircle", "99"}, {3, "ideographTraditional", "丙"}, {7, "nobody knows", "7"}, {7, "none", ""},
	} {
		if got := spell(tt.n, tt.format); got != tt.want {
			t.Errorf("%d in %s is %q, want %q", tt.n, tt.format, got, tt.want)
		}
	}
}

func TestSniff(t *testing.T) {
	t.Parallel()
	if got := Sniff(docx(p("甲"))); got != Docx {
		t.Errorf("a docx is %s", got)
	}
	if got := Sniff([]byte("<html>甲</html>")); got != Text {
		t.Errorf("a page is %s", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("第一条 甲"))
	f.Add([]byte("\xff\xfe\x2c\x7b"))
	f.Add([]byte("\xb5\xda\xd2\xbb\xcc\xf5"))
	f.Add([]byte("%PDF-1.4"))
	f.Add([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
	f.Add(docx(p("第一条 甲")+numbered(1, 1, "乙"), "word/numbering.xml", lists, "word/styles.xml", styles))
	f.Add(docx(`<w:tbl><w:tr><w:tc>` + p("甲") + `</w:tc></w:tr></w:tbl>`))
	f.Fuzz(func(t *testing.T, file []byte) {
		d, err := Read(file)
		if err == nil && review.CleanText(d.Text) != nil || err != nil && review.CodeOf(err) == "" {
			t.Fatalf("%q, %v", d.Text, err)
		}
	})
}

// FuzzBody feeds the walker with XML of its own: through a zip a fuzzer seldom gets this far.
func FuzzBody(f *testing.F) {
	for _, s := range []string{p("甲"), "<w:tc></w:tc>", "<w:tr/>", "</w:p>", "<w:p><w:pPr><w:p/></w:pPr></w:p>", numbered(1, 8, "甲"), "<w:txbxContent/>", "<w:p><w:footnoteReference w:id='2'/></w:p>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		d, err := Read(docx(body, "word/numbering.xml", lists, "word/styles.xml", styles))
		if err == nil && review.CleanText(d.Text) != nil || err != nil && review.CodeOf(err) == "" {
			t.Fatalf("%q, %v", d.Text, err)
		}
	})
}
