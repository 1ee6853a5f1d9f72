-- A journey whose message is released stands where it stood, and waits from now on.
INSERT INTO arrivals SELECT journey, 'open', step, due_at, NULL FROM journeys_released
