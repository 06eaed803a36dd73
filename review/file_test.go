package review

import "testing"

func TestWhoReadsAndAttachesFiles(t *testing.T) {
	t.Parallel()
	c := Case{Unit: "ind", Regulator: "amr", Measure: Measure{Issuer: "gov"}, Status: JointReview,
		Joint: &Joint{Seats: []Seat{{Unit: "fin"}, {Unit: "dev"}}}, Panel: &Panel{Members: []Member{{Person: "e1"}}}}
	closed := c
	closed.Joint = &Joint{Seats: c.Joint.Seats, Closed: true}
	ended := closed
	ended.Status = Issued
	unit, regulator, fin, dev, expert, issuer := Viewer{Person: "a", Units: []string{"ind"}}, Viewer{Person: "b", Units: []string{"amr"}},
		Viewer{Person: "c", Units: []string{"fin"}}, Viewer{Person: "d", Units: []string{"dev"}}, Viewer{Person: "e1"}, Viewer{Person: "f", Units: []string{"gov"}}
	for _, tt := range []struct {
		name string
		c    Case
		v    Viewer
		kind FileKind
		by   string
		want bool
	}{
		{"the unit reads its preliminary opinion", c, unit, FilePrelim, "ind", true},
		{"the regulator reads a scan of the unit", c, regulator, FileScan, "ind", true},
		{"a seat reads the note", c, fin, FileNote, "ind", true},
		{"a seat does not read the preliminary opinion", c, fin, FilePrelim, "ind", false},
		{"an expert reads what was heard", c, expert, FileHeard, "ind", true},
		{"an expert does not read a report", c, expert, FileReport, "amr", false},
		{"an expert does not read a letter", c, expert, FileLetter, "amr", false},
		{"the issuer does not read a scan", c, issuer, FileScan, "ind", false},
		{"a seat's file is not for another seat while the joint review runs", c, dev, FileOther, "fin", false},
		{"nor for the unit", c, unit, FileOther, "fin", false},
		{"nor for an expert", c, expert, FileOther, "fin", false},
		{"but for itself", c, fin, FileOther, "fin", true},
		{"and the regulator", c, regulator, FileOther, "fin", true},
		{"afterwards the unit reads it", closed, unit, FileOther, "fin", true},
		{"and the other seat", closed, dev, FileOther, "fin", true},
		{"when the review is over a seat reads nothing more", ended, fin, FileNote, "ind", false},
		{"nor an expert", ended, expert, FileNote, "ind", false},
		{"the unit still does", ended, unit, FileScan, "ind", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := MayReadFile(tt.c, tt.v, tt.kind, tt.by); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
	for _, tt := range []struct {
		name, unit string
		kind       FileKind
		want       bool
	}{
		{"the unit attaches a scan", "ind", FileScan, true},
		{"the regulator attaches a letter", "amr", FileLetter, true},
		{"a seat attaches other documents", "fin", FileOther, true},
		{"a seat does not attach a preliminary opinion", "fin", FilePrelim, false},
		{"the issuer attaches nothing", "gov", FileOther, false},
		{"a stranger attaches nothing", "edu", FileOther, false},
		{"nobody attaches nothing", "", FileOther, false},
		{"there is no such kind", "ind", "virus", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := MayAttach(c, tt.unit, tt.kind); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
