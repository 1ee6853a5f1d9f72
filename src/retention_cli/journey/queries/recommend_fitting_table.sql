-- What fits each message, found in two rounds.
CREATE OR REPLACE TABLE recommend_fitting (message BIGINT, request BIGINT, product_id VARCHAR, place BIGINT)
