from tlslite.utils.python_rsakey import Python_RSAKey

class X509:
    bytes: bytearray
    publicKey: Python_RSAKey | None
    certAlg: str | None
