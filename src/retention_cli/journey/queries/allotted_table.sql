-- What each message that could leave gets: no reason where its caps leave room for it.
CREATE OR REPLACE TABLE allotted (
    message BIGINT, person VARCHAR, customer_id VARCHAR, campaign BIGINT, step VARCHAR, channel VARCHAR, key VARCHAR, state VARCHAR, reason VARCHAR
)
