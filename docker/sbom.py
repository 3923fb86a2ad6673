"""A bill of materials of the environment that runs this, as CycloneDX 1.6 JSON on standard output.

Equal environments give equal bytes: no time, no serial number.
"""

import json
import sys
from importlib.metadata import distributions


def component(name: str, version: str, licence: str | None) -> dict[str, object]:
    """Give one library (https://cyclonedx.org/docs/1.6/json/#components)."""
    purl = f"pkg:pypi/{name}@{version}"
    found: dict[str, object] = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if licence:
        found["licenses"] = [{"license": {"name": licence}}]
    return found


def main() -> None:
    """Write the document."""
    found = {}
    for one in distributions():
        name = one.metadata["Name"].lower().replace("_", "-")
        licence = one.metadata.get("License-Expression") or one.metadata.get("License")
        found[name] = component(name, one.version, licence.splitlines()[0] if licence else None)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [found[name] for name in sorted(found)],
    }
    json.dump(document, sys.stdout, indent=1)
    print()


main()
