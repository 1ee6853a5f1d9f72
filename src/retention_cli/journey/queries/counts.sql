-- What the tick does, campaign by campaign: the same tables that the delta is made of. `stayed` are new journeys that wait
-- on, `left` are journeys that were open and are over.
WITH told_messages AS (
    SELECT p.campaign, CASE WHEN p.stopped IS NOT NULL THEN p.stopped WHEN s.leaves_at > s.moment THEN 'quiet hours'
                            WHEN s.not_before IS NOT NULL THEN 'not yet' END AS reason
    FROM planned AS p JOIN message_times AS s ON s.message = p.message
    UNION ALL
    -- of earlier ticks: what is planned again, and what was tried again and stays, or ends here (exits are counted above)
    SELECT campaign, CASE WHEN becomes <> 'planned' THEN split_part(why, ': ' , 1)
                               || CASE WHEN why LIKE 'capped: %' OR why LIKE 'data too old: %' OR why LIKE 'no voucher: %' THEN substr(why, strpos(why, ': ')) ELSE '' END
                          WHEN not_before IS NOT NULL THEN CASE WHEN open_until IS NOT NULL THEN 'quiet hours' ELSE 'not yet' END END
    FROM unsent_settled
    WHERE why IS NOT NULL AND exit IS NULL AND why <> 'campaign is off'
)
SELECT campaign, 'enter' AS what, NULL AS reason, count(*) FROM verdicts WHERE verdict = 'enters' AND held_out IS NULL GROUP BY campaign
UNION ALL
SELECT campaign, 'hold_out', held_out, count(*) FROM verdicts WHERE verdict = 'enters' AND held_out IS NOT NULL GROUP BY campaign, held_out
UNION ALL
SELECT campaign, 'turned_away', verdict, count(*) FROM verdicts WHERE verdict <> 'enters' GROUP BY campaign, verdict
UNION ALL
SELECT s.campaign, 'exit', x.reason, count(*) FROM exits AS x JOIN subjects AS s USING (subject) WHERE s.is_new OR s.is_open GROUP BY s.campaign, x.reason
UNION ALL
SELECT campaign, CASE WHEN reason IS NULL THEN 'send' ELSE 'held_back' END, reason, count(*) FROM told_messages GROUP BY campaign, 2, reason
UNION ALL
SELECT s.campaign, 'stayed', NULL, count(*) FROM arrivals AS a JOIN subjects AS s USING (subject) WHERE s.is_new AND a.state = 'open' GROUP BY s.campaign
UNION ALL
SELECT s.campaign, 'left', NULL, count(*) FROM arrivals AS a JOIN subjects AS s USING (subject) WHERE NOT s.is_new AND a.state = 'ended' GROUP BY s.campaign
UNION ALL
SELECT s.campaign, 'update', NULL, count(DISTINCT s.customer_id) FROM walk AS w JOIN subjects AS s USING (subject) WHERE w.op = 'update' GROUP BY s.campaign
UNION ALL
SELECT s.campaign, 'start', st.starts, count(*)
FROM walk AS w
JOIN subjects AS s USING (subject)
JOIN program_steps AS st ON st.revision = w.revision AND st.step = w.step
WHERE w.op = 'start'
GROUP BY s.campaign, st.starts
UNION ALL
SELECT campaign, 'held_exits', NULL, journeys FROM exit_surges WHERE is_held
ORDER BY 1, 2, 3
