from typing import Any

from tlslite.extensions import TLSExtension

class RecordHeader3:
    type: int

class Alert:
    description: int
    level: int

class HelloMessage:
    def getExtension(self, extType: int) -> Any: ...
    def addExtension(self, ext: TLSExtension) -> None: ...

class ClientHello(HelloMessage):
    cipher_suites: list[int]

class ServerHello(HelloMessage):
    server_version: tuple[int, int]
    cipher_suite: int

class Certificate: ...

class CertificateRequest(HelloMessage):
    certificate_authorities: list[bytearray]
    supported_signature_algs: list[tuple[int, int]] | None

class Finished:
    verify_data: bytearray

class NewSessionTicket: ...
class ApplicationData: ...

class ServerKeyExchange:
    named_curve: int
