"""A run that nobody keeps takes all that a run takes."""

from mlapi.training.unrecorded import UnrecordedRun


def test_everything_is_taken_and_nothing_kept() -> None:
    run = UnrecordedRun()
    run.log(params={"a": 1}, metrics={"b": 1.0}, tags={"c": "d"})
    run.curve("loss", {1: 0.5})
    run.files.write({"a.txt": b""})
    with run.boosting(), run.trial("one") as inner:
        inner.log(metrics={"loss": 1.0})
    assert run.files.names() == []
