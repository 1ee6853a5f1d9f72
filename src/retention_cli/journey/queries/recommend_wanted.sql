-- Which message asks for which products: each call of its template, of the kind that it names or its step gives.
-- Nothing without: planned, recommend_requests.
CREATE OR REPLACE TABLE recommend_wanted AS
SELECT p.message, p.customer_id, r.request, r.number, r.category, r.days, s.trigger,
    coalesce(nullif(r.kind, ''), json_extract_string(w.with_text, '/' || r.given), '') AS kind,
    coalesce(nullif(r.kind, ''), json_extract_string(w.with_text, '/' || r.given), '') || r.rest AS key
FROM planned AS p
JOIN recommend_requests AS r ON r.hash = p.hash
JOIN subjects AS s ON s.subject = p.subject
LEFT JOIN departing AS w ON w.subject = p.subject AND w.step = p.step
WHERE p.refused_for IS NULL
