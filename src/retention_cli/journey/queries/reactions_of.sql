-- Whose reaction is asked for: journeys that wait for one.
-- Nothing without: subjects.
SELECT s.subject, st.reaction_to
FROM subjects AS s
JOIN program_steps AS st ON st.revision = s.revision AND st.step = s.step
WHERE s.is_due AND st.op = 'wait' AND st.reaction_to IS NOT NULL
