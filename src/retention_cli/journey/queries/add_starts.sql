-- A place before the first step of every program, for those who have entered and not begun.
INSERT INTO program_steps BY NAME SELECT revision, $start AS step, 'wait' AS op, first AS next FROM programs
