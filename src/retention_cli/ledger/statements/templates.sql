-- Templates by hash.
SELECT hash, body FROM templates WHERE hash IN :hashes
