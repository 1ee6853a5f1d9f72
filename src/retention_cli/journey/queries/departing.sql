-- Every message of the walk: its wording, the first channel that reaches the customer, when it may leave, and until when.
-- Where no channel does, the first that was named is told of, and why.
-- Nothing without: walk.
CREATE OR REPLACE TABLE departing AS
WITH letters AS (
    SELECT w.subject, w.hop, w.revision, w.step, s.customer_id, d.path AS variant,
        coalesce(d.template, st.template) AS template,
        coalesce(d.subject_line, st.subject_line) AS subject_line,
        coalesce(d.with_text, st.with_text) AS with_text,
        m.leaves_at AS wanted_at,
        least(
            coalesce(m.leaves_at, make_timestamp($as_of)) + to_months(st.expires_months) + to_seconds(st.expires_seconds),
            e.ends_at
        ) AS not_after,
        e.ends_at AS deadline, timezone(e.zone, timezone('UTC', e.ends_at)) AS deadline_wall
    FROM walk AS w
    JOIN subjects AS s ON s.subject = w.subject
    JOIN asked AS a ON a.subject = w.subject
    JOIN program_steps AS st ON st.revision = w.revision AND st.step = w.step
    LEFT JOIN drawn AS d ON d.subject = w.subject AND d.step = w.step
    LEFT JOIN moments AS m ON m.revision = w.revision AND m.step = w.step AND m.zone = a.zone
        AND m.hour = CASE WHEN a.opens >= st.evidence THEN coalesce(a.open_hour, -1) ELSE -1 END
    LEFT JOIN deadlines AS e ON e.subject = w.subject
    WHERE w.op = 'send'
), ways AS (
    SELECT l.*, c.position, CASE c.channel WHEN 'preferred' THEN lower(trim(a.preferred)) ELSE c.channel END AS channel
    FROM letters AS l
    JOIN asked AS a ON a.subject = l.subject
    JOIN step_channels AS c ON c.revision = l.revision AND c.step = l.step
), judged AS (
    SELECT w.*, coalesce(d.address, '') AS address, coalesce(d.key, '') AS key,
        w.channel IN (SELECT channel FROM delivered) AS is_delivered,
        (w.channel, coalesce(d.key, '')) IN (SELECT (channel, address) FROM suppressed_addresses)
            OR (w.channel, w.customer_id) IN (SELECT (channel, customer_id) FROM suppressed_customers) AS is_suppressed,
        i.kind <> 'transactional' AND c.question IS NOT NULL AND NOT a.answers[c.question] AS is_refused
    FROM ways AS w
    JOIN subjects AS s ON s.subject = w.subject
    JOIN asked AS a ON a.subject = w.subject
    JOIN campaign_traits AS i ON i.campaign = s.campaign
    LEFT JOIN subject_addresses AS d ON d.subject = w.subject AND d.channel = w.channel
    LEFT JOIN consent_questions AS c ON c.channel = w.channel AND c.topic IS NOT DISTINCT FROM i.topic
    WHERE w.channel IN ('email', 'sms', 'push')
)
SELECT * EXCLUDE (position)
FROM judged
QUALIFY row_number() OVER (
    PARTITION BY subject, hop ORDER BY (is_delivered AND NOT is_suppressed AND NOT is_refused AND key <> '') DESC, position
) = 1
