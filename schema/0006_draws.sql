-- +goose Up

-- Draws that anyone can re-run (spot checks, 办法 39). The list of who could be drawn is sorted and hashed when the draw
-- is asked for; only then can there be a seed, once. Nothing of a request is ever changed, and no row leaves.

CREATE TABLE draws (
    id             uuid PRIMARY KEY,
    what           text NOT NULL CONSTRAINT draw_what_known CHECK (what IN ('spot_check')),
    regulator      text NOT NULL CONSTRAINT draw_regulator_exists REFERENCES units (id),
    filter         jsonb NOT NULL,
    eligible       text[] NOT NULL CONSTRAINT draw_list_bounded CHECK (cardinality(eligible) BETWEEN 1 AND 100000),
    eligible_count integer NOT NULL GENERATED ALWAYS AS (cardinality(eligible)) STORED, -- lists need not read the array
    eligible_hash  text NOT NULL,
    take           integer NOT NULL CONSTRAINT draw_take_bounded CHECK (take BETWEEN 1 AND 500),
    alternates     integer NOT NULL CONSTRAINT draw_alternates_bounded CHECK (alternates BETWEEN 0 AND 50),
    requested_by   text NOT NULL REFERENCES people (id),
    requested_at   timestamptz NOT NULL,
    -- Drawing again: which draw, why, and who else agreed. One row follows each draw, so that a chain has no branches.
    again_of       uuid CONSTRAINT one_draw_again UNIQUE CONSTRAINT draw_again_of_one REFERENCES draws (id),
    reason         text NOT NULL DEFAULT '',
    request_hash   text NOT NULL CONSTRAINT draw_request_hash_form CHECK (request_hash ~ '^[0-9a-f]{64}$'),
    second_by      text REFERENCES people (id),
    second_at      timestamptz,
    seed           bytea CONSTRAINT draw_seed_size CHECK (length(seed) = 32),
    drawn_by       text REFERENCES people (id),
    drawn_at       timestamptz,
    CONSTRAINT draw_again_has_reason CHECK (again_of IS NULL OR btrim(reason) <> ''),
    CONSTRAINT draw_again_by_two CHECK (second_by <> requested_by),
    CONSTRAINT draw_second_only_again CHECK (second_by IS NULL OR again_of IS NOT NULL),
    CONSTRAINT draw_second_dated CHECK ((second_by IS NULL) = (second_at IS NULL) AND second_at >= requested_at),
    CONSTRAINT draw_again_agreed_first CHECK (seed IS NULL OR again_of IS NULL OR second_by IS NOT NULL),
    CONSTRAINT draw_seed_dated CHECK ((seed IS NULL) = (drawn_at IS NULL) AND (seed IS NULL) = (drawn_by IS NULL)
        AND drawn_at >= requested_at AND coalesce(drawn_at >= second_at, true))
);
-- A list that was drawn from is drawn from once more by two officers with a reason, not by asking anew.
CREATE UNIQUE INDEX one_first_draw_of_a_list ON draws (regulator, what, eligible_hash) WHERE again_of IS NULL AND seed IS NOT NULL;
CREATE INDEX draws_newest_first ON draws (regulator, requested_at DESC, id DESC);

-- +goose StatementBegin
CREATE FUNCTION draws_come_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seed IS NOT NULL OR NEW.second_by IS NOT NULL THEN
        RAISE EXCEPTION 'a draw is asked for before there is a seed or an agreement' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- The bytes of review.EligibleHash: sorted by bytes, each id once, a line feed after each.
    IF NEW.eligible IS DISTINCT FROM ARRAY (SELECT DISTINCT e.id COLLATE "C" FROM unnest(NEW.eligible) AS e (id) ORDER BY 1)
       OR NEW.eligible_hash IS DISTINCT FROM encode(sha256(convert_to(array_to_string(NEW.eligible, E'\n') || E'\n', 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'the list of a draw is not sorted, or its hash is another' USING ERRCODE = 'check_violation', CONSTRAINT = 'draw_list_hashed';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER draws_come_first BEFORE INSERT ON draws FOR EACH ROW EXECUTE FUNCTION draws_come_first();

-- +goose StatementBegin
CREATE FUNCTION draws_are_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'draws are for good: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.seed IS NOT NULL THEN
        RAISE EXCEPTION 'a draw that has its seed is for good' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.second_by IS NOT NULL AND (NEW.second_by, NEW.second_at) IS DISTINCT FROM (OLD.second_by, OLD.second_at)
       OR (NEW.id, NEW.what, NEW.regulator, NEW.filter, NEW.eligible, NEW.eligible_hash, NEW.take, NEW.alternates,
           NEW.requested_by, NEW.requested_at, NEW.again_of, NEW.reason, NEW.request_hash)
          IS DISTINCT FROM
          (OLD.id, OLD.what, OLD.regulator, OLD.filter, OLD.eligible, OLD.eligible_hash, OLD.take, OLD.alternates,
           OLD.requested_by, OLD.requested_at, OLD.again_of, OLD.reason, OLD.request_hash) THEN
        RAISE EXCEPTION 'what was asked for and agreed is for good' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER draws_are_for_good BEFORE UPDATE OR DELETE ON draws FOR EACH ROW EXECUTE FUNCTION draws_are_for_good();
CREATE TRIGGER draws_are_not_emptied BEFORE TRUNCATE ON draws FOR EACH STATEMENT EXECUTE FUNCTION draws_are_for_good();
