-- Messages that have not left go to the customer's newest address. Bytes that were made for the old one are not theirs any more.
UPDATE messages
SET address = w.address, address_key = w.address_key, body_sha = NULL
FROM (
    SELECT CAST(w.value ->> 0 AS BIGINT) AS id, w.value ->> 1 AS address, w.value ->> 2 AS address_key FROM json_each(:rows) AS w
) AS w
WHERE messages.id = w.id AND messages.state IN ('planned', 'deferred', 'held')
