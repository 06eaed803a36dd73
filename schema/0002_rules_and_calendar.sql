-- +goose Up

-- Data that a tenant changes later: never by editing this file.

INSERT INTO rules (version, body, source) VALUES ('2026.1', '{"version": "2026.1", "joint": true, "panel": true,
    "stockConfirm": false, "legality": false, "threshold": 1.5, "correctionDays": 3, "jointDays": 5, "panelDays": 10}',
    'Tenant data, to be replaced by the tenant''s own rules: national law (条例 15, 办法 31, 33, 35) names joint review and '
    'expert advice but sets no period and no threshold. Three working days for a correction are common in local rules.');

INSERT INTO calendar_years (year, source) VALUES
    (2024, '国务院办公厅关于2024年部分节假日安排的通知 https://www.gov.cn/zhengce/zhengceku/202310/content_6911528.htm'),
    (2025, '国务院办公厅关于2025年部分节假日安排的通知 https://www.gov.cn/zhengce/zhengceku/202411/content_6986383.htm'),
    (2026, '国务院办公厅关于2026年部分节假日安排的通知 https://www.gov.cn/zhengce/zhengceku/202511/content_7047091.htm');

-- true: a make-up working day, false: a day off.
INSERT INTO calendar_days (day, working) VALUES
    -- 2024
    ('2024-01-01', false), ('2024-02-04', true), ('2024-02-10', false), ('2024-02-11', false), ('2024-02-12', false),
    ('2024-02-13', false), ('2024-02-14', false), ('2024-02-15', false), ('2024-02-16', false), ('2024-02-17', false),
    ('2024-02-18', true), ('2024-04-04', false), ('2024-04-05', false), ('2024-04-06', false), ('2024-04-07', true),
    ('2024-04-28', true), ('2024-05-01', false), ('2024-05-02', false), ('2024-05-03', false), ('2024-05-04', false),
    ('2024-05-05', false), ('2024-05-11', true), ('2024-06-10', false), ('2024-09-14', true), ('2024-09-15', false),
    ('2024-09-16', false), ('2024-09-17', false), ('2024-09-29', true), ('2024-10-01', false), ('2024-10-02', false),
    ('2024-10-03', false), ('2024-10-04', false), ('2024-10-05', false), ('2024-10-06', false), ('2024-10-07', false),
    ('2024-10-12', true),
    -- 2025
    ('2025-01-01', false), ('2025-01-26', true), ('2025-01-28', false), ('2025-01-29', false), ('2025-01-30', false),
    ('2025-01-31', false), ('2025-02-01', false), ('2025-02-02', false), ('2025-02-03', false), ('2025-02-04', false),
    ('2025-02-08', true), ('2025-04-04', false), ('2025-04-05', false), ('2025-04-06', false), ('2025-04-27', true),
    ('2025-05-01', false), ('2025-05-02', false), ('2025-05-03', false), ('2025-05-04', false), ('2025-05-05', false),
    ('2025-05-31', false), ('2025-06-01', false), ('2025-06-02', false), ('2025-09-28', true), ('2025-10-01', false),
    ('2025-10-02', false), ('2025-10-03', false), ('2025-10-04', false), ('2025-10-05', false), ('2025-10-06', false),
    ('2025-10-07', false), ('2025-10-08', false), ('2025-10-11', true),
    -- 2026
    ('2026-01-01', false), ('2026-01-02', false), ('2026-01-03', false), ('2026-01-04', true), ('2026-02-14', true),
    ('2026-02-15', false), ('2026-02-16', false), ('2026-02-17', false), ('2026-02-18', false), ('2026-02-19', false),
    ('2026-02-20', false), ('2026-02-21', false), ('2026-02-22', false), ('2026-02-23', false), ('2026-02-28', true),
    ('2026-04-04', false), ('2026-04-05', false), ('2026-04-06', false), ('2026-05-01', false), ('2026-05-02', false),
    ('2026-05-03', false), ('2026-05-04', false), ('2026-05-05', false), ('2026-05-09', true), ('2026-06-19', false),
    ('2026-06-20', false), ('2026-06-21', false), ('2026-09-20', true), ('2026-09-25', false), ('2026-09-26', false),
    ('2026-09-27', false), ('2026-10-01', false), ('2026-10-02', false), ('2026-10-03', false), ('2026-10-04', false),
    ('2026-10-05', false), ('2026-10-06', false), ('2026-10-07', false), ('2026-10-10', true);