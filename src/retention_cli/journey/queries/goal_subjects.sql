-- Every goal of a young journey that is not reached yet, with the end of its own window.
CREATE OR REPLACE TABLE goal_subjects AS
SELECT row_number() OVER (ORDER BY j.journey, g.goal) AS subject, j.journey, g.goal, j.customer_id,
    make_timestamp(j.entered_at) AS entered_at, j.trigger,
    make_timestamp(j.entered_at) + to_months(g.months) + to_seconds(g.seconds) AS until,
    g.question, g.is_total
FROM young_journeys AS j
JOIN program_goals AS g ON g.revision = j.revision
LEFT JOIN goals_done AS d ON d.journey = j.journey AND d.goal = g.goal
WHERE d.journey IS NULL
