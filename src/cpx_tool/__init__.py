"""Check sets of test CPx cards, their readers and their middleware."""

__version__ = "0.1.0"

RELEASED = "2026-11-24"
"""The day on which this version was made: a clock before it is wrong."""
