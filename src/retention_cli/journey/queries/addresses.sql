-- The newest address of every subject, as it is written and in the one form in which addresses are compared.
CREATE OR REPLACE TABLE subject_addresses AS
SELECT a.subject, 'email' AS channel, a.address, coalesce(f.form, lower(trim(a.address))) AS key
FROM asked AS a
LEFT JOIN address_forms AS f ON f.address = a.address
WHERE trim(coalesce(f.form, a.address, '')) <> ''
