-- What was chosen is frozen with the message.
-- Nothing without: recommended.
UPDATE planned SET context = left(planned.context, length(planned.context) - 1) || ',"recommended":{' || r.told || '}}'
FROM recommended AS r
WHERE r.message = planned.message
