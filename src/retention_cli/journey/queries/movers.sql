-- Who moves in this tick, and to which step: whoever enters, and whoever's wait is over. One that is looked at in every run is
-- over when what it waits for has come, or at its end.
CREATE OR REPLACE TABLE movers AS
SELECT s.subject, s.revision, s.customer_id, a.zone, CASE WHEN s.is_new THEN p.first ELSE here.next END AS step
FROM subjects AS s
JOIN asked AS a ON a.subject = s.subject
JOIN programs AS p ON p.revision = s.revision
LEFT JOIN program_steps AS here ON here.revision = s.revision AND here.step = s.step
LEFT JOIN awaited AS d ON d.subject = s.subject AND d.step = s.step
LEFT JOIN verdicts AS v ON v.subject = s.subject
LEFT JOIN exits AS x ON x.subject = s.subject
WHERE x.subject IS NULL
  AND ((s.is_new AND v.verdict = 'enters' AND v.held_out IS NULL)
    OR (s.is_due AND here.step IS NOT NULL
        AND (NOT here.is_looked_at OR s.until_at <= make_timestamp($as_of) OR coalesce(a.answers[here.question], d.is_over, false))))
