-- Whom steps of other campaigns started into a campaign in a span of time, and who has not been judged yet.
SELECT s.customer, s.occurrence, s.at
FROM starts s
WHERE s.campaign = :campaign AND s.at > :since AND s.at <= :until
  AND NOT EXISTS (
      SELECT 1 FROM journeys j JOIN campaigns c ON c.id = j.campaign
      WHERE c.name = s.campaign AND j.customer = s.customer AND j.occurrence = s.occurrence
  )
  AND NOT EXISTS (
      SELECT 1 FROM verdicts v JOIN campaigns c ON c.id = v.campaign
      WHERE c.name = s.campaign AND v.customer = s.customer AND v.occurrence = s.occurrence
  )
ORDER BY s.customer, s.occurrence
