-- Every message of the walk: its wording, the first channel that reaches the customer, when it may leave, and until when.
-- Where no channel does, the first that was named is told of, and why.
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
    SELECT l.*, c.position, CASE c.channel WHEN 'preferred' THEN lower(trim(a.preferred)) ELSE c.channel END AS channel,
        CASE CASE c.channel WHEN 'preferred' THEN lower(trim(a.preferred)) ELSE c.channel END
            WHEN 'email' THEN a.address WHEN 'sms' THEN a.sms WHEN 'push' THEN a.push END AS address
    FROM letters AS l
    JOIN asked AS a ON a.subject = l.subject
    JOIN step_channels AS c ON c.revision = l.revision AND c.step = l.step
), judged AS (
    SELECT w.*, coalesce(address, '') AS reached_at,
        w.channel IN (SELECT channel FROM delivered) AS is_delivered,
        (w.channel, lower(trim(coalesce(w.address, '')))) IN (SELECT (channel, address) FROM suppressed_addresses)
            OR (w.channel, w.customer_id) IN (SELECT (channel, customer_id) FROM suppressed_customers) AS is_suppressed
    FROM ways AS w
    WHERE w.channel IN ('email', 'sms', 'push')
)
SELECT * EXCLUDE (address, reached_at, position), reached_at AS address
FROM judged
QUALIFY row_number() OVER (
    PARTITION BY subject, hop ORDER BY (is_delivered AND NOT is_suppressed AND trim(reached_at) <> '') DESC, position
) = 1
