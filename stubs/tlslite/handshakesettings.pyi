class HandshakeSettings:
    minVersion: tuple[int, int]
    maxVersion: tuple[int, int]
    versions: list[tuple[int, int]]
    certificate_compression_send: list[str]
    certificate_compression_receive: list[str]
    use_heartbeat_extension: bool
    keyShares: list[str]
