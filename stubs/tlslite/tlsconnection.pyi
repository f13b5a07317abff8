from collections.abc import Iterator
from typing import Any

from tlslite.handshakesettings import HandshakeSettings
from tlslite.recordlayer import RecordLayer
from tlslite.x509certchain import X509CertChain

class TLSConnection:
    closed: bool
    closeSocket: bool
    ignoreAbruptClose: bool
    session: Any
    sock: Any
    _recordLayer: RecordLayer
    version: tuple[int, int]
    _client_keypair: tuple[X509CertChain, Any] | None
    def __init__(self, sock: Any) -> None: ...
    def handshakeClientCert(
        self,
        certChain: X509CertChain | None = ...,
        privateKey: Any = ...,
        session: Any = ...,
        settings: HandshakeSettings | None = ...,
        checker: Any = ...,
        nextProtos: Any = ...,
        reqTack: bool = ...,
        serverName: str | None = ...,
        async_: bool = ...,
        alpn: list[bytearray] | None = ...,
    ) -> Any: ...
    def close(self) -> None: ...
    def read(self, max: int | None = ..., min: int = ...) -> bytes: ...
    def write(self, s: bytes) -> None: ...
    def _getMsg(
        self, expectedType: Any, secondaryType: Any = ..., constructorType: Any = ...
    ) -> Iterator[Any]: ...
    def _getNextRecord(self) -> Iterator[Any]: ...
    def _sendMsg(
        self, msg: Any, randomizeFirstBlock: bool = ..., update_hashes: bool = ...
    ) -> Iterator[Any]: ...
    @staticmethod
    def _sigHashesToList(
        settings: HandshakeSettings,
        privateKey: Any = ...,
        certList: Any = ...,
        version: tuple[int, int] = ...,
    ) -> list[tuple[int, int]]: ...
    def _handshakeClientAsyncHelper(
        self,
        srpParams: Any,
        certParams: Any,
        anonParams: Any,
        session: Any,
        settings: HandshakeSettings,
        serverName: str | None,
        nextProtos: Any,
        reqTack: bool,
        alpn: Any,
    ) -> Iterator[Any]: ...
