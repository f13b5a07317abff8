from typing import ClassVar

class AlertDescription:
    close_notify: ClassVar[int]
    no_renegotiation: ClassVar[int]
    unrecognized_name: ClassVar[int]
    @classmethod
    def toRepr(cls, value: int, blacklist: object = ...) -> str | None: ...

class AlertLevel:
    warning: ClassVar[int]

class CipherSuite:
    TLS_EMPTY_RENEGOTIATION_INFO_SCSV: ClassVar[int]
    dhAllSuites: ClassVar[list[int]]
    ietfNames: ClassVar[dict[int, str]]

class ContentType:
    alert: ClassVar[int]
    application_data: ClassVar[int]
    handshake: ClassVar[int]

class ExtensionType:
    key_share: ClassVar[int]
    post_handshake_auth: ClassVar[int]
    renegotiation_info: ClassVar[int]
    supported_versions: ClassVar[int]

class GroupName:
    @classmethod
    def toRepr(cls, value: int, blacklist: object = ...) -> str | None: ...

class HandshakeType:
    certificate: ClassVar[int]
    server_key_exchange: ClassVar[int]

class SignatureScheme:
    @classmethod
    def toRepr(cls, value: tuple[int, int], blacklist: object = ...) -> str | None: ...
