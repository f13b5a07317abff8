"""Frozen values shared by every room; nothing here does I/O."""
