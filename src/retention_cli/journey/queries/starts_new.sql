-- Who enters another campaign at the next tick, and by which step.
-- Nothing without: walk.
SELECT w.subject, w.step, st.starts, s.customer_id, 'started by ' || w.subject || ' ' || w.step, $as_of
FROM walk AS w
JOIN subjects AS s ON s.subject = w.subject
JOIN program_steps AS st ON st.revision = w.revision AND st.step = w.step
WHERE w.op = 'start'
ORDER BY w.subject, w.hop
