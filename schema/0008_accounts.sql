-- +goose Up

-- Accounts: sessions that can be listed and ended, tokens with scopes, the second factor, one-time links, devices that are
-- known, three administrators apart, and the log of what concerns security. A program of before it runs on this schema.

-- The three administrators: 系统管理员 keeps accounts, units and settings; 安全管理员 roles, sessions and tokens; 审计管理员
-- reads the log. None has a part in a case.
ALTER TABLE memberships DROP CONSTRAINT membership_role_known;
ALTER TABLE memberships ADD CONSTRAINT membership_role_known CHECK (role IN
    ('handler', 'review_body', 'unit_head', 'officer', 'checker', 'approver', 'expert', 'admin', 'security_admin', 'audit_admin'));

-- Nobody is two of the three on the same day, in whatever units: who opens accounts must not give them power, and neither
-- may be the one who reads what was done. A trigger and not an exclusion constraint: that would need an extension. The
-- person's row is locked, so that two roles given at the same moment do not both find the other absent.
-- +goose StatementBegin
CREATE FUNCTION administrators_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM people WHERE id = NEW.person FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM memberships m
               WHERE m.person = NEW.person AND m.role IN ('admin', 'security_admin', 'audit_admin') AND m.role <> NEW.role
                 AND daterange(m.valid_from, m.valid_to) && daterange(NEW.valid_from, NEW.valid_to)) THEN
        RAISE EXCEPTION 'nobody holds two of the three administrators'' roles'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'administrators_apart';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER administrators_apart BEFORE INSERT OR UPDATE ON memberships FOR EACH ROW
    WHEN (NEW.role IN ('admin', 'security_admin', 'audit_admin')) EXECUTE FUNCTION administrators_apart();

-- id is what a list shows and an end names: the token is known to the browser only.
ALTER TABLE sessions ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT session_id_once UNIQUE;
ALTER TABLE sessions ADD COLUMN address text NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN browser text NOT NULL DEFAULT '';
CREATE INDEX sessions_of_person ON sessions (person);

-- Right login and password, and the second step still to come: not a session, and never becomes one.
CREATE TABLE pending_sign_ins (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    person     text NOT NULL REFERENCES people (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    tries      integer NOT NULL DEFAULT 0,
    attempt    bigint NOT NULL -- in sign_in_attempts: forgiven when the second step is done, not before
);
CREATE INDEX pending_sign_ins_by_expiry ON pending_sign_ins (expires_at);
CREATE INDEX pending_sign_ins_of_person ON pending_sign_ins (person);

-- A browser that somebody signed in with before. It opens nothing; its failures are counted apart from everybody else's.
CREATE TABLE known_devices (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    person     text NOT NULL REFERENCES people (id),
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX known_devices_of_person ON known_devices (person, seen_at);

CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (at);

-- scopes NULL: everything the person may do, as tokens did before there were scopes. unit NULL: in all their units.
ALTER TABLE api_tokens ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT token_id_once UNIQUE;
ALTER TABLE api_tokens ADD COLUMN scopes text[] CONSTRAINT token_scope_known
    CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'act', 'admin']);
ALTER TABLE api_tokens ADD COLUMN unit text CONSTRAINT token_unit_exists REFERENCES units (id);
ALTER TABLE api_tokens ADD COLUMN used_at timestamptz;
CREATE INDEX api_tokens_of_person ON api_tokens (person);

-- The secret is encrypted (AES-256-GCM, bound to the person) by a key that is not in the database. last_step is the last
-- time step whose code was used: a code opens once.
CREATE TABLE second_factors (
    person       text PRIMARY KEY REFERENCES people (id),
    key_id       text NOT NULL,
    secret       bytea NOT NULL,
    created_at   timestamptz NOT NULL,
    confirmed_at timestamptz, -- NULL: begun, and not in force
    last_step    bigint NOT NULL DEFAULT 0
);

-- Eighty random bits each, so a plain SHA-256 keeps them.
CREATE TABLE recovery_codes (
    person    text NOT NULL REFERENCES second_factors (person) ON DELETE CASCADE,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    PRIMARY KEY (person, code_hash)
);

-- A link opens once. person NULL: for the first administrator of a new database.
CREATE TABLE one_time_links (
    token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    person     text REFERENCES people (id),
    made_by    text NOT NULL, -- a person's id; '' for the machine itself
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX one_time_links_of_person ON one_time_links (person);

-- Whoever is deactivated is out at once, and does not come back in by what was left when they are activated again; here and
-- not in the program, so that no way of deactivating forgets it.
-- +goose StatementBegin
CREATE FUNCTION person_is_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM sessions WHERE person = NEW.id;
    DELETE FROM api_tokens WHERE person = NEW.id;
    DELETE FROM pending_sign_ins WHERE person = NEW.id;
    DELETE FROM known_devices WHERE person = NEW.id;
    DELETE FROM one_time_links WHERE person = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER person_is_out AFTER UPDATE OF active ON people FOR EACH ROW
    WHEN (OLD.active AND NOT NEW.active) EXECUTE FUNCTION person_is_out();

-- What concerns security, for good: payload holds the canonical bytes; hash = SHA-256(prev_hash, nonce, payload), the first
-- prev_hash is 32 zero bytes. The columns repeat what queries need; verification compares them with the payload.
CREATE TABLE security_events (
    seq       bigint PRIMARY KEY CHECK (seq >= 1),
    at        timestamptz NOT NULL,
    kind      text NOT NULL CHECK (kind <> ''),
    person    text NOT NULL, -- who did it; '' when nobody is known to have
    login     text NOT NULL, -- as it was typed, for sign-ins
    address   text NOT NULL,
    what      text NOT NULL, -- to whom or what it was done: ids, never a secret
    times     integer NOT NULL CHECK (times >= 1), -- failures and refusals: how often within the minute
    payload   bytea NOT NULL,
    nonce     bytea NOT NULL CHECK (length(nonce) = 16),
    prev_hash bytea NOT NULL CHECK (length(prev_hash) = 32),
    hash      bytea NOT NULL CHECK (length(hash) = 32)
);
CREATE INDEX security_events_of_person ON security_events (person, seq);

-- +goose StatementBegin
CREATE FUNCTION security_events_are_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'security events are append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd
CREATE TRIGGER security_events_are_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON security_events
    FOR EACH STATEMENT EXECUTE FUNCTION security_events_are_for_good();

-- Where the log ends: a row cut off its end is missed. Its lock makes one event follow the other.
CREATE TABLE security_head (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    seq  bigint NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32)
);
INSERT INTO security_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- Failures and refusals of the minute, counted before they become one event each: guessing cannot fill the log.
CREATE TABLE security_counts (
    minute  timestamptz NOT NULL,
    kind    text NOT NULL,
    person  text NOT NULL,
    login   text NOT NULL,
    address text NOT NULL,
    what    text NOT NULL,
    times   integer NOT NULL CHECK (times >= 1),
    PRIMARY KEY (minute, kind, person, login, address, what)
);
