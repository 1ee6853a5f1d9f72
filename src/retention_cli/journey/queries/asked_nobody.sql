-- The answers where nobody is asked.
CREATE OR REPLACE TABLE asked (subject BIGINT, answers BOOLEAN[], address VARCHAR, zone VARCHAR, missing VARCHAR[], customer VARCHAR)
