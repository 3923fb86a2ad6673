"""The comparison with other servers: what it reads, reckons and writes, and that nothing that it starts outlives it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import load
from benchmarks.peers import environments, goals
from benchmarks.peers.__main__ import names
from benchmarks.peers.catalogue import PEERS, Peer
from benchmarks.peers.measuring import SHAPES, Bench, summary
from benchmarks.peers.model import Model
from benchmarks.peers.plot import draw
from benchmarks.peers.process import PeerFault, Request, started
from benchmarks.peers.table import peers_table
from benchmarks.servers import free_port

SERVER = """
import http.server, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(child.pid).encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def server(rate: float, *, start_s: float = 1.0, resident_mib: float = 100.0) -> dict[str, Any]:
    seen = {"requests_per_s": rate, "rows_per_s": rate, "p50_ms": 1.0, "p99_ms": 2.0, "cpu_us": 3.0, "failed": 0}
    return {
        "start_s": start_s,
        "resident_mib": resident_mib,
        "largest_mib": resident_mib,
        "processes": 1,
        "load": dict.fromkeys(SHAPES, seen),
    }


def results(**servers: dict[str, Any]) -> dict[str, Any]:
    host = {"processor": "P", "cores": 2, "memory_gib": 24, "kernel": "6"}
    return {
        "servers": servers,
        "labels": {name: peer.label for name, peer in PEERS.items()},
        "refused": {"litserve": "ended; the end of its log:\nno module"},
        "host": host | {"load_average_before": 0.1, "load_average_after": 1.5},
        "versions": {"fastapi": {"fastapi": "1.2", "uvloop": "0.2"}, "mlserver": {"uvloop": "0.1"}},
        "command": "make bench-peers",
        "rounds": 5,
        "seconds": 2,
        "trees": 300,
        "depth": 6,
    }


def test_a_goal_is_met_from_its_target_on_and_a_missing_server_is_said() -> None:
    found = goals.goals(
        {
            "mlapi": server(1000, start_s=0.5, resident_mib=50),
            "mlapi-log": server(900),
            "fastapi": server(40, start_s=2.0, resident_mib=200),
            "litserve": server(100),
            "constant": server(5000),
            "constant-logged": server(1250),
        }
    )
    assert found[0].by_cpu == 1.0
    by_text = {goal.text: (goal.measured, goal.met) for goal in found}
    assert by_text["requests/s against the best peer, 1 row, c 1 (litserve)"] == (10.0, "yes")
    assert by_text["requests/s against FastAPI + pandas, 1 row, c 1"] == (25.0, "yes")
    assert by_text["requests/s against FastAPI + pandas, 1 row, c 32"] == (25.0, "no")
    share = "share of a constant raw-ASGI uvicorn's requests/s"
    assert by_text[f"{share}, no log, 1 row, c 32"] == (0.2, "no")
    assert by_text[f"{share}, its access log on, 1 row, c 32"] == (0.8, "yes")
    assert by_text["start to first 200, faster than FastAPI + pandas"] == (4.0, "yes")
    assert by_text["start to first 200, faster than MLflow"] == (None, "not measured")
    for of in ("of the process that serves", "with the follower"):
        assert by_text[f"resident memory {of}, less than FastAPI + pandas"] == (4.0, "yes")


def test_without_a_peer_nothing_is_met() -> None:
    assert {goal.met for goal in goals.goals({"mlapi": server(1)})} == {"not measured"}


def test_the_table_names_who_was_left_out_and_why_and_every_version() -> None:
    text = peers_table(results(mlapi=server(1234), fastapi=server(12)))
    assert "| FastAPI + pandas + XGBClassifier | 1.00 | 100 (1) | 12 · 1.00/2.00 · 3 · 12 |" in text
    assert "Left out: LitServe, batching: ended; the end of its log: no module" in text
    assert "Versions: fastapi 1.2, uvloop 0.2 (fastapi), uvloop 0.1 (mlserver)." in text
    assert "0 requests failed in closed loops, 0 in the open one" in text


def test_the_open_loop_has_a_column_where_somebody_was_asked_so() -> None:
    openly = server(100) | {"open_loop": {"requests_per_s": 70.0, "p50_ms": 1.0, "p99_ms": 9.5, "failed": 2}}
    text = peers_table(results(mlapi=openly, fastapi=server(12)))
    assert " | open loop at 70 %: requests/s · p50/p99 ms |" in text
    assert " | 70 · 1.00/9.50 · **2 failed** |" in text
    assert "0 requests failed in closed loops, 2 in the open one" in text


def test_the_plot_holds_every_server_and_is_the_same_again(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        draw(results(mlapi=server(1234), fastapi=server(12)), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert "1,234" in (tmp_path / "a.svg").read_text()


def test_failed_requests_stand_in_their_cell() -> None:
    bad = server(5)
    bad["load"] = bad["load"] | {"1 row, c 1": bad["load"]["1 row, c 1"] | {"failed": 7}}
    text = peers_table(results(mlapi=bad))
    assert text.count("**7 failed**") == 1
    assert "7 requests failed" in text


def test_rows_that_were_not_kept_stand_in_their_cell() -> None:
    log = server(5)
    lost = dict(zip(log["load"], (0.0, 0.125), strict=False))
    log["load"] = log["load"] | {name: log["load"][name] | {"lost": share} for name, share in lost.items()}
    assert peers_table(results(mlapi=log)).count("**12.5% of the rows not kept**") == 1


def test_a_summary_takes_medians_but_the_least_cpu_time_and_all_failures() -> None:
    rounds = [{"requests_per_s": float(n), "cpu_us": 10.0 * n, "failed": 1.0} for n in (3, 1, 9)]
    assert summary(rounds) == {"requests_per_s": 3.0, "cpu_us": 10.0, "failed": 3.0}


def test_the_load_is_read_from_what_wrk_prints() -> None:
    line = '{"requests": 200, "duration_us": 2000000, "failed": 1, "p50_us": 1500, "p99_us": 9000}'
    assert load.parse(f"Running 2s test\n  1 threads\nRESULT {line}\n") == load.Load(200, 100.0, 1.5, 9.0, 1)


@pytest.mark.parametrize("requirement", ["ray", "ray[serve]>=2", "ray==2.1", "ray ; sys_platform == 'linux'", "ray~=2"])
def test_a_package_is_named_without_its_range(requirement: str) -> None:
    assert environments.package_of(requirement) == "ray"


def test_versions_are_those_of_the_environment_asked() -> None:
    assert environments.versions(Path(sys.executable), ["numpy"]) == {"numpy": np.__version__}


@pytest.mark.parametrize("lock", sorted({peer.lock for peer in PEERS.values() if peer.lock}))
def test_every_lock_pins_what_is_asked_for_with_hashes_and_names_no_index(lock: str) -> None:
    text = (environments.HERE / f"{lock}.txt").read_text()
    for package in environments.wanted(lock):
        assert any(line.startswith((f"{package}==", f"{package}[")) for line in text.splitlines()), package
    assert "://" not in text
    pins = [entry for entry in text.replace("\\\n", "").splitlines() if entry and not entry.lstrip().startswith("#")]
    assert all("--hash=sha256:" in entry for entry in pins)


def test_a_peer_that_is_not_there_is_refused_by_name() -> None:
    assert names("mlapi,fastapi") == ["mlapi", "fastapi"]
    with pytest.raises(Exception, match="there is no flask; there are mlapi"):
        names("mlapi,flask")


def bench(tmp_path: Path) -> Bench:
    return Bench(Model("file:none", tmp_path, tmp_path, [], np.array([0.25, 0.5], np.float32)), {}, 1)


def test_answers_must_be_the_boosters(tmp_path: Path) -> None:
    bench(tmp_path).compare([0.25, 0.5000001], 2)
    with pytest.raises(PeerFault, match=r"a probability is 0.25 off"):
        bench(tmp_path).compare([0.25, 0.75], 2)
    with pytest.raises(PeerFault, match="nan off"):
        bench(tmp_path).compare([0.25, float("nan")], 2)
    with pytest.raises(PeerFault, match="1 answers for 2 rows"):
        bench(tmp_path).compare([0.25], 2)


LIAR = """
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["data"]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"probabilities": [0.5] * len(rows)}).encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_a_server_with_wrong_answers_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    model = Model("file:none", tmp_path, tmp_path, [{"number_0": 1.0}] * 1000, np.full(1000, 0.25, np.float32))
    liar = Peer("liar", lambda place: [str(place.python), "-c", LIAR, str(place.port)])
    seen, refused = Bench(model, {"liar": Path(sys.executable)}, 1).run({"liar": liar}, rounds=2)
    assert seen == {}
    assert refused == {"liar": "wrong answers: a probability is 0.25 off the booster's"}


def test_a_server_is_ended_with_all_that_it_started_in_other_sessions_too(tmp_path: Path) -> None:
    request, port = Request("/predict", json.dumps({}).encode(), "key"), free_port()
    command = [sys.executable, "-c", SERVER, str(port)]
    with started(command, dict(os.environ), request, port=port, log=tmp_path / "log", limit_s=60) as running:
        child = int(request.send(port)[1])
        assert running.start_s > 0
        assert running.cpu_s() > 0
        assert set(running.pss_mib()) == {running.root, child}
        pids = running.processes()
        assert child in pids
    assert running.processes() == []
    assert not is_running(child)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_server_that_ends_is_reported_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such model')"]
    request, port = Request("/predict", b"{}", "key"), free_port()
    with (
        pytest.raises(PeerFault, match="ended; the end of its log:\nno such model"),
        started(command, dict(os.environ), request, port=port, log=tmp_path / "log", limit_s=60),
    ):
        pass


def test_a_server_that_does_not_answer_in_time_is_given_up_and_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    request, port = Request("/predict", b"{}", "key"), free_port()
    with (
        pytest.raises(PeerFault, match="gave no 200 within 0 s"),
        started(command, dict(os.environ), request, port=port, log=tmp_path / "log", limit_s=0.2),
    ):
        pass


def test_what_cannot_be_installed_is_refused_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "HERE", tmp_path)
    (tmp_path / "broken.txt").write_text("no requirement ==\n")
    with pytest.raises(PeerFault, match=r"broken cannot be installed here: .*no requirement"):
        environments.prepare("broken", tmp_path)


def test_an_environment_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "HERE", tmp_path)
    (tmp_path / "empty.txt").write_text("# nothing\n")
    python = environments.prepare("empty", tmp_path / "made")
    made_at = python.lstat().st_mtime_ns
    assert environments.prepare("empty", tmp_path / "made") == python
    assert python.lstat().st_mtime_ns == made_at
    (tmp_path / "empty.txt").write_text("# nothing else\n")
    assert environments.prepare("empty", tmp_path / "made").lstat().st_mtime_ns != made_at
