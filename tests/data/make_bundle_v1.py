"""Write `bundle-v1`, the golden bundle of format version 1, and the public key of its signature.

    python -m tests.data.make_bundle_v1

It was run once, with xgboost 3.2.0, when the format was fixed. The files are kept as they were written, so that a
reader of any later version proves that it still reads them: never make them again; a new format version gets its own
folder.
"""

from pathlib import Path

import msgspec

from mlapi.bundle.decision import Decision, Platt
from mlapi.bundle.signing import generate_keys
from tests.fixtures import tables
from tests.fixtures.bundles import META, make

HERE = Path(__file__).parent

if __name__ == "__main__":
    keys = generate_keys()  # the private half is forgotten: nobody will ever sign another one
    decision = Decision(classes=("no", "yes"), threshold=0.4, calibration=Platt(1.1, -0.05))
    meta = msgspec.structs.replace(
        META, name="golden", libraries={"xgboost-cpu": "3.2.0"}, requires={"xgboost": "3.2.0"}
    )
    made = make(tables.mixed(), decision=decision, scaling="standard", meta=meta, private_key=keys.private)
    made.write(HERE / "bundle-v1")
    (HERE / "bundle-v1.pem").write_bytes(keys.public)
