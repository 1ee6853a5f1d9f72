-- Who was kept from entering because too many would have entered at once, with what began it.
SELECT customer, occurrence, facts FROM verdicts WHERE campaign = :campaign AND verdict = 'surge' AND as_of > :since ORDER BY customer, occurrence
