-- Whom a step of another campaign let enter, at the instant of that step.
-- Nothing without: started.
INSERT INTO candidates SELECT campaign, customer_id, occurrence, make_timestamp(started_at), NULL, '' FROM started
