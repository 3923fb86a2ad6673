"""The header `traceparent`."""

import pytest

from mlapi.app.utils.trace import TraceContext

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_reads_and_writes_what_the_standard_shows() -> None:
    header = f"00-{TRACE}-{SPAN}-01".encode()
    found = TraceContext.read(header)
    assert found == (TRACE, SPAN, "01")
    assert found is not None
    assert found.header() == header


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    found = TraceContext.read(f"cc-{TRACE}-{SPAN}-01-what-comes".encode())
    assert found is not None
    assert found.header() == f"00-{TRACE}-{SPAN}-01".encode()


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"",
        b"00",
        f"00-{TRACE}-{SPAN}".encode(),
        f"00-{TRACE}-{SPAN}-01-more".encode(),
        f"00-{TRACE.upper()}-{SPAN}-01".encode(),
        f"00-{'0' * 32}-{SPAN}-01".encode(),
        f"00-{TRACE}-{'0' * 16}-01".encode(),
        f"ff-{TRACE}-{SPAN}-01".encode(),
        f"00-{TRACE}-{SPAN}-0x".encode(),
        f"00-{TRACE}-{SPAN}-01\n".encode(),
        f"00-{TRACE}-{SPAN}-01, 00-{TRACE}-{SPAN}-01".encode(),
        b"\xff" * 55,
    ],
)
def test_what_the_standard_does_not_allow_is_ignored(header: bytes | None) -> None:
    assert TraceContext.read(header) is None
