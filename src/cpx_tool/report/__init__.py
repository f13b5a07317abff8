"""Checklist → text. Pure: every renderer gets the judged result and a translator."""
