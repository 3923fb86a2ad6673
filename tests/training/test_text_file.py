"""Text files, plain or compressed: the same lines, and one line where they cannot be read."""

import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from mlapi.training.errors import DataFileError
from mlapi.training.text_file import open_text

TEXT = "a,b\n1,é\n"


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


PACKED = {"plain": TEXT.encode(), "gzip": gzip.compress(TEXT.encode()), "zstd": zstd(TEXT.encode())}


def lines(path: Path, content: bytes) -> list[str]:
    path.write_bytes(content)
    with open_text(path) as text:
        return list(text)


@pytest.mark.parametrize("codec", PACKED)
def test_compression_is_known_by_the_first_bytes_whatever_the_name(tmp_path: Path, codec: str) -> None:
    assert lines(tmp_path / "any.name", PACKED[codec]) == ["a,b\n", "1,é\n"]


def test_gzip_members_one_after_the_other_are_one_text(tmp_path: Path) -> None:
    assert lines(tmp_path / "x.gz", PACKED["gzip"] * 2) == ["a,b\n", "1,é\n"] * 2


def test_a_byte_order_mark_inside_a_compressed_file_is_left_out(tmp_path: Path) -> None:
    assert lines(tmp_path / "x.gz", gzip.compress(b"\xef\xbb\xbfa\n")) == ["a\n"]


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_a_compressed_file_cut_off_is_refused_in_one_line(tmp_path: Path, codec: str) -> None:
    with pytest.raises(DataFileError, match=r"cannot be read: .*[Tt]runcated") as caught:
        lines(tmp_path / "x", PACKED[codec][:-8])
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"cannot be read"):
        lines(tmp_path / "x", b"\x1f\x8b" + b"damaged" * 9)


def test_another_encoding_is_told_by_the_line_of_the_text_inside(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"not UTF-8 text \(line 2 has byte 0xe9\)"):
        lines(tmp_path / "x", gzip.compress(b"a\n\xe9\n"))
