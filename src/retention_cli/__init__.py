"""Retention marketing as code."""
