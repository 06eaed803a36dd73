package postgres

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// Head seals the chains that grew since the head before. Its Hash is the SHA-256 of its text, lines that each end in a line
// feed:
//
//	previous                  hash of the head before, hex; 64 zeros before the first
//	seq day madeAt chains     day in China; madeAt in UTC with six decimals; how many chains
//	case version hash         one line for each chain, in the order of the case ids
//	security seq hash         the last security event, when there is one
type Head struct {
	Seq      int64         `json:"seq"`
	Day      review.Date   `json:"day"`
	MadeAt   time.Time     `json:"madeAt"`
	Previous string        `json:"previous"`
	Hash     string        `json:"hash"`
	Count    int           `json:"count"` // of chains
	Security *SecurityMark `json:"security,omitempty"`
	Chains   []Chain       `json:"chains,omitempty"` // may be left out of a copy; the hash proves them all the same
}

// Chain is how far a case had come.
type Chain struct {
	Case    string `db:"case" json:"case"`
	Version int    `db:"version" json:"version"`
	Hash    string `db:"hash" json:"hash"`
}

// SecurityMark is how far the security events had come.
type SecurityMark struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// headText writes the text of a head, line by line, into its hash.
type headText struct{ sum hash.Hash }

func textOf(h Head) headText {
	t := headText{sha256.New()}
	fmt.Fprintf(t.sum, "%s\n%d %s %s %d\n", h.Previous, h.Seq, h.Day, h.MadeAt.UTC().Format("2006-01-02T15:04:05.000000Z"), h.Count)
	return t
}

func (t headText) chain(id string, version int, hash []byte) {
	line := make([]byte, 0, 128)
	line = append(append(line, id...), ' ')
	line = append(strconv.AppendInt(line, int64(version), 10), ' ')
	t.sum.Write(append(hex.AppendEncode(line, hash), '\n'))
}

func (t headText) hash(s *SecurityMark) []byte {
	if s != nil {
		fmt.Fprintf(t.sum, "security %d %s\n", s.Seq, s.Hash)
	}
	return t.sum.Sum(nil)
}

// sealed is a version of a case as a head sealed it.
type sealed struct {
	Case    string
	Version int
	Hash    [sha256.Size]byte
	Seq     int64
	Kept    bool // the head comes from elsewhere, not from the database
}

func (s sealed) by() string { return strconv.FormatInt(s.Seq, 10) }

func compareSealed(a, b sealed) int {
	return cmp.Or(cmp.Compare(a.Case, b.Case), cmp.Compare(a.Version, b.Version))
}

// mergeSealed puts two sorted lists together, equal places beside each other.
func mergeSealed(a, b []sealed) []sealed {
	if len(a) == 0 {
		return b
	}
	out := slices.Concat(a, b)
	slices.SortStableFunc(out, compareSealed)
	return out
}

// sealedBetween returns what the heads in the database sealed of the cases with these ids.
func sealedBetween(ctx context.Context, tx *sqlx.Tx, first, last string) ([]sealed, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT case_id, version, hash, seq
		FROM audit_head_chains
		WHERE case_id BETWEEN $1 AND $2
		ORDER BY case_id, version`, first, last)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []sealed
	for rows.Next() {
		var s sealed
		var hash []byte
		if err := rows.Scan(&s.Case, &s.Version, &hash, &s.Seq); err != nil {
			return nil, err
		}
		copy(s.Hash[:], hash)
		out = append(out, s)
	}
	return out, rows.Err()
}

// KeptHeads are heads that were kept outside the database, with the chains that they name.
type KeptHeads struct {
	Heads  []Head // by seq, without their chains
	sealed []sealed
}

// ReadHeads reads heads as they were exported, one JSON value after another. It refuses one whose hash is not that of its
// text, or that does not follow on the one before it. A head may lack its chains; several copies of one are one.
func ReadHeads(r io.Reader) (*KeptHeads, error) {
	k := &KeptHeads{}
	dec := json.NewDecoder(r)
	for n := 1; ; n++ {
		var h Head
		if err := dec.Decode(&h); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("head %d of the file cannot be read: %w", n, err)
		}
		if err := k.add(h); err != nil {
			return nil, err
		}
	}
	if len(k.Heads) == 0 {
		return nil, errors.New("the file holds no head")
	}
	slices.SortFunc(k.Heads, func(a, b Head) int { return cmp.Compare(a.Seq, b.Seq) })
	for i, h := range k.Heads[1:] {
		if b := k.Heads[i]; h.Seq == b.Seq && h.Hash != b.Hash {
			return nil, fmt.Errorf("the file holds two heads %d that differ", h.Seq)
		} else if h.Seq == b.Seq+1 && h.Previous != b.Hash {
			return nil, fmt.Errorf("head %d of the file does not follow on head %d", h.Seq, b.Seq)
		}
	}
	k.Heads = slices.CompactFunc(k.Heads, func(a, b Head) bool { return a.Seq == b.Seq })
	slices.SortFunc(k.sealed, compareSealed)
	return k, nil
}

func (k *KeptHeads) add(h Head) error {
	bad := fmt.Errorf("head %d of the file is not whole: its hash is not that of its text", h.Seq)
	if h.Seq < 1 || len(h.Hash) != 64 || len(h.Previous) != 64 {
		return bad
	}
	if len(h.Chains) > 0 || h.Count == 0 {
		if h.Count != len(h.Chains) {
			return bad
		}
		text := textOf(h)
		for _, c := range h.Chains {
			s := sealed{Case: c.Case, Version: c.Version, Seq: h.Seq, Kept: true}
			if n, err := hex.Decode(s.Hash[:], []byte(c.Hash)[:min(len(c.Hash), 64)]); err != nil || n != sha256.Size || !isUUID(c.Case) || len(c.Hash) != 64 {
				return bad
			}
			text.chain(c.Case, c.Version, s.Hash[:])
			k.sealed = append(k.sealed, s)
		}
		if hex.EncodeToString(text.hash(h.Security)) != h.Hash {
			return bad
		}
	}
	h.Chains = nil
	k.Heads = append(k.Heads, h)
	return nil
}

// between returns what the heads sealed of the cases with these ids.
func (k *KeptHeads) between(first, last string) []sealed {
	if k == nil {
		return nil
	}
	from := sort.Search(len(k.sealed), func(i int) bool { return k.sealed[i].Case >= first })
	to := sort.Search(len(k.sealed), func(i int) bool { return k.sealed[i].Case > last })
	return slices.Clone(k.sealed[from:to])
}

// headRow is a row of audit_heads.
type headRow struct {
	Seq          int64     `db:"seq"`
	Day          time.Time `db:"day"`
	MadeAt       time.Time `db:"made_at"`
	Chains       int       `db:"chains"`
	SecuritySeq  *int64    `db:"security_seq"`
	SecurityHash []byte    `db:"security_hash"`
	Prev         []byte    `db:"prev_hash"`
	Hash         []byte    `db:"hash"`
}

const headColumns = `seq, day, made_at, chains, security_seq, security_hash, prev_hash, hash`

func (r headRow) head() Head {
	h := Head{Seq: r.Seq, Day: review.Date(r.Day.Format(time.DateOnly)), MadeAt: r.MadeAt.UTC(), Count: r.Chains,
		Previous: hex.EncodeToString(r.Prev), Hash: hex.EncodeToString(r.Hash)}
	if r.SecuritySeq != nil {
		h.Security = &SecurityMark{Seq: *r.SecuritySeq, Hash: hex.EncodeToString(r.SecurityHash)}
	}
	return h
}

// headsFit checks the heads in the database, whose chains were compared with the events before, and those kept elsewhere
// against them. It returns the first that does not fit, or nil, and how many there are.
func headsFit(ctx context.Context, tx *sqlx.Tx, kept *KeptHeads) (*BadRow, int, error) {
	bad := func(seq int64, what string) (*BadRow, int, error) {
		return &BadRow{What: fmt.Sprintf("head %d %s", seq, what)}, 0, nil
	}
	var heads []headRow
	if err := tx.SelectContext(ctx, &heads, `SELECT `+headColumns+` FROM audit_heads ORDER BY seq`); err != nil {
		return nil, 0, err
	}
	there := map[int64]string{}
	prev := firstPrev
	for i, h := range heads {
		switch {
		case h.Seq != int64(i)+1:
			return bad(int64(i)+1, "is gone")
		case !bytes.Equal(h.Prev, prev):
			return bad(h.Seq, "is not chained to the one before it")
		}
		prev, there[h.Seq] = h.Hash, hex.EncodeToString(h.Hash)
	}
	seq, err := headsWhole(ctx, tx, heads)
	if err != nil {
		return nil, 0, err
	}
	if seq != 0 {
		return bad(seq, "was changed")
	}
	if misfit, err := securityFits(ctx, tx, heads, kept); misfit != nil || err != nil {
		return misfit, 0, err
	}
	if kept != nil {
		for _, h := range kept.Heads {
			switch got := there[h.Seq]; {
			case got == "":
				return bad(h.Seq, "is gone, of which there is a copy elsewhere")
			case got != h.Hash:
				return bad(h.Seq, "is another than its copy elsewhere")
			}
		}
	}
	return nil, len(heads), nil
}

// securityFits looks whether the security events that heads sealed, in the database and elsewhere, are still those.
func securityFits(ctx context.Context, tx *sqlx.Tx, heads []headRow, kept *KeptHeads) (*BadRow, error) {
	there, err := hasSecurity(ctx, tx)
	if err != nil || !there {
		return nil, err
	}
	all := []Head{}
	for _, h := range heads {
		all = append(all, h.head())
	}
	if kept != nil {
		all = append(all, kept.Heads...)
	}
	var by, seqs []int64
	var hashes []string
	for _, h := range all {
		if h.Security != nil {
			by, seqs, hashes = append(by, h.Seq), append(seqs, h.Security.Seq), append(hashes, h.Security.Hash)
		}
	}
	var bad struct {
		By  int64 `db:"by"`
		Seq int64 `db:"seq"`
	}
	switch err := tx.GetContext(ctx, &bad, `
		SELECT x.by, x.seq
		FROM unnest(CAST($1 AS bigint[]), CAST($2 AS bigint[]), CAST($3 AS text[])) AS x (by, seq, hash)
		LEFT JOIN security_events s ON s.seq = x.seq
		WHERE encode(s.hash, 'hex') IS DISTINCT FROM x.hash
		ORDER BY x.seq, x.by
		LIMIT 1`, pq.Int64Array(by), pq.Int64Array(seqs), pq.StringArray(hashes)); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &BadRow{What: fmt.Sprintf("security event %d is gone, or is another than head %d sealed", bad.Seq, bad.By)}, nil
}

// headsWhole recomputes the hash of every head and returns the seq of the first that is another, or 0.
func headsWhole(ctx context.Context, tx *sqlx.Tx, heads []headRow) (int64, error) {
	rows, err := tx.QueryContext(ctx, `SELECT seq, case_id, version, hash FROM audit_head_chains ORDER BY seq, case_id`)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	var seq int64
	var id string
	var version int
	var hash []byte
	more := rows.Next()
	for _, h := range heads {
		text, n := textOf(h.head()), 0
		for ; more; more = rows.Next() {
			if err := rows.Scan(&seq, &id, &version, &hash); err != nil {
				return 0, err
			}
			if seq != h.Seq {
				break
			}
			text.chain(id, version, hash)
			n++
		}
		if n != h.Chains || !bytes.Equal(text.hash(h.head().Security), h.Hash) {
			return h.Seq, rows.Err()
		}
	}
	if more {
		return seq, nil // chains of a head that is not there
	}
	return 0, rows.Err()
}

// headLock lets one process at a time make a head: the next one must see the one before.
const headLock = 0x66722d68656164 // "fr-head"

// MakeHead seals all that came since the last head, also when nothing did. It reads one snapshot and locks no case: nobody
// who writes waits for it.
func (db *DB) MakeHead(ctx context.Context) (Head, error) {
	h, _, err := db.makeHead(ctx, false)
	return h, err
}

// DailyHead makes a head unless today, in China, has one already or another process is making it; made says which.
func (db *DB) DailyHead(ctx context.Context) (h Head, made bool, err error) {
	return db.makeHead(ctx, true)
}

func (db *DB) makeHead(ctx context.Context, daily bool) (Head, bool, error) {
	// The lock belongs to the connection and is taken before the snapshot: a snapshot taken first would not show the head
	// that we waited for.
	conn, err := db.sql.Connx(ctx)
	if err != nil {
		return Head{}, false, err
	}
	defer func() { _ = conn.Close() }()
	got := true
	if daily {
		err = conn.GetContext(ctx, &got, `SELECT pg_try_advisory_lock($1)`, headLock)
	} else {
		_, err = conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, headLock)
	}
	if err != nil || !got {
		return Head{}, false, err
	}
	defer func() {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, headLock); err != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // it ends, and its lock with it
		}
	}()
	tx, err := conn.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return Head{}, false, err
	}
	h, made, err := db.seal(ctx, tx, daily)
	if err != nil || !made {
		_ = tx.Rollback()
		return h, false, err
	}
	return h, true, tx.Commit()
}

// unsealed are the cases whose last event no head sealed.
const unsealed = `
	FROM cases c
	WHERE NOT EXISTS (SELECT FROM audit_head_chains h WHERE h.case_id = c.id AND h.version = c.version)`

func (db *DB) seal(ctx context.Context, tx *sqlx.Tx, daily bool) (Head, bool, error) {
	if _, err := tx.ExecContext(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
		return Head{}, false, err
	}
	now := db.now()
	r := headRow{Seq: 1, MadeAt: now, Prev: firstPrev}
	h := Head{Seq: 1, Day: review.DateOf(now), MadeAt: now, Previous: hex.EncodeToString(firstPrev)}
	switch err := tx.GetContext(ctx, &r, `SELECT `+headColumns+` FROM audit_heads ORDER BY seq DESC LIMIT 1`); {
	case err == nil:
		last := r.head()
		if daily && last.Day >= h.Day {
			return last, false, nil
		}
		h.Seq, h.Previous = last.Seq+1, last.Hash
	case !errors.Is(err, sql.ErrNoRows):
		return Head{}, false, err
	}
	var chains []struct {
		ID      string `db:"id"`
		Version int    `db:"version"`
		Head    []byte `db:"head"`
	}
	if err := tx.SelectContext(ctx, &chains, `SELECT c.id, c.version, c.head `+unsealed+` ORDER BY c.id`); err != nil {
		return Head{}, false, err
	}
	var err error
	if h.Security, err = lastSecurity(ctx, tx); err != nil {
		return Head{}, false, err
	}
	h.Count, h.Chains = len(chains), make([]Chain, len(chains))
	text := textOf(h)
	for i, c := range chains {
		text.chain(c.ID, c.Version, c.Head)
		h.Chains[i] = Chain{c.ID, c.Version, hex.EncodeToString(c.Head)}
	}
	sum := text.hash(h.Security)
	h.Hash = hex.EncodeToString(sum)
	var securitySeq *int64
	var securityHash []byte
	if h.Security != nil {
		securitySeq = &h.Security.Seq
		if securityHash, err = hex.DecodeString(h.Security.Hash); err != nil {
			return Head{}, false, err
		}
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO audit_heads (seq, day, made_at, chains, security_seq, security_hash, prev_hash, hash)
		VALUES ($1, $2, $3, $4, $5, $6, decode($7, 'hex'), $8)`,
		h.Seq, string(h.Day), h.MadeAt, h.Count, securitySeq, securityHash, h.Previous, sum); err != nil {
		return Head{}, false, err
	}
	done, err := tx.ExecContext(ctx, `
		INSERT INTO audit_head_chains (seq, case_id, version, hash)
		SELECT $1, c.id, c.version, c.head `+unsealed, h.Seq)
	if err != nil {
		return Head{}, false, err
	}
	if n, err := done.RowsAffected(); err != nil || n != int64(h.Count) {
		return Head{}, false, fmt.Errorf("head %d: %d chains of %d were written: %w", h.Seq, n, h.Count, err)
	}
	return h, true, nil
}

// lastSecurity returns how far the security events have come; nil when there are none, or no such table.
func lastSecurity(ctx context.Context, tx *sqlx.Tx) (*SecurityMark, error) {
	there, err := hasSecurity(ctx, tx)
	if err != nil || !there {
		return nil, err
	}
	var last struct {
		Seq  int64  `db:"seq"`
		Hash []byte `db:"hash"`
	}
	switch err := tx.GetContext(ctx, &last, `SELECT seq, hash FROM security_events ORDER BY seq DESC LIMIT 1`); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &SecurityMark{Seq: last.Seq, Hash: hex.EncodeToString(last.Hash)}, nil
}

// hasSecurity reports whether this database records security events: the table came with a migration of its own.
func hasSecurity(ctx context.Context, q sqlx.QueryerContext) (bool, error) {
	var there bool
	err := sqlx.GetContext(ctx, q, &there, `SELECT to_regclass('security_events') IS NOT NULL`)
	return there, err
}

// HeadsAfter returns the heads after one, oldest first, without their chains.
func (db *DB) HeadsAfter(ctx context.Context, seq int64) ([]Head, error) {
	var rows []headRow
	if err := db.sql.SelectContext(ctx, &rows, `SELECT `+headColumns+` FROM audit_heads WHERE seq > $1 ORDER BY seq`, seq); err != nil {
		return nil, err
	}
	out := make([]Head, len(rows))
	for i, r := range rows {
		out[i] = r.head()
	}
	return out, nil
}

// WithChains returns the head with the chains that it seals.
func (db *DB) WithChains(ctx context.Context, h Head) (Head, error) {
	h.Chains = make([]Chain, 0, h.Count)
	err := db.sql.SelectContext(ctx, &h.Chains, `
		SELECT case_id AS "case", version, encode(hash, 'hex') AS hash
		FROM audit_head_chains WHERE seq = $1 ORDER BY case_id`, h.Seq)
	return h, err
}

// headClaim is how long a process may take to send a head before another tries.
const headClaim = 15 * time.Minute

// ClaimHead returns the next head to be sent to a target (a SHA-256, hex, of its address), and whether there is one. A
// target that is new begins with the last head. The claim lasts a quarter of an hour; HeadSent ends it for good.
func (db *DB) ClaimHead(ctx context.Context, target string) (Head, bool, error) {
	now := db.now()
	var seq int64
	err := db.sql.GetContext(ctx, &seq, `
		INSERT INTO audit_heads_sent (target, seq, claimed_at)
		SELECT $1, h.seq, $2
		FROM audit_heads h
		LEFT JOIN audit_heads_sent s ON s.target = $1 AND s.seq = h.seq
		WHERE s.sent_at IS NULL
		  AND h.seq >= coalesce((SELECT min(seq) FROM audit_heads_sent WHERE target = $1), (SELECT max(seq) FROM audit_heads))
		ORDER BY h.seq
		LIMIT 1
		ON CONFLICT (target, seq) DO UPDATE SET claimed_at = excluded.claimed_at
		WHERE audit_heads_sent.sent_at IS NULL AND audit_heads_sent.claimed_at <= $3
		RETURNING seq`, target, now, now.Add(-headClaim))
	if errors.Is(err, sql.ErrNoRows) {
		return Head{}, false, nil
	}
	if err != nil {
		return Head{}, false, err
	}
	var r headRow
	err = db.sql.GetContext(ctx, &r, `SELECT `+headColumns+` FROM audit_heads WHERE seq = $1`, seq)
	return r.head(), err == nil, err
}

// HeadSent records that a head arrived, or, with arrived false, lets the next process try at once.
func (db *DB) HeadSent(ctx context.Context, target string, seq int64, arrived bool) error {
	var at *time.Time
	if now := db.now(); arrived {
		at = &now
	}
	_, err := db.sql.ExecContext(ctx, `
		UPDATE audit_heads_sent
		SET sent_at = $3, claimed_at = CASE WHEN CAST($3 AS timestamptz) IS NULL THEN '-infinity' ELSE claimed_at END
		WHERE target = $1 AND seq = $2 AND sent_at IS NULL`, target, seq, at)
	return err
}
