-- +goose Up

-- The record of fair-competition review. Instants are UTC with microseconds; a day is a day in China (UTC+8), computed
-- in Go and stored as date, so that no session's time zone can move it. Periods of validity are half open.

-- Units ------------------------------------------------------------------------------------------------------------

CREATE TABLE units (
    id          text PRIMARY KEY CHECK (id <> '' AND length(id) <= 64),
    name        text NOT NULL CHECK (name <> ''),
    name_en     text NOT NULL DEFAULT '',
    kind        text NOT NULL DEFAULT '',
    parent      text CONSTRAINT unit_parent_exists REFERENCES units (id),
    -- The market regulator of the unit's level: it concludes on the government route (条例 14).
    regulator   text CONSTRAINT unit_regulator_exists REFERENCES units (id),
    -- A unit that was merged stays readable under its own name; its cases go on in the unit it became part of.
    merged_into text CONSTRAINT unit_successor_exists REFERENCES units (id),
    active      boolean NOT NULL DEFAULT true,
    CONSTRAINT unit_not_its_own_parent CHECK (parent <> id),
    CONSTRAINT unit_not_its_own_successor CHECK (merged_into <> id),
    CONSTRAINT unit_merged_is_inactive CHECK (merged_into IS NULL OR NOT active)
);

-- People -----------------------------------------------------------------------------------------------------------

CREATE TABLE people (
    id         text PRIMARY KEY CHECK (id <> '' AND length(id) <= 64),
    login      text NOT NULL CHECK (login <> '' AND length(login) <= 64),
    name       text NOT NULL CHECK (name <> ''),
    active     boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL
);

-- Two accounts that differ only in case are one account that somebody will mistype.
CREATE UNIQUE INDEX one_person_per_login ON people (lower(login));

-- What a person is where, and since when: valid_from counts, valid_to does not.
CREATE TABLE memberships (
    person     text NOT NULL REFERENCES people (id),
    unit       text NOT NULL CONSTRAINT membership_unit_exists REFERENCES units (id),
    role       text NOT NULL CONSTRAINT membership_role_known CHECK (role IN
               ('handler', 'review_body', 'unit_head', 'officer', 'approver', 'expert', 'admin')),
    post       text NOT NULL DEFAULT '',
    valid_from date NOT NULL,
    valid_to   date,
    PRIMARY KEY (person, unit, role, valid_from),
    CONSTRAINT membership_period_ordered CHECK (valid_to IS NULL OR valid_to >= valid_from)
);
CREATE INDEX memberships_of_unit ON memberships (unit, role);

-- Argon2id in PHC form. Apart from people, so that no query for a name ever carries one along.
CREATE TABLE passwords (
    person     text PRIMARY KEY REFERENCES people (id),
    hash       text NOT NULL CONSTRAINT password_is_argon2id CHECK (hash LIKE '$argon2id$%'),
    changed_at timestamptz NOT NULL
);

-- Tokens are kept as SHA-256 only: whoever reads this table cannot sign in with it.
CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    person     text NOT NULL REFERENCES people (id),
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE api_tokens (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    person     text NOT NULL CONSTRAINT token_person_exists REFERENCES people (id),
    label      text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

-- Failed attempts, counted per login and address: somebody who guesses from elsewhere cannot lock the owner out.
CREATE TABLE sign_in_attempts (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login   text NOT NULL,
    address text NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX sign_in_attempts_by_pair ON sign_in_attempts (login, address, at);
CREATE INDEX sign_in_attempts_by_address ON sign_in_attempts (address, at);

-- The tenant's data --------------------------------------------------------------------------------------------------

CREATE TABLE settings (
    key   text PRIMARY KEY,
    value text NOT NULL
);

-- Local rules are data, in versions. A case keeps the version it was opened with; the latest applies to new ones.
CREATE TABLE rules (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version text NOT NULL CONSTRAINT rules_version_once UNIQUE,
    body    jsonb NOT NULL CONSTRAINT rules_name_their_version CHECK (body ->> 'version' = version),
    source  text NOT NULL CHECK (source <> '')
);

-- The days that differ from Monday to Friday. A year without a row here is not loaded: periods that reach into it are
-- provisional, and nothing fires on them.
CREATE TABLE calendar_years (
    year   integer PRIMARY KEY CHECK (year BETWEEN 2000 AND 2099),
    source text NOT NULL CHECK (source <> '')
);

CREATE TABLE calendar_days (
    day     date PRIMARY KEY,
    year    integer NOT NULL GENERATED ALWAYS AS (CAST(extract(year FROM day) AS integer)) STORED
            CONSTRAINT calendar_day_in_loaded_year REFERENCES calendar_years (year),
    working boolean NOT NULL,
    -- Only a Saturday or a Sunday can be made up for; a listed weekday is a day off.
    CONSTRAINT calendar_day_differs CHECK (NOT working OR extract(isodow FROM day) > 5)
);

-- Processes keep the calendar in memory and look here whether it changed.
CREATE TABLE calendar_version (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL
);
INSERT INTO calendar_version (version) VALUES (1);

-- +goose StatementBegin
CREATE FUNCTION calendar_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE calendar_version SET version = version + 1;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER calendar_years_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON calendar_years
    FOR EACH STATEMENT EXECUTE FUNCTION calendar_changed();
CREATE TRIGGER calendar_days_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON calendar_days
    FOR EACH STATEMENT EXECUTE FUNCTION calendar_changed();

-- The last case number of each year. A row, not a sequence: numbers have no gaps.
CREATE TABLE numbers (
    year integer PRIMARY KEY,
    last integer NOT NULL CONSTRAINT numbers_have_six_digits CHECK (last BETWEEN 1 AND 999999)
);

-- Cases ------------------------------------------------------------------------------------------------------------

-- A function, not a list in the CHECK itself: PostgreSQL reads a table's constraints anew for every statement, and the
-- long list was a good part of Save's time.
-- +goose StatementBegin
CREATE FUNCTION status_fits(kind text, status text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE kind
        WHEN 'new' THEN status IN ('DRAFTING', 'OUT_OF_SCOPE', 'SELF_REVIEW', 'UNIT_CHECK', 'UNIT_SIGN', 'PRELIM_DONE',
            'SUBMITTED', 'CORRECTION', 'SUSPENDED', 'RETURNED', 'REG_REVIEW', 'JOINT_REVIEW', 'EXPERT_REVIEW',
            'CONSULT_UNIT', 'REG_SIGN', 'CONCLUDED_PASS', 'CONCLUDED_EXCEPTION', 'CONCLUDED_FAIL', 'REVISING',
            'LEGALITY', 'ISSUED', 'ISSUED_EXCEPTION', 'EXCEPTION_DUE', 'CEASED', 'NOT_ISSUED', 'CLOSED_UNISSUED',
            'WITHDRAWN')
        WHEN 'existing' THEN status IN ('OUT_OF_SCOPE', 'EXCEPTION_DUE', 'CEASED', 'INVENTORIED', 'STOCK_REVIEW',
            'STOCK_SIGN', 'STOCK_CONFIRM', 'KEPT', 'KEPT_EXCEPTION', 'TO_REVISE', 'TO_REPEAL', 'SUSPENDED_EXEC',
            'REVISED', 'REPEALED', 'LAPSED')
        ELSE false
    END;
END $$;
-- +goose StatementEnd

-- One row a case: state holds all of it, the columns beside it are what lists filter by. Only Save writes here.
CREATE TABLE cases (
    id               uuid PRIMARY KEY,
    number           text NOT NULL CONSTRAINT case_number_once UNIQUE
                     CONSTRAINT case_number_form CHECK (number ~ '^[0-9]{4}-[0-9]{6}-[0-9]$'),
    version          integer NOT NULL CHECK (version >= 1), -- of the last event
    head             bytea NOT NULL CHECK (length(head) = 32), -- hash of the last event
    kind             text NOT NULL CONSTRAINT case_kind_known CHECK (kind IN ('new', 'existing')),
    route            text NOT NULL CONSTRAINT case_route_known CHECK (route IN ('department', 'government')),
    status           text NOT NULL CONSTRAINT case_status_known CHECK (status_fits(kind, status)),
    round            integer NOT NULL CHECK (round >= 1),
    unit             text NOT NULL CONSTRAINT case_unit_exists REFERENCES units (id),
    regulator        text NOT NULL CONSTRAINT case_regulator_exists REFERENCES units (id),
    issuer           text NOT NULL,
    measure          text NOT NULL, -- id of the document under review; '' when nobody gave one
    title            text NOT NULL CONSTRAINT case_has_title CHECK (title <> ''),
    outcome          text NOT NULL CONSTRAINT case_outcome_known CHECK (outcome IN
                     ('', 'keep', 'amend', 'repeal', 'withdrawn', 'outOfScope', 'lapsed')),
    outcome_on       date,
    -- Of the first outcome, and of the opening: in progress at the end of a day = opened by it, no outcome by it.
    first_outcome_on date,
    -- NULL: a finished record from a file that does not say when it was decided. It is listed, and in no period.
    opened_on        date,
    opened_at        timestamptz NOT NULL,
    recorded_at      timestamptz NOT NULL, -- when the first event was made; "as of" asks for it
    updated_at       timestamptz NOT NULL,
    due              timestamptz,
    due_provisional  boolean NOT NULL DEFAULT false,
    made_up          boolean NOT NULL DEFAULT false,
    label            text NOT NULL DEFAULT '',
    imported         boolean NOT NULL DEFAULT false,
    -- Set when the running case and the record disagree; nothing is written until an operator has looked.
    frozen           boolean NOT NULL DEFAULT false,
    -- json, not jsonb: the bytes stay as they were written, and the last event's payload names their SHA-256.
    state            json NOT NULL,
    CONSTRAINT case_outcome_has_day CHECK (imported OR (outcome = '') = (outcome_on IS NULL)),
    CONSTRAINT case_outcome_after_opening CHECK (first_outcome_on >= opened_on AND outcome_on >= first_outcome_on),
    CONSTRAINT case_opened_on_day CHECK (imported OR opened_on IS NOT NULL)
);

-- A measure is reviewed once at a time. A measure in force under an exception is not under review: its case only waits
-- for the exception to end, and a clean-up may look at the measure meanwhile.
CREATE UNIQUE INDEX one_open_case_per_measure ON cases (measure) WHERE measure <> '' AND status NOT IN (
    'OUT_OF_SCOPE', 'ISSUED', 'ISSUED_EXCEPTION', 'EXCEPTION_DUE', 'CEASED', 'NOT_ISSUED', 'CLOSED_UNISSUED', 'WITHDRAWN',
    'KEPT', 'KEPT_EXCEPTION', 'REVISED', 'REPEALED', 'LAPSED');
CREATE INDEX cases_newest_first ON cases (opened_at DESC, id DESC);
CREATE INDEX cases_by_unit ON cases (unit, opened_at DESC, id DESC);
CREATE INDEX cases_by_status ON cases (status);
CREATE INDEX cases_in_progress ON cases (opened_on) WHERE first_outcome_on IS NULL;
CREATE INDEX cases_made_up ON cases (made_up) WHERE made_up;

-- What happened, for good. payload holds the canonical bytes and is never written again from anything else;
-- hash = SHA-256(prev_hash, nonce, payload), and the first prev_hash is 32 zero bytes. The columns repeat what queries
-- need; verification compares them with the payload.
CREATE TABLE events (
    case_id         uuid NOT NULL REFERENCES cases (id),
    version         integer NOT NULL CHECK (version >= 1),
    round           integer NOT NULL CHECK (round >= 1),
    at              timestamptz NOT NULL,
    kind            text NOT NULL CHECK (kind <> ''),
    person          text NOT NULL,
    unit            text NOT NULL,
    from_status     text NOT NULL,
    to_status       text NOT NULL,
    outcome         text NOT NULL,
    -- A request is answered once. Timers ask for nothing: NULL.
    request_id      text CONSTRAINT events_request_once UNIQUE,
    request_digest  text NOT NULL,
    record_digest   bytea NOT NULL CHECK (length(record_digest) = 32), -- of what Save was given: tells a repeat from a fork
    due             timestamptz, -- when the period that this event started ends, by the calendar of then
    due_provisional boolean NOT NULL DEFAULT false,
    payload         bytea NOT NULL,
    nonce           bytea NOT NULL CHECK (length(nonce) = 16),
    prev_hash       bytea NOT NULL CHECK (length(prev_hash) = 32),
    hash            bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (case_id, version)
);

-- +goose StatementBegin
CREATE FUNCTION events_are_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd
CREATE TRIGGER events_are_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_for_good();

-- Figures ----------------------------------------------------------------------------------------------------------

-- A later outcome never removes an earlier one: it ends its validity. Of the outcomes of a case whose day lies in a
-- period, the one with replaced_on after the period's end is the last in it, so every case counts once per period.
CREATE TABLE outcomes (
    case_id     uuid NOT NULL REFERENCES cases (id),
    seq         integer NOT NULL CHECK (seq >= 1),
    version     integer NOT NULL, -- of the event that counted
    outcome     text NOT NULL CHECK (outcome IN ('keep', 'amend', 'repeal', 'withdrawn', 'outOfScope', 'lapsed')),
    status      text NOT NULL,
    unit        text NOT NULL,
    route       text NOT NULL,
    kind        text NOT NULL,
    day         date, -- NULL: imported without a known day
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz,
    replaced_on date NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (case_id, seq),
    CONSTRAINT outcome_event_exists FOREIGN KEY (case_id, version) REFERENCES events (case_id, version),
    CONSTRAINT outcome_replaced_both CHECK ((replaced_at IS NULL) = (replaced_on = 'infinity')),
    CONSTRAINT outcome_replaced_later CHECK (replaced_on >= day AND replaced_at >= recorded_at)
);
CREATE UNIQUE INDEX one_valid_outcome_per_case ON outcomes (case_id) WHERE replaced_at IS NULL;
CREATE INDEX outcomes_by_day ON outcomes (day, outcome);

-- Sums over outcomes and openings, kept in the transaction that makes them, so that a figure costs the same at a
-- thousand cases and at a million. A count of a period = sum of n where day lies in it and replaced_on after its end.
-- outcome is one of the six, or 'registered' (day = opening) or 'finished' (day = first outcome): their difference up to
-- a day is what was in progress at its end. unit '' is the sum over all units.
CREATE TABLE counters (
    unit        text NOT NULL,
    day         date NOT NULL,
    route       text NOT NULL,
    kind        text NOT NULL,
    outcome     text NOT NULL CHECK (outcome IN
                ('keep', 'amend', 'repeal', 'withdrawn', 'outOfScope', 'lapsed', 'registered', 'finished')),
    replaced_on date NOT NULL DEFAULT 'infinity',
    -- No CHECK (n >= 0): a row proposed to ON CONFLICT is checked before it is added to the one that is there, and -1 is
    -- how a superseded outcome leaves. invariants.sql compares every sum with the rows instead.
    n           integer NOT NULL,
    PRIMARY KEY (unit, day, route, kind, outcome, replaced_on)
);

-- Whose turn, who may read -----------------------------------------------------------------------------------------

-- review.Turns as rows: a role in a unit, or one person.
CREATE TABLE tasks (
    case_id         uuid NOT NULL REFERENCES cases (id),
    unit            text NOT NULL,
    role            text NOT NULL,
    person          text NOT NULL,
    what            text NOT NULL,
    since           timestamptz NOT NULL,
    due             timestamptz,
    due_provisional boolean NOT NULL,
    PRIMARY KEY (case_id, unit, role, person),
    CONSTRAINT task_is_somebodys CHECK (unit <> '' OR person <> '')
);
CREATE INDEX tasks_of_unit ON tasks (unit, role) WHERE unit <> '';
CREATE INDEX tasks_of_person ON tasks (person) WHERE person <> '';

-- review.Grants as rows. Every list, search and count of a list joins this table.
CREATE TABLE case_readers (
    case_id uuid NOT NULL REFERENCES cases (id),
    unit    text NOT NULL,
    person  text NOT NULL,
    PRIMARY KEY (case_id, unit, person),
    CONSTRAINT reader_is_somebody CHECK ((unit = '') <> (person = ''))
);
CREATE INDEX case_readers_of_unit ON case_readers (unit, case_id) WHERE unit <> '';
CREATE INDEX case_readers_of_person ON case_readers (person, case_id) WHERE person <> '';

-- Texts ------------------------------------------------------------------------------------------------------------

-- Texts under their SHA-256, hex. A text is nobody's to list: it is read by who put it, or through a case.
CREATE TABLE texts (
    hash       text PRIMARY KEY CONSTRAINT text_hash_fits CHECK (hash = encode(sha256(convert_to(body, 'UTF8')), 'hex')),
    body       text NOT NULL,
    size       integer NOT NULL GENERATED ALWAYS AS (octet_length(body)) STORED,
    created_at timestamptz NOT NULL,
    CONSTRAINT text_size CHECK (octet_length(body) BETWEEN 1 AND 1048576)
);

-- Who put a text, and in which unit they were then: colleagues may put the text forward in a case.
CREATE TABLE text_holders (
    hash   text NOT NULL REFERENCES texts (hash),
    person text NOT NULL REFERENCES people (id),
    unit   text NOT NULL, -- '' for a person without a unit
    put_at timestamptz NOT NULL,
    PRIMARY KEY (hash, person, unit)
);

-- The texts that a case names, so that whoever may read the case may read them.
CREATE TABLE case_texts (
    case_id uuid NOT NULL REFERENCES cases (id),
    hash    text NOT NULL CONSTRAINT case_text_exists REFERENCES texts (hash),
    what    text NOT NULL, -- the field that named it first
    PRIMARY KEY (case_id, hash)
);
CREATE INDEX case_texts_by_hash ON case_texts (hash);

-- Writes that are no action on a case happen once per key; the answer is stored in their own transaction.
CREATE TABLE requests (
    person     text NOT NULL,
    key        text NOT NULL,
    digest     text NOT NULL,
    answer     jsonb,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (person, key)
);
