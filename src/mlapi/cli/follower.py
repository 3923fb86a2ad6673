"""The follower as `mlapi serve` runs it beside itself: `mlapi follow` without what reads a command line.

It holds a third less memory, for as long as the service runs. Settings come from the environment alone, in which the
service has put all of its own but the API keys.
"""

from __future__ import annotations

import logging
import sys

from mlapi.bundle.errors import BundleError
from mlapi.cli import following
from mlapi.ops import logs
from mlapi.ops.errors import OpsError
from mlapi.ops.settings import load_settings


def main() -> int:
    """Follow until a signal or the parent's end; 1 where that cannot begin, which the log then explains."""
    try:
        settings = load_settings()
        logs.configure(settings.api.log_level, service="mlapi-follow")
        following.forever(settings)
    except (OpsError, BundleError, OSError) as error:
        logging.getLogger(__name__).error("the follower cannot begin: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
