"""Faults for the fuzzer to find, as changes of `_rows.c`: what stands there, and what a slip would make of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from tests.fuzz.build import ROWS, Unit, build


class Fault(NamedTuple):
    """A change of the source."""

    name: str
    right: str
    wrong: str


FAULTS: Final = (
    Fault("a leading zero", "|| (*p == '0' && is_digit(p[1]))", ""),
    Fault("2**64 is 0", "digits <= 19", "digits <= 20"),
    Fault("a mantissa too long", "(UINT64_C(1) << 53)", "(UINT64_C(1) << 55)"),
    Fault("a key twice", "place < 0 || plan->seen[place] == number_of_row", "place < 0"),
    Fault("anything behind the end", "|| end != text + length", ""),
    Fault("minus zero", "(float)exact + 0.0f;", "(float)exact;"),
    Fault("a control character", "!ENDS_TEXT[(unsigned char)*p]", "*p && *p != '\"' && *p != '\\\\'"),
    Fault("a cell that must be there", "if (!plan->features[i].nullable)\n            return NULL;", ""),
    Fault("null where none may be", 'feature->nullable ? word(p, "null") : NULL', 'word(p, "null")'),
    Fault("a fraction", "(feature->kind == INTEGER && fabs(exact) < 0x1p53 && (double)(int64_t)exact != exact)", "0"),
    Fault("a number outside of the range", "&& exact >= feature->least && exact <= feature->most", ""),
    Fault("a number beyond float32", "isfinite(*value) && ", ""),
    Fault("a row too many", "request->n_rows == plan->max_rows", "request->n_rows > plan->max_rows"),
    Fault("two lists of rows", "!request->has_data && (after", "(after"),
    Fault("a text of the same length", "is_text(&index->texts[place], span->text, span->length)",
          "index->texts[place].length == span->length"),
    Fault("a text that begins the same", "length <= 8 || word_at(", "1 || word_at("),
    Fault("a long text that begins the same", "return memcmp(one->text + 8, ", "return 1 || memcmp(one->text + 8, "),
    Fault("any key for the next", "&& is_text(name, p + 1, name->length)", ""),
    Fault("memory kept", "    free(request.cells);\n", ""),
)  # fmt: skip
OVERRUN: Final = Fault("a power too many", "exponent >= -22", "exponent >= -23")


def build_with(fault: Fault, kind: str, folder: Path) -> Path:
    """Build the extension with a fault."""
    source = ROWS.sources[0].read_text("utf-8")
    assert source.count(fault.right) >= 1, f"_rows.c has changed: {fault}"
    changed = folder / "_rows.c"
    changed.write_text(source.replace(fault.right, fault.wrong), "utf-8")
    return build(Unit(ROWS.module, (changed,)), kind, folder)
