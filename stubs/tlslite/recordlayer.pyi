from collections.abc import Callable
from typing import Any

class RecordLayer:
    def __init__(self, sock: Any) -> None: ...
    @staticmethod
    def _getCipherSettings(cipherSuite: int) -> tuple[int, int, Callable[..., Any] | None]: ...
