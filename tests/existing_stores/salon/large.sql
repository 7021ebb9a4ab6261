-- As many customers more as {n} says, with what belongs to them: all of it right.
CREATE FUNCTION every_tenant() RETURNS SETOF uuid LANGUAGE sql AS 'SELECT DISTINCT organization_id FROM square_customers';
INSERT INTO square_customers
    SELECT org, 'L' || n, 'Given ' || n, 'Family', n || '@large.example', '+1555' || lpad(n::text, 7, '0'),
        timestamptz '2024-01-01Z' + n * interval '3 minutes'
    FROM generate_series(1, {n}) AS n, every_tenant() AS org;
INSERT INTO bookings
    SELECT left(org::text, 1) || n, org, 'L' || n, 'LOC-' || n % 9, (ARRAY['ACCEPTED', 'NO_SHOW', 'PENDING'])[1 + n % 3],
        timestamptz '2024-03-01Z' + n * interval '4 minutes', 'Cut', NULL,
        timestamptz '2024-02-01Z' + n * interval '4 minutes'
    FROM generate_series(1, {n}) AS n, every_tenant() AS org;
INSERT INTO payments
    SELECT left(org::text, 1) || n, org, 'L' || n, 1000 + n % 5000, 'USD', (ARRAY['COMPLETED', 'FAILED'])[1 + n % 2],
        timestamptz '2024-03-01Z' + n * interval '4 minutes'
    FROM generate_series(1, {n}) AS n, every_tenant() AS org;
INSERT INTO referral_profiles
    SELECT org, 'L' || n, n % 10 = 0 FROM generate_series(1, {n}) AS n, every_tenant() AS org;
INSERT INTO customer_analytics
    SELECT org, 'L' || n, NULL, 0, 0, 0 FROM generate_series(1, {n}) AS n, every_tenant() AS org;
