"""The straight path from a table to a registered version; `train` is what `mlapi train` runs."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mlapi.bundle.archive import read_directory
from mlapi.bundle.verify import verify
from mlapi.ops.settings import Settings
from mlapi.training.boosting import boost
from mlapi.training.config import TrainingConfig
from mlapi.training.errors import ConfigError, shown_path
from mlapi.training.export import About, Model, bundle_files, write_bundle
from mlapi.training.fetching import fetched
from mlapi.training.golden_rows import Held
from mlapi.training.outcome import Trained, evaluate, record_run
from mlapi.training.overrides import resolved
from mlapi.training.papers import Papers, write_papers
from mlapi.training.preparation import Prepared, prepare
from mlapi.training.progress import Progress, silent
from mlapi.training.recording import DIGEST_TAG, Recording
from mlapi.training.registry import ModelRegistrar, Source
from mlapi.training.report import DataReport
from mlapi.training.retrying import AWAY, patiently
from mlapi.training.searching import search
from mlapi.training.spool import Spool, Waiting
from mlapi.training.stores import is_far, open_at
from mlapi.training.streaming import stream, with_engine
from mlapi.training.table import RawTable
from mlapi.training.tracking import TrackedRun
from mlapi.training.wishes import check_wishes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingResult:
    """What a training gave: the registered version, its run, its test figures, and what was found in the data.

    `version` is None where the store was away. `notes` are further lines for a person, such as what came of a search.
    """

    model: str
    version: str | None
    content_digest: str
    run_id: str
    metrics: dict[str, float]
    metric_intervals: dict[str, tuple[float, float]]
    report: DataReport
    notes: tuple[str, ...] = ()


def unheard(report: DataReport) -> None:
    """Do nothing with a report."""


def train(
    config: TrainingConfig,
    settings: Settings,
    progress: Progress = silent,
    table: RawTable | None = None,
    hears: Callable[[DataReport], None] = unheard,
) -> TrainingResult:
    """Train, record, register; `staging` points at the new version afterwards.

    Args:
        config: what to train.
        settings: where to record and register.
        progress: hears of each stage.
        table: the training table itself, where it is in memory.
        hears: gets the report on the data before anything is trained.

    Raises:
        TrainingError: the data, a parameter or the tracking server is at fault; nothing is registered, and a run that
            was begun is marked FAILED.
        BundleError: the bundle or the store is at fault; likewise.
    """
    progress("reading the data")
    config = fetched(resolved(config), settings)
    config = with_engine(config, table)
    prepared = prepare(config, table) if config.engine == "memory" else stream(config, progress)
    check_wishes(config, prepared)
    hears(prepared.report)
    signing_key = read_key(config.signing_key)
    progress("opening the run")
    tags = {"mlapi.model": config.model_name, "mlapi.dataset": prepared.facts.fingerprint}
    with Recording(settings).run(config.experiment, config.model_name, tags) as run:
        searched = search(prepared, config, run, settings.state_dir, progress)
        boosted = boost(prepared, config, searched.params, run, progress)
        progress("scoring the test rows")
        trained = evaluate(prepared, boosted, config, progress)
        record_run(run, prepared, boosted, trained, config)
        progress("writing the card")
        papers = write_papers(prepared, boosted, trained, config)
        run.files.write(papers.for_run)
        with tempfile.TemporaryDirectory() as scratch:
            progress("proving the bundle")
            bundle = Path(scratch, "bundle")
            digest = export(bundle, prepared, trained, papers, config, signing_key)
            progress("registering")
            version = register(bundle, digest, trained.model, run, config, settings)
    return TrainingResult(
        config.model_name,
        version,
        digest,
        run.public_id,
        trained.assessment.metrics,
        trained.assessment.intervals,
        prepared.report,
        searched.notes,
    )


def export(
    bundle: Path,
    prepared: Prepared,
    trained: Trained,
    papers: Papers,
    config: TrainingConfig,
    signing_key: bytes | None,
) -> str:
    """Write the bundle's directory, verify it as a reader will, and give its content digest."""
    files = bundle_files(
        trained.model,
        training=prepared.features(prepared.seen),
        held_out=Held(prepared.features(prepared.test), trained.margin),
        card=papers.card,
        more=papers.for_bundle,
        golden_rows=config.golden_rows,
    )
    config_digest = hashlib.sha256(msgspec.json.encode(config.fingerprint(), order="deterministic")).hexdigest()
    about = About(
        config.model_name, prepared.facts, config_digest, trained.assessment, {"target": prepared.data.target}
    )
    digest = write_bundle(bundle, files, about, signing_key)
    verify(bundle)
    return digest


def register(
    bundle: Path, digest: str, model: Model, run: TrackedRun, config: TrainingConfig, settings: Settings
) -> str | None:
    """Add the bundle to the store as the next version; a store beside MLflow leaves a copy among the run's files.

    Returns:
        The version; None where the store is away, and the bundle waits for `mlapi sync`.
    """
    run.log(tags={DIGEST_TAG: digest})
    if settings.store != "mlflow":  # MLflow keeps the version's own files
        run.files.write(read_directory(bundle), "bundle")
    tags = {"target": model.schema.target}

    def added(run_id: str) -> str:
        source = Source(run_id, model.schema, model.decision)
        return ModelRegistrar(open_at(settings)).register(config.model_name, bundle, source, tags).version

    try:
        run_id = run.share()
        version = patiently(lambda: added(run_id))
    except AWAY as error:
        if not is_far(settings):
            raise
        waiting = Waiting(name=config.model_name, run_id=run.run_id, content_digest=digest, tags=tags)
        Spool(settings.state_dir).keep(waiting, bundle)
        log.warning("%s; the bundle is kept here until `mlapi sync`", error)
        return None
    run.log(tags={"mlapi.version": version})
    return version


def read_key(path: Path | None) -> bytes | None:
    """Read the signing key before anything is trained.

    Raises:
        ConfigError: the file cannot be read.
    """
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError("signing_key", f"{shown_path(path)} cannot be read: {error.strerror}") from error
