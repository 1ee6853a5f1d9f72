-- Messages of unknown fate that were not sent again on their own yet, with their journeys, in the shape of
-- journeys_with_unsent: a campaign may ask for one more try.
SELECT j.id, m.id, j.campaign, j.customer, j.revision, j.entered_at, j.trigger, m.step, j.state, m.state, m.reason, j.deadline_at
FROM messages m JOIN journeys j ON j.id = m.journey
WHERE m.state = 'unknown'
  AND NOT EXISTS (
      SELECT 1 FROM transitions t
      WHERE t.subject_id = m.id AND t.subject = 'message' AND t.from_state = 'unknown' AND t.to_state = 'planned' AND t.reason = :reason
  )
ORDER BY +m.id
