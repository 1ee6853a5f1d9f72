-- What updates write of each customer; of two in one tick the later step of the later journey says the last word.
-- Nothing without: walk.
SELECT s.customer_id, p.field, p.tag, p.value, $as_of
FROM walk AS w
JOIN subjects AS s ON s.subject = w.subject
JOIN program_updates AS p ON p.revision = w.revision AND p.step = w.step
QUALIFY row_number() OVER (PARTITION BY s.customer_id, p.field, p.tag ORDER BY w.subject DESC, w.hop DESC) = 1
ORDER BY s.customer_id, p.field, p.tag
