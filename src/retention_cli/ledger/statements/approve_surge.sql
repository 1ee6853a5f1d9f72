-- They are judged again in this transaction.
DELETE FROM verdicts WHERE campaign = :campaign AND verdict = 'surge'
