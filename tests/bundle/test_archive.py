"""Directories and tars: whole or not at all, and nothing read that could lead outside."""

import io
import os
import socket
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlapi.bundle import archive
from mlapi.bundle.archive import pack, read_directory, unpack, write_directory
from mlapi.bundle.errors import FormatError

PARTS = st.from_regex(r"[a-z0-9_][a-z0-9._-]{0,20}", fullmatch=True)
FILES = st.dictionaries(
    st.lists(PARTS, min_size=1, max_size=3).map("/".join), st.binary(max_size=2000), max_size=8
).filter(lambda files: not any(name.startswith(other + "/") for name in files for other in files))
HALF = settings(max_examples=settings().max_examples // 2)
QUARTER = settings(max_examples=settings().max_examples // 4)  # each waits for the disk
SOME = {"manifest.json": b"{}", "engine/tables.npy": b"\0" * 513}


@HALF
@given(FILES)
def test_unpack_gives_back_what_was_packed(files: dict[str, bytes]) -> None:
    assert unpack(pack(files)) == files


@QUARTER
@given(files=FILES)
def test_a_directory_gives_back_what_was_written(
    files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("bundle") / "1"
    write_directory(path, files)
    assert read_directory(path) == files


def test_equal_files_give_equal_tars_whatever_their_order() -> None:
    assert pack(SOME) == pack(dict(reversed(SOME.items())))


def test_a_tar_is_one_that_tarfile_reads() -> None:
    with tarfile.open(fileobj=io.BytesIO(pack(SOME))) as tar:
        members = tar.getmembers()
    assert [member.name for member in members] == sorted(SOME)
    assert {(member.mtime, member.uid, member.gid, member.mode, member.uname) for member in members} == {
        (0, 0, 0, 0o644, "")
    }


@HALF
@given(FILES, st.data())
def test_unpack_of_a_damaged_tar_gives_files_or_a_format_error(files: dict[str, bytes], data: st.DataObject) -> None:
    damaged = bytearray(pack(files))
    damaged[data.draw(st.integers(0, 511))] = data.draw(st.integers(0, 255))
    with suppress(FormatError):
        unpack(bytes(damaged))


@HALF
@given(FILES, st.data())
def test_unpack_refuses_a_truncated_tar(files: dict[str, bytes], data: st.DataObject) -> None:
    whole = pack(files)
    end = len(whole.rstrip(b"\0"))
    with pytest.raises(FormatError):
        unpack(whole[: data.draw(st.integers(0, end - 1))] if end else b"")


BAD_PATHS = [
    "../x",
    "a/../b",
    "/etc/passwd",
    "..",
    ".",
    ".hidden",
    "a/.b",
    "a//b",
    "a/",
    "",
    "a/b/c/d",
    "-rf",
    "a b",
    "a\\b",
    "C:x",
    "a\nb",
    "a\0b",
    "\u0430.json",
    "\u0661",
    "a" * 101,
]


@pytest.mark.parametrize("name", BAD_PATHS, ids=ascii)
def test_an_unsafe_path_is_neither_packed_nor_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="not a safe path"):
        pack({name: b""})
    with pytest.raises(FormatError, match="not a safe path"):
        write_directory(tmp_path / "1", {name: b""})
    assert not list(tmp_path.iterdir())


def tar_of(*members: tuple[tarfile.TarInfo, bytes], dialect: int = tarfile.USTAR_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=dialect) as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def bomb(compression: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as tar:  # type: ignore[call-overload]  # one of three literals
        info = member("a")
        info.size = 10_000_000
        tar.addfile(info, io.BytesIO(bytes(info.size)))
    return buffer.getvalue()


def with_checksum(header: bytearray) -> bytes:
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def header_with(at: int, value: bytes) -> bytes:
    header = bytearray(pack({"a": b"x" * 600})[:512])
    header[at : at + len(value)] = value
    return with_checksum(header) + bytes(3 * 512)


@pytest.mark.parametrize(
    "data",
    [
        *(
            pytest.param(tar_of((member(name), b"x")), id=f"path {name!a}")
            for name in ["../x", "a/../../b", "/etc/passwd", ".hidden", "a/b/c/d", "a b"]
        ),
        pytest.param(tar_of((member("a", tarfile.SYMTYPE, linkname="/etc/passwd"), b"")), id="symbolic link"),
        pytest.param(tar_of((member("a", tarfile.LNKTYPE, linkname="b"), b"")), id="hard link"),
        pytest.param(tar_of((member("a", tarfile.REGTYPE, linkname="b"), b"")), id="file with a link's target"),
        pytest.param(tar_of((member("a", tarfile.CHRTYPE, devmajor=1, devminor=5), b"")), id="device"),
        pytest.param(tar_of((member("a", tarfile.FIFOTYPE), b"")), id="pipe"),
        pytest.param(tar_of((member("a", tarfile.DIRTYPE), b"")), id="directory"),
        pytest.param(tar_of((member("a", tarfile.GNUTYPE_SPARSE), b"")), id="sparse file"),
        pytest.param(tar_of((member("a", mtime=1.5), b""), dialect=tarfile.PAX_FORMAT), id="pax header"),
        pytest.param(tar_of((member("a" * 101), b""), dialect=tarfile.GNU_FORMAT), id="GNU long name"),
        pytest.param(tar_of((member("b" * 90 + "/" + "a" * 90), b"")), id="name in two fields"),
        pytest.param(tar_of((member("a"), b"1"), (member("a"), b"2")), id="name twice"),
        pytest.param(tar_of((member("a"), b"1"), (member("A"), b"2")), id="names that differ in case"),
        pytest.param(tar_of((member("a"), b"1"), (member("a/b"), b"2")), id="file and folder of one name"),
        pytest.param(tar_of(*((member(f"f{number}"), b"") for number in range(65))), id="many files"),
        pytest.param(bomb("gz"), id="gzip bomb"),
        pytest.param(bomb("bz2"), id="bzip2 bomb"),
        pytest.param(bomb("xz"), id="xz bomb"),
        pytest.param(header_with(124, b"77777777777\0"), id="huge size"),
        pytest.param(header_with(124, b"\x80" + b"\0" * 10 + b"\x01"), id="base-256 size"),
        pytest.param(header_with(124, b"-0000000001\0"), id="negative size"),
        pytest.param(header_with(124, b"\0" * 12), id="no size"),
        pytest.param(pack(SOME)[:-512] + b"x" * 512, id="something after the end"),
        pytest.param(pack(SOME) + b"x", id="a byte after the end"),
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\x03\x04" + bytes(600), id="zip"),
        pytest.param(bytes(511), id="less than a block"),
    ],
)
def test_unpack_refuses(data: bytes) -> None:
    with pytest.raises(FormatError):
        unpack(data)


def test_unpack_refuses_a_wrong_checksum() -> None:
    data = bytearray(pack(SOME))
    data[0] ^= 1
    with pytest.raises(FormatError, match="checksum"):
        unpack(bytes(data))


def test_too_much_is_neither_packed_nor_written_nor_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_directory(tmp_path / "1", {"a": bytes(600), "b": bytes(600)})
    tar = pack({"a": bytes(600), "b": bytes(600)})
    monkeypatch.setattr(archive, "MAX_TOTAL_BYTES", 1000)
    calls: list[Callable[[], object]] = [
        lambda: pack({"a": bytes(1001)}),
        lambda: write_directory(tmp_path / "2", {"a": bytes(1001)}),
        lambda: read_directory(tmp_path / "1"),
        lambda: unpack(tar),
    ]
    for call in calls:
        with pytest.raises(FormatError, match="larger than 1000 bytes"):
            call()


def test_a_directory_of_too_many_files_is_not_read(tmp_path: Path) -> None:
    for number in range(archive.MAX_FILES + 1):
        (tmp_path / f"f{number}").touch()
    with pytest.raises(FormatError, match="more than 64 files"):
        read_directory(tmp_path)


def make_symlink(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def make_directory_link(path: Path) -> None:
    path.symlink_to("/etc")


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_socket(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:  # by way of the directory: a socket's path has at most 108 bytes
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def make_deep(path: Path) -> None:
    (path / "b" / "c").mkdir(parents=True)
    (path / "b" / "c" / "d").touch()


@pytest.mark.parametrize(
    "make", [make_symlink, make_directory_link, make_dangling_link, os.mkfifo, make_socket, make_deep]
)
def test_read_directory_refuses_what_is_no_file(make: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / "manifest.json").touch()
    make(tmp_path / "a")
    with pytest.raises(FormatError, match="not a regular file"):
        read_directory(tmp_path)


def test_read_directory_refuses_an_unsafe_name_without_printing_it_raw(tmp_path: Path) -> None:
    (tmp_path / "a\n\x1b[31mb").touch()
    with pytest.raises(FormatError, match="not a safe path") as refusal:
        read_directory(tmp_path)
    assert str(refusal.value).isprintable()


def test_read_directory_follows_a_link_to_the_directory_itself(tmp_path: Path) -> None:
    write_directory(tmp_path / "1", SOME)
    (tmp_path / "latest").symlink_to("1")
    assert read_directory(tmp_path / "latest") == dict(sorted(SOME.items()))
