-- The zones of those who could get something, each with the last moment at which one of them could.
-- Nothing without: cap_wanting.
SELECT zone, max(leaves_at) FROM cap_wanting WHERE zone IS NOT NULL GROUP BY zone
