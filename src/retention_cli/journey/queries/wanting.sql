-- Every message that could leave and that caps are about: new ones, and those held before. A person is whose messages count
-- together: a customer, or whoever shares an e-mail address. The round is the message's place among the person's own.
-- Nothing without: planned, unsent_judged.
CREATE OR REPLACE TABLE cap_wanting AS
WITH both_kinds AS (
    SELECT p.message, p.subject, p.campaign, p.step, p.customer_id, p.channel, p.kind, p.topic, p.key, t.priority, NULL AS reason
    FROM planned AS p JOIN campaign_traits AS t ON t.campaign = p.campaign
    WHERE p.stopped IS NULL AND p.kind <> 'transactional'
    UNION ALL
    SELECT u.message, u.journey, u.campaign, u.step, u.customer_id, u.channel, u.kind, u.topic, u.key, u.priority, u.reason
    FROM unsent_judged AS u
    WHERE u.becomes = 'planned' AND u.state = 'held' AND NOT u.is_outside
)
SELECT w.*, s.zone, s.leaves_at, CASE WHEN $by_address THEN coalesce('address ' || d.key, 'customer ' || w.customer_id) ELSE w.customer_id END AS person,
    row_number() OVER (PARTITION BY person ORDER BY w.priority DESC, w.campaign, w.subject, w.message) AS round
FROM both_kinds AS w
JOIN message_times AS s ON s.message = w.message
LEFT JOIN subject_addresses AS d ON d.subject = w.subject AND d.channel = 'email'
