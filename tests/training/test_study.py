"""Where trials are kept: one searcher at a time unless asked, the dead told from the living, a torn end mended."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from mlapi.training import study
from mlapi.training.errors import SearchError
from mlapi.training.study import StudyPlace
from tests.fixtures.postgres import new_database


@pytest.fixture
def place(tmp_path: Path) -> StudyPlace:
    return StudyPlace(tmp_path / "studies", "adult-0123")


def begin_trial(place: StudyPlace, *, then: str) -> subprocess.Popen[str]:
    """Begin a trial in a process of its own, which says so and then goes on as told."""
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom mlapi.training.study import StudyPlace\n"
        f"with StudyPlace(Path({str(place.folder)!r}), {place.name!r}).claimed(resume=False) as claim:\n"
        "    claim.study.ask()\n    print('asked', flush=True)\n    " + then
    )
    return subprocess.Popen([sys.executable, "-c", code], text=True, stdout=subprocess.PIPE, stdin=subprocess.PIPE)


def test_a_killed_processes_trial_is_failed_by_the_next_one(place: StudyPlace) -> None:
    with begin_trial(place, then="os.kill(os.getpid(), signal.SIGKILL)") as process:
        process.wait(60)
    with place.claimed(resume=True) as claim:
        assert [one.state for one in claim.study.get_trials()] == [TrialState.FAIL]


def test_a_living_processes_search_is_joined_but_never_replaced(place: StudyPlace) -> None:
    with begin_trial(place, then="sys.stdin.read()") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "asked\n"
        with pytest.raises(SearchError, match="another process is at this search; join it with --resume, or wait"):
            place.claimed(resume=False).__enter__()  # entering is what fails
        with place.claimed(resume=True) as claim:
            claim.recover()
            assert [one.state for one in claim.study.get_trials()] == [TrialState.RUNNING]
            process.communicate()
            claim.recover()
            assert [one.state for one in claim.study.get_trials()] == [TrialState.FAIL]


def test_a_journal_with_a_torn_end_can_be_read_and_written(place: StudyPlace) -> None:
    with place.claimed(resume=False) as claim:
        claim.study.tell(claim.study.ask(), 0.5)
    with place.journal.open("a") as file:
        file.write('{"op_code": 4, "wor')
    for number in (2, 3):
        with place.claimed(resume=True) as claim:
            claim.study.tell(claim.study.ask(), 0.4)
            assert len(claim.study.get_trials()) == number


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_keeps_a_study_as_well(kind: str, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/trials.db" if kind == "sqlite" else new_database()
    place = StudyPlace(tmp_path / "studies", "adult-0123", address)
    with place.claimed(resume=False) as claim:
        claim.study.optimize(lambda trial: 0.5, n_trials=1)
    with place.claimed(resume=True) as claim:
        claim.recover()
        assert len(claim.study.get_trials()) == 1
    with place.claimed(resume=False) as claim:
        assert claim.study.get_trials() == []
    assert not place.journal.exists()


def test_a_search_in_a_database_is_not_replaced_while_somebody_is_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = (StudyPlace(tmp_path / name, "s", f"sqlite:///{tmp_path}/trials.db") for name in ("here", "there"))

    def objective(trial: optuna.Trial) -> float:
        with pytest.raises(SearchError, match="another process is at this search"):
            there.claimed(resume=False).__enter__()  # entering is what fails
        monkeypatch.setattr(study, "STALE_S", -1)  # as if the trial had begun long ago without giving a sign
        with there.claimed(resume=False) as claim:
            assert claim.study.get_trials() == []
        return 0.5

    with here.claimed(resume=False) as claim, pytest.raises(SearchError):
        claim.study.optimize(objective, n_trials=1)


def test_a_database_that_breaks_on_the_way_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "trials.db"

    def search() -> None:
        with StudyPlace(tmp_path, "s", f"sqlite:///{file}").claimed(resume=False) as claim:
            with closing(sqlite3.connect(file)) as other:
                other.execute("drop table trials")
            claim.study.optimize(lambda trial: 0.5, n_trials=1)

    with pytest.raises(SearchError, match="no such table") as caught:
        search()
    assert "\n" not in str(caught.value)


def test_a_database_that_cannot_be_reached_is_one_line_without_its_password(tmp_path: Path) -> None:
    place = StudyPlace(tmp_path, "s", "postgresql+psycopg://me:secret@127.0.0.1:9/x?connect_timeout=2")
    with pytest.raises(SearchError) as caught:
        place.claimed(resume=False).__enter__()  # entering is what fails
    assert "127.0.0.1" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
