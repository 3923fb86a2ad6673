"""People hear of a pattern once, not once a request."""

import json
from pathlib import Path

from mlapi.app.services.pattern_alerts import QUIET_S, PatternAlerts
from mlapi.app.services.usage_watch import MANY_KEYS, MANY_PEERS
from mlapi.ops.notify import Event, Severity
from tests.app.bundles import bundle
from tests.app.service import Service, publish, settings
from tests.app.services.test_model_alerts import Ear
from tests.app.test_server import until
from tests.fixtures.receiver import receiver


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def heard(ear: Ear, n: int) -> list[Event]:
    for _ in range(n):
        assert ear.told.acquire(timeout=10)
    return ear.heard


def test_a_pattern_is_told_once_an_hour_by_all_workers_together(tmp_path: Path) -> None:
    ear, clock = Ear(), Clock()
    workers = [PatternAlerts(ear, tmp_path / "told", clock=clock) for _ in range(2)]
    for _ in range(3):
        for number, worker in enumerate(workers):
            worker("many-keys-from-one-peer", f"key{number}", "192.0.2.1")
    workers[1]("many-keys-from-one-peer", "key0", "192.0.2.2")
    workers[0]("one-key-from-many-peers", "leaked", "192.0.2.1")
    workers[1]("one-key-from-many-peers", "leaked", "192.0.2.2")
    assert {one.key: one.severity for one in heard(ear, 3)} == {
        "many-keys-from-one-peer:192.0.2.1": Severity.WARNING,
        "many-keys-from-one-peer:192.0.2.2": Severity.WARNING,
        "one-key-from-many-peers:leaked": Severity.ERROR,
    }
    assert len(ear.heard) == 3
    clock.now += QUIET_S
    workers[0]("one-key-from-many-peers", "leaked", "192.0.2.3")
    assert heard(ear, 1)[-1].details["source.ip"] == "192.0.2.3"
    assert len(list((tmp_path / "told").iterdir())) == 1


def test_where_nothing_can_be_written_it_is_told_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "told").write_text("no directory")
    ear = Ear()
    PatternAlerts(ear, tmp_path / "told")("one-key-from-many-peers", "leaked", "192.0.2.1")
    assert heard(ear, 1)[0].summary == "one key from many peers: key leaked, peer 192.0.2.1"


def test_requests_that_make_a_pattern_reach_the_webhook_and_pagerduty(tmp_path: Path) -> None:
    publish(tmp_path, "churn", bundle())
    keys = [f"mlk_key{number}_0123456789abcdef" for number in range(MANY_KEYS)]
    with receiver() as there:
        given = settings(
            tmp_path,
            api_keys=",".join(f"{key};id=id{number}" for number, key in enumerate(keys)),
            alert_webhook_url=f"{there.address}/hook",
            pagerduty_integration_key="k",
            pagerduty_url=f"{there.address}/pager",
            trusted_proxies="127.0.0.1",
        )
        with Service(given) as service:
            for key in keys * 2:
                assert service.get("/models", key=key).status_code == 200
            for number in range(2 * MANY_PEERS):
                headers = {"X-Forwarded-For": f"192.0.2.{number}"}
                assert service.get("/models", key=keys[0], headers=headers).status_code == 200
            until(lambda: len(there.received) == 3)
        told = sorted(((one.path, json.loads(one.body)) for one in there.received), key=lambda one: one[0])
    assert [path for path, _ in told] == ["/hook", "/hook", "/pager"]
    assert {body["key"] for _, body in told[:2]} == {
        "many-keys-from-one-peer:127.0.0.1",
        "one-key-from-many-peers:id0",
    }
    assert told[2][1]["dedup_key"] == "one-key-from-many-peers:id0"
    assert not any(key in json.dumps(body) for _, body in told for key in keys)
