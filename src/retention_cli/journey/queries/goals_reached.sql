-- A condition is reached when it holds; a total is settled when its window is over.
SELECT s.journey, s.goal, $as_of, CASE WHEN s.is_total THEN a.amounts[s.question] END
FROM goal_subjects AS s
JOIN goals_asked AS a ON a.subject = s.subject
WHERE (s.is_total AND s.until <= make_timestamp($as_of)) OR (NOT s.is_total AND a.holds[s.question])
ORDER BY s.journey, s.goal
