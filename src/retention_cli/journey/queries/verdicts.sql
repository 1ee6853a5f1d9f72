-- Who enters: asked of every candidate, in the order in which a person would give the reason.
CREATE OR REPLACE TABLE verdicts AS
WITH judged AS (
    SELECT s.subject, s.campaign, s.customer_id, s.occurrence, s.entered_at, r.always,
        CASE
            WHEN a.subject IS NULL THEN 'no_customer'
            WHEN r.audience IS NOT NULL AND NOT a.answers[r.audience] THEN 'not_in_audience'
            WHEN r.never AND e.entries > 0 THEN 'again'
            WHEN e.entries >= r.at_most THEN 'again'
            WHEN s.entered_at < make_timestamp(e.last_entered_at) + to_months(r.after_months) + to_seconds(r.after_seconds) THEN 'again'
            WHEN NOT r.always AND e.is_inside THEN 'inside'
            ELSE 'enters'
        END AS verdict
    FROM subjects AS s
    JOIN running AS r ON r.campaign = s.campaign
    LEFT JOIN asked AS a ON a.subject = s.subject
    LEFT JOIN entries AS e ON e.campaign = s.campaign AND e.customer_id = s.customer_id
    WHERE s.is_new
)
-- Of several events of one person in one tick the first enters; the others find them inside.
SELECT subject, campaign, customer_id, occurrence, entered_at,
    CASE WHEN verdict = 'enters' AND NOT always
          AND row_number() OVER (PARTITION BY campaign, customer_id, verdict ORDER BY entered_at, occurrence) > 1
         THEN 'inside' ELSE verdict END AS verdict
FROM judged
