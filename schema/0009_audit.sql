-- +goose Up

-- Heads of the audit trail: each seals the chains that grew since the one before it, and that one. What a head says can be
-- kept elsewhere; against such a copy nothing that came before it can be changed, not even by who owns this database.
-- hash = SHA-256 of the head's text (postgres/heads.go), whose first line is the hash of the head before.

CREATE TABLE audit_heads (
    seq           bigint PRIMARY KEY CHECK (seq >= 1), -- without gaps
    day           date NOT NULL, -- in China, on which it was made; several a day are allowed
    made_at       timestamptz NOT NULL,
    chains        integer NOT NULL CHECK (chains >= 0),
    -- The last of the security events, when there were any: they are one chain.
    security_seq  bigint,
    security_hash bytea CHECK (length(security_hash) = 32),
    prev_hash     bytea NOT NULL CHECK (length(prev_hash) = 32),
    hash          bytea NOT NULL CHECK (length(hash) = 32),
    CONSTRAINT audit_head_security_both CHECK ((security_seq IS NULL) = (security_hash IS NULL))
);
CREATE INDEX audit_heads_by_day ON audit_heads (day);

-- No reference to cases: a key share lock on its row would make Save wait, and a head must outlive a case that somebody
-- deleted. A version of a case is sealed once.
CREATE TABLE audit_head_chains (
    seq     bigint NOT NULL REFERENCES audit_heads (seq),
    case_id uuid NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    hash    bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (case_id, version)
);
CREATE INDEX audit_head_chains_of_head ON audit_head_chains (seq, case_id);

-- +goose StatementBegin
CREATE FUNCTION audit_heads_are_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit heads are append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_heads_are_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_heads
    FOR EACH STATEMENT EXECUTE FUNCTION audit_heads_are_for_good();
CREATE TRIGGER audit_head_chains_are_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_head_chains
    FOR EACH STATEMENT EXECUTE FUNCTION audit_heads_are_for_good();

-- Which head was sent where, so that one server of several sends it and what failed is sent later. target is a SHA-256 of
-- the address, which may hold a secret. This proves nothing and may be deleted.
CREATE TABLE audit_heads_sent (
    target     text NOT NULL CHECK (target ~ '^[0-9a-f]{64}$'),
    seq        bigint NOT NULL REFERENCES audit_heads (seq),
    claimed_at timestamptz NOT NULL,
    sent_at    timestamptz,
    PRIMARY KEY (target, seq)
);

-- The log is read by time, newest first, a page after the other.
CREATE INDEX events_by_time ON events (at, case_id, version);

-- So are the security events, where this database has them.
-- +goose StatementBegin
DO $$
BEGIN
    IF to_regclass('security_events') IS NOT NULL THEN
        CREATE INDEX security_events_by_time ON security_events (at, seq);
    END IF;
END $$;
-- +goose StatementEnd
