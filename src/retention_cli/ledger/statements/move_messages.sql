-- The one statement that changes a message. It is told what it will find, and returns what it did change.
UPDATE messages
SET state = w.to_state, changed_at = w.at, reason = w.reason,
    claimed_by = CASE WHEN w.to_state IN ('claimed', 'committing') THEN CAST(:sender AS TEXT) END,
    attempts = coalesce(w.attempts, messages.attempts), next_attempt_at = w.next_attempt_at,
    body_sha = coalesce(w.body_sha, messages.body_sha), provider_id = coalesce(w.provider_id, messages.provider_id)
FROM (
    SELECT CAST(w.value ->> 0 AS BIGINT) AS id, w.value ->> 1 AS from_state, w.value ->> 2 AS to_state,
           CAST(w.value ->> 3 AS BIGINT) AS at, w.value ->> 4 AS reason, CAST(w.value ->> 5 AS BIGINT) AS attempts,
           CAST(w.value ->> 6 AS BIGINT) AS next_attempt_at, w.value ->> 7 AS body_sha, w.value ->> 8 AS provider_id
    FROM json_each(:moves) AS w
) AS w
WHERE messages.id = w.id AND messages.state = w.from_state
