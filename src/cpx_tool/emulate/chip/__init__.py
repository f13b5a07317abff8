"""A card's chip in plain Python: bytes of a command in, bytes of an answer out, no I/O.

Commands and status words are those of ISO/IEC 7816-4. Where that leaves a choice, or where a
command is not of that standard, the chip answers what the ANS's middleware (Cryptolib CPS
5.2.2) and OpenSC need to take it for a CPx card. That is no measurement of a real card.
"""
