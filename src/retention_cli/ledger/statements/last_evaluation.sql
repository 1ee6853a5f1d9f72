-- When segments were evaluated last, which by what meaning, and what that run stood on.
SELECT g.as_of, g.segments, r.manifest FROM generations g JOIN runs r ON r.id = g.run ORDER BY g.id DESC LIMIT 1
