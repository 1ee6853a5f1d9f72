-- Everything that is kept once: id, epoch, counters, the last recorded as_of.
SELECT key, value FROM meta
