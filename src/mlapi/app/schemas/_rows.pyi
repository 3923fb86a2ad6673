class Plan:
    def __init__(
        self,
        names: tuple[bytes, ...],
        kinds: bytes,
        nullable: bytes,
        limits: bytes,
        categories: tuple[tuple[bytes, ...], ...],
        max_rows: int,
    ) -> None: ...
    def decode(self, body: bytes, /) -> tuple[bytearray, int, bool | None] | None: ...
