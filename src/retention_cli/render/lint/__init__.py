"""Checks of finished messages by readers that share nothing with what makes them: bytes, headers, the page, and what mail programs can show."""
