-- Whose exits are evaluated again, because something of theirs may still leave. (+m.id: see due_journeys.)
SELECT j.id, m.id, j.campaign, j.customer, j.revision, j.entered_at, j.trigger, m.step, j.state, m.state, m.reason, j.deadline_at,
       m.channel, m.address, m.kind, m.topic, m.planned_at, m.not_before, m.not_after, m.open_until, j.step
FROM messages m JOIN journeys j ON j.id = m.journey
WHERE m.state IN ('planned', 'deferred', 'held')
ORDER BY +m.id
