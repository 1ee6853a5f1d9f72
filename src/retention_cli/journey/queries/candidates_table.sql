-- Who may enter: one row an occurrence. `facts` is the event's row as JSON, for templates.
CREATE OR REPLACE TABLE candidates (campaign BIGINT, customer_id VARCHAR, occurrence VARCHAR, entered_at TIMESTAMP, facts VARCHAR)
