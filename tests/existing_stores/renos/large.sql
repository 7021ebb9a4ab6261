-- As many customers more as {n} says, with what belongs to them: all of it right.
INSERT INTO "Customer" ("id", "name", "email", "phone", "lastContactAt", "createdAt")
    SELECT 'c' || n, 'Customer ' || n, n || '@large.example', '+4530' || lpad(n::text, 6, '0'),
        timestamp '2024-01-01' + n * interval '5 minutes', timestamp '2024-01-01' + n * interval '3 minutes'
    FROM generate_series(1, {n}) AS n;
INSERT INTO "Lead" ("id", "customerId", "name", "email", "source", "taskType", "status", "createdAt", "updatedAt")
    SELECT 'l' || n, 'c' || 1 + n % {n}, 'Lead ' || n, n || '@large.example', (ARRAY['web', 'leadmail'])[1 + n % 2],
        'private', (ARRAY['new', 'contacted', 'quoted', 'won', 'lost'])[1 + n % 5],
        timestamp '2024-01-01' + n * interval '2 minutes', timestamp '2024-02-01' + n * interval '2 minutes'
    FROM generate_series(1, 2 * {n}) AS n;
INSERT INTO "Booking" ("id", "leadId", "startTime", "endTime", "status", "createdAt")
    SELECT 'b' || n, 'l' || n, timestamp '2024-03-01' + n * interval '4 minutes',
        timestamp '2024-03-01 02:00' + n * interval '4 minutes', (ARRAY['scheduled', 'completed'])[1 + n % 2],
        timestamp '2024-02-01' + n * interval '4 minutes'
    FROM generate_series(1, {n}) AS n;
INSERT INTO "Quote" ("id", "leadId", "total", "status", "createdAt")
    SELECT 'q' || n, 'l' || n, 100.10, (ARRAY['accepted', 'rejected'])[1 + n % 2],
        timestamp '2024-02-01' + n * interval '4 minutes'
    FROM generate_series(1, {n}) AS n;
