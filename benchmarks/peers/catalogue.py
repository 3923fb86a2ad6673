"""The servers that are compared: how each is started and spoken to."""

import json
import sys
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.peers.model import POSITIVE, Model, Row
from benchmarks.servers import free_port

APPS = Path(__file__).parent / "apps"
KEY = "mlk_benchmark_0123456789abcdef"
# Nobody is called and nothing of the user's is read; threads that wait for work sleep, as for everybody else.
QUIET = {
    "BENTOML_DO_NOT_TRACK": "True",
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    "OMP_WAIT_POLICY": "passive",
    "LANG": "C.UTF-8",
}


@dataclass(frozen=True)
class Place:
    """Where one start of a server happens.

    Attributes:
        python: of the server's environment.
        port: that it is to listen on.
        scratch: a directory of its own, new with every round.
        model: what it serves.
    """

    python: Path
    port: int
    scratch: Path
    model: Model

    def program(self, name: str) -> str:
        return str(self.python.with_name(name))

    def environ(self) -> dict[str, str]:
        paths = {"HOME": str(self.scratch), "TMPDIR": str(self.scratch), "PYTHONPATH": str(APPS)}
        path = f"{self.python.parent}:/usr/local/bin:/usr/bin:/bin"
        return QUIET | paths | {"PATH": path, "PEER_MODEL": str(self.model.directory), "PEER_KEY": KEY}


Command = Callable[[Place], list[str]]


def records(rows: Sequence[Row]) -> object:
    return {"data": rows}


def second_class(answer: Any) -> list[float]:
    """Read the answer of table.answer."""
    found: list[float] = answer["probabilities"]
    return found


def row_by_row(answer: Any) -> list[float]:
    """Read an answer of one object a row."""
    return [row["probability"] for row in answer]


@dataclass(frozen=True)
class Peer:
    """One server of the comparison.

    Attributes:
        label: how the tables call it.
        command: starts it; its environment is `environ` over that of its place.
        lock: its environment, `benchmarks/peers/LOCK.txt`; none for ours.
        path: that it answers POST on.
        body: JSON of a request for some rows.
        probabilities: of the second class, out of the JSON of an answer; none for a constant.
        start_limit_s: seconds after which a start counts as failed.
        prepare: a command to run once, before anything is measured.
        lost: rows so far that it should have kept and did not, by its port; none where it keeps nothing.
    """

    label: str
    command: Command
    lock: str | None = None
    environ: Callable[[Place], dict[str, str]] = lambda _: {}
    path: str = "/predict"
    body: Callable[[Sequence[Row]], object] = records
    probabilities: Callable[[Any], list[float]] | None = second_class
    start_limit_s: float = 60
    prepare: Command | None = None
    lost: Callable[[int], float] | None = None

    def encode(self, rows: Sequence[Row]) -> bytes:
        return json.dumps(self.body(rows)).encode()


def uvicorn(app: str, place: Place, *, logs: bool = False) -> list[str]:
    flags = ["--host", "127.0.0.1", "--port", str(place.port), "--loop", "uvloop", "--http", "httptools"]
    quiet = [] if logs else ["--no-access-log", "--log-level", "warning"]
    return [str(place.python), "-m", "uvicorn", app, *flags, *quiet]


def app(name: str, place: Place) -> list[str]:
    return [str(place.python), str(APPS / name), str(place.port)]


def bentoml(service: str, place: Place) -> list[str]:
    where = ["--host", "127.0.0.1", "--port", str(place.port), "--working-dir", str(APPS)]
    return [place.program("bentoml"), "serve", f"bentoml_service:{service}", *where]


def mlflow_save(place: Place) -> list[str]:
    return [str(place.python), str(APPS / "mlflow_save.py"), str(place.model.directory / "mlflow")]


def mlflow_serve(place: Place) -> list[str]:
    where = ["--host", "127.0.0.1", "--port", str(place.port)]
    model = ["--model-uri", str(place.model.directory / "mlflow"), "--env-manager", "local"]
    return [place.program("mlflow"), "models", "serve", *model, "--workers", "1", *where]


def mlserver(place: Place) -> list[str]:
    return [place.program("mlserver"), "start", str(APPS / "mlserver")]


def mlserver_environ(place: Place) -> dict[str, str]:
    ports = {"HTTP_PORT": place.port, "GRPC_PORT": free_port(), "METRICS_PORT": free_port()}
    # Without a second process for the model: with one, which is the default, it took a third more CPU time and memory.
    settings = {"MLSERVER_HOST": "127.0.0.1", "MLSERVER_PARALLEL_WORKERS": "0"}
    return settings | {f"MLSERVER_{name}": str(port) for name, port in ports.items()}


def columns(rows: Sequence[Row]) -> object:
    """Give the rows as a request of the Open Inference Protocol (V2) that MLServer reads as a data frame."""
    inputs = [
        {"name": name, "shape": [len(rows), 1], "data": [row[name] for row in rows]} | kind_of(name) for name in rows[0]
    ]
    return {"parameters": {"content_type": "pd"}, "inputs": inputs}


def kind_of(name: str) -> dict[str, Any]:
    if name.startswith("number"):
        return {"datatype": "FP64"}
    return {"datatype": "BYTES", "parameters": {"content_type": "str"}}


def second_output(answer: Any) -> list[float]:
    found: list[float] = answer["outputs"][1]["data"]
    return found


def ray(place: Place) -> list[str]:
    return [*app("ray_app.py", place), str(place.scratch)]


def ours(place: Place) -> list[str]:
    return [place.program("mlapi"), "serve", "--port", str(place.port)]


def our_environ(place: Place, *, prediction_log: bool) -> dict[str, str]:
    """Give settings of production: a key, limits that are counted but never reached, one worker with its follower."""
    settings = {
        "API_KEYS": KEY,
        "STATE_DIR": str(place.model.state),
        "STORE": place.model.store,
        "RATE_LIMIT_PER_KEY": "1000000000",
        "RATE_LIMIT_PER_PEER": "1000000000",
        "MAX_CONCURRENT_PER_KEY": "1000",
        "PREDICTION_LOG": str(prediction_log).lower(),
    }
    if prediction_log:
        settings["DATABASE_URL"] = f"sqlite:///{place.scratch}/mlapi.db"
    return {"PYTHONPATH": ""} | {f"MLAPI_{name}": value for name, value in settings.items()}


def our_body(rows: Sequence[Row]) -> object:
    return {"data": rows, "options": {"probabilities": True}}


def our_probabilities(answer: Any) -> list[float]:
    return [row[POSITIVE] for row in answer["probabilities"]]


def our_lost_rows(port: int) -> float:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("mlapi_prediction_log_dropped_total"))


def here() -> Path:
    return Path(sys.executable)


PEERS = {
    "mlapi": Peer(
        "**mlapi**, one worker",
        ours,
        environ=partial(our_environ, prediction_log=False),
        body=our_body,
        probabilities=our_probabilities,
    ),
    "mlapi-log": Peer(
        "mlapi, prediction log on",
        ours,
        environ=partial(our_environ, prediction_log=True),
        body=our_body,
        probabilities=our_probabilities,
        lost=our_lost_rows,
    ),
    "fastapi": Peer("FastAPI + pandas + XGBClassifier", partial(uvicorn, "fastapi_app:app"), lock="fastapi"),
    "bentoml": Peer("BentoML", partial(bentoml, "Single"), lock="bentoml"),
    "bentoml-batching": Peer(
        "BentoML, batching", partial(bentoml, "Batched"), lock="bentoml", probabilities=row_by_row
    ),
    "mlflow": Peer(
        "MLflow `models serve`",
        mlflow_serve,
        lock="mlflow",
        path="/invocations",
        body=lambda rows: {"dataframe_records": rows},
        probabilities=lambda answer: answer["predictions"]["probabilities"],
        start_limit_s=180,
        prepare=mlflow_save,
    ),
    "litserve": Peer("LitServe, batching", partial(app, "litserve_app.py"), lock="litserve"),
    "mlserver": Peer(
        "MLServer",
        mlserver,
        lock="mlserver",
        environ=mlserver_environ,
        path="/v2/models/mlserver/infer",
        body=columns,
        probabilities=second_output,
    ),
    "ray": Peer("Ray Serve", ray, lock="ray", start_limit_s=180),
    "constant": Peer("constant, raw ASGI on uvicorn", partial(uvicorn, "constant_asgi:app"), probabilities=None),
    "constant-logged": Peer(
        "constant, raw ASGI on uvicorn as it comes, which logs each request",
        partial(uvicorn, "constant_asgi:app", logs=True),
        probabilities=None,
    ),
    "route": Peer("constant, FastAPI route", partial(uvicorn, "constant_route:app"), probabilities=None),
}
