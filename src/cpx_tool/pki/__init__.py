"""Certificates of the IGC-Santé and its forerunner, read into plain values; all pure."""
