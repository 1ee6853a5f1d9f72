-- Which codes of a pool went to somebody already; one for everybody is used up by nobody.
SELECT code FROM vouchers WHERE pool = :pool AND shared = 0 AND code IS NOT NULL
