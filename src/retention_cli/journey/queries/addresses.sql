-- The newest address of every subject on each channel, as it is written and in the one form in which addresses are compared.
CREATE OR REPLACE TABLE subject_addresses AS
SELECT a.subject, 'email' AS channel, a.address, coalesce(f.form, lower(trim(a.address))) AS key
FROM asked AS a
LEFT JOIN address_forms AS f ON f.address = a.address
WHERE trim(coalesce(f.form, a.address, '')) <> ''
UNION ALL
SELECT subject, 'sms', sms, lower(trim(sms)) FROM asked WHERE trim(coalesce(sms, '')) <> ''
UNION ALL
SELECT subject, 'push', push, trim(push) FROM asked WHERE trim(coalesce(push, '')) <> ''
