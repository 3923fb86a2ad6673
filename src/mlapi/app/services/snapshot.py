"""The one model that answers a request, from its first byte to its last."""

from dataclasses import dataclass
from functools import cached_property

from mlapi.app.core.request import Decoder
from mlapi.bundle.model import Bundle
from mlapi.bundle.store.protocol import AliasRecord


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A loaded and warmed bundle with all that belongs to it; replaced as a whole, never changed.

    Attributes:
        bundle: verified against the alias record's digest.
        decoder: made for the bundle's feature schema.
        alias: the record that named it: model, version, generation.
        stage: `production`, `staging` or `none`.
        aliases: every alias known here that names this version, sorted.
        loaded_at: RFC 3339.
    """

    bundle: Bundle
    decoder: Decoder
    alias: AliasRecord
    stage: str
    aliases: tuple[str, ...]
    loaded_at: str

    @cached_property
    def version(self) -> str:
        """The registry's version, an integer as text."""
        return self.alias.version

    @cached_property
    def has_colons(self) -> bool:
        """Whether a name or a category has a colon, so that colons in a body are more than its keys."""
        texts = ((feature.name, *feature.categories) for feature in self.bundle.schema.features)
        return any(":" in text for of_feature in texts for text in of_feature)
