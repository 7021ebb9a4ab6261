-- Made once the rows are there. What a gateway asks for: lists newest first, the rows of a page's customers, and sums
-- that are answered from an index alone.
ALTER TABLE customers ADD PRIMARY KEY (id);
ALTER TABLE leads ADD PRIMARY KEY (id);
ALTER TABLE bookings ADD PRIMARY KEY (id);
ALTER TABLE quotes ADD PRIMARY KEY (id);
ALTER TABLE bookings ADD UNIQUE (code);

CREATE INDEX customers_by_time ON customers (created_at, id);
CREATE INDEX customers_by_name ON customers (name COLLATE "C", id);
CREATE INDEX customers_without_name ON customers (id)
    WHERE name COLLATE "C" IS NULL OR NOT (name COLLATE "C" ~ '[^[:space:]]' AND char_length(name COLLATE "C") < 600);
CREATE INDEX leads_by_time ON leads (created_at, id);
CREATE INDEX leads_by_update ON leads (updated_at, id);
CREATE INDEX leads_by_customer ON leads (customer_id, created_at DESC, id DESC) INCLUDE (status);
CREATE INDEX bookings_by_start ON bookings (start_at, id);
CREATE INDEX bookings_by_time ON bookings (created_at, id);
CREATE INDEX bookings_by_customer ON bookings (customer_id, start_at, id) INCLUDE (status);
CREATE INDEX bookings_by_lead ON bookings (lead_id);
CREATE INDEX quotes_by_lead ON quotes (lead_id);
CREATE INDEX quotes_by_customer ON quotes (customer_id);
CREATE INDEX accepted_quotes_by_customer ON quotes (customer_id) INCLUDE (total, accepted_at) WHERE status = 'accepted';
CREATE INDEX accepted_quotes_by_time ON quotes (accepted_at) INCLUDE (total) WHERE status = 'accepted';

ALTER TABLE leads ADD FOREIGN KEY (customer_id) REFERENCES customers (id);
ALTER TABLE bookings ADD FOREIGN KEY (customer_id) REFERENCES customers (id);
ALTER TABLE bookings ADD FOREIGN KEY (lead_id) REFERENCES leads (id);
ALTER TABLE quotes ADD FOREIGN KEY (customer_id) REFERENCES customers (id);
ALTER TABLE quotes ADD FOREIGN KEY (lead_id) REFERENCES leads (id);
