package postgres

import (
	"context"

	"github.com/lib/pq"

	"github.com/fairreview/fairreview/review"
)

// CatalogueVersion is one version of the review standards as a tenant sees it.
type CatalogueVersion struct {
	Version      string          `db:"version"` // the day it came into force, YYYY-MM-DD
	From         review.Date     `db:"in_force_from"`
	To           review.Date     `db:"in_force_to"` // its last day; "" while in force
	InstrumentZh string          `db:"instrument_zh"`
	InstrumentEn string          `db:"instrument_en"`
	SourceZh     string          `db:"source_zh"`
	SourceEn     string          `db:"source_en"`
	Items        []CatalogueItem // items and headings, in the order of the instruments; nil in a list of versions
	Exceptions   []CatalogueItem // grounds of the exceptions; likewise
}

// CatalogueItem is one line of a version. Summaries are our own words; the official Chinese sentence decides.
type CatalogueItem struct {
	ID       string          `db:"id"`
	Article  string          `db:"article"` // 条例-8-1
	Kind     review.ItemKind `db:"kind"`
	Parents  pq.StringArray  `db:"parents"`
	CatchAll bool            `db:"catch_all"`
	Costs    bool            `db:"costs"`
	Nearest  pq.StringArray  `db:"nearest"` // legacy: ids of today's catalogue
	Zh       string          `db:"zh"`
	En       string          `db:"en"`
}

const catalogueVersionColumns = `version, to_char(in_force_from, 'YYYY-MM-DD') AS in_force_from,
	coalesce(to_char(in_force_to, 'YYYY-MM-DD'), '') AS in_force_to, instrument_zh, instrument_en, source_zh, source_en`

// CatalogueVersions returns all versions without their lines, the oldest first.
func (db *DB) CatalogueVersions(ctx context.Context) ([]CatalogueVersion, error) {
	stmt, err := db.stmt(ctx, `SELECT `+catalogueVersionColumns+` FROM catalogue_versions ORDER BY catalogue_versions.in_force_from`)
	if err != nil {
		return nil, err
	}
	out := []CatalogueVersion{}
	return out, stmt.SelectContext(ctx, &out)
}

// Catalogue returns the version in force on a day, which must be Valid, with its lines; before the first version, the first.
func (db *DB) Catalogue(ctx context.Context, on review.Date) (CatalogueVersion, error) {
	var v CatalogueVersion
	stmt, err := db.stmt(ctx, `
		SELECT `+catalogueVersionColumns+`
		FROM catalogue_versions
		ORDER BY catalogue_versions.in_force_from <= CAST($1 AS date) DESC, abs(catalogue_versions.in_force_from - CAST($1 AS date))
		LIMIT 1`)
	if err != nil {
		return v, err
	}
	if err := stmt.GetContext(ctx, &v, string(on)); err != nil {
		return v, err
	}
	lines, err := db.catalogueItems(ctx, v.Version)
	for _, it := range lines {
		if it.Kind == review.ExceptionGround {
			v.Exceptions = append(v.Exceptions, it)
		} else {
			v.Items = append(v.Items, it)
		}
	}
	return v, err
}

func (db *DB) catalogueItems(ctx context.Context, version string) ([]CatalogueItem, error) {
	stmt, err := db.stmt(ctx, `
		SELECT id, article, kind, parents, catch_all, costs, nearest, zh, en
		FROM catalogue_items
		WHERE version = $1
		ORDER BY seq`)
	if err != nil {
		return nil, err
	}
	var out []CatalogueItem
	return out, stmt.SelectContext(ctx, &out, version)
}

// CatalogueChanged returns the ids of the items of version, in order, that since does not have or has otherwise: what an
// answer given under since leaves to be answered again. It is review.Standards.Changed over the tables.
func (db *DB) CatalogueChanged(ctx context.Context, version, since string) ([]string, error) {
	stmt, err := db.stmt(ctx, `
		SELECT n.id
		FROM catalogue_items n
		LEFT JOIN catalogue_items o ON o.version = $2 AND o.id = n.id AND o.kind <> 'exception'
		WHERE n.version = $1 AND n.kind <> 'exception'
			AND (o.parents, o.catch_all, o.zh, o.en) IS DISTINCT FROM (n.parents, n.catch_all, n.zh, n.en)
		ORDER BY n.seq`)
	if err != nil {
		return nil, err
	}
	out := []string{}
	return out, stmt.SelectContext(ctx, &out, version, since)
}
