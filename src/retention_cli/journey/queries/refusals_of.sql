-- Messages whose refusal ends a journey: asked of whoever is due.
-- Nothing without: subjects.
SELECT s.subject, st.step
FROM subjects AS s
JOIN program_steps AS st ON st.revision = s.revision AND st.ends_on_refusal
WHERE s.is_due
