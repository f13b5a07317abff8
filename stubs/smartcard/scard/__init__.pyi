# The part of pyscard's low-level layer that cpx-tool uses (pyscard 2.2 and 2.3).

SCARD_SCOPE_USER: int
SCARD_SCOPE_SYSTEM: int
SCARD_SHARE_EXCLUSIVE: int
SCARD_SHARE_SHARED: int
SCARD_PROTOCOL_T0: int
SCARD_PROTOCOL_T1: int
SCARD_LEAVE_CARD: int
SCARD_S_SUCCESS: int
SCARD_STATE_UNAWARE: int
SCARD_STATE_PRESENT: int
SCARD_STATE_EMPTY: int

def SCardEstablishContext(dwScope: int) -> tuple[int, int]: ...
def SCardReleaseContext(hcontext: int) -> int: ...
def SCardListReaders(hcontext: int, readergroups: list[str]) -> tuple[int, list[str]]: ...
def SCardGetStatusChange(
    hcontext: int, dwTimeout: int, readerstatelist: list[tuple[str, int]]
) -> tuple[int, list[tuple[str, int, list[int]]]]: ...
def SCardConnect(
    hcontext: int, szReader: str, dwShareMode: int, dwPreferredProtocols: int
) -> tuple[int, int, int]: ...
def SCardDisconnect(hcard: int, dwDisposition: int) -> int: ...
def SCardGetErrorMessage(lErrCode: int) -> str: ...
