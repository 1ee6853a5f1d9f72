-- A template is kept once, under its hash.
INSERT INTO templates (hash, body) VALUES (:hash, :body) ON CONFLICT (hash) DO NOTHING
