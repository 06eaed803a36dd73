package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// FileLimit bounds an attachment, in bytes.
const FileLimit = 10 << 20

// FilesPerCase bounds how many files are attached to one case.
const FilesPerCase = 500

// NewFile is a file that is put: what it is by its content, and what it is called.
type NewFile struct {
	Name   string
	Format string // docx, xlsx, pdf, png, jpeg, txt
	Body   []byte
}

// FileRow is a file of a case: attached to it, or the original of a text that it names.
type FileRow struct {
	Hash   string          `db:"hash"`
	Kind   review.FileKind `db:"kind"`
	Name   string          `db:"name"`
	Format string          `db:"format"`
	Size   int             `db:"size"`
	Text   string          `db:"text_hash"` // of an original: what was read out of it
	Person string          `db:"person"`
	Unit   string          `db:"unit"`
	At     time.Time       `db:"at"`
}

// PutOriginal keeps the file that a stored text was read out of, for the person and their units of today. Putting it again
// changes nothing.
func (t *Tx) PutOriginal(ctx context.Context, person, textHash string, f NewFile) (string, error) {
	hash, err := t.putFile(ctx, f)
	if err != nil {
		return "", err
	}
	_, err = t.tx.ExecContext(ctx, `
		INSERT INTO file_holders (hash, person, unit, text_hash, name, put_at)
		SELECT DISTINCT $1, p.id, coalesce(m.unit, ''), $4, $5, CAST($6 AS timestamptz)
		FROM people p
		LEFT JOIN memberships m ON m.person = p.id AND m.valid_from <= $3 AND (m.valid_to IS NULL OR $3 < m.valid_to)
		WHERE p.id = $2
		ON CONFLICT (hash, person, unit) DO NOTHING`,
		hash, person, string(review.DateOf(t.db.now())), textHash, f.Name, t.db.now())
	return hash, err
}

// Attach puts a file and attaches it to a case, once for a kind and unit: again, it answers as it stands. Who may is asked
// before. TooLarge when the case has FilesPerCase already.
func (t *Tx) Attach(ctx context.Context, caseID string, version int, kind review.FileKind, by review.Actor, f NewFile) (FileRow, error) {
	hash, err := t.putFile(ctx, f)
	if err != nil {
		return FileRow{}, err
	}
	var n int
	if err := t.tx.GetContext(ctx, &n, `
		SELECT count(*) FROM case_files
		WHERE case_id = $1`, caseID); err != nil {
		return FileRow{}, err
	}
	if n >= FilesPerCase {
		return FileRow{}, review.Refuse(review.TooLarge, "field", "files", "limit", strconv.Itoa(FilesPerCase))
	}
	if _, err := t.tx.ExecContext(ctx, `
		INSERT INTO case_files (case_id, hash, kind, name, version, person, unit, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (case_id, hash, kind, unit) DO NOTHING`,
		caseID, hash, string(kind), f.Name, version, by.Person, by.Unit, t.db.now()); err != nil {
		return FileRow{}, err
	}
	var row FileRow
	err = t.tx.GetContext(ctx, &row, `
		SELECT c.hash, c.kind, c.name, f.format, f.size, '' AS text_hash, c.person, c.unit, c.at
		FROM case_files c
		JOIN files f ON f.hash = c.hash
		WHERE c.case_id = $1 AND c.hash = $2 AND c.kind = $3 AND c.unit = $4`, caseID, hash, string(kind), by.Unit)
	return row, err
}

func (t *Tx) putFile(ctx context.Context, f NewFile) (string, error) {
	if len(f.Body) == 0 {
		return "", review.Refuse(review.Missing, "field", "file")
	}
	sum := sha256.Sum256(f.Body)
	hash := hex.EncodeToString(sum[:])
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO files (hash, body, format, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (hash) DO NOTHING`, hash, f.Body, f.Format, t.db.now())
	return hash, err
}

// filesOf are the files of a case: $1 the case, $2 and $3 the viewer's units and person. An original comes with a text that
// the case names, when somebody of the drafting unit or the regulator put it: others may have put the same text out of
// a file of their own, which is not this case's.
const filesOf = `
	SELECT c.hash, c.kind, c.name, '' AS text_hash, c.person, c.unit, c.at
	FROM case_files c
	WHERE c.case_id = $1
	UNION ALL
	SELECT DISTINCT ON (h.hash, h.unit) h.hash, 'original', h.name, h.text_hash, h.person, h.unit, h.put_at
	FROM case_texts x
	JOIN cases k ON k.id = x.case_id
	JOIN file_holders h ON h.text_hash = x.hash AND h.unit IN (k.unit, k.regulator)
	WHERE x.case_id = $1`

// mayRead narrows to cases that the viewer may read.
const mayRead = `EXISTS (SELECT FROM case_readers r
	WHERE r.case_id = $1 AND (r.unit = ANY ($2) OR r.person = $3 AND r.person <> ''))`

// Files returns the files of a case that the viewer may read, by review.MayReadFile, oldest first. NotFound when there is
// no such case for them.
func (db *DB) Files(ctx context.Context, caseID string, v review.Viewer) ([]FileRow, error) {
	c, err := db.readable(ctx, caseID, v)
	if err != nil {
		return nil, err
	}
	var rows []FileRow
	if err := db.sql.SelectContext(ctx, &rows, `
		SELECT x.hash, x.kind, x.name, f.format, f.size, x.text_hash, x.person, x.unit, x.at
		FROM (`+filesOf+`) x
		JOIN files f ON f.hash = x.hash
		WHERE `+mayRead+`
		ORDER BY x.at, x.hash, x.kind, x.unit`, caseID, pq.StringArray(v.Units), v.Person); err != nil {
		return nil, err
	}
	out := []FileRow{}
	for _, r := range rows {
		if review.MayReadFile(c, v, r.Kind, r.Unit) {
			out = append(out, r)
		}
	}
	return out, nil
}

// File returns a file of a case and what is in it, to whoever Files lists it for; NotFound otherwise.
func (db *DB) File(ctx context.Context, caseID, hash string, v review.Viewer) (FileRow, []byte, error) {
	rows, err := db.Files(ctx, caseID, v)
	if err != nil {
		return FileRow{}, nil, err
	}
	for _, r := range rows {
		if r.Hash != hash {
			continue
		}
		var body []byte
		err := db.sql.GetContext(ctx, &body, `
			SELECT body FROM files
			WHERE hash = $1`, hash)
		return r, body, missing(err)
	}
	return FileRow{}, nil, review.Refuse(review.NotFound)
}
