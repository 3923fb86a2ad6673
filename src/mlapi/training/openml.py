"""Tables of OpenML, by name or number: `openml:adult`, `openml:1590`; kept on this machine once they are there.

The JSON API is described at https://www.openml.org/apis. A file is what its description's MD5 says it is.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import msgspec

from mlapi.training.downloads import Downloads, digest
from mlapi.training.errors import AddressAway, AddressError, nearest

T = TypeVar("T")
NO_RESULT = "412"  # what OpenML answers where nothing is found


class Description(msgspec.Struct, frozen=True):
    """What OpenML says of a data set; fields that are not used are left unread."""

    id: int | str
    name: str
    url: str
    version: int | str = ""
    format: str = "ARFF"
    md5_checksum: str = ""
    default_target_attribute: str = ""
    row_id_attribute: str | list[str] = ""
    ignore_attribute: str | list[str] = ""

    @property
    def ignored(self) -> tuple[str, ...]:
        """Columns that are not to be learned from."""
        given = [self.row_id_attribute, self.ignore_attribute]
        names = [name for one in given for name in (one.split(",") if isinstance(one, str) else one)]
        return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


class Listed(msgspec.Struct, frozen=True):
    """One line of a list of data sets."""

    did: int
    name: str
    version: int
    status: str = "active"


class _Answer(msgspec.Struct, frozen=True):
    data_set_description: Description


class _Lines(msgspec.Struct, frozen=True):
    dataset: tuple[Listed, ...]


class _List(msgspec.Struct, frozen=True):
    data: _Lines


class OpenML:
    """The tables of one server."""

    def __init__(self, server: str, folder: Path, downloads: Downloads) -> None:
        """Say which server (`https://www.openml.org`), where copies are kept, and what fetches them."""
        self._api = f"{server.rstrip('/')}/api/v1/json/data"
        self._folder = folder
        self._downloads = downloads

    def fetch(self, name: str) -> tuple[Description, Path]:
        """Give what is known of a data set, and its file.

        Args:
            name: of a data set, the newest active version of which is taken; or its number.

        Raises:
            AddressError: there is none, the server cannot be reached, or the file is not what it says.
        """
        number = name if re.fullmatch(r"[0-9]+", name) else self._number_of(name)
        about = self._described(number)
        path = self._folder / f"{number}.arff"
        if about.format.lower() != "arff":
            raise AddressError(f"openml:{name}", f"is a file of the format {about.format}, which cannot be read")
        if not path.is_file() or not _is_right(path, about):
            copy = self._downloads.fetch(about.url)
            if not _is_right(copy, about):
                copy.unlink()
                raise AddressError(about.url, "has another MD5 than OpenML says; nothing was kept")
            copy.replace(path)
        return about, path

    def _number_of(self, name: str) -> str:
        known = self._folder / f"name-{quote(name.lower(), safe='')}.txt"
        if known.is_file():
            return known.read_text()
        address = f"{self._api}/list/data_name/{quote(name.lower(), safe='')}/status/active"
        try:
            found = _read(address, self._downloads.get(address), _List).data.dataset
        except AddressAway:
            raise
        except AddressError as error:
            hint = nearest(name, ("adult", "titanic", "credit-g", "iris"))
            reason = f"OpenML has no active data set of this name{hint}" if NO_RESULT in error.reason else error.reason
            raise AddressError(f"openml:{name}", reason) from error
        number = str(max(found, key=lambda one: (one.version, one.did)).did)
        self._keep(known, number.encode())
        return number

    def _described(self, number: str) -> Description:
        known = self._folder / f"{number}.json"
        if known.is_file():
            return _read(str(known), known.read_bytes(), Description)
        address = f"{self._api}/{number}"
        try:
            about = _read(address, self._downloads.get(address), _Answer).data_set_description
        except AddressAway:
            raise
        except AddressError as error:
            raise AddressError(f"openml:{number}", f"OpenML has no such data set ({error.reason})") from error
        self._keep(known, msgspec.json.encode(about))
        return about

    def _keep(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(data)
        part.replace(path)


def _is_right(path: Path, about: Description) -> bool:
    return not about.md5_checksum or digest(path, "md5") == about.md5_checksum


def _read(address: str, body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except msgspec.MsgspecError as error:
        raise AddressError(address, f"does not answer as OpenML does ({error})") from error
