"""What an emulated card holds. Pure: adapters/softhsm.py writes it."""
