package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// PastWork is something that an expert did for a body, in years. To 0: until today, or nobody knows.
type PastWork struct {
	With string `json:"with" maxLength:"100"`
	From int    `json:"from,omitempty" minimum:"0" maximum:"2100"`
	To   int    `json:"to,omitempty" minimum:"0" maximum:"2100" doc:"Year in which it ended; left out: until today, or nobody knows"`
}

// PoolInterest is an interest that an expert declared: in a body, or in one case.
type PoolInterest struct {
	With string `json:"with" maxLength:"100"`
	Case string `json:"case,omitempty" maxLength:"36" doc:"Case id: the interest is in that case alone"`
}

// PoolEntry is an expert in the pool of one regulator, as they are entered. Both days of the term are included.
type PoolEntry struct {
	Regulator   string         `json:"regulator"`
	Person      string         `json:"person"`
	Fields      []string       `json:"fields"`
	Institution string         `json:"institution"`
	Region      string         `json:"region,omitempty"`
	Employers   []PastWork     `json:"employers"`
	Works       []PastWork     `json:"works"`
	Interests   []PoolInterest `json:"interests"`
	From        review.Date    `json:"from"`
	To          review.Date    `json:"to,omitempty"`
}

// PoolExpert is an entry, and what the record knows of the expert.
type PoolExpert struct {
	PoolEntry
	Name   string `json:"name"`
	Active bool   `json:"active" doc:"The account is open and holds the role of an expert today"`
	Load   int    `json:"load" doc:"Panels that run now"`
	Served int    `json:"served" doc:"Panels of which the opinions are opened and to which the expert gave one"`
}

// InTerm reports whether the day lies in the term.
func (e PoolEntry) InTerm(day review.Date) bool { return e.From <= day && (e.To == "" || day <= e.To) }

// Facts are what conflicts are looked for in.
func (e PoolEntry) Facts() review.ExpertFacts {
	past := func(all []PastWork) []review.Past {
		var out []review.Past
		for _, p := range all {
			out = append(out, review.Past{With: review.Body{Name: p.With}, From: p.From, To: p.To})
		}
		return out
	}
	f := review.ExpertFacts{Person: e.Person, Bodies: []review.Body{{Name: e.Institution}}, Employers: past(e.Employers), Works: past(e.Works)}
	for _, i := range e.Interests {
		f.Declared = append(f.Declared, review.Declared{With: review.Body{Name: i.With}, Case: i.Case})
	}
	return f
}

// Bounds of an entry.
const (
	poolFields = 20
	poolPast   = 50
	poolName   = 100 // characters
)

// valid refuses what an entry may not hold: Missing, Invalid, TooLarge or BadCharacters with its field, and PersonalData for
// what looks like the number of an identity or bank card, which is nowhere stored and not repeated.
func (e PoolEntry) valid() error {
	type value struct{ field, s string }
	values := []value{{"institution", e.Institution}, {"region", e.Region}}
	for _, f := range e.Fields {
		values = append(values, value{"fields", f})
	}
	for _, p := range e.Employers {
		values = append(values, value{"employers", p.With})
	}
	for _, p := range e.Works {
		values = append(values, value{"works", p.With})
	}
	for _, i := range e.Interests {
		values = append(values, value{"interests", i.With})
	}
	for _, v := range values {
		switch {
		case !review.CleanString(v.s):
			return review.Refuse(review.BadCharacters, "field", v.field)
		case utf8.RuneCountInString(v.s) > poolName:
			return review.Refuse(review.TooLarge, "field", v.field, "limit", strconv.Itoa(poolName))
		case review.PersonalNumber(v.s):
			return review.Refuse(review.PersonalData, "field", v.field)
		case v.s == "" && v.field != "region":
			return review.Refuse(review.Missing, "field", v.field)
		}
	}
	field := ""
	switch {
	case len(e.Fields) == 0:
		return review.Refuse(review.Missing, "field", "fields")
	case !review.CleanDrawID(e.Person):
		field = "person"
	case len(e.Fields) > poolFields || slices.ContainsFunc(e.Fields, func(f string) bool { return strings.ContainsAny(f, ",\n") }):
		field = "fields"
	case !e.From.Valid():
		field = "from"
	case e.To != "" && (!e.To.Valid() || e.To < e.From):
		field = "to"
	case len(e.Employers) > poolPast || slices.ContainsFunc(e.Employers, PastWork.odd):
		field = "employers"
	case len(e.Works) > poolPast || slices.ContainsFunc(e.Works, PastWork.odd):
		field = "works"
	case len(e.Interests) > poolPast || slices.ContainsFunc(e.Interests, func(i PoolInterest) bool { return i.Case != "" && !isUUID(i.Case) }):
		field = "interests"
	default:
		return nil
	}
	return review.Refuse(review.Invalid, "field", field)
}

func (p PastWork) odd() bool {
	return p.From < 0 || p.To < 0 || p.From > 2100 || p.To > 2100 || p.To != 0 && p.To < p.From
}

// clean trims an entry, and sorts its fields.
func (e PoolEntry) clean() PoolEntry {
	e.Institution, e.Region = strings.TrimSpace(e.Institution), strings.TrimSpace(e.Region)
	fields := make([]string, 0, len(e.Fields))
	for _, f := range e.Fields {
		fields = append(fields, strings.TrimSpace(f))
	}
	slices.Sort(fields)
	e.Fields = slices.Compact(fields)
	past := func(all []PastWork) []PastWork {
		out := make([]PastWork, 0, len(all))
		for _, p := range all {
			out = append(out, PastWork{strings.TrimSpace(p.With), p.From, p.To})
		}
		return out
	}
	e.Employers, e.Works = past(e.Employers), past(e.Works)
	interests := make([]PoolInterest, 0, len(e.Interests))
	for _, i := range e.Interests {
		interests = append(interests, PoolInterest{strings.TrimSpace(i.With), i.Case})
	}
	e.Interests = interests
	return e
}

// PoolsOf returns the regulators whose pools a regulator draws from: its own, and those of the regions above.
func (db *DB) PoolsOf(ctx context.Context, regulator string) ([]string, error) {
	var ids []string
	err := db.sql.SelectContext(ctx, &ids, `
		WITH RECURSIVE region (id) AS (
			SELECT parent FROM units WHERE id = $1 AND parent IS NOT NULL
			UNION
			SELECT u.parent FROM units u JOIN region r ON u.id = r.id WHERE u.parent IS NOT NULL
		)
		SELECT id FROM units
		WHERE kind = 'regulator' AND (id = $1 OR parent IN (SELECT id FROM region))
		ORDER BY id`, regulator)
	return ids, err
}

type poolRow struct {
	Regulator   string         `db:"regulator"`
	Person      string         `db:"person"`
	Name        string         `db:"name"`
	Active      bool           `db:"active"`
	Fields      pq.StringArray `db:"fields"`
	Institution string         `db:"institution"`
	Region      string         `db:"region"`
	Employers   []byte         `db:"employers"`
	Works       []byte         `db:"works"`
	Interests   []byte         `db:"interests"`
	From        string         `db:"first_day"`
	To          string         `db:"last_day"`
	Load        int            `db:"load"`
	Served      int            `db:"served"`
}

func (r poolRow) expert() (PoolExpert, error) {
	e := PoolExpert{PoolEntry: PoolEntry{Regulator: r.Regulator, Person: r.Person, Fields: r.Fields, Institution: r.Institution, Region: r.Region,
		From: review.Date(r.From), To: review.Date(r.To)}, Name: r.Name, Active: r.Active, Load: r.Load, Served: r.Served}
	err := errors.Join(json.Unmarshal(r.Employers, &e.Employers), json.Unmarshal(r.Works, &e.Works), json.Unmarshal(r.Interests, &e.Interests))
	if err != nil {
		return e, fmt.Errorf("pool entry %s of %s: %w", r.Person, r.Regulator, err)
	}
	return e, nil
}

// poolSelect counts panels through case_readers: who declined or recused themselves has left it. While opinions are sealed
// nothing counts who has answered.
const poolSelect = `
	SELECT e.regulator, e.person, p.name, p.active AND EXISTS (SELECT FROM memberships m WHERE m.person = e.person AND m.role = 'expert'
			AND m.valid_from <= CAST($1 AS date) AND (m.valid_to IS NULL OR CAST($1 AS date) < m.valid_to)) AS active, e.fields, e.institution, e.region, e.employers, e.works, e.interests,
		to_char(e.first_day, 'YYYY-MM-DD') AS first_day, coalesce(to_char(e.last_day, 'YYYY-MM-DD'), '') AS last_day,
		n.load, n.served
	FROM pool_experts e
	JOIN people p ON p.id = e.person
	CROSS JOIN LATERAL (
		SELECT count(*) FILTER (WHERE c.status = 'EXPERT_REVIEW') AS load,
			count(*) FILTER (WHERE c.state -> 'panel' ->> 'status' <> 'OPINING' AND EXISTS (
				SELECT FROM json_array_elements(c.state -> 'panel' -> 'members') m
				WHERE m ->> 'person' = e.person AND m ->> 'status' = 'answered')) AS served
		FROM case_readers r JOIN cases c ON c.id = r.case_id
		WHERE r.person = e.person AND r.person <> '') n`

// PoolFilter chooses entries of the pools of some regulators. Of the fields one is enough; none chooses nothing away.
type PoolFilter struct {
	Regulators []string
	Fields     []string
	People     []string
	On         review.Date // in term on this day; "": whenever, also past ones
}

// Pool lists entries by person and regulator.
func (db *DB) Pool(ctx context.Context, f PoolFilter) ([]PoolExpert, error) {
	var rows []poolRow
	err := db.sql.SelectContext(ctx, &rows, poolSelect+`
		WHERE e.regulator = ANY ($2) AND (cardinality(CAST($3 AS text[])) = 0 OR e.fields && CAST($3 AS text[]))
		  AND (cardinality(CAST($4 AS text[])) = 0 OR e.person = ANY (CAST($4 AS text[])))
		  AND ($5 = '' OR e.first_day <= CAST(nullif($5, '') AS date) AND (e.last_day IS NULL OR e.last_day >= CAST(nullif($5, '') AS date)))
		ORDER BY e.person COLLATE "C", e.regulator COLLATE "C"`,
		db.today(), pq.StringArray(f.Regulators), pq.StringArray(append([]string{}, f.Fields...)), pq.StringArray(append([]string{}, f.People...)), string(f.On))
	if err != nil {
		return nil, err
	}
	out := make([]PoolExpert, len(rows))
	for i, r := range rows {
		if out[i], err = r.expert(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// PoolEntryOf returns one entry; NotFound when there is none.
func (db *DB) PoolEntryOf(ctx context.Context, regulator, person string) (PoolExpert, error) {
	all, err := db.Pool(ctx, PoolFilter{Regulators: []string{regulator}, People: []string{printable(person)}})
	if err == nil && len(all) == 0 {
		err = review.Refuse(review.NotFound)
	}
	if err != nil {
		return PoolExpert{}, err
	}
	return all[0], nil
}

// PoolChange is a state that an entry was put in.
type PoolChange struct {
	At     time.Time       `db:"at" json:"at"`
	By     string          `db:"by" json:"by"`
	Name   string          `db:"name" json:"name"`
	Reason string          `db:"reason" json:"reason,omitempty"`
	Raw    json.RawMessage `db:"entry" json:"-"`
	Entry  PoolEntry       `db:"-" json:"entry"`
}

// PoolChanges are the states of an entry, the newest first.
func (db *DB) PoolChanges(ctx context.Context, regulator, person string) ([]PoolChange, error) {
	out := []PoolChange{}
	if err := db.sql.SelectContext(ctx, &out, `
		SELECT c.at, c.by, coalesce(p.name, c.by) AS name, c.reason, c.entry
		FROM pool_changes c
		LEFT JOIN people p ON p.id = c.by
		WHERE c.regulator = $1 AND c.person = $2
		ORDER BY c.id DESC`, printable(regulator), printable(person)); err != nil {
		return nil, err
	}
	for i := range out {
		if err := json.Unmarshal(out[i].Raw, &out[i].Entry); err != nil {
			return nil, fmt.Errorf("pool entry %s of %s: %w", person, regulator, err)
		}
	}
	return out, nil
}

// PutExpert enters an expert in the pool, or says anew what the entry holds; by is a person, or import. The person must hold
// the role of an expert: Invalid, person, when not. See valid for the rest. What is there already changes nothing.
func (t *Tx) PutExpert(ctx context.Context, by string, e PoolEntry, reason string) (changed bool, err error) {
	e = e.clean()
	if err := e.valid(); err != nil {
		return false, err
	}
	if reason, err = poolReason(reason, false); err != nil {
		return false, err
	}
	var expert bool
	if err := t.tx.GetContext(ctx, &expert, `
		SELECT EXISTS (SELECT FROM memberships m JOIN people p ON p.id = m.person
			WHERE m.person = $1 AND m.role = 'expert' AND p.active AND (m.valid_to IS NULL OR m.valid_to > CAST($2 AS date)))`, e.Person, t.db.today()); err != nil {
		return false, err
	}
	if !expert {
		return false, review.Refuse(review.Invalid, "field", "person")
	}
	employers, works, interests, err := e.lists()
	if err != nil {
		return false, err
	}
	done, err := t.tx.ExecContext(ctx, `
		INSERT INTO pool_experts AS e (regulator, person, fields, institution, region, employers, works, interests, first_day, last_day)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CAST($9 AS date), CAST(nullif($10, '') AS date))
		ON CONFLICT (regulator, person) DO UPDATE
		SET fields = excluded.fields, institution = excluded.institution, region = excluded.region, employers = excluded.employers,
			works = excluded.works, interests = excluded.interests, first_day = excluded.first_day, last_day = excluded.last_day
		WHERE (e.fields, e.institution, e.region, e.employers, e.works, e.interests, e.first_day, e.last_day) IS DISTINCT FROM
			(excluded.fields, excluded.institution, excluded.region, excluded.employers, excluded.works, excluded.interests,
			 excluded.first_day, excluded.last_day)`,
		e.Regulator, e.Person, pq.StringArray(e.Fields), e.Institution, e.Region, employers, works, interests, string(e.From), string(e.To))
	if err != nil {
		return false, refusal(err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	return true, t.notePool(ctx, by, e, reason)
}

// lists are the entry's lists as they are stored.
func (e PoolEntry) lists() (employers, works, interests string, err error) {
	var out [3]string
	for i, v := range []any{e.Employers, e.Works, e.Interests} {
		b, err := json.Marshal(v)
		if err != nil {
			return "", "", "", err
		}
		out[i] = string(b)
	}
	return out[0], out[1], out[2], nil
}

func (t *Tx) notePool(ctx context.Context, by string, e PoolEntry, reason string) error {
	entry, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `
		INSERT INTO pool_changes (regulator, person, at, by, reason, entry) VALUES ($1, $2, $3, $4, $5, $6)`,
		e.Regulator, e.Person, t.db.now(), by, reason, string(entry))
	return err
}

// EndTerm ends an expert's term with a day, which may be past, and keeps everything else; the reason is kept beside it.
// NotFound without an entry.
func (t *Tx) EndTerm(ctx context.Context, by, regulator, person string, last review.Date, reason string) error {
	reason, err := poolReason(reason, true)
	if err != nil {
		return err
	}
	if !last.Valid() {
		return review.Refuse(review.Invalid, "field", "to")
	}
	var r poolRow
	err = t.tx.GetContext(ctx, &r, `
		UPDATE pool_experts e SET last_day = greatest(CAST($3 AS date), e.first_day - 1)
		WHERE e.regulator = $1 AND e.person = $2
		RETURNING e.regulator, e.person, e.fields, e.institution, e.region, e.employers, e.works, e.interests,
			to_char(e.first_day, 'YYYY-MM-DD') AS first_day, to_char(e.last_day, 'YYYY-MM-DD') AS last_day`,
		printable(regulator), printable(person), string(last))
	if err != nil {
		return missing(err)
	}
	e, err := r.expert()
	if err != nil {
		return err
	}
	return t.notePool(ctx, by, e.PoolEntry, reason)
}

func poolReason(reason string, must bool) (string, error) {
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "" && must:
		return "", review.Refuse(review.Missing, "field", "reason")
	case utf8.RuneCountInString(reason) > review.DrawReason:
		return "", review.Refuse(review.TooLarge, "field", "reason", "limit", strconv.Itoa(review.DrawReason))
	case !review.CleanString(reason):
		return "", review.Refuse(review.BadCharacters, "field", "reason")
	case review.PersonalNumber(reason):
		return "", review.Refuse(review.PersonalData, "field", "reason")
	}
	return reason, nil
}

// MemberFacts are the units in which people were or are members by their accounts, as facts by person: the unit of an
// expert's own membership, under which experts are kept, is left out when it is a pool.
func (db *DB) MemberFacts(ctx context.Context, people []string) (map[string]review.ExpertFacts, error) {
	var rows []struct {
		Person string `db:"person"`
		Unit   string `db:"unit"`
		Name   string `db:"name"`
		From   int    `db:"from_year"`
		To     int    `db:"to_year"`
	}
	if err := db.sql.SelectContext(ctx, &rows, `
		SELECT m.person, m.unit, u.name, CAST(extract(year FROM m.valid_from) AS integer) AS from_year,
			CASE WHEN m.valid_to <= CAST($2 AS date) THEN CAST(extract(year FROM m.valid_to) AS integer) ELSE 0 END AS to_year
		FROM memberships m
		JOIN units u ON u.id = m.unit
		WHERE m.person = ANY ($1) AND u.kind <> 'pool' AND m.valid_from <= CAST($2 AS date)
		ORDER BY m.person, m.unit, m.valid_from, m.role`, pq.StringArray(people), db.today()); err != nil {
		return nil, err
	}
	out := map[string]review.ExpertFacts{}
	for _, r := range rows {
		f, b := out[r.Person], review.Body{Name: r.Name, Units: []string{r.Unit}}
		if r.To == 0 {
			f.Bodies = append(f.Bodies, b)
		} else {
			f.Employers = append(f.Employers, review.Past{With: b, From: r.From, To: r.To})
		}
		out[r.Person] = f
	}
	return out, nil
}

// ConflictYears is the tenant's setting, or review.ConflictYears.
func (db *DB) ConflictYears(ctx context.Context) (int, error) {
	v, err := db.Setting(ctx, "conflict_years")
	if err != nil || v == "" {
		return review.ConflictYears, err
	}
	years, err := strconv.Atoi(v)
	if err != nil || years < 0 || years > 50 {
		return 0, fmt.Errorf("setting conflict_years: %q is no number of years", v)
	}
	return years, nil
}

// PoolUnit returns the unit under which experts of a regulator's pool are kept who were entered from a file, and makes one
// when there is none.
func (db *DB) PoolUnit(ctx context.Context, regulator Unit) (string, error) {
	var id string
	err := db.sql.GetContext(ctx, &id, `SELECT id FROM units WHERE kind = 'pool' AND regulator = $1 AND active ORDER BY id LIMIT 1`, regulator.ID)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	u := Unit{ID: "pool-" + regulator.ID, Name: regulator.Name + "公平竞争审查专家库", NameEN: "Expert pool", Kind: "pool", Regulator: regulator.ID, Active: true}
	return u.ID, db.CreateUnit(ctx, u)
}

// PersonByLogin returns the id of an account; NotFound when there is none.
func (db *DB) PersonByLogin(ctx context.Context, login string) (string, error) {
	var id string
	err := db.sql.GetContext(ctx, &id, `SELECT id FROM people WHERE lower(login) = lower($1)`, printable(login))
	return id, missing(err)
}

// InTx does a write that nobody repeats under a key, such as a command's.
func (db *DB) InTx(ctx context.Context, do func(*Tx) error) error {
	return refusal(db.inTx(ctx, func(tx *sqlx.Tx) error { return do(&Tx{tx: tx, db: db}) }))
}
