-- Chunks of contexts.
SELECT id, body FROM contexts WHERE id IN :ids
