"""Looking at the registry now instead of later."""

import os
import time
from pathlib import Path

from mlapi.app.services.deliveries import Deliveries, Delivery
from mlapi.app.services.model_service import ModelService
from mlapi.bundle.follow import KICK_FILE


class Reloading:
    """Wakes the follower, which is another process, by touching a file that it looks at."""

    def __init__(self, serving_dir: Path, deliveries: Deliveries) -> None:
        """Take the local directory that the follower writes, and the judge of webhook deliveries."""
        self._kick = serving_dir / KICK_FILE
        self._deliveries = deliveries

    def accept(self, delivery: Delivery) -> None:
        """Take a webhook delivery; raises as `Deliveries.accept`."""
        self._deliveries.accept(delivery)

    def wake(self, models: ModelService) -> None:
        """Have the follower look at the registry, and this process at the local directory, at once.

        Raises:
            OSError: the local directory cannot be written.
        """
        self._kick.parent.mkdir(parents=True, exist_ok=True)
        self._kick.touch()
        now = time.time_ns()
        os.utime(self._kick, ns=(now, now))  # touch alone may give two kicks the same coarse time
        models.look_soon()
