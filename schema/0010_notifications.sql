-- +goose Up

-- Notifications. Save writes notices in the transaction of the event that they tell of; everything else here follows from
-- them and is written by whoever reads, chooses or delivers. Nothing here holds a title, a name or a reason: what a notice says is
-- made from its kind and the case when it is read, by whoever may still read the case then.

-- A role in a unit, or one person, is told that an event happened.
CREATE TABLE notices (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id     uuid NOT NULL REFERENCES cases (id),
    version     integer NOT NULL, -- of the event
    kind        text NOT NULL CHECK (kind <> ''),
    unit        text NOT NULL,
    role        text NOT NULL,
    person      text NOT NULL,
    actor       text NOT NULL, -- whoever did it, who needs not be told; shown to nobody
    made_at     timestamptz NOT NULL, -- when the event happened
    -- When the row was written. An event may wait for the database; whoever reads "everything up to here" must not miss one.
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    fanned      boolean NOT NULL DEFAULT false, -- mail and webhooks were queued for it
    CONSTRAINT notice_is_somebodys CHECK ((unit <> '' AND role <> '' AND person = '') OR (unit = '' AND person <> ''))
);
CREATE INDEX notices_of_unit ON notices (unit, role, id DESC) WHERE unit <> '';
CREATE INDEX notices_of_person ON notices (person, id DESC) WHERE person <> '';
CREATE INDEX notices_to_fan ON notices (id) WHERE NOT fanned;

-- What a person has read: single notices, and everything up to one.
CREATE TABLE notice_reads (
    person  text NOT NULL REFERENCES people (id),
    notice  bigint NOT NULL REFERENCES notices (id),
    read_at timestamptz NOT NULL,
    PRIMARY KEY (person, notice)
);
CREATE TABLE notice_marks (
    person  text PRIMARY KEY REFERENCES people (id),
    upto    bigint NOT NULL, -- id of a notice
    read_at timestamptz NOT NULL
);

-- Mail -------------------------------------------------------------------------------------------------------------

-- An address is written to once its owner has followed the link that was sent there. The link's token is made when it is sent and
-- kept as SHA-256.
CREATE TABLE mail_addresses (
    person      text PRIMARY KEY REFERENCES people (id),
    address     text NOT NULL CONSTRAINT mail_address_form CHECK (address ~ '^[!-?A-~]+@[!-?A-~]+$' AND length(address) <= 254),
    asked_at    timestamptz NOT NULL,
    verified_at timestamptz,
    token_hash  bytea CHECK (length(token_hash) = 32),
    token_until timestamptz
);

-- Of what a person wants mail, and when. No row: the program's default.
CREATE TABLE mail_choices (
    person text NOT NULL REFERENCES people (id),
    kind   text NOT NULL CHECK (kind <> ''),
    choice text NOT NULL CONSTRAINT mail_choice_known CHECK (choice IN ('now', 'digest', 'off')),
    PRIMARY KEY (person, kind)
);

-- One row a message still to be sent, sent or given up. Whoever sends takes a row until claimed_until; when they die meanwhile, it
-- is sent once more, under the same message id.
CREATE TABLE mail_queue (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person        text NOT NULL REFERENCES people (id),
    what          text NOT NULL CHECK (what IN ('notice', 'digest', 'verify')),
    notice        bigint REFERENCES notices (id),
    made_at       timestamptz NOT NULL,
    next_at       timestamptz NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    claimed_until timestamptz,
    sent_at       timestamptz,
    dead_at       timestamptz, -- given up
    error         text NOT NULL DEFAULT '', -- a code, never the server's words
    CONSTRAINT mail_is_of_something CHECK ((what = 'verify') = (notice IS NULL)),
    CONSTRAINT mail_ends_one_way CHECK (sent_at IS NULL OR dead_at IS NULL)
);
CREATE UNIQUE INDEX mail_once_per_notice ON mail_queue (person, notice) WHERE notice IS NOT NULL;
CREATE INDEX mail_to_send ON mail_queue (next_at) WHERE sent_at IS NULL AND dead_at IS NULL;
CREATE INDEX mail_given_up ON mail_queue (dead_at) WHERE dead_at IS NOT NULL;

-- Webhooks ---------------------------------------------------------------------------------------------------------

-- Where other systems are told, registered by an administrator. secret is encrypted (AES-256-GCM, bound to
-- the endpoint) by a key that is not in the database: whoever reads this table cannot sign.
CREATE TABLE webhooks (
    id       uuid PRIMARY KEY,
    url      text NOT NULL CONSTRAINT webhook_url_size CHECK (url <> '' AND length(url) <= 2000),
    kinds    text[] NOT NULL, -- none: every kind
    key_id   text NOT NULL,
    secret   bytea NOT NULL CHECK (length(secret) > 0),
    made_by  text NOT NULL REFERENCES people (id),
    made_at  timestamptz NOT NULL,
    ended_by text REFERENCES people (id),
    ended_at timestamptz,
    CONSTRAINT webhook_ended_both CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
CREATE INDEX webhooks_active ON webhooks (made_at, id) WHERE ended_at IS NULL;

-- One row a message to one endpoint; id is its webhook-id, the same in every attempt.
CREATE TABLE webhook_queue (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    webhook       uuid NOT NULL REFERENCES webhooks (id),
    case_id       uuid NOT NULL REFERENCES cases (id),
    version       integer NOT NULL,
    kind          text NOT NULL,
    number        text NOT NULL,
    status        text NOT NULL, -- to which the event led
    happened_at   timestamptz NOT NULL,
    made_at       timestamptz NOT NULL,
    retry_from    timestamptz NOT NULL, -- given up a day after it
    next_at       timestamptz NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    claimed_until timestamptz,
    sent_at       timestamptz,
    dead_at       timestamptz,
    error         text NOT NULL DEFAULT '',
    CONSTRAINT webhook_event_once UNIQUE (webhook, case_id, version, kind),
    CONSTRAINT webhook_message_ends_one_way CHECK (sent_at IS NULL OR dead_at IS NULL)
);
CREATE INDEX webhook_to_send ON webhook_queue (webhook, next_at, happened_at, id) WHERE sent_at IS NULL AND dead_at IS NULL;
CREATE INDEX webhook_given_up ON webhook_queue (webhook, dead_at DESC) WHERE dead_at IS NOT NULL;
