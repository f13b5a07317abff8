"""Data and its strict reader: the sets of the order form and the ANS's code tables."""
