-- The last sequence number of the history, for the witness.
SELECT coalesce(max(seq), 0) FROM transitions
