"""Observation → Checklist. Pure: no card, no clock, no file."""
