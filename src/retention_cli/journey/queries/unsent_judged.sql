-- Every message of an earlier tick that has not left, with the customer's newest address and what becomes of it; 'planned' is
-- what may leave again if its caps let it. A suppression of the address that it was planned for does not free another one,
-- unless that address does not exist. What is held for a reason that is not known here stays as it is,
-- and what a cap holds, or the want of a voucher, stays so while its campaign is off: its journey must know why it stands still.
CREATE OR REPLACE TABLE unsent_judged AS
WITH asked_again AS (
    SELECT u.*, a.zone, d.address AS new_address, coalesce(d.key, '') AS key, t.priority, a.subject IS NOT NULL AS is_known,
        coalesce(u.kind, t.kind, '') = 'transactional' AS is_outside,
        x.reason AS exit,
        c.question IS NOT NULL AND NOT a.answers[c.question] AS is_refused,
        c.told || CASE WHEN c.is_change THEN coalesce(', changed ' || strftime(h.changes[c.place], '%Y-%m-%dT%H:%M:%SZ'), ', nothing said') ELSE '' END
            AS evidence,
        CASE WHEN u.reason LIKE 'capped: %' THEN 'capped' WHEN u.reason LIKE 'no voucher: %' THEN 'no voucher' WHEN u.reason IN ('campaign is off', 'quiet hours', 'no customer') THEN u.reason END AS held_for,
        u.campaign IN (SELECT campaign FROM off) AND (u.state <> 'held' OR coalesce(held_for NOT IN ('capped', 'no voucher'), false)) AS is_off,
        coalesce(u.not_after <= $as_of, u.planned_at <= $oldest) AS is_over
    FROM unsent AS u
    LEFT JOIN campaign_traits AS t ON t.campaign = u.campaign
    LEFT JOIN asked AS a ON a.subject = u.journey
    LEFT JOIN subject_addresses AS d ON d.subject = u.journey AND d.channel = u.channel
    LEFT JOIN exits AS x ON x.subject = u.journey
    LEFT JOIN consent_questions AS c ON c.channel = u.channel AND c.topic IS NOT DISTINCT FROM u.topic
    LEFT JOIN consent_changes AS h ON h.subject = u.journey
)
SELECT *,
    CASE
        WHEN exit IS NOT NULL THEN 'suppressed'
        WHEN is_off THEN 'held'
        WHEN state = 'held' AND held_for IN ('capped', 'no voucher', 'no customer') AND is_over THEN 'expired'
        WHEN NOT is_known THEN 'held'
        WHEN key = '' OR (channel, key) IN (SELECT (channel, address) FROM suppressed_addresses) THEN 'suppressed'
        WHEN (channel, customer_id) IN (SELECT (channel, customer_id) FROM suppressed_customers) THEN 'suppressed'
        WHEN is_refused AND NOT is_outside THEN 'suppressed'
        WHEN state = 'held' AND held_for IS NOT NULL AND campaign IN (SELECT campaign FROM running) THEN 'planned'
        ELSE state
    END AS becomes,
    CASE
        WHEN exit IS NOT NULL THEN 'exit: ' || exit
        WHEN is_off THEN 'campaign is off'
        WHEN state = 'held' AND held_for IN ('capped', 'no voucher', 'no customer') AND is_over THEN 'held too long: ' || reason
        WHEN NOT is_known THEN 'no customer'
        WHEN key = '' THEN 'no address'
        WHEN (channel, key) IN (SELECT (channel, address) FROM suppressed_addresses)
            OR (channel, customer_id) IN (SELECT (channel, customer_id) FROM suppressed_customers) THEN 'suppressed'
        WHEN is_refused AND NOT is_outside THEN 'no consent: ' || evidence
        WHEN held_for = 'campaign is off' THEN 'campaign is on again'
        WHEN held_for = 'quiet hours' THEN 'another window'
        WHEN held_for = 'capped' THEN 'its caps let it'
        WHEN held_for = 'no voucher' THEN 'there is a voucher'
        WHEN held_for = 'no customer' THEN 'the customer is there again'
    END AS why
FROM asked_again
