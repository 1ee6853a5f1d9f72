-- Who may enter: one row an occurrence. `facts` is the event's row as JSON, for templates; journeys are counted apart by `per`.
CREATE OR REPLACE TABLE candidates (campaign BIGINT, customer_id VARCHAR, occurrence VARCHAR, entered_at TIMESTAMP, facts VARCHAR, per VARCHAR)
