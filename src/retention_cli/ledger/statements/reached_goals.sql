-- Goals that need no second look.
SELECT g.journey, g.goal FROM goals g JOIN journeys j ON j.id = g.journey WHERE j.entered_at > :since
