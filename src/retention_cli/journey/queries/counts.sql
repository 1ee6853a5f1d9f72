-- What the tick does, campaign by campaign: the same tables that the delta is made of. `stayed` are new journeys that wait
-- on, `left` are journeys that were open and are over.
SELECT campaign, 'enter' AS what, NULL AS reason, count(*) FROM verdicts WHERE verdict = 'enters' AND held_out IS NULL GROUP BY campaign
UNION ALL
SELECT campaign, 'hold_out', held_out, count(*) FROM verdicts WHERE verdict = 'enters' AND held_out IS NOT NULL GROUP BY campaign, held_out
UNION ALL
SELECT campaign, 'turned_away', verdict, count(*) FROM verdicts WHERE verdict <> 'enters' GROUP BY campaign, verdict
UNION ALL
SELECT s.campaign, 'exit', x.reason, count(*) FROM exits AS x JOIN subjects AS s USING (subject) WHERE s.is_new OR s.is_open GROUP BY s.campaign, x.reason
UNION ALL
SELECT campaign, 'send', NULL, count(*) FROM planned WHERE stopped IS NULL GROUP BY campaign
UNION ALL
SELECT campaign, 'held_back', stopped, count(*) FROM planned WHERE stopped IS NOT NULL GROUP BY campaign, stopped
UNION ALL
SELECT s.campaign, 'stayed', NULL, count(*) FROM arrivals AS a JOIN subjects AS s USING (subject) WHERE s.is_new AND a.state = 'open' GROUP BY s.campaign
UNION ALL
SELECT s.campaign, 'left', NULL, count(*) FROM arrivals AS a JOIN subjects AS s USING (subject) WHERE NOT s.is_new AND a.state = 'ended' GROUP BY s.campaign
ORDER BY 1, 2, 3
