"""The rules of blame, by what they look at."""
