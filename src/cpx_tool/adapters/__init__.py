"""One outside library per file; its types and errors stop here."""
