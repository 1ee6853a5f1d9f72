"""Memberships of segments, and what an analyst asks of one."""
