class Python_RSAKey:
    n: int
    e: int
    def __init__(self, n: int = 0, e: int = 0) -> None: ...
    def hasPrivateKey(self) -> bool: ...
    def sign(
        self,
        bytes: bytearray,
        padding: str = ...,
        hashAlg: str | None = ...,
        saltLen: int | None = ...,
    ) -> bytearray: ...
    def verify(
        self,
        sigBytes: bytearray,
        bytes: bytearray,
        padding: str = ...,
        hashAlg: str | None = ...,
        saltLen: int | None = ...,
    ) -> bool: ...
