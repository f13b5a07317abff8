"""Check sets of test CPx cards, their readers and their middleware."""

__version__ = "0.1.0"
