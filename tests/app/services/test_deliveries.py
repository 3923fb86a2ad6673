"""Webhook deliveries, signed by MLflow's own function."""

from pathlib import Path

import pytest
from mlflow.webhooks.delivery import _generate_hmac_signature

from mlapi.app.core.errors import Unauthorized
from mlapi.app.services.deliveries import WINDOW_S, Deliveries, Delivery

SECRET = "whsec-0123456789"
NOW = 1_800_000_000


def delivery(name: str = "d-1", *, at: int = NOW, secret: str = SECRET, body: str = '{"entity": "x"}') -> Delivery:
    signature = _generate_hmac_signature(secret, name, str(at), body)
    return Delivery(name.encode(), str(at).encode(), signature.encode(), body.encode())


class World:
    """Deliveries over a directory, at a time of the test's choice."""

    def __init__(self, folder: Path, secret: str | None = SECRET) -> None:
        self.now = float(NOW)
        self.judge = Deliveries(secret.encode() if secret else None, folder, clock=lambda: self.now)

    def takes(self, one: Delivery) -> bool:
        try:
            self.judge.accept(one)
        except Unauthorized:
            return False
        return True


def test_takes_what_mlflow_signs_once(tmp_path: Path) -> None:
    world = World(tmp_path / "deliveries")
    assert world.takes(delivery())
    assert not world.takes(delivery())
    assert world.takes(delivery("d-2"))


def test_a_delivery_that_another_worker_took_is_a_replay(tmp_path: Path) -> None:
    first, second = World(tmp_path), World(tmp_path)
    assert first.takes(delivery())
    assert not second.takes(delivery())


@pytest.mark.parametrize("age_s", [WINDOW_S + 1, -WINDOW_S - 1])
def test_refuses_what_is_not_fresh(tmp_path: Path, age_s: float) -> None:
    world = World(tmp_path)
    world.now += age_s
    assert not world.takes(delivery())


@pytest.mark.parametrize(
    "forged",
    [
        delivery(secret="other"),
        delivery()._replace(body=b'{"entity": "y"}'),
        delivery()._replace(id=b"d-9"),
        delivery()._replace(timestamp=str(NOW + 1).encode()),
        delivery()._replace(timestamp=b"soon"),
        delivery()._replace(signature=b""),
        delivery()._replace(signature=b"v1,"),
        delivery()._replace(signature=delivery().signature.removeprefix(b"v1,")),
        delivery()._replace(signature=b"v0," + delivery().signature[3:]),
    ],
    ids=range(9),
)
def test_refuses_what_is_not_genuine(tmp_path: Path, forged: Delivery) -> None:
    assert not World(tmp_path).takes(forged)


def test_takes_one_of_several_signatures_while_the_secret_is_rotated(tmp_path: Path) -> None:
    both = b" ".join((delivery(secret="old").signature, delivery().signature))
    assert World(tmp_path).takes(delivery()._replace(signature=both))


def test_without_a_secret_nothing_is_genuine(tmp_path: Path) -> None:
    assert not World(tmp_path, secret=None).takes(delivery(secret=""))


def test_forgets_what_could_no_longer_be_replayed(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert world.takes(delivery())
    [mark] = tmp_path.iterdir()
    world.now += 2 * WINDOW_S + 1
    assert world.takes(delivery("d-2", at=int(world.now)))
    assert mark not in list(tmp_path.iterdir())
