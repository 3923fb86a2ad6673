import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.cli.banner import curl, url
from mlapi.ops.settings import load_settings

# A command line cannot hold NUL, and half surrogates are no UTF-8.
text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@given(st.dictionaries(text, st.one_of(text, st.floats(allow_nan=False, allow_infinity=False), st.none()), min_size=1))
def test_a_shell_hands_the_rows_over_as_they_are(row: dict[str, object]) -> None:
    line = curl("http://127.0.0.1:8000", "mlk_x", [row, row])
    shown = subprocess.run(["sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True).stdout
    words = shown.decode().split("\0")[:-1]
    assert words[0] == "curl"
    assert "Authorization: Bearer mlk_x" in words
    assert json.loads(words[-1]) == {"data": [row, row]}


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"MLAPI_HOST": "0.0.0.0", "MLAPI_PORT": "81"}, "http://127.0.0.1:81"),
        ({"MLAPI_HOST": "::1"}, "http://[::1]:8000"),
        ({"MLAPI_HOST": "ml.local"}, "http://ml.local:8000"),
        ({"MLAPI_PUBLIC_URL": "https://ml.example.org/"}, "https://ml.example.org"),
    ],
    ids=["default", "every interface", "IPv6", "name", "public"],
)
def test_the_address_is_one_that_a_client_here_can_use(environ: dict[str, str], address: str) -> None:
    assert url(load_settings(environ=environ)) == address
