-- A journey whose message is released stands where it stood, and waits from now on.
-- Nothing without: journeys_released.
INSERT INTO arrivals (subject, state, step, due_at, until_at, reason) SELECT journey, 'open', step, due_at, until_at, NULL FROM journeys_released
