-- More leaves by a way on a day; or less, where what was granted did not leave.
INSERT INTO volumes (way, day, messages) VALUES (:way, :day, :messages)
ON CONFLICT (way, day) DO UPDATE SET messages = volumes.messages + excluded.messages
