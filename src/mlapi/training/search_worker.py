"""One process of several that search together; it is told what to do on standard input, as JSON.

python -m mlapi.training.search_worker < job.json

It keeps its trials in the study and records nothing: the process that started it does. It dies with that process.
"""

from __future__ import annotations

import signal
import sys

import msgspec

from mlapi.bundle.parent import Parent
from mlapi.training.interruption import Interruption
from mlapi.training.search_job import SearchJob


def main() -> None:
    """Search until the budget is spent."""
    Parent().end_with_it(signal.SIGKILL)
    with Interruption() as interruption:
        job = msgspec.json.decode(sys.stdin.buffer.read(), type=SearchJob)
        with job.place.joined() as claim:
            job.optimizer().optimize(claim, job.budget, None, interruption)


if __name__ == "__main__":
    main()
