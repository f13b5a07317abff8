from tlslite.x509 import X509

class X509CertChain:
    def __init__(self, x509List: list[X509] | None = None) -> None: ...
