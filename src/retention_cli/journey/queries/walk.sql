-- The way of every journey that moves: a row a step, from where it stood to the next wait, a stop, or the end. One statement
-- walks everybody; a program has no way back, so the walk ends. A wait that is over when a journey comes to it holds nobody
-- up, unless a message was planned before it in this walk: no run sends twice what a wait should part.
-- Nothing without: movers.
CREATE OR REPLACE TABLE walk AS
WITH RECURSIVE walked AS (
    SELECT subject, revision, zone, 0 AS hop, false AS sent, step FROM movers
    UNION ALL
    SELECT w.subject, w.revision, w.zone, w.hop + 1, w.sent OR st.op = 'send',
        CASE WHEN st.op = 'split' THEN way.next
             WHEN st.op = 'if' AND NOT coalesce(a.answers[st.question], r.subject IS NOT NULL) THEN st.otherwise
             ELSE st.next END
    FROM walked AS w
    JOIN program_steps AS st ON st.revision = w.revision AND st.step = w.step
    JOIN asked AS a ON a.subject = w.subject
    LEFT JOIN drawn AS way ON way.subject = w.subject AND way.step = w.step
    LEFT JOIN reacted AS r ON r.subject = w.subject AND r.step = st.reaction_to
    LEFT JOIN step_ends AS e ON e.revision = w.revision AND e.step = w.step AND e.zone = w.zone
    LEFT JOIN awaited AS d ON d.subject = w.subject AND d.step = w.step
    WHERE st.op IN ('send', 'if', 'split', 'update', 'start', 'call')
       OR (st.op = 'wait' AND NOT w.sent
           AND CASE WHEN st.is_looked_at THEN coalesce(a.answers[st.question], d.is_over, false) ELSE e.due_at <= make_timestamp($as_of) END)
)
SELECT w.subject, w.revision, w.hop, w.step, st.op, st.reason, e.due_at, e.until_at, st.reaction_to
FROM walked AS w
LEFT JOIN program_steps AS st ON st.revision = w.revision AND st.step = w.step
LEFT JOIN step_ends AS e ON e.revision = w.revision AND e.step = w.step AND e.zone = w.zone
