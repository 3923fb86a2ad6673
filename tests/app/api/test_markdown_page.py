"""Cards as pages."""

import pytest

from mlapi.app.api.markdown_page import render


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# A title", "<h1>A title</h1>"),
        ("## Data\nrows", "<h2>Data</h2>\n<p>rows</p>"),
        ("one\ntwo", "<p>one two</p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("| a | b |\n| --- | --- |\n| 1 | x\\|y |", "<tr><th>a</th><th>b</th></tr>\n<tr><td>1</td><td>x|y</td></tr>"),
        ("hours\\_per\\_week &lt;b&gt;", "<p>hours_per_week &lt;b&gt;</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    ],
)
def test_shows_what_a_card_holds_and_no_markup_of_its_own(markdown: str, expected: str) -> None:
    assert expected in render("card", markdown)


def test_the_title_is_text() -> None:
    assert "<title>&lt;b&gt;</title>" in render("<b>", "")
