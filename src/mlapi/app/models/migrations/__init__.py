"""How the tables came to be, one module a change, run by Alembic in order.

A further change is a module in `versions` whose `down_revision` is the HEAD below; then HEAD names the new one. Changes
only add (tables, nullable columns, indices), so that an older process goes on beside a newer one.
"""

from typing import Final

HEAD: Final = "0003"  # the last revision; a test compares it with what Alembic finds
