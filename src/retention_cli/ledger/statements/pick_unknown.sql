-- Which of these are of unknown fate.
SELECT m.id FROM messages m WHERE m.id IN :ids AND m.state = 'unknown' ORDER BY m.id /*+postgresql FOR UPDATE OF m */
