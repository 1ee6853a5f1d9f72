-- All orders as one kind, so that the rhythm over everything is asked like that of a category.
SELECT 'everything' AS kind, customer_id, day
FROM orders_seen
