"""The Luhn key of RPPS and SIRET numbers (ISO/IEC 7812-1, annex B)."""

from __future__ import annotations


def luhn_key(digits: str) -> str:
    """The digit that makes `digits` followed by it valid; `ValueError` for other characters."""
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("not decimal digits")
    return str(-_sum(digits + "0") % 10)


def luhn_valid(number: str) -> bool:
    """Whether the last digit of `number` is its key; False when it is not all digits."""
    return number.isascii() and number.isdigit() and _sum(number) % 10 == 0


def _sum(digits: str) -> int:
    kept, doubled = digits[-1::-2], digits[-2::-2]
    return sum(map(int, kept)) + sum(sum(divmod(2 * int(d), 10)) for d in doubled)
