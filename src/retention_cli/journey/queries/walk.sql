-- The way of every journey that moves: a row a step, from where it stood to the next wait, a stop, or the end. One statement
-- walks everybody; a program has no way back, so the walk ends.
CREATE OR REPLACE TABLE walk AS
WITH RECURSIVE walked AS (
    SELECT s.subject, s.revision, 0 AS hop, CASE WHEN s.is_new THEN p.first ELSE here.next END AS step
    FROM subjects AS s
    JOIN asked AS a ON a.subject = s.subject
    JOIN programs AS p ON p.revision = s.revision
    LEFT JOIN program_steps AS here ON here.revision = s.revision AND here.step = s.step
    LEFT JOIN verdicts AS v ON v.subject = s.subject
    LEFT JOIN exits AS x ON x.subject = s.subject
    WHERE x.subject IS NULL
      AND ((s.is_new AND v.verdict = 'enters' AND v.held_out IS NULL) OR (s.is_due AND here.step IS NOT NULL))
    UNION ALL
    SELECT w.subject, w.revision, w.hop + 1,
        CASE WHEN st.op = 'if' AND NOT a.answers[st.question] THEN st.otherwise ELSE st.next END
    FROM walked AS w
    JOIN program_steps AS st ON st.revision = w.revision AND st.step = w.step
    JOIN asked AS a ON a.subject = w.subject
    WHERE st.op IN ('send', 'if')
)
SELECT w.subject, w.revision, w.hop, w.step, st.op, st.template, st.channel, st.due_at, st.reason
FROM walked AS w
LEFT JOIN program_steps AS st ON st.revision = w.revision AND st.step = w.step
