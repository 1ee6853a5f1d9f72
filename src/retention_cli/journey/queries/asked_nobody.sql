-- The answers where nobody is asked.
CREATE OR REPLACE TABLE asked (
    subject BIGINT, answers BOOLEAN[], address VARCHAR, sms VARCHAR, push VARCHAR, preferred VARCHAR, open_hour BIGINT, opens BIGINT,
    zone VARCHAR, missing VARCHAR[], customer VARCHAR
)
