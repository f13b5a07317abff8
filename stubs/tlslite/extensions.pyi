class TLSExtension:
    extType: int
    @property
    def extData(self) -> bytearray: ...

class RenegotiationInfoExtension(TLSExtension):
    renegotiated_connection: bytearray | None
    def create(self, values: bytearray) -> RenegotiationInfoExtension: ...
