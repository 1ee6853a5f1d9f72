"""What an analyst asks of the whole shop: rhythm, RFM, cohorts, value. Set-based SQL over the snapshots; nothing is decided here."""
