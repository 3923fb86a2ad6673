"""The child process of `isolated`: opens a store and answers line by line until nobody asks."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from mlapi.bundle.errors import BundleError, StoreUnavailable
from mlapi.bundle.parent import Parent
from mlapi.bundle.store import open_store
from mlapi.bundle.store.messages import Answer, Call, Opening
from mlapi.bundle.store.mlflow import MlflowStore
from mlapi.bundle.store.protocol import Store


def main() -> int:
    """Run until the other end closes."""
    Parent().end_with_it(signal.SIGKILL)
    for number in (signal.SIGINT, signal.SIGHUP):  # a terminal sends them to the whole group; they are the parent's
        signal.signal(number, signal.SIG_IGN)
    with os.fdopen(os.dup(1), "wb", buffering=0) as answers:
        os.dup2(2, 1)  # whatever a library prints is no answer
        serve(sys.stdin.buffer, answers)
    return 0


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Open the store that the first line names, then answer every further line."""
    opening = msgspec.json.decode(questions.readline(), type=Opening)
    opened: list[Store] = []
    answers.write(line(lambda: opened.append(_open(opening)), opening.address))
    for question in questions if opened else ():
        call = msgspec.json.decode(question, type=Call)
        answers.write(line(lambda call=call: _ask(opened[0], call), opening.address))  # type: ignore[misc]  # bound now


def line(ask: Callable[[], object], store: str) -> bytes:
    """Give the answer to a question as a line; no exception leaves this process but as an answer."""
    try:
        answer = Answer(value=msgspec.Raw(msgspec.json.encode(ask())))
    except BundleError as error:
        answer = Answer(error=type(error).__name__, made_from=list(error.args))
    except Exception as error:  # noqa: BLE001  # the process border: unforeseen here means unavailable over there
        unforeseen = StoreUnavailable(store, f"{type(error).__name__}: {error}")
        answer = Answer(error=type(unforeseen).__name__, made_from=list(unforeseen.args))
    return msgspec.json.encode(answer) + b"\n"


def _open(opening: Opening) -> Store:
    return open_store(opening.address, state_dir=Path(opening.state_dir), tracking_uri=opening.tracking_uri)


def _ask(store: Store, call: Call) -> object:
    match call.method, call.arguments:
        case "connect", []:
            return store.connect() if isinstance(store, MlflowStore) else True
        case "models", []:
            return store.models()
        case "versions", [name]:
            return store.versions(name)
        case "resolve", [name, alias]:
            return store.resolve(name, alias)
        case "fetch", [name, version, destination]:
            return str(store.fetch(name, version, Path(destination)))
        case _:
            raise ValueError(f"no such call: {call.method}")


if __name__ == "__main__":
    raise SystemExit(main())
