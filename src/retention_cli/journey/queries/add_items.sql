-- What the journey is about goes into its facts, so that later messages speak of the same things.
-- Nothing without: found_items.
UPDATE subjects SET trigger = CAST(json_merge_patch(subjects.trigger, '{"items":' || found.items || '}') AS VARCHAR)
FROM found_items AS found
WHERE found.subject = subjects.subject
