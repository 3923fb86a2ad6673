"""`/metrics` of several worker processes: whichever answers, it speaks for all."""

import http.client
import json
import os
import signal
import threading
from pathlib import Path

import pytest

from tests.app.bundles import ROW, bundle
from tests.app.service import AUTHORIZED, publish
from tests.app.test_server import until
from tests.app.test_workers import BODY, Pool, serving
from tests.ops.test_prometheus import parse

N_WORKERS, N_CLIENTS = 4, 4
N_REQUESTS = 1000 if os.environ.get("MLAPI_PROVE") else 60  # of each client
TWO_ROWS = json.dumps({"data": [ROW, ROW]})


def metrics(pool: Pool) -> dict[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", pool.port, timeout=10)
    connection.request("GET", "/metrics", headers=AUTHORIZED)
    text = connection.getresponse().read().decode()
    connection.close()
    return parse(text)


def rows(found: dict[str, float]) -> float:
    return sum(value for name, value in found.items() if name.startswith("mlapi_predictions_total"))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("counting")
    publish(directory, "churn", bundle())
    return directory


def test_totals_are_exact_over_workers_and_over_the_death_of_one(state: Path) -> None:
    with serving(state, N_WORKERS) as pool:
        statuses: list[int] = []

        def ask() -> None:
            bodies = [BODY, TWO_ROWS] * (N_REQUESTS // 2)
            statuses.extend([pool.ask("POST", "/predict", body) for body in bodies])

        clients = [threading.Thread(target=ask, daemon=True) for _ in range(N_CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        total = N_REQUESTS * N_CLIENTS
        assert statuses == [200] * total
        # The last bytes of an answer may be read before its worker has counted it.
        until(lambda: metrics(pool).get('mlapi_requests_total{route="/predict",status="200"}') == total)
        for found in [metrics(pool) for _ in range(2 * N_WORKERS)]:  # whoever answers
            assert found['mlapi_requests_total{route="/predict",status="200"}'] == total
            assert found['mlapi_request_seconds_count{route="/predict"}'] == total
            assert (found["mlapi_rows_count"], found["mlapi_rows_sum"], rows(found)) == (
                total,
                total * 1.5,
                total * 1.5,
            )
            assert sum(name.startswith("mlapi_process_open_files") for name in found) == N_WORKERS
        victim = min(pool.workers())
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in pool.workers() and len(pool.workers() & pool.answering()) == N_WORKERS)
        found = metrics(pool)
        assert found['mlapi_requests_total{route="/predict",status="200"}'] == total
        assert found["mlapi_requests_in_flight"] == 1
        assert sum(name.startswith("mlapi_process_open_files") for name in found) == N_WORKERS
