-- Whose exits are evaluated again, because something of theirs may still leave. (+m.id: see due_journeys.)
SELECT j.id, m.id, j.campaign, j.customer, j.revision, j.entered_at, j.trigger, m.step, j.state, m.state, m.reason, j.deadline_at
FROM messages m JOIN journeys j ON j.id = m.journey
WHERE m.state IN ('planned', 'deferred', 'held')
ORDER BY +m.id
