CREATE SCHEMA crm;
CREATE TYPE crm.state AS ENUM ('on', 'off', 'vip', 'gone');
CREATE DOMAIN crm.token AS uuid;
CREATE TABLE crm."Customer" (
    "customerId" crm.token PRIMARY KEY,
    "givenName"  varchar(40),
    profile      json,
    "oldEmail"   text,
    state        crm.state,
    deleted      boolean NOT NULL,
    "createdAt"  timestamp
);
CREATE TABLE crm."Lead" (
    "leadNo"    integer PRIMARY KEY,
    customer    text,
    origin      text,
    state       text,
    tries       double precision,
    test        integer NOT NULL,
    "writtenAt" text
);
CREATE TABLE crm."Booking" (
    id         bigint PRIMARY KEY,
    lead       text,
    state      text,
    "startsAt" timestamptz,
    minutes    integer,
    day        date NOT NULL,
    price      text,
    currency   text,
    settled    boolean
);
CREATE TABLE crm."Payment" (
    id       bigint PRIMARY KEY,
    lead     smallint,
    amount   double precision,
    currency text,
    "paidAt" text
);
INSERT INTO crm."Customer" VALUES
    ('00000000-0000-4000-8000-00000000000a', 'Ada', '{"family": {"name": "Okafor"}, "email": " "}', 'ada@old.example', 'vip', false, '2025-07-01 12:00'),
    ('00000000-0000-4000-8000-00000000000b', 'Bo',  '{"family": "none"}', NULL, 'gone', false, 'infinity'),
    ('00000000-0000-4000-8000-00000000000c', NULL,  NULL, NULL, NULL, false, '0044-03-15 12:00 BC'),
    ('00000000-0000-4000-8000-00000000000d', '  ',  '[]', '', 'off', false, NULL),
    ('00000000-0000-4000-8000-00000000000e', 'Eve', '{}', NULL, 'on', false, '2025-11-02 01:30'),
    ('00000000-0000-4000-8000-00000000000f', 'Gone', '{}', NULL, 'on', true, '2025-01-01');
INSERT INTO crm."Lead" VALUES
    (1, '00000000-0000-4000-8000-00000000000a', 'web', 'new', 2, 0, '2025-02-01T10:00:00'),
    (2, '00000000-0000-4000-8000-00000000000a', NULL, 'odd', 'NaN', 0, 'last summer'),
    (3, '00000000-0000-4000-8000-00000000000a', 'web', NULL, 1e12, 0, '2025-02-01T10:00:00.5'),
    (4, '00000000-0000-4000-8000-00000000000b', 'fair', 'won', NULL, 0, '2025-02-01T10:00:00.500000'),
    (5, 'nobody', 'web', 'won', 1, 0, '2025-03-01T10:00:00'),
    (6, '00000000-0000-4000-8000-00000000000a', 'web', 'won', 1, 1, '2025-03-01T10:00:00');
INSERT INTO crm."Booking" VALUES
    (1, '1', 'yes', '2025-08-01T10:00:00Z', 30, '2025-07-01', '1200', NULL, true),
    (2, '1', 'maybe', NULL, 30, '2025-07-02', '12.5', ' usd ', false),
    (3, '1', 'no', 'infinity', 30, '2025-07-03', 'twelve', 'KWD', NULL),
    (4, '6', 'yes', '2025-08-01T10:00:00Z', NULL, '2025-07-04', '1', NULL, true),
    (5, 'none', 'yes', '2025-08-02T10:00:00Z', 2147483647, '2025-07-05', NULL, NULL, true);
INSERT INTO crm."Payment" VALUES
    (1, 1, 0.1, 'JPY', '2025-01-01T00:00:00.000Z'),
    (2, 1, 0.2, '', '2025-02-01T00:00:00.000Z'),
    (3, 1, 0.3, NULL, '2025-02-01T00:00:00.000Z'),
    (4, 1, 'NaN', NULL, '2025-02-01T00:00:00.000Z'),
    (5, 1, 'Infinity', NULL, '2025-02-01T00:00:00.000Z'),
    (6, 1, 10.005, 'usd', '2025-03-01T00:00:00.000Z'),
    (7, 6, 1000, NULL, '2025-02-01T00:00:00.000Z'),
    (8, 99, 1000, NULL, '2025-02-01T00:00:00.000Z');
