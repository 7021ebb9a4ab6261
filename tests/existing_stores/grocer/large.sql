-- As many customers more as {n} says, with what belongs to them: all of it right.
CREATE FUNCTION every_tenant() RETURNS SETOF text LANGUAGE sql AS 'SELECT DISTINCT org FROM customers';
INSERT INTO customers (org, id, name, email, phone, source, created_at)
    SELECT org, 1000 + n, 'Customer ' || n, n || '@large.example', '+4520' || lpad(n::text, 6, '0'), 'web',
        timestamptz '2024-01-01Z' + n * interval '3 minutes'
    FROM generate_series(1, {n}) AS n, every_tenant() AS org;
INSERT INTO leads (org, id, customer_id, status, created_at)
    SELECT org, 1000 + n, 1000 + n, 'new', timestamptz '2024-02-01Z' + n * interval '3 minutes'
    FROM generate_series(1, {n}) AS n, every_tenant() AS org;
INSERT INTO bookings (org, id, customer_id, status, start_at, created_at)
    SELECT org, 1000 + n, 1000 + n, 'done', timestamptz '2024-03-01Z' + n * interval '3 minutes',
        timestamptz '2024-02-01Z' + n * interval '3 minutes'
    FROM generate_series(1, {n}) AS n, every_tenant() AS org;
INSERT INTO quotes (org, id, customer_id, total, status)
    SELECT org, 1000 + n, 1000 + n, 10.50, 'accepted'
    FROM generate_series(1, {n}) AS n, every_tenant() AS org;
