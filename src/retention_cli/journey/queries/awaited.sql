-- Dates that are waited for, as they are told now: whether each has come, on the customer's clock. A date begins with its
-- day; a yearly one is the first that comes after the journey came to the wait, that day included.
-- Nothing without: date_steps.
CREATE OR REPLACE TABLE awaited AS
WITH told AS (
    SELECT s.subject, d.*, c.latest,
        timezone(a.zone, timezone('UTC', CASE WHEN s.step = d.step THEN s.due_at ELSE make_timestamp($as_of) END)) AS arrived,
        a.zone,
        CASE WHEN d.of_trigger THEN coalesce(r.value, json_extract_string(s.trigger, '$."' || d.name || '"')) ELSE f.value END AS value
    FROM subjects AS s
    JOIN asked AS a ON a.subject = s.subject
    JOIN date_steps AS d ON d.revision = s.revision
    JOIN clocks AS c ON c.zone = a.zone
    LEFT JOIN recalled AS r ON r.subject = s.subject AND r.name = d.name AND d.of_trigger
    LEFT JOIN date_values AS f ON f.subject = s.subject AND f.name = d.name AND NOT d.of_trigger
    WHERE s.is_new OR s.is_due
), based AS (
    SELECT *, length(value) <= 10 AS is_day,
        CASE WHEN length(value) <= 10 THEN TRY_CAST(value AS TIMESTAMP)
             ELSE timezone(zone, timezone('UTC', TRY_CAST(value AS TIMESTAMP) + to_seconds(seconds))) END AS base
    FROM told
), years AS (
    SELECT b.*, base + to_years(greatest(CAST(year(arrived) - year(base) + n.n AS INTEGER), 0)) AS day
    FROM based AS b
    JOIN (VALUES (-1), (0), (1)) AS n (n) ON b.yearly OR n.n = 0
), placed AS (
    SELECT subject, step, yearly, latest, arrived, is_day AND at_seconds IS NULL AND seconds = 0 AS whole_day,
        CASE WHEN at_seconds IS NULL THEN moved + CASE WHEN is_day THEN to_seconds(seconds) ELSE to_seconds(0) END
             ELSE date_trunc('day', moved) + to_seconds(at_seconds) END AS wall
    FROM (SELECT *, CASE WHEN yearly THEN day ELSE base END + to_months(months) + to_days(days) AS moved FROM years)
)
SELECT subject, step, min(wall) <= any_value(latest) AS is_over
FROM placed
WHERE NOT yearly OR wall >= CASE WHEN whole_day THEN date_trunc('day', arrived) ELSE arrived END
GROUP BY subject, step
