-- +goose Up

-- The second revision of the procedure. Nothing is taken away: a program of before it runs on this schema.

-- 审核人: between officer and approver, where the local rule has the step.
ALTER TABLE memberships DROP CONSTRAINT membership_role_known;
ALTER TABLE memberships ADD CONSTRAINT membership_role_known CHECK (role IN
    ('handler', 'review_body', 'unit_head', 'officer', 'checker', 'approver', 'expert', 'admin'));

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION status_fits(kind text, status text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE kind
        WHEN 'new' THEN status IN ('DRAFTING', 'OUT_OF_SCOPE', 'SELF_REVIEW', 'UNIT_CHECK', 'UNIT_SIGN', 'PRELIM_DONE',
            'SUBMITTED', 'CORRECTION', 'SUSPENDED', 'RETURNED', 'REG_REVIEW', 'JOINT_REVIEW', 'EXPERT_REVIEW',
            'CONSULT_UNIT', 'REG_CHECK', 'REG_SIGN', 'CONCLUDED_PASS', 'CONCLUDED_EXCEPTION', 'CONCLUDED_FAIL', 'REVISING',
            'LEGALITY', 'ISSUED', 'ISSUED_EXCEPTION', 'EXCEPTION_DUE', 'CEASED', 'EXTENDED', 'NOT_ISSUED',
            'CLOSED_UNISSUED', 'WITHDRAWN')
        WHEN 'existing' THEN status IN ('OUT_OF_SCOPE', 'EXCEPTION_DUE', 'CEASED', 'EXTENDED', 'INVENTORIED',
            'STOCK_REVIEW', 'STOCK_SIGN', 'STOCK_CONFIRM', 'KEPT', 'KEPT_EXCEPTION', 'TO_REVISE', 'TO_REPEAL',
            'SUSPENDED_EXEC', 'REVISED', 'REPEALED', 'LAPSED')
        ELSE false
    END;
END $$;
-- +goose StatementEnd

-- A case whose exception was carried on by another is closed.
DROP INDEX one_open_case_per_measure;
CREATE UNIQUE INDEX one_open_case_per_measure ON cases (measure) WHERE measure <> '' AND status NOT IN (
    'OUT_OF_SCOPE', 'ISSUED', 'ISSUED_EXCEPTION', 'EXCEPTION_DUE', 'CEASED', 'EXTENDED', 'NOT_ISSUED', 'CLOSED_UNISSUED',
    'WITHDRAWN', 'KEPT', 'KEPT_EXCEPTION', 'REVISED', 'REPEALED', 'LAPSED');

-- When the regulator's own period ends, as assigned with this event; a repeated Save answers the same.
ALTER TABLE events ADD COLUMN review_due timestamptz;
ALTER TABLE events ADD COLUMN review_provisional boolean NOT NULL DEFAULT false;

INSERT INTO rules (version, body, source) VALUES ('2026.2', '{"version": "2026.2", "joint": true, "panel": true,
    "stockConfirm": false, "legality": false, "threshold": 1.5, "correctionDays": 3, "jointDays": 5, "panelDays": 10,
    "reviewDays": 10, "pauseTalks": false, "issueDays": 60, "soonDays": 2, "evaluateMonths": 12, "urgeHours": 24,
    "middle": false, "slots": []}',
    'Tenant data, to be replaced by the tenant''s own rules. No national rule fixes a period for the regulator''s own review '
    '(办法 33): local rules have five to ten working days, so ten. That an issue is expected within sixty working days is a '
    'reminder of ours. A yearly evaluation of exceptions follows the 2021 rules (细则 19, not confirmed for today). One '
    'urging a day. No middle signature, no further documents, no gate for the legality review: all three are local.');
