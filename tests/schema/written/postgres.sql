-- Everything that JSON, dates and money can be awkward in; `spaces` are what Python takes for space, and some others.
CREATE TABLE words (number serial PRIMARY KEY, word text);
INSERT INTO words (word)
    SELECT replace(said, '_', space)
    FROM unnest(ARRAY['_', '_x', 'x_', 'x_y', '_x_', ' _x', 'x_ ']) AS said,
        unnest(ARRAY[' ', E'\t', E'\n', E'\r', E'\f', E'\v', E'\x1c', E'\x1d', E'\x1e', E'\x1f', E'\x01', E'\x7f', '"', E'\\',
            E'\\t', '/', U&'\0085', U&'\00a0', U&'\1680', U&'\2000', U&'\200a', U&'\200b', U&'\2028', U&'\2029', U&'\202f',
            U&'\205f', U&'\3000', U&'\feff', U&'\+01f600', 'ø', 'é', '</script>', '%', '''', '$1', '\u0041', '{}', '\\"']) AS space;
INSERT INTO words (word) VALUES (NULL), (''), ('Ann'), ('Søren Ågård'), ('李雷'), ('plain'), ('also plain');

CREATE TABLE customers (id int PRIMARY KEY, name text, email varchar(200), phone text, source text, area text, status text,
    created_at timestamptz NOT NULL, last_contact_at timestamptz);
-- The first are plain; then one of them has one awkward word each.
INSERT INTO customers
    SELECT n, CASE WHEN n > 30 THEN (SELECT word FROM words WHERE number = n - 30) ELSE 'Customer ' || n END,
        CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'c' || n || '@x.example' END,
        CASE n % 7 WHEN 0 THEN NULL WHEN 1 THEN '  ' ELSE '+45' || n END, 'web', CASE WHEN n % 3 = 0 THEN 'Nord' END,
        (ARRAY['active', 'inactive', 'strange', '', NULL, 'paused', 'it''s'])[1 + n % 7],
        timestamptz '2024-01-01 00:00:00Z' + n * interval '1 hour' + (ARRAY[0, 1, 10, 100000, 120000, 123456, 999999, 500000])[1 + n % 8] * interval '1 microsecond',
        CASE n % 4 WHEN 0 THEN timestamptz 'infinity' WHEN 1 THEN NULL ELSE timestamptz '2025-05-05 05:05:05.5+03' END
    FROM generate_series(1, 310) AS n;
UPDATE customers SET created_at = '-infinity' WHERE id = 3;
UPDATE customers SET created_at = '0044-03-15 00:00:00Z BC' WHERE id = 4;
UPDATE customers SET created_at = '12024-03-15 00:00:00Z' WHERE id = 5;
UPDATE customers SET created_at = '9998-12-31 23:59:59.999999Z' WHERE id = 6;

CREATE TABLE leads (id bigint PRIMARY KEY, customer_id int, status text, source text, name text, contact_attempts int,
    created_at timestamptz NOT NULL, updated_at timestamptz);
INSERT INTO leads
    SELECT n, 1 + (n * 7) % 290, (ARRAY['new', 'called', 'won', 'spam', 'odd', NULL, ''])[1 + n % 7],
        CASE n % 11 WHEN 0 THEN (SELECT word FROM words WHERE number = 1 + n % 273) WHEN 1 THEN NULL ELSE 'web' END,
        'Lead ' || n, n % 4,
        timestamptz '2024-02-01 12:00Z' + (n % 97) * interval '1 day' + (ARRAY[0, 10, 123450, 600000])[1 + n % 4] * interval '1 microsecond',
        CASE WHEN n % 2 = 0 THEN timestamptz '2024-06-01 12:00:00.25Z' END
    FROM generate_series(1, 1500) AS n;
-- One whose page has to be read otherwise: a date beyond the calendar comes first in the index, and last in a list.
UPDATE leads SET created_at = 'infinity' WHERE id = 1;

CREATE TABLE bookings (id int PRIMARY KEY, customer_id bigint, status text, code text, start_at timestamptz NOT NULL, minutes int,
    price numeric, note text, paid boolean, created_at timestamptz NOT NULL);
INSERT INTO bookings
    SELECT n, 1 + (n * 13) % 280, (ARRAY['requested', 'confirmed', 'done', 'cancelled', 'no_show', 'what', NULL])[1 + n % 7],
        'B' || n, timestamptz '2024-03-01 08:00Z' + n * interval '3 hours' + (n % 3) * interval '10 microseconds',
        (ARRAY[60, 90, NULL, 0, -30, 1])[1 + n % 6], n * 1.5, CASE WHEN n % 9 = 0 THEN E'line\nline' END, n % 2 = 0, now()
    FROM generate_series(1, 1200) AS n;
UPDATE bookings SET start_at = '9998-12-31 23:00Z', minutes = 90 WHERE id = 7;

CREATE TABLE quotes (id int PRIMARY KEY, customer_id int, status text, total numeric,
    accepted_at timestamptz NOT NULL DEFAULT '2025-01-01Z');
INSERT INTO quotes
    SELECT n, 1 + (n * 3) % 270, CASE WHEN n % 3 = 0 THEN 'accepted' ELSE 'open' END,
        (ARRAY[10, 0.005, 0.015, -0.004, -12.345, 1e12, 99999999999.995, 'NaN', 'Infinity', NULL, 0])[1 + n % 11]::numeric
    FROM generate_series(1, 900) AS n;
CREATE INDEX ON customers (created_at, id);
CREATE INDEX ON leads (customer_id, created_at, id);
CREATE INDEX ON bookings (customer_id, start_at, id);
CREATE INDEX ON quotes (customer_id);
