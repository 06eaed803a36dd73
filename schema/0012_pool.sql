-- +goose Up

-- The pool of experts (专家库), overrides of conflicts of interest, and draws for a panel. A program of before it runs on this
-- schema.

-- One expert in the pool of one regulator. The person is an account, which may be one that nobody signs in with. No number of
-- an identity or bank card is kept, and no address: what is not needed to find a conflict or to draw is not asked.
CREATE TABLE pool_experts (
    regulator   text NOT NULL CONSTRAINT pool_regulator_exists REFERENCES units (id),
    person      text NOT NULL CONSTRAINT pool_person_exists REFERENCES people (id),
    fields      text[] NOT NULL CONSTRAINT pool_fields_bounded CHECK (cardinality(fields) BETWEEN 1 AND 20),
    institution text NOT NULL CONSTRAINT pool_institution_given CHECK (institution <> ''),
    region      text NOT NULL DEFAULT '',
    employers   jsonb NOT NULL DEFAULT '[]', -- former ones: [{with, from, to}], in years
    works       jsonb NOT NULL DEFAULT '[]', -- commissioned work, the same
    interests   jsonb NOT NULL DEFAULT '[]', -- declared: [{with, case}]
    first_day   date NOT NULL,               -- of the term; both days included
    last_day    date,                        -- NULL: no end is set
    PRIMARY KEY (regulator, person),
    CONSTRAINT pool_term_ordered CHECK (last_day >= first_day - 1) -- the day before the first: never
);
CREATE INDEX pool_experts_by_person ON pool_experts (person);

-- Every state of an entry, for good: an end of term, and a new one, leave what was.
CREATE TABLE pool_changes (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    regulator text NOT NULL,
    person    text NOT NULL,
    at        timestamptz NOT NULL,
    by        text NOT NULL, -- a person's id; import: from a file
    reason    text NOT NULL DEFAULT '',
    entry     jsonb NOT NULL,
    FOREIGN KEY (regulator, person) REFERENCES pool_experts (regulator, person)
);
CREATE INDEX pool_changes_of_expert ON pool_changes (regulator, person, id DESC);

-- A second officer lets an expert sit in spite of what stands against them: what it was is kept, and what is found later
-- is not covered. Of one case and round.
CREATE TABLE panel_overrides (
    id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    case_id   uuid NOT NULL REFERENCES cases (id),
    round     integer NOT NULL CHECK (round >= 1),
    expert    text NOT NULL CONSTRAINT override_expert_exists REFERENCES people (id),
    interests jsonb NOT NULL CONSTRAINT override_of_something CHECK (jsonb_array_length(interests) > 0),
    reason    text NOT NULL CONSTRAINT override_has_reason CHECK (btrim(reason) <> ''),
    by        text NOT NULL REFERENCES people (id),
    at        timestamptz NOT NULL
);
CREATE INDEX panel_overrides_of_case ON panel_overrides (case_id, round, expert);

-- How a panel came about, written before the action is handed on; it happened when an event has the request's id.
CREATE TABLE panel_formations (
    request_id text PRIMARY KEY CHECK (request_id <> ''),
    case_id    uuid NOT NULL REFERENCES cases (id),
    round      integer NOT NULL CHECK (round >= 1),
    how        text NOT NULL CONSTRAINT formation_known CHECK (how IN ('drawn', 'hand_picked')),
    draw       uuid REFERENCES draws (id),
    overrides  uuid[] NOT NULL DEFAULT '{}',
    by         text NOT NULL REFERENCES people (id),
    at         timestamptz NOT NULL,
    CONSTRAINT formation_has_draw CHECK ((how = 'drawn') = (draw IS NOT NULL))
);
CREATE INDEX panel_formations_of_case ON panel_formations (case_id, at);

-- +goose StatementBegin
CREATE FUNCTION pool_keeps_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is kept for good: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd
CREATE TRIGGER pool_experts_stay BEFORE DELETE OR TRUNCATE ON pool_experts FOR EACH STATEMENT EXECUTE FUNCTION pool_keeps_history();
CREATE TRIGGER pool_changes_are_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON pool_changes FOR EACH STATEMENT EXECUTE FUNCTION pool_keeps_history();
CREATE TRIGGER panel_overrides_are_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON panel_overrides FOR EACH STATEMENT EXECUTE FUNCTION pool_keeps_history();
CREATE TRIGGER panel_formations_are_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON panel_formations FOR EACH STATEMENT EXECUTE FUNCTION pool_keeps_history();

-- Draws for a panel. Two cases may well draw from the same list, so there a case and its round are drawn for once.
ALTER TABLE draws DROP CONSTRAINT draw_what_known;
ALTER TABLE draws ADD CONSTRAINT draw_what_known CHECK (what IN ('spot_check', 'panel'));
ALTER TABLE draws ADD CONSTRAINT draw_of_panel_has_case CHECK ((what = 'panel') = (coalesce(filter ->> 'case', '') <> ''));
DROP INDEX one_first_draw_of_a_list;
CREATE UNIQUE INDEX one_first_draw_of_a_list ON draws (regulator, what, eligible_hash) WHERE again_of IS NULL AND seed IS NOT NULL AND what = 'spot_check';
CREATE UNIQUE INDEX one_first_draw_of_a_panel ON draws ((filter ->> 'case'), (filter ->> 'round')) WHERE again_of IS NULL AND seed IS NOT NULL AND what = 'panel';
CREATE INDEX draws_of_case ON draws ((filter ->> 'case'), requested_at DESC) WHERE what = 'panel';
-- Names as they were when they were drawn, the alternates' after: a name that changes changes no record.
ALTER TABLE draws ADD COLUMN labels text[];
