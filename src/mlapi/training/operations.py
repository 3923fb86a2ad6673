"""Promote, roll back, look back and publish from Python, as the command line does.

from mlapi.training import history, promote, rollback

promote("adult", "3", reason="better on the new quarter")
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict

import msgspec

from mlapi.bundle.errors import BundleError
from mlapi.bundle.store.durable import now
from mlapi.bundle.store.protocol import AliasRecord, Promotion, Store
from mlapi.ops.settings import Settings, load_settings
from mlapi.training.errors import GatesRefused, NotPublished, PromotionError, TrackingError
from mlapi.training.gates import NAMES, Verdict, default_gates
from mlapi.training.promotion import ModelPromotion
from mlapi.training.publishing import Published, Publisher
from mlapi.training.registry import PRODUCTION
from mlapi.training.run_files import RunFiles, run_of
from mlapi.training.stores import open_at
from mlapi.training.tracking_server import TrackingServer

FOLDER = "promotions"  # of the run that made a version


def promote(
    name: str,
    version: str | None = None,
    *,
    to: str = PRODUCTION,
    reason: str = "",
    expect_generation: int | None = None,
    skip_gates: Collection[str] = (),
    hear: Callable[[Verdict], None] = lambda verdict: None,
    settings: Settings | None = None,
) -> AliasRecord:
    """Point an alias at a version, through the gates, and publish it where `MLAPI_PUBLISH_TO` says so.

    Args:
        name: the model's name.
        version: the version; `staging`'s if None.
        to: the alias.
        reason: why, for the history; needed where a gate is skipped.
        expect_generation: refuse if somebody moved the alias since this generation.
        skip_gates: gates (`mlapi.training.gates.NAMES`) whose refusal does not count; the bundle is verified always.
        hear: hears of each verdict.
        settings: where everything is; from environment and file if None.

    Raises:
        PromotionError: a gate says no, an unknown gate or no reason is given, or publishing failed afterwards.
        BundleError: see `ModelPromotion.promote`.
        TrackingError: what the gates compare cannot be read.
    """
    settings = settings or load_settings()
    _check_skipped(name, to, skip_gates, reason)
    store, runs = open_at(settings), RunFiles(TrackingServer(settings.mlflow))
    verdicts: list[Verdict] = []

    def heard(verdict: Verdict) -> None:
        verdicts.append(verdict)
        hear(verdict)

    gates = default_gates(runs, latency_budget_ms=settings.registry.latency_budget_ms)
    promotion = _promotion(settings, store, gates=gates, hear=heard)
    chosen = version or store.resolve(name, "staging").version
    try:
        moved = promotion.promote(
            name, chosen, to=to, reason=reason, expect_generation=expect_generation, waive=skip_gates
        )
    except GatesRefused:
        _note(store, runs, name, chosen, f"{to}-refused-{int(time.time())}", verdicts, None)
        raise
    _note(store, runs, name, chosen, f"{to}-{moved.generation:06d}", verdicts, moved)
    _publish_move(settings, store, moved)
    return moved


def rollback(name: str, *, alias: str = PRODUCTION, reason: str = "", settings: Settings | None = None) -> AliasRecord:
    """Point an alias at the version before, and publish that; see `ModelPromotion.rollback`."""
    settings = settings or load_settings()
    store = open_at(settings)
    moved = _promotion(settings, store).rollback(name, alias=alias, reason=reason)
    _publish_move(settings, store, moved)
    return moved


def history(name: str, *, alias: str = PRODUCTION, settings: Settings | None = None) -> list[Promotion]:
    """Give every move of an alias, the oldest first: who, when, from, to, why."""
    return open_at(settings or load_settings()).history(name, alias)


def publish(name: str, version: str | None = None, *, to: str, settings: Settings | None = None) -> Published:
    """Carry a version (what is in production if None) and the stages that name it to another store.

    Raises:
        BundleError: see `Publisher.publish`.
    """
    settings = settings or load_settings()
    store = open_at(settings)
    chosen = version or store.resolve(name, PRODUCTION).version
    return Publisher(store, open_at(settings, to)).publish(name, chosen)


def _promotion(settings: Settings, store: Store, **more: object) -> ModelPromotion:
    file = settings.security.public_key_file
    key = None if file is None else file.read_bytes()
    return ModelPromotion(store, public_key=key, require_signature=key is not None, **more)  # type: ignore[arg-type] # gates and hear


def _check_skipped(name: str, alias: str, skipped: Collection[str], reason: str) -> None:
    unknown = sorted(set(skipped) - set(NAMES))
    if unknown:
        raise PromotionError(name, alias, f"there is no gate {unknown[0]!r}; the gates are {', '.join(NAMES)}")
    if skipped and not reason.strip():
        raise PromotionError(name, alias, "a gate is skipped with a reason only: --reason TEXT")


def _note(
    store: Store,
    runs: RunFiles,
    name: str,
    version: str,
    title: str,
    verdicts: list[Verdict],
    moved: AliasRecord | None,
) -> None:
    """Keep the verdicts with the run that made the version; the history has the figures in any case."""
    run_id = run_of(store.version(name, version))
    if run_id is None:
        return
    whole = {"model": name, "version": version, "at": now(), "moved": moved, "verdicts": [asdict(v) for v in verdicts]}
    content = msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"
    tags = {f"mlapi.gate.{one.gate}": one.outcome.value for one in verdicts}
    with suppress(TrackingError):  # the alias has been moved, or not; a note that is lost changes neither
        runs.note(run_id, tags=tags, files={f"{title}.json": content}, folder=FOLDER)


def _publish_move(settings: Settings, store: Store, moved: AliasRecord) -> None:
    to = settings.registry.publish_to
    if to is None:
        return
    try:
        Publisher(store, open_at(settings, to)).follow(moved.name, moved.alias)
    except BundleError as error:
        raise NotPublished(moved.name, moved.alias, moved.version, to, error) from error
