-- Which way everybody goes who may come to a split, or to a message in variants: the one drawn before, else the one in whose
-- range the hash of the comparison's name and the customer lies. Two journeys of one customer are drawn alike, whatever
-- their revisions' shares; what was drawn before and is no way of this revision any more is drawn among those it has.
-- Nothing without: program_ways.
CREATE OR REPLACE TABLE drawn AS
WITH lots AS (
    SELECT m.subject, m.revision, m.customer_id, x.step, x.experiment,
        substr(sha256(x.experiment || chr(31) || m.customer_id), 1, 12) AS digits
    FROM movers AS m
    JOIN (SELECT DISTINCT revision, step, experiment FROM program_ways) AS x ON x.revision = m.revision
), fresh AS (
    SELECT l.*, w.path AS own,
        first_value(w.path) OVER (PARTITION BY l.experiment, l.customer_id ORDER BY l.subject, l.step) AS alike
    FROM lots AS l
    JOIN program_ways AS w ON w.revision = l.revision AND w.step = l.step AND w.low <= l.digits AND l.digits < w.high
)
SELECT f.subject, f.step, f.experiment, f.customer_id, k.path IS NULL AS is_new, w.path, w.next, w.template, w.subject_line, w.with_text
FROM fresh AS f
LEFT JOIN assigned AS k ON k.experiment = f.experiment AND k.customer_id = f.customer_id
LEFT JOIN program_ways AS kept ON kept.revision = f.revision AND kept.step = f.step AND kept.path = coalesce(k.path, f.alike)
JOIN program_ways AS w ON w.revision = f.revision AND w.step = f.step AND w.path = coalesce(kept.path, f.own)
