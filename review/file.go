package review

import "slices"

// FileKind names what an attachment of a case is.
type FileKind string

// The kinds of attachment.
const (
	FileNote     FileKind = "note"     // 起草说明
	FilePrelim   FileKind = "prelim"   // 初审意见
	FileHeard    FileKind = "heard"    // 听取意见材料
	FileReport   FileKind = "report"   // 论证报告、评估报告
	FileLetter   FileKind = "letter"   // 函件、通知
	FileScan     FileKind = "scan"     // 签章扫描件
	FileOriginal FileKind = "original" // 文稿原件: what a text was read out of
	FileOther    FileKind = "other"    // 其他材料
)

// FileKinds lists them in the order in which they are shown.
func FileKinds() []FileKind {
	return []FileKind{FileNote, FilePrelim, FileHeard, FileReport, FileLetter, FileScan, FileOriginal, FileOther}
}

// MayReadFile reports whether a viewer who may read the case may read an attachment of a kind that somebody of a unit put
// there. The regulator reads all, the drafting unit all but the regulator's own reports; everybody else only what they need to take a position, and only
// while the review runs. What a seat attached is, like its position, for the regulator and itself until the joint review
// is closed.
func MayReadFile(c Case, v Viewer, kind FileKind, by string) bool {
	regulator := slices.Contains(v.Units, c.Regulator)
	if regulator {
		return true
	}
	if kind == FileReport && by == c.Regulator {
		return false // it may name the experts, whom the unit knows as 专家甲
	}
	if seat := c.Seat(by); seat != nil && !c.Joint.Closed && by != c.Unit && by != c.Regulator && !slices.Contains(v.Units, by) {
		return false
	}
	if slices.Contains(v.Units, c.Unit) {
		return true
	}
	switch kind {
	case FileNote, FileHeard, FileOther:
		return !c.Status.Closed()
	}
	return false
}

// MayAttach reports whether somebody of a unit may attach a file of a kind: of the drafting unit, the regulator, or a
// unit with a seat that may read what it attaches. Experts give opinions, not files.
func MayAttach(c Case, unit string, kind FileKind) bool {
	if unit == "" || !slices.Contains(FileKinds(), kind) {
		return false
	}
	if unit == c.Unit || unit == c.Regulator {
		return true
	}
	return c.Seat(unit) != nil && MayReadFile(c, Viewer{Units: []string{unit}}, kind, unit)
}
