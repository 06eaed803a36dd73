-- +goose Up

-- Who loaded which year of the working calendar, when. What the migrations brought was loaded by nobody and is not here.
CREATE TABLE calendar_loads (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    year      integer NOT NULL CONSTRAINT calendar_load_of_year REFERENCES calendar_years (year),
    source    text NOT NULL CHECK (source <> ''),
    -- A person's id, or the account that ran a command.
    loaded_by text NOT NULL CHECK (loaded_by <> ''),
    loaded_at timestamptz NOT NULL,
    off       integer NOT NULL CHECK (off >= 0), -- days off that were listed
    work      integer NOT NULL CHECK (work >= 0) -- Saturdays and Sundays made up for
);
CREATE INDEX calendar_loads_of_year ON calendar_loads (year, id DESC);

-- A changed calendar asks for the cases whose period runs. They are few beside all that ever were; an exception in force ends on
-- a day and not after working days.
CREATE INDEX cases_with_period ON cases (id) WHERE due IS NOT NULL AND NOT imported
    AND status NOT IN ('ISSUED_EXCEPTION', 'KEPT_EXCEPTION');
CREATE INDEX cases_provisional ON cases (id) WHERE due_provisional;
