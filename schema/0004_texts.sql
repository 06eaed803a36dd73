-- +goose Up

-- Files that people upload. Ids, labels and sums of clauses are part of a case's state and of its events; there is no
-- table of clauses beside them that could say something else.

-- Files under their SHA-256, hex. A file is nobody's to list: it is read through a case.
CREATE TABLE files (
    hash       text PRIMARY KEY CONSTRAINT file_hash_fits CHECK (hash = encode(sha256(body), 'hex')),
    body       bytea NOT NULL,
    size       integer NOT NULL GENERATED ALWAYS AS (octet_length(body)) STORED,
    -- What it is by its content, as internal/document found; what it is called means nothing.
    format     text NOT NULL CONSTRAINT file_format_known CHECK (format IN ('docx', 'xlsx', 'pdf', 'png', 'jpeg', 'txt')),
    created_at timestamptz NOT NULL,
    CONSTRAINT file_size CHECK (octet_length(body) BETWEEN 1 AND 10485760)
);
-- They are packed already, all but the plain texts.
ALTER TABLE files ALTER COLUMN body SET STORAGE EXTERNAL;

-- The files that texts were read out of, and who put them: a text that a case names brings its original along.
CREATE TABLE file_holders (
    hash      text NOT NULL CONSTRAINT held_file_exists REFERENCES files (hash),
    person    text NOT NULL REFERENCES people (id),
    unit      text NOT NULL, -- '' for a person without a unit
    text_hash text NOT NULL CONSTRAINT held_text_exists REFERENCES texts (hash),
    name      text NOT NULL CONSTRAINT held_file_name CHECK (name <> '' AND length(name) <= 120),
    put_at    timestamptz NOT NULL,
    PRIMARY KEY (hash, person, unit)
);
CREATE INDEX file_holders_of_text ON file_holders (text_hash);

-- What is attached to a case. A correction is another file: nothing here is ever changed or taken away.
CREATE TABLE case_files (
    case_id uuid NOT NULL REFERENCES cases (id),
    hash    text NOT NULL CONSTRAINT case_file_exists REFERENCES files (hash),
    kind    text NOT NULL CONSTRAINT case_file_kind CHECK (kind IN
            ('note', 'prelim', 'heard', 'report', 'letter', 'scan', 'original', 'other')),
    name    text NOT NULL CONSTRAINT case_file_name CHECK (name <> '' AND length(name) <= 120),
    version integer NOT NULL CHECK (version >= 1), -- of the case when it was attached
    person  text NOT NULL REFERENCES people (id),
    unit    text NOT NULL CHECK (unit <> ''),      -- as which it was attached
    at      timestamptz NOT NULL,
    PRIMARY KEY (case_id, hash, kind, unit)
);
CREATE INDEX case_files_by_time ON case_files (case_id, at);

-- +goose StatementBegin
CREATE FUNCTION files_are_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd
CREATE TRIGGER files_are_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON files
    FOR EACH STATEMENT EXECUTE FUNCTION files_are_for_good();
CREATE TRIGGER file_holders_are_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON file_holders
    FOR EACH STATEMENT EXECUTE FUNCTION files_are_for_good();
CREATE TRIGGER case_files_are_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON case_files
    FOR EACH STATEMENT EXECUTE FUNCTION files_are_for_good();
