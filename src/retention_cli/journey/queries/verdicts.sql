-- Who enters: asked of every candidate, in the order in which a person would give the reason. `held_out` says why somebody
-- enters and gets nothing. Too many at once are nobody: the campaign is held until somebody approves.
-- Nothing without: candidates.
CREATE OR REPLACE TABLE verdicts AS
WITH judged AS (
    SELECT s.subject, s.campaign, s.customer_id, s.occurrence, s.entered_at, s.per, r.always, r.most,
        CASE
            WHEN a.subject IS NULL THEN 'no_customer'
            WHEN r.audience IS NOT NULL AND NOT a.answers[r.audience] THEN 'not_in_audience'
            WHEN r.never AND e.entries > 0 THEN 'again'
            WHEN e.entries >= r.at_most THEN 'again'
            WHEN s.entered_at < make_timestamp(e.last_entered_at) + to_months(r.after_months) + to_seconds(r.after_seconds) THEN 'again'
            WHEN NOT r.always AND e.is_inside THEN 'inside'
            ELSE 'enters'
        END AS verdict,
        CASE
            WHEN r.programme IS NOT NULL AND a.answers[r.programme] THEN 'programme holdout'
            WHEN r.holdout IS NOT NULL AND a.answers[r.holdout] THEN 'holdout'
        END AS held_out
    FROM subjects AS s
    JOIN running AS r ON r.campaign = s.campaign
    LEFT JOIN asked AS a ON a.subject = s.subject
    LEFT JOIN entries AS e ON e.campaign = s.campaign AND e.customer_id = s.customer_id AND e.per = s.per
    WHERE s.is_new
),
-- Of several events of one person in one tick the first enters; the others find them inside.
first_of_each AS (
    SELECT * EXCLUDE (verdict),
        CASE WHEN verdict = 'enters' AND NOT always
              AND row_number() OVER (PARTITION BY campaign, customer_id, per, verdict ORDER BY entered_at, occurrence) > 1
             THEN 'inside' ELSE verdict END AS verdict
    FROM judged
)
SELECT subject, campaign, customer_id, occurrence, entered_at, held_out,
    CASE WHEN verdict = 'enters' AND count(*) FILTER (verdict = 'enters') OVER (PARTITION BY campaign) > most THEN 'surge' ELSE verdict END AS verdict
FROM first_of_each
