"""Where settings come from: flags over environment over file. Names nobody knows are refused, with the nearest."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mlapi.ops.catalog import Entry
from mlapi.ops.errors import SettingsError

Path_ = tuple[str, ...]
DEFAULT_FILE = Path("mlapi.toml")
PREFIX = "MLAPI_"
TRAINING_PREFIX = "MLAPI_TRAINING_"
# Variables with the prefix that are no settings: the file's own place, what tests are told, the tree engine's switch.
NOT_SETTINGS = ("MLAPI_CONFIG", "MLAPI_PROVE", "MLAPI_TEST_DATA", "MLAPI_TREE_ENGINE")


class Given(NamedTuple):
    """A value and the words for where it was given."""

    value: object
    origin: str


def from_file(path: Path | None, catalog: Sequence[Entry], *, open_sections: tuple[str, ...]) -> dict[Path_, Given]:
    """Read a TOML file; without a path, `mlapi.toml` of the working directory where there is one.

    Args:
        path: the file.
        catalog: the settings that are known.
        open_sections: sections whose names another package checks.

    Raises:
        SettingsError: no such file, bad TOML, or a name that is no setting.
    """
    if path is None and not DEFAULT_FILE.is_file():
        return {}
    file = path or DEFAULT_FILE
    flat = dict(_flatten(_parse(file)))
    known = {entry.path for entry in catalog}
    for place in flat:
        if place not in known and place[0] not in open_sections:
            _refuse_unknown(".".join(place), f"in {file.name}", [entry.name for entry in catalog])
    return {place: Given(value, f"{'.'.join(place)} in {file.name}") for place, value in flat.items()}


def from_environment(environ: Mapping[str, str], catalog: Sequence[Entry]) -> dict[Path_, Given]:
    """Pick the settings out of the environment; an empty variable counts as absent.

    Raises:
        SettingsError: a variable has the prefix `MLAPI_` and is no setting.
    """
    by_env = {entry.env: entry.path for entry in catalog}
    for name in environ:
        if (
            name.startswith(PREFIX)
            and name not in by_env
            and name not in NOT_SETTINGS
            and not name.startswith(TRAINING_PREFIX)
        ):
            _refuse_unknown(name, "in the environment", list(by_env))
    found = {path: Given(environ[name], name) for name, path in by_env.items() if environ.get(name)}
    return found | _training(environ)


def from_flags(flags: Mapping[str, object], catalog: Sequence[Entry]) -> dict[Path_, Given]:
    """Take command-line flags under their settings' last names; None counts as absent.

    Raises:
        SettingsError: a flag is no setting.
    """
    by_name = {entry.path[-1]: entry.path for entry in catalog}
    for name in flags:
        if name not in by_name:
            _refuse_unknown(name, "among the flags", list(by_name))
    return {
        by_name[name]: Given(value, f"--{name.replace('_', '-')}") for name, value in flags.items() if value is not None
    }


def nest(flat: Mapping[Path_, Given]) -> dict[str, Any]:
    """Turn paths into dictionaries inside dictionaries."""
    nested: dict[str, Any] = {}
    for (*sections, name), given in flat.items():
        inner = nested
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[name] = given.value
    return nested


def _parse(file: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(str(file), f"cannot be read: {(error.strerror or 'input/output error').lower()}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(str(file), f"is not valid TOML: {error}") from error


def _flatten(table: Mapping[str, Any]) -> Iterable[tuple[Path_, object]]:
    """Give sections' values by (section, name) and the others by (name,); an empty text counts as absent."""
    for name, value in table.items():
        inner = value.items() if isinstance(value, dict) else ()
        yield from (((name, key), cell) for key, cell in inner if cell != "")
        if not isinstance(value, dict) and value != "":
            yield (name,), value


def _training(environ: Mapping[str, str]) -> dict[Path_, Given]:
    names = [name for name in environ if name.startswith(TRAINING_PREFIX) and environ[name]]
    return {("training", name.removeprefix(TRAINING_PREFIX).lower()): Given(environ[name], name) for name in names}


def _refuse_unknown(name: str, place: str, known: Sequence[str]) -> None:
    folded = {candidate.casefold(): candidate for candidate in known}
    import difflib

    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    hint = f"; did you mean {folded[near[0]]}?" if near else ""
    raise SettingsError(name, f"no such setting {place}{hint}")
