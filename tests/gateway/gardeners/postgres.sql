-- A firm of gardeners with two branches that must never mix, named in German, as nobody here would: PascalCase, whole numbers for keys, dates as
-- text in one table, amounts in cents, a status that no vocabulary knows, a date of leads that is called by no usual name.
CREATE TABLE "Mandanten" (
    "MandantNr" integer PRIMARY KEY,
    "Name"      text NOT NULL
);
CREATE TABLE "Kunden" (
    "MandantNr"  integer NOT NULL REFERENCES "Mandanten" ("MandantNr"),
    "KundenNr"   integer NOT NULL,
    "Vorname"    text,
    "Nachname"   text NOT NULL,
    "EMail"      text,
    "Telefon"    text,
    "Ort"        text,
    "Geloescht"  boolean NOT NULL DEFAULT false,
    "AngelegtAm" text NOT NULL,
    PRIMARY KEY ("MandantNr", "KundenNr")
);
CREATE TABLE "Anfragen" (
    "MandantNr" integer NOT NULL,
    "AnfrageNr" integer NOT NULL,
    "KundenNr"  integer,
    "Wunsch"    text,
    "Herkunft"  text,
    "Zustand"   text NOT NULL DEFAULT 'neu',
    "Eingang"   timestamp NOT NULL,
    PRIMARY KEY ("MandantNr", "AnfrageNr"),
    FOREIGN KEY ("MandantNr", "KundenNr") REFERENCES "Kunden" ("MandantNr", "KundenNr")
);
CREATE TABLE "Termine" (
    "MandantNr"  integer NOT NULL,
    "TerminNr"   integer NOT NULL,
    "KundenNr"   integer,
    "AnfrageNr"  integer,
    "Zustand"    text NOT NULL,
    "Beginn"     timestamp NOT NULL,
    "Ende"       timestamp,
    "Gaertner"   text,
    "AngelegtAm" timestamp NOT NULL,
    PRIMARY KEY ("MandantNr", "TerminNr")
);
CREATE TABLE "Rechnungen" (
    "MandantNr"  integer NOT NULL,
    "RechnungNr" integer NOT NULL,
    "KundenNr"   integer NOT NULL,
    "BetragCent" bigint NOT NULL,
    "Waehrung"   text NOT NULL,
    "Zustand"    text NOT NULL,
    "BezahltAm"  timestamp,
    PRIMARY KEY ("MandantNr", "RechnungNr")
);
INSERT INTO "Mandanten" VALUES (1, 'Nord'), (2, 'Süd');
INSERT INTO "Kunden" VALUES
    (1, 1, 'Änne', 'Groß',   'aenne@garten.example', '+49301000001', 'Berlin', false, '2025-01-01T08:00:00'),
    (1, 2, NULL,   'Beet',   NULL,                   '+49301000002', 'Potsdam', false, '2025-01-02T08:00:00'),
    (1, 3, 'Cara', 'Dahlie', 'cara@garten.example',  NULL,           NULL,     false, '2025-01-03T08:00:00.500000'),
    (1, 4, 'Weg',  'Damit',  'weg@garten.example',   NULL,           NULL,     true,  '2025-01-04T08:00:00'),
    (2, 1, 'Egon', 'Süd',    'egon@garten.example',  NULL,           'Ulm',    false, '2025-02-01T08:00:00');
INSERT INTO "Anfragen" VALUES
    (1, 1, 1, 'Hecke', 'Netz', 'gewonnen', '2025-03-01 09:00'), (1, 2, 1, 'Rasen', 'Netz', 'auf Eis', '2025-03-02 09:00'),
    (1, 3, 2, 'Teich', 'Fon', 'neu', '2025-03-03 09:00'), (1, 4, NULL, 'Baum', 'Fon', 'verloren', '2025-03-04 09:00'),
    (2, 1, 1, 'Hecke', 'Netz', 'neu', '2025-03-05 09:00');
INSERT INTO "Termine" VALUES
    (1, 1, 1, 1, 'erledigt', '2025-04-01 08:00', '2025-04-01 12:00', 'Uwe', '2025-03-10 09:00'),
    (1, 2, 1, 1, 'geplant', '2025-05-01 08:00', NULL, 'Uwe', '2025-03-11 09:00'),
    (1, 3, 2, 3, 'abgesagt', '2025-05-02 08:00', NULL, NULL, '2025-03-12 09:00'),
    (2, 1, 1, 1, 'erledigt', '2025-05-03 08:00', NULL, 'Ute', '2025-03-13 09:00');
INSERT INTO "Rechnungen" VALUES
    (1, 1, 1, 12050, 'EUR', 'bezahlt', '2025-04-10 10:00'), (1, 2, 1, 900, 'EUR', 'bezahlt', '2025-05-10 10:00'),
    (1, 3, 1, 5000, 'CHF', 'bezahlt', '2025-05-11 10:00'), (1, 4, 1, 77700, 'EUR', 'offen', NULL),
    (1, 5, 2, 333, 'EUR', 'storniert', '2025-05-12 10:00'), (2, 1, 1, 4200, 'EUR', 'bezahlt', '2025-05-13 10:00');
