-- The n-th message of every person: it leaves where each of its caps has room beside what is taken and what was allotted in
-- earlier rounds. Where there will never be room, waiting is no use. What waits for a cap already goes on naming that one while it is
-- full, whichever others are by now: nothing has changed for it.
INSERT INTO allotted
WITH used AS (
    SELECT r.message, r.cap, r.told, r.room, any_value(r.taken) + count(g.message) AS used
    FROM cap_wanting AS w
    JOIN cap_rules AS r ON r.message = w.message
    LEFT JOIN (SELECT m.message, m.person, m.cap FROM cap_matches AS m JOIN allotted AS a ON a.message = m.message WHERE a.reason IS NULL) AS g
        ON g.person = w.person AND g.cap = r.cap
    WHERE w.round = $round
    GROUP BY r.message, r.cap, r.told, r.room
), full_caps AS (
    SELECT message, arg_min(told, cap) AS told, list('capped: ' || told) AS reasons, bool_or(room = 0) AS is_for_ever FROM used WHERE used >= room GROUP BY message
), twin AS (
    SELECT message FROM address_twins
    UNION
    SELECT w.message
    FROM cap_wanting AS w
    JOIN allotted AS a ON a.key = w.key AND a.channel = w.channel AND a.campaign = w.campaign AND a.step = w.step AND a.customer_id <> w.customer_id
    WHERE $by_address AND a.reason IS NULL AND w.round = $round
)
SELECT w.message, w.person, w.customer_id, w.campaign, w.step, w.channel, w.key,
    CASE WHEN t.message IS NOT NULL OR f.is_for_ever OR (f.message IS NOT NULL AND $drop) THEN 'capped' WHEN f.message IS NOT NULL THEN 'held' END,
    CASE WHEN t.message IS NOT NULL THEN 'one per address'
        WHEN list_contains(f.reasons, w.reason) THEN w.reason
        WHEN f.message IS NOT NULL THEN 'capped: ' || f.told
    END
FROM cap_wanting AS w
LEFT JOIN full_caps AS f ON f.message = w.message
LEFT JOIN twin AS t ON t.message = w.message
WHERE w.round = $round
