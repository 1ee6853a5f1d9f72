"""Dispatch: claims, gates, channels, outcomes. The only place that speaks to a mail server."""
