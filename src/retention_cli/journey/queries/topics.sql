-- What messages of this tick can be about, and messages that have not left are about.
SELECT topic FROM campaign_traits UNION SELECT topic FROM unsent
