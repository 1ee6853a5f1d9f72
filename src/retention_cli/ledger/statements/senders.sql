-- Whoever holds messages now.
SELECT DISTINCT claimed_by FROM messages WHERE state IN ('claimed', 'committing')
