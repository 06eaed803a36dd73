package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairreview/fairreview/review"
)

// attach puts a file for a case in a transaction of its own.
func (d *desk) attach(c review.Case, by review.Actor, kind review.FileKind, name, body string) (FileRow, error) {
	var row FileRow
	_, err := d.db.Idempotent(d.ctx, by.Person, name+body+string(kind), "digest", func(tx *Tx) (any, error) {
		var err error
		row, err = tx.Attach(d.ctx, c.ID, c.Version, kind, by, NewFile{Name: name, Format: "txt", Body: []byte(body)})
		return row.Hash, err
	})
	return row, err
}

func names(rows []FileRow) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, string(r.Kind)+" "+r.Name)
	}
	return out
}

func TestFilesOfACase(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.register(handlerA, review.Department, "办法")
	row, err := d.attach(c, handlerA, review.FileNote, "起草说明.txt", "说明")
	d.must(err)
	if row.Hash != sha("说明") || row.Size != len("说明") || row.Person != "lin" || row.Unit != "housing" {
		t.Errorf("%+v", row)
	}
	d.later(1)
	_, err = d.attach(c, officer, review.FileScan, "签章.txt", "扫描")
	d.must(err)
	d.later(1)
	if again, err := d.attach(c, handlerA, review.FileNote, "另一名称.txt", "说明"); err != nil || again.Name != "起草说明.txt" {
		t.Errorf("the same file again under another name: %+v, %v", again, err)
	}
	for _, tt := range []struct {
		name string
		v    review.Viewer
		want []string
	}{
		{"the unit", viewA, []string{"note 起草说明.txt", "scan 签章.txt"}},
		{"the regulator", viewBureau, []string{"note 起草说明.txt", "scan 签章.txt"}},
	} {
		rows, err := d.db.Files(d.ctx, c.ID, tt.v)
		d.must(err)
		if diff := cmp.Diff(tt.want, names(rows)); diff != "" {
			t.Errorf("%s sees %s", tt.name, diff)
		}
	}
	_, err = d.db.Files(d.ctx, c.ID, viewB)
	d.refused(err, review.NotFound)
	_, _, err = d.db.File(d.ctx, c.ID, sha("说明"), viewB)
	d.refused(err, review.NotFound)
	_, _, err = d.db.File(d.ctx, c.ID, sha("别的"), viewA)
	d.refused(err, review.NotFound)
	got, body, err := d.db.File(d.ctx, c.ID, sha("说明"), viewA)
	if err != nil || string(body) != "说明" || got.Name != "起草说明.txt" {
		t.Errorf("%+v, %q, %v", got, body, err)
	}
	other := d.register(handlerA, review.Department, "办法二")
	_, _, err = d.db.File(d.ctx, other.ID, sha("说明"), viewA) // of another case
	d.refused(err, review.NotFound)
}

func TestFilesAreNeverOverwritten(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.register(handlerA, review.Department, "办法")
	_, err := d.attach(c, handlerA, review.FileNote, "说明.txt", "说明")
	d.must(err)
	for _, statement := range []string{
		`UPDATE case_files SET name = 'x.txt'`, `DELETE FROM case_files`, `TRUNCATE case_files`,
		`UPDATE files SET created_at = now()`, `DELETE FROM files`, `TRUNCATE files CASCADE`, `UPDATE file_holders SET name = 'x'`, `DELETE FROM file_holders`,
	} {
		if _, err := d.db.sql.Exec(statement); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	for name, f := range map[string]NewFile{
		"of no known format": {Name: "a.exe", Format: "exe", Body: []byte("x")},
		"without a name":     {Name: "", Format: "txt", Body: []byte("y")},
		"with a long name":   {Name: strings.Repeat("甲", 121), Format: "txt", Body: []byte("z")},
		"empty":              {Name: "a.txt", Format: "txt"},
		"that is too large":  {Name: "a.txt", Format: "txt", Body: make([]byte, FileLimit+1)},
	} {
		_, err := d.db.Idempotent(d.ctx, "lin", name, "digest", func(tx *Tx) (any, error) {
			return tx.Attach(d.ctx, c.ID, 1, review.FileNote, handlerA, f)
		})
		if review.CodeOf(err) == "" {
			t.Errorf("a file %s: %v", name, err)
		}
	}
}

func TestACaseTakesSoManyFiles(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.register(handlerA, review.Department, "办法")
	_, err := d.attach(c, handlerA, review.FileNote, "0.txt", "0")
	d.must(err)
	_, err = d.db.sql.Exec(`
		WITH more AS (
			INSERT INTO files (hash, body, format, created_at)
			SELECT encode(sha256(convert_to(CAST(i AS text), 'UTF8')), 'hex'), convert_to(CAST(i AS text), 'UTF8'), 'txt', now()
			FROM generate_series(1, $2) AS i RETURNING hash
		)
		INSERT INTO case_files (case_id, hash, kind, name, version, person, unit, at)
		SELECT $1, hash, 'note', 'a.txt', 1, 'lin', 'housing', now() FROM more`, c.ID, FilesPerCase-1)
	d.must(err)
	_, err = d.attach(c, handlerA, review.FileNote, "x.txt", "one more")
	d.refused(err, review.TooLarge)
}

func TestAnOriginalComesWithItsText(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	put := func(by review.Actor, text, file string) string {
		t.Helper()
		var hash string
		_, err := d.db.Idempotent(d.ctx, by.Person, file, "digest", func(tx *Tx) (any, error) {
			var err error
			if hash, err = tx.PutText(d.ctx, by.Person, text); err != nil {
				return nil, err
			}
			_, err = tx.PutOriginal(d.ctx, by.Person, hash, NewFile{Name: by.Person + ".docx", Format: "docx", Body: []byte(file)})
			return nil, err
		})
		d.must(err)
		return hash
	}
	text := "第一条 甲。"
	hash := put(handlerA, text, "PK of housing")
	put(handlerB, text, "PK of transport") // the same words out of another file, by people who have no part in the case
	c := d.register(handlerA, review.Department, "办法")
	if rows, err := d.db.Files(d.ctx, c.ID, viewA); err != nil || len(rows) != 0 {
		t.Errorf("before the case names it: %v, %v", names(rows), err)
	}
	d.act(c, handlerA, review.StartReview, review.Details{Heard: heard, Text: &review.Text{Hash: hash, Clauses: []string{"第一条"}, IDs: []string{"c1"}, Sums: []string{"12345678"}}})
	for _, v := range []review.Viewer{viewA, viewBureau} {
		rows, err := d.db.Files(d.ctx, c.ID, v)
		d.must(err)
		if diff := cmp.Diff([]string{"original lin.docx"}, names(rows)); diff != "" || rows[0].Text != hash {
			t.Errorf("%v: %s", v.Person, diff)
		}
	}
	_, _, err := d.db.File(d.ctx, c.ID, sha("PK of transport"), viewA)
	d.refused(err, review.NotFound)
	// The texts of the case, as its events tell them.
	texts, err := d.db.CaseTexts(d.ctx, c.ID, viewA)
	if err != nil || len(texts) != 1 || texts[0].Hash != hash || fmt.Sprint(texts[0].IDs) != "[c1]" {
		t.Errorf("%+v, %v", texts, err)
	}
	if texts, err := d.db.CaseTexts(d.ctx, c.ID, viewB); err != nil || len(texts) != 0 {
		t.Errorf("a stranger gets %+v, %v", texts, err)
	}
	if body, err := d.db.CaseText(d.ctx, c.ID, hash, viewBureau); err != nil || body != text {
		t.Errorf("%q, %v", body, err)
	}
	_, err = d.db.CaseText(context.Background(), c.ID, hash, viewB)
	d.refused(err, review.NotFound)
	other := d.put(handlerA, "第一条 乙。")
	_, err = d.db.CaseText(d.ctx, c.ID, other.Hash, viewA) // one's own text, and not this case's
	d.refused(err, review.NotFound)
}
