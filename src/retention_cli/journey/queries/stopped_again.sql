-- Messages that were to leave and must not, by what is known now; what is held stays so, unless it is over with it.
SELECT message, becomes, why FROM unsent_judged
WHERE becomes = 'suppressed' OR (becomes = 'held' AND state <> 'held')
ORDER BY message
