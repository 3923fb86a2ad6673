"""What a client sees of the service while something is wrong behind it; docs/reliability.md says the same.

The follower runs in this process, step by step, over a real directory store; the service reads what it leaves.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.app.service import Service, settings
from tests.bundle.store.contract import write_bundle
from tests.bundle.test_follow import BAD, Follow, Upstream, publish_unchecked
from tests.fixtures.bundles import binary

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
ROW = binary().sample.rows(range(1))[0]


class World:
    """An upstream store, a follower and the service's state directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.upstream = Upstream(folder / "upstream")
        self.follow = Follow(self.upstream, folder / "serving")

    def promote(self) -> None:
        self.upstream.promote(write_bundle(self.folder))
        self.follow.step()

    def go_away(self) -> None:
        self.upstream.away = True
        self.follow.step()

    def come_back(self) -> None:
        self.upstream.away = False
        self.follow.step()

    def publish(self, fault: str) -> None:
        publish_unchecked(self.upstream, BAD[fault][0](), self.folder)
        self.follow.step()

    def tamper(self) -> None:
        self.upstream.promote(write_bundle(self.folder))
        (self.upstream.store.directory("m", "2") / "decision.json").write_bytes(b"{}")
        self.follow.step()

    def replay(self) -> None:
        self.upstream.says = self.upstream.store.resolve("m", "production")
        self.upstream.promote(write_bundle(self.folder))
        newest, self.upstream.says = self.upstream.says, None
        self.follow.step()
        self.upstream.says = newest
        self.follow.step()

    def lose_alias(self) -> None:
        self.upstream.store.alias_path("m", "production").unlink()
        self.follow.step()

    def damage_newest(self) -> None:
        newest = self.follow.local.resolve("m", "production").version
        (self.follow.local.directory("m", newest) / "model.ubj").write_bytes(b"{}")


@dataclass(frozen=True)
class Fault:
    """What happens before the service starts, and while it runs; and what is seen then."""

    before: tuple[Callable[[World], None], ...]
    during: tuple[Callable[[World], None], ...]
    predict: str
    ready: str
    current: str


def bad(fault: str) -> Callable[[World], None]:
    return lambda world: world.publish(fault)


REFUSED = ("200 by version 1", "200 degraded")
FAULTS: dict[str, Fault] = {
    "registry away at the start, no local copy": Fault(
        (World.go_away,), (), "503 model_not_ready", "503 not_ready", "503 model_not_ready"
    ),
    "registry away at the start, local copy here": Fault(
        (World.promote, World.go_away), (), "200 by version 1", "200 degraded", "store_unavailable"
    ),
    "registry stopped, hung or dripping while it runs": Fault(
        (World.promote,), (World.go_away,), "200 by version 1", "200 degraded", "store_unavailable"
    ),
    "registry back again": Fault(
        (World.promote,), (World.go_away, World.come_back), "200 by version 1", "200 ready", "null"
    ),
    "files changed in the store": Fault((World.promote,), (World.tamper,), *REFUSED, "digest_mismatch"),
    "golden rows that score otherwise": Fault(
        (World.promote,), (bad("golden rows that score otherwise"),), *REFUSED, "golden_mismatch"
    ),
    "a model of another bundle": Fault(
        (World.promote,), (bad("a model of another bundle"),), *REFUSED, "structure_invalid"
    ),
    "a newer XGBoost": Fault((World.promote,), (bad("a newer xgboost"),), *REFUSED, "version_unsupported"),
    "a newer bundle format": Fault((World.promote,), (bad("a newer format"),), *REFUSED, "version_unsupported"),
    "an old generation replayed": Fault(
        (World.promote,), (World.replay,), "200 by version 2", "200 degraded", "replayed"
    ),
    "the alias names nothing any more": Fault((World.promote,), (World.lose_alias,), *REFUSED, "model_not_found"),
    "the promoted copy damaged on this disk, an earlier one here": Fault(
        (World.promote, World.promote, World.damage_newest), (), *REFUSED, "model_refused"
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_looks_to_clients_as_the_documentation_says(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fault, world = FAULTS[name], World(tmp_path)
    with caplog.at_level(logging.INFO):
        for step in fault.before:
            step(world)
        with Service(settings(tmp_path, model_name="m")) as service:
            for step in fault.during:
                step(world)
            assert service.models is not None
            service.models.load_now()
            predict = service.post({"data": [ROW]})
            ready = service.get("/health/ready", key=None)
            current = service.get("/models/current")
    by = f"by version {predict.headers['x-model-version']}" if predict.status_code == 200 else predict.json()["error"]
    assert f"{predict.status_code} {by}" == fault.predict
    assert f"{ready.status_code} {ready.json()['status']}" == fault.ready
    if current.status_code == 200:
        told = current.json()
        assert (told["degraded"] or "null") == fault.current
        assert bool(told["degraded_reason"]) is bool(told["degraded"])
        assert str(tmp_path) not in str(told["degraded_reason"])
    else:
        assert f"{current.status_code} {current.json()['error']}" == fault.current
        assert int(predict.headers["retry-after"]) >= 1
    if fault.current == "model_refused":
        assert any(record.getMessage().startswith("model not loaded") for record in caplog.records)


def test_the_documentation_has_every_row() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, fault in FAULTS.items():
        assert f"| {name} | {fault.predict} | {fault.ready} | {fault.current} |" in text
