-- An event that is told twice is one event.
INSERT INTO events (source, key, customer, event, at, message, data)
VALUES (:source, :key, :customer, :event, :at, :message, :data)
ON CONFLICT (source, key) DO NOTHING
