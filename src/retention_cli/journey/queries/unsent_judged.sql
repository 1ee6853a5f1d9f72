-- Every message of an earlier tick that has not left, with the customer's newest address and what becomes of it; 'planned' is
-- what may leave again if its caps let it. What the shop's file says of the address that it was planned for holds for another
-- one too. What is held for a reason that is not known here stays as it is, and what is held with its journey stays so while its
-- campaign is off: the journey must know why it stands still. Whose customer is gone has the exit `deleted`, or waits because too
-- many have it. What is too old to be held any longer is not held first.
-- Nothing without: unsent.
CREATE OR REPLACE TABLE unsent_judged AS
WITH asked_again AS (
    SELECT u.*, a.zone, d.address AS new_address,
        CASE u.channel WHEN 'call' THEN u.address ELSE coalesce(d.key, '') END AS key, t.priority, a.subject IS NOT NULL AS is_known,
        coalesce(u.kind, t.kind, '') = 'transactional' AS is_outside,
        x.reason AS exit,
        (u.channel, coalesce(d.key, '')) IN (SELECT (channel, address) FROM suppressed_addresses)
            OR (u.channel, u.customer_id) IN (SELECT (channel, customer_id) FROM suppressed_customers)
            OR (u.channel, coalesce(f.form, lower(trim(u.address)))) IN (SELECT (channel, address) FROM listed_addresses) AS is_suppressed,
        c.question IS NOT NULL AND NOT a.answers[c.question] AS is_refused,
        c.told || CASE WHEN c.is_change THEN coalesce(', changed ' || strftime(h.changes[c.place], '%Y-%m-%dT%H:%M:%SZ'), ', nothing said') ELSE '' END
            AS consent,
        CASE WHEN u.state <> 'held' OR u.held_for IS NOT NULL THEN w.reason END AS waits_for,
        u.campaign IN (SELECT campaign FROM off) AND (u.state <> 'held' OR (u.held_for IS NOT NULL AND NOT u.holds_journey)) AS is_off,
        coalesce(u.not_after <= $as_of, u.planned_at <= $oldest) AS is_old,
        u.state = 'held' AND u.holds_journey AND is_old AS is_over,
        u.state = 'held' AND u.held_for IS NOT NULL AND u.campaign IN (SELECT campaign FROM running) AS is_back
    FROM unsent AS u
    LEFT JOIN campaign_traits AS t ON t.campaign = u.campaign
    LEFT JOIN asked AS a ON a.subject = u.journey
    LEFT JOIN subject_addresses AS d ON d.subject = u.journey AND d.channel = u.channel
    LEFT JOIN address_forms AS f ON f.address = u.address
    LEFT JOIN exits AS x ON x.subject = u.journey
    LEFT JOIN held_subjects AS w ON w.subject = u.journey
    LEFT JOIN consent_questions AS c ON c.channel = u.channel AND c.topic IS NOT DISTINCT FROM u.topic
    LEFT JOIN consent_changes AS h ON h.subject = u.journey
)
SELECT *,
    CASE
        WHEN exit IS NOT NULL THEN 'suppressed'
        WHEN is_off THEN 'held'
        WHEN is_over THEN 'expired'
        WHEN NOT is_known THEN 'held'
        WHEN key = '' OR is_suppressed OR (is_refused AND NOT is_outside) THEN 'suppressed'
        WHEN waits_for IS NOT NULL AND is_old THEN 'expired'
        WHEN waits_for IS NOT NULL THEN 'held'
        WHEN is_back THEN 'planned'
        ELSE state
    END AS becomes,
    CASE
        WHEN exit IS NOT NULL THEN 'exit: ' || exit
        WHEN is_off THEN 'campaign is off'
        WHEN is_over THEN 'held too long: ' || reason
        WHEN NOT is_known THEN waits_for
        WHEN key = '' THEN 'no address'
        WHEN is_suppressed THEN 'suppressed'
        WHEN is_refused AND NOT is_outside THEN 'no consent: ' || consent
        WHEN waits_for IS NOT NULL AND is_old THEN 'held too long: ' || waits_for
        WHEN waits_for IS NOT NULL THEN waits_for
        WHEN is_back THEN CASE held_for WHEN 'campaign is off' THEN 'campaign is on again' WHEN 'quiet hours' THEN 'another window'
                                        WHEN 'capped' THEN 'its caps let it' WHEN 'no voucher' THEN 'there is a voucher'
                                        WHEN 'data too old' THEN 'the data are new enough'
                                        WHEN 'too many exits' THEN 'not too many exits' ELSE 'the customer is there again' END
    END AS why
FROM asked_again
