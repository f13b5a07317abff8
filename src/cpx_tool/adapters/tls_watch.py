"""What was seen of a connection by now; `adapters.tls_client` makes a value of it in the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

from cpx_tool.model.handshake import Asked, CertificateRequest, KeyUse, ServerProof, Step


@dataclass
class Watch:
    """`step` is where the connection is, and where it ended if it ends now."""

    step: Step = Step.HELLO
    version: str = ""
    cipher: str = ""
    group: str = ""
    chain: tuple[bytes, ...] = ()
    proof: ServerProof | None = None
    when: Asked = Asked.HANDSHAKE
    """When a client certificate would be asked for that is asked for now."""
    request: CertificateRequest | None = None
    scheme: str = ""
    signature: KeyUse | None = None
    presented: bool = False
    """The client's certificates were sent."""
    accepted: bool = False
    seconds: dict[Step, float] = field(default_factory=dict)
    _since: float = field(default_factory=perf_counter)

    def took(self, step: Step, start: float) -> None:
        """The step lasted since `start` (perf_counter)."""
        self.seconds[step] = self.seconds.get(step, 0.0) + perf_counter() - start

    def begin(self, step: Step) -> None:
        """The step that is now; its time counts from here."""
        self.step = step
        self._since = perf_counter()

    def end(self, step: Step) -> None:
        """That step is done."""
        self.took(step, self._since)
        self._since = perf_counter()
