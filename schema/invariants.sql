-- What must hold of the record at any time. Every query returns no rows; a row names what does not fit.
-- A check begins with a line that names it; schema.Invariants reads them so.

-- name: a case's version and head are those of its last event, and none is missing
SELECT c.id, c.version, e.n, e.last
FROM cases c
LEFT JOIN (SELECT case_id, count(*) AS n, max(version) AS last FROM events GROUP BY case_id) e ON e.case_id = c.id
LEFT JOIN events l ON l.case_id = c.id AND l.version = c.version
WHERE e.n IS DISTINCT FROM c.version OR e.last IS DISTINCT FROM c.version OR l.hash IS DISTINCT FROM c.head;

-- name: every event is chained to the one before it
SELECT e.case_id, e.version
FROM events e
LEFT JOIN events p ON p.case_id = e.case_id AND p.version = e.version - 1
WHERE e.prev_hash IS DISTINCT FROM CASE WHEN e.version = 1 THEN decode(repeat('00', 32), 'hex') ELSE p.hash END
   OR e.hash IS DISTINCT FROM sha256(e.prev_hash || e.nonce || e.payload);

-- name: a case's columns repeat its state
SELECT c.id
FROM cases c
WHERE c.state ->> 'id' IS DISTINCT FROM CAST(c.id AS text)
   OR CAST(c.state ->> 'version' AS integer) IS DISTINCT FROM c.version
   OR c.state ->> 'number' IS DISTINCT FROM c.number
   OR c.state ->> 'status' IS DISTINCT FROM c.status
   OR c.state ->> 'kind' IS DISTINCT FROM c.kind
   OR c.state ->> 'route' IS DISTINCT FROM c.route
   OR c.state ->> 'unit' IS DISTINCT FROM c.unit
   OR coalesce(c.state ->> 'outcome', '') IS DISTINCT FROM c.outcome;

-- name: numbers have no gaps and are given once
SELECT y.year, n.last, y.given, y.highest
FROM (SELECT CAST(left(number, 4) AS integer) AS year, count(*) AS given, max(CAST(substr(number, 6, 6) AS integer)) AS highest
      FROM cases GROUP BY 1) y
FULL JOIN numbers n ON n.year = y.year
WHERE n.last IS DISTINCT FROM y.given OR n.last IS DISTINCT FROM y.highest;

-- name: the last outcome of a case is the valid one, and each ends where the next begins
SELECT o.case_id, o.seq
FROM outcomes o
LEFT JOIN outcomes x ON x.case_id = o.case_id AND x.seq = o.seq + 1
WHERE (x.seq IS NULL) <> (o.replaced_at IS NULL)
   OR x.seq IS NOT NULL AND (o.replaced_at <> x.recorded_at OR o.replaced_on <> x.day);

-- name: a case shows its last outcome
SELECT c.id, c.outcome, o.outcome
FROM cases c
LEFT JOIN outcomes o ON o.case_id = c.id AND o.replaced_at IS NULL
LEFT JOIN outcomes f ON f.case_id = c.id AND f.seq = 1
WHERE c.outcome <> coalesce(o.outcome, '') OR c.outcome_on IS DISTINCT FROM o.day
   OR c.first_outcome_on IS DISTINCT FROM f.day;

-- name: every outcome has its event and every counting event its outcome
SELECT e.case_id, e.version
FROM events e
FULL JOIN outcomes o ON o.case_id = e.case_id AND o.version = e.version
WHERE coalesce(e.outcome, '') <> coalesce(o.outcome, '');

-- name: counters are the sums of the rows
WITH counted AS (
    SELECT unit, day, route, kind, outcome, replaced_on FROM outcomes WHERE day IS NOT NULL
    UNION ALL
    SELECT unit, opened_on, route, kind, 'registered', 'infinity' FROM cases WHERE opened_on IS NOT NULL
    UNION ALL
    SELECT unit, first_outcome_on, route, kind, 'finished', 'infinity' FROM cases WHERE first_outcome_on IS NOT NULL
), sums AS (
    SELECT u.unit, r.day, r.route, r.kind, r.outcome, r.replaced_on, count(*) AS n
    FROM counted r CROSS JOIN LATERAL (VALUES (r.unit), ('')) AS u (unit)
    GROUP BY u.unit, r.day, r.route, r.kind, r.outcome, r.replaced_on
)
SELECT unit, day, route, kind, outcome, replaced_on, c.n AS counter, s.n AS there
FROM counters c
FULL JOIN sums s USING (unit, day, route, kind, outcome, replaced_on)
WHERE coalesce(c.n, 0) <> coalesce(s.n, 0);

-- name: a case under review is somebody's turn or a period runs
SELECT c.id, c.status
FROM cases c
WHERE NOT c.imported AND c.due IS NULL AND NOT EXISTS (SELECT FROM tasks t WHERE t.case_id = c.id)
  AND c.status NOT IN ('OUT_OF_SCOPE', 'ISSUED', 'CEASED', 'NOT_ISSUED', 'CLOSED_UNISSUED', 'WITHDRAWN', 'KEPT', 'REVISED',
      'REPEALED', 'LAPSED', 'ISSUED_EXCEPTION', 'KEPT_EXCEPTION');

-- name: a closed case is nobody's turn
SELECT c.id, c.status
FROM cases c
JOIN tasks t ON t.case_id = c.id
WHERE c.status IN ('OUT_OF_SCOPE', 'ISSUED', 'CEASED', 'NOT_ISSUED', 'CLOSED_UNISSUED', 'WITHDRAWN', 'KEPT', 'REVISED',
      'REPEALED', 'LAPSED');

-- name: the drafting unit, the issuer and the regulator may read their case
SELECT c.id, u.unit
FROM cases c
CROSS JOIN LATERAL (VALUES (c.unit), (c.regulator), (c.issuer)) AS u (unit)
WHERE u.unit <> '' AND coalesce(c.state ->> 'secrecy', '') <> 'restricted'
  AND NOT EXISTS (SELECT FROM case_readers r WHERE r.case_id = c.id AND r.unit = u.unit);

-- name: no unit as such reads a restricted case, and no desk another
SELECT r.case_id, r.unit
FROM case_readers r
JOIN cases c ON c.id = r.case_id
WHERE r.unit <> '' AND (r.unit LIKE '%/%') <> (coalesce(c.state ->> 'secrecy', '') = 'restricted');

-- name: whose turn it is may read the case
SELECT t.case_id, t.unit, t.person
FROM tasks t
WHERE NOT EXISTS (SELECT FROM case_readers r WHERE r.case_id = t.case_id
                  AND (t.unit <> '' AND r.unit IN (t.unit, t.unit || '/' || t.role) OR t.person <> '' AND r.person = t.person));

-- name: what amends an existing measure was issued
SELECT c.id, l.id
FROM cases c
LEFT JOIN cases l ON CAST(l.id AS text) = c.state ->> 'linked'
WHERE c.status = 'REVISED' AND NOT c.imported
  AND (l.id IS NULL OR l.kind <> 'new' OR l.status NOT IN ('ISSUED', 'ISSUED_EXCEPTION', 'EXCEPTION_DUE', 'CEASED'));
