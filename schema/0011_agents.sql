-- +goose Up

-- Dated agents (代理), who reads what of restricted cases, and units that were merged. A program of before it runs on this
-- schema.

-- One person acts for another in one of their roles, for a while. The days are in China, both included. The role is
-- held through the principal's own membership: it ends with that, whatever the days say.
CREATE TABLE agents (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    principal  text NOT NULL CONSTRAINT agent_principal_exists REFERENCES people (id),
    agent      text NOT NULL CONSTRAINT agent_exists REFERENCES people (id),
    unit       text NOT NULL CONSTRAINT agent_unit_exists REFERENCES units (id),
    -- No expert: they are asked for their own view. No administrator: their powers are apart.
    role       text NOT NULL CONSTRAINT agent_role_fits CHECK (role IN
               ('handler', 'review_body', 'unit_head', 'officer', 'checker', 'approver')),
    first_day  date NOT NULL,
    last_day   date NOT NULL,
    reason     text NOT NULL CHECK (reason <> ''),
    made_by    text NOT NULL REFERENCES people (id),
    made_at    timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_by   text, -- a person's id; '' when the account was closed
    CONSTRAINT agent_is_another CHECK (agent <> principal),
    CONSTRAINT agent_days_fit CHECK (last_day BETWEEN first_day AND first_day + 89),
    CONSTRAINT agent_ended_both CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX agents_of_agent ON agents (agent, last_day) WHERE ended_at IS NULL;
-- Asked for twice, it is one.
CREATE UNIQUE INDEX agent_once ON agents (principal, agent, unit, role, first_day, last_day) WHERE ended_at IS NULL;
CREATE INDEX agents_of_principal ON agents (principal, last_day) WHERE ended_at IS NULL;

-- What was running when an account is closed does not run again when it is opened.
-- +goose StatementBegin
CREATE FUNCTION agents_end_with_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE agents SET ended_at = clock_timestamp(), ended_by = ''
    WHERE ended_at IS NULL AND (principal = NEW.id OR agent = NEW.id);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER agents_end_with_account AFTER UPDATE OF active ON people FOR EACH ROW
    WHEN (OLD.active AND NOT NEW.active) EXECUTE FUNCTION agents_end_with_account();

-- Who read a restricted case, one row a day (in China).
CREATE TABLE case_reads (
    case_id  uuid NOT NULL REFERENCES cases (id),
    person   text NOT NULL REFERENCES people (id),
    day      date NOT NULL,
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL,
    times    integer NOT NULL CHECK (times >= 1),
    PRIMARY KEY (case_id, person, day),
    CONSTRAINT case_read_ordered CHECK (last_at >= first_at)
);
CREATE INDEX case_reads_newest_first ON case_reads (day DESC, case_id, person);

CREATE INDEX units_merged ON units (merged_into) WHERE merged_into IS NOT NULL;

-- The desks and chairs by which a person reads restricted cases have the unit's id before a slash.
ALTER TABLE units ADD CONSTRAINT unit_id_has_no_slash CHECK (id !~ '/') NOT VALID;

-- The units whose cases a unit has taken over: those that were merged into it, and into those.
-- +goose StatementBegin
CREATE FUNCTION units_taken_over(successor text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    WITH RECURSIVE taken (id) AS (
        SELECT u.id FROM units u WHERE u.merged_into = successor
        UNION
        SELECT u.id FROM units u JOIN taken t ON u.merged_into = t.id
    )
    SELECT id FROM taken
$$;
-- +goose StatementEnd
