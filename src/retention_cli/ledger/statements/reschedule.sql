-- Messages that have not left wait for another window: quiet hours, the customer's zone or the day has changed.
UPDATE messages
SET not_before = w.not_before, open_until = w.open_until
FROM (
    SELECT CAST(w.value ->> 0 AS BIGINT) AS id, CAST(w.value ->> 1 AS BIGINT) AS not_before, CAST(w.value ->> 2 AS BIGINT) AS open_until
    FROM json_each(:rows) AS w
) AS w
WHERE messages.id = w.id AND messages.state IN ('planned', 'deferred', 'held')
