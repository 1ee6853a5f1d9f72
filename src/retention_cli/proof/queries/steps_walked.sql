-- Every step that a journey came by in the tick that was just planned, in order.
SELECT subject, step FROM walk WHERE step IS NOT NULL ORDER BY subject, hop
