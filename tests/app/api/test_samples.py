"""The code samples of the document run as they are."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlapi.app.api.samples import KEY as VARIABLE
from tests.app.bundles import bundle
from tests.app.service import KEY, publish
from tests.app.test_server import Running, running

RUNNERS = {"Shell": ["sh", "-c"], "Python": [sys.executable, "-c"], "JavaScript": ["node", "--input-type=module", "-e"]}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path = tmp_path_factory.mktemp("sampled")
    publish(path, "churn", bundle(("it's no", "yes")))
    with running(path) as one:
        yield one


def samples(live: Running) -> Any:
    document = json.loads(live.request("GET", "/openapi.json")[2])
    return {
        (method.upper(), path): {one["lang"]: one["source"] for one in operation["x-codeSamples"]}
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def run(lang: str, source: str) -> str:
    program = RUNNERS[lang][0]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run(
        [*RUNNERS[lang], source],
        env=os.environ | {VARIABLE: KEY},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("lang", RUNNERS)
def test_the_sample_of_a_prediction_predicts(live: Running, lang: str) -> None:
    printed = run(lang, samples(live)["POST", "/v1/predict"][lang])
    assert "predictions" in printed
    assert "model_version" in printed


def test_every_operation_has_a_sample_in_each_language(live: Running) -> None:
    found = samples(live)
    assert all(set(languages) == set(RUNNERS) for languages in found.values())
    assert VARIABLE not in found["GET", "/health/ready"]["Shell"]
    assert "/v2/models/churn/versions/1/ready" in found["GET", "/v2/models/{name}/versions/{version}/ready"]["Python"]


@pytest.mark.parametrize("path", ["/invocations", "/v2/models/{name}/infer", "/predict"])
def test_the_curl_samples_of_the_other_protocols_predict_too(live: Running, path: str) -> None:
    assert "predict" in run("Shell", samples(live)["POST", path]["Shell"])


def test_the_rows_are_shown_as_csv_and_as_lines(live: Running, tmp_path: Path) -> None:
    document = json.loads(live.request("GET", "/openapi.json")[2])
    content = document["paths"]["/v1/predict"]["post"]["requestBody"]["content"]
    for media_type in ("text/csv", "application/x-ndjson"):
        headers = {"Content-Type": media_type}
        status, _, body = live.request("POST", "/v1/predict", content[media_type]["example"], **headers)
        assert (status, len(json.loads(body)["predictions"])) == (200, 2)
