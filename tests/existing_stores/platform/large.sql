-- As many customers more as {n} says, with what belongs to them: all of it right.
CREATE FUNCTION every_tenant() RETURNS SETOF uuid LANGUAGE sql AS 'SELECT id FROM tenants ORDER BY 1';
INSERT INTO clients (id, tenant_id, name, phone, email, first_interaction_source, first_interaction_date, created_at)
    SELECT ('a' || lpad(to_hex(n), 31, '0'))::uuid, org, 'Client ' || n, '+35386' || lpad(n::text, 7, '0'), n || '@large.example',
        'web', '2024-01-01Z', timestamptz '2024-01-01Z' + n * interval '3 minutes'
    FROM generate_series(1, {n}) AS n, every_tenant() WITH ORDINALITY AS org (org, place) WHERE n % 2 = place - 1;
INSERT INTO client_service_mappings (tenant_id, client_id, service_name, external_client_id)
    SELECT tenant_id, id, 'fresha', 'L-' || phone FROM clients WHERE name LIKE 'Client %';
INSERT INTO leads (id, tenant_id, name, phone, source, status, converted_client_id, created_at)
    SELECT id, tenant_id, name, phone, 'web', 'converted', id, created_at + interval '1 day'
    FROM clients WHERE name LIKE 'Client %';
INSERT INTO bookings (id, tenant_id, client_id, service_name, booking_date_time, duration_minutes, amount, status,
        payment_status, source, created_at)
    SELECT gen_random_uuid(), tenant_id, id, 'Nails', created_at + each * interval '30 days', 45, '2500', 'completed',
        (ARRAY['paid', 'pending'])[1 + each % 2], 'web', created_at + each * interval '29 days'
    FROM clients, generate_series(1, 2) AS each WHERE name LIKE 'Client %';
