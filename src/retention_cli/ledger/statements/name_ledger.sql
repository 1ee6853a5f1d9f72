-- A new ledger's name and counters; one that has them already keeps them. Ids are counted here and not by max(id),
-- for the newest rows may be archived or erased, and a number must never mean two things.
INSERT INTO meta (key, value)
VALUES ('ledger_id', :ledger_id), ('epoch', '0'), ('format', '1'),
       ('next_run', '1'), ('next_campaign', '1'), ('next_revision', '1'), ('next_journey', '1'),
       ('next_message', '1'), ('next_context', '1'), ('next_generation', '1')
ON CONFLICT (key) DO NOTHING
