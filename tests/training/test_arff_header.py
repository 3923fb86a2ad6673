"""ARFF's attribute lines and its quoting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlapi.training.arff_header import Attribute, read_attribute, split


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("@attribute age real", Attribute("age", True)),
        ("@ATTRIBUTE age NUMERIC", Attribute("age", True)),
        ("@attribute\tage\tinteger [0, 10]", Attribute("age", True)),
        ("@attribute 'home dest' string", Attribute("home dest", False)),
        ('@attribute "it\'s" string', Attribute("it's", False)),
        ("@attribute 'it\\'s' string", Attribute("it's", False)),
        ("@attribute when date 'yyyy-MM-dd'", Attribute("when", False)),
        ("@attribute a {x,'y, z', \"?\"}", Attribute("a", False, frozenset(["x", "y, z", "?"]))),
        ("@attribute a{x,y}", Attribute("a", False, frozenset("xy"))),
        ("@attribute 'a'{x,y}", Attribute("a", False, frozenset("xy"))),
    ],
)
def test_attributes(line: str, wanted: Attribute) -> None:
    assert read_attribute(line) == wanted


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("@attribute", "not `@attribute NAME TYPE`"),
        ("@attribute a", "nothing is no type"),
        ("@attribute a relational", "relational is no type that can be read"),
        ("@attribute a {x,'y}", "a quote is not closed"),
        ("@attribute 'a real", "not `@attribute NAME TYPE`"),
    ],
)
def test_other_lines_are_refused(line: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_attribute(line)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("1, 2 ,3", ["1", "2", "3"]),
        ("1,,", ["1", "", ""]),
        ("'a, b',c", ["a, b", "c"]),
        ("'a',", ["a", ""]),
        ("c,'a'", ["c", "a"]),
        ('O\'Brien,"x"', ["O'Brien", "x"]),
        (r"'tab\t \'q\' \\',1", ["tab\t 'q' \\", "1"]),
        ("''", [""]),
        ("", [""]),
    ],
)
def test_cells(line: str, wanted: list[str]) -> None:
    assert split(line) == wanted


@pytest.mark.parametrize("line", ["'a", "'a'b,c", "1,'a"])
def test_a_quote_that_does_not_end_a_cell_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="a quote is not closed, or text follows it"):
        split(line)


@given(cells=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8), min_size=1))
def test_quoted_cells_come_back_as_they_were(cells: list[str]) -> None:
    quoted = ["".join(["'", cell.replace("\\", "\\\\").replace("'", "\\'"), "'"]) for cell in cells]
    assert split(",".join(quoted)) == cells


@given(st.text(st.sampled_from("a,'\"\\ "), max_size=30))
def test_any_line_is_split_or_refused(line: str) -> None:
    try:
        cells = split(line)
    except ValueError:
        return
    assert len(cells) <= line.count(",") + 1
