-- As many customers more as {n} says, with what belongs to them: all of it right.
INSERT INTO customers (id, full_name, email, phone, city, created_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'Клиент ' || n, n || '@large.example', '+7900' || lpad(n::text, 7, '0'),
        'Тверь', timestamptz '2024-01-01Z' + n * interval '3 minutes'
    FROM generate_series(1, {n}) AS n;
INSERT INTO bikes (id, main_image, images) SELECT 'large-' || n, NULL, '[]' FROM generate_series(1, {n}, 2) AS n;
INSERT INTO leads (id, customer_id, bike_url, source, status, bike_snapshot, created_at, updated_at)
    SELECT 'n' || n, lpad(to_hex(1 + n % {n}), 32, '0')::uuid, 'https://market.example/l/' || n,
        (ARRAY['telegram', 'email'])[1 + n % 2], (ARRAY['new', 'contacted', 'won', 'lost'])[1 + n % 4],
        jsonb_build_object('title', 'Bike ' || n), timestamptz '2024-01-01Z' + n * interval '2 minutes',
        timestamptz '2024-02-01Z' + n * interval '2 minutes'
    FROM generate_series(1, {n}) AS n;
INSERT INTO orders (id, order_code, customer_id, lead_id, bike_id, bike_snapshot, status, final_price_eur,
        magic_link_token, created_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'L-' || n, lpad(to_hex(1 + n % {n}), 32, '0')::uuid, 'n' || n, 'large-' || n,
        jsonb_build_object('title', 'Bike ' || n, 'price', 100 + n % 900),
        (ARRAY['pending_manager', 'delivered', 'closed', 'cancelled'])[1 + n % 4], 100 + n % 900, 'large-' || n,
        timestamptz '2024-03-01Z' + n * interval '4 minutes'
    FROM generate_series(1, {n}) AS n;
INSERT INTO shipments (id, order_id, provider, tracking_number, delivery_status, estimated_delivery, created_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid, 'ruspost', 'R' || n, 'sent', '2026-01-01',
        timestamptz '2024-03-02Z' + n * interval '4 minutes'
    FROM generate_series(1, {n}) AS n;
INSERT INTO order_status_events (order_id, old_status, new_status, created_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, NULL, 'pending_manager', timestamptz '2024-03-01Z' + n * interval '4 minutes'
    FROM generate_series(1, {n}) AS n;
