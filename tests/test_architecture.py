"""docs/architecture.md says where each name of the design is; here it is asked whether that is so."""

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "architecture.md"
DESIGN = ROOT.parent / "shared" / "seed"

# The design's module tree, its key components and its data models.
NAMES = [
    "app/main.py",
    "app/api/routes/predictions.py",
    "app/api/routes/health.py",
    "app/api/routes/models.py",
    "app/schemas/prediction.py",
    "app/schemas/health.py",
    "app/schemas/error.py",
    "app/models/user.py",
    "app/models/prediction_log.py",
    "app/services/prediction_service.py",
    "app/services/model_service.py",
    "app/services/auth_service.py",
    "app/core/config.py",
    "app/core/database.py",
    "app/core/security.py",
    "app/utils/logging.py",
    "app/utils/metrics.py",
    "PredictionRouter",
    "HealthRouter",
    "ModelRouter",
    "PredictionService",
    "AuthService",
    "ConfigManager",
    "LoggingUtils",
    "PredictionRequest",
    "FeatureRow",
    "ModelMetadata",
    "ErrorResponse",
    "APIConfig",
    "MLflowConfig",
    "SecurityConfig",
    "MonitoringConfig",
    "TrackingServer",
    "ModelRegistry",
    "ArtifactStore",
    "ExperimentLogger",
    "HyperparameterOptimizer",
    "ModelPromotion",
    "DataLoader",
    "PreprocessingPipeline",
    "ModelTrainer",
    "ModelEvaluator",
    "ModelRegistrar",
    "Dockerfile.api",
    "Dockerfile.mlflow",
    "docker-compose.yml",
    "lambda-container",
    "HealthCheckSystem",
    "SecurityConfiguration",
]


class Entry(NamedTuple):
    """One line of the document's table."""

    name: str
    where: str
    remark: str


def entries() -> dict[str, Entry]:
    text = DOCUMENT.read_text(encoding="utf-8").partition("<!-- names -->")[2].partition("<!-- /names -->")[0]
    lines = [tuple(cell.strip().strip("`") for cell in line.strip("|").split("|")) for line in text.strip().split("\n")]
    found = [Entry(*line) for line in lines[2:]]
    assert len(found) == len({entry.name for entry in found}), "a name stands twice"
    return {entry.name: entry for entry in found}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_the_design_exists_or_the_document_says_why_not(name: str) -> None:
    entry = entries()[name]
    if entry.where == "none":
        assert entry.remark, f"{name} is nowhere, and no reason is given"
        return
    if (ROOT / entry.where).is_file():
        return
    module, _, attribute = entry.where.partition(":")
    found = importlib.import_module(module)
    assert not attribute or hasattr(found, attribute)
    if not name.endswith(".py") and not attribute:
        assert entry.remark, f"{name} has become a module, and no reason is given"


def test_the_document_has_no_name_that_the_design_has_not() -> None:
    assert sorted(entries()) == sorted(NAMES)


def test_the_list_of_names_is_the_designs() -> None:
    if not DESIGN.is_dir():
        pytest.skip("the design document is not beside this checkout")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(DESIGN.iterdir()))
    named = set(re.findall(r"^- `([^`]+)`:", text, re.MULTILINE)) | set(
        re.findall(r"^class (\w+)\(", text, re.MULTILINE)
    )
    assert named <= set(NAMES)


def imported(path: Path) -> Iterator[str]:
    """Top-level names of the packages that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def test_bundle_imports_the_standard_library_numpy_and_msgspec_only() -> None:
    # Why each of the others is allowed stands in docs/architecture.md.
    allowed = {
        "signing.py": {"cryptography"},
        "pyfunc.py": {"pandas"},
        "store/mlflow/": {"mlflow"},
        "store/s3": {"boto3", "botocore"},
    }
    plain = sys.stdlib_module_names | {"mlapi", "msgspec", "numpy"}
    room = ROOT / "src" / "mlapi" / "bundle"
    for path in room.rglob("*.py"):
        place = path.relative_to(room).as_posix()
        more = {name for start, names in allowed.items() if place.startswith(start) for name in names}
        assert set(imported(path)) <= plain | more, place


def test_importing_the_package_loads_nothing_else() -> None:
    tree = list(imported(ROOT / "src" / "mlapi" / "__init__.py"))
    assert set(tree) <= {"__future__"}


@pytest.mark.parametrize(
    "link", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")), ids=lambda path: path.name
)
def test_links_between_documents_lead_somewhere(link: Path) -> None:
    text = re.sub(r"```.*?```", "", link.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text) if "://" not in target]
    assert [target for target in targets if target and not (link.parent / target).exists()] == []


def test_every_decision_is_listed_and_dated() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    pages = sorted(folder.glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        title = text.splitlines()[0]
        assert title.startswith(f"# {page.name[:4]}: ")
        assert f"| [{page.name[:4]}]({page.name}) |" in listed
        assert re.search(
            r"^Status: (proposed|accepted|replaced by \[\d{4}\]\(.*\)), \d{4}-\d{2}-\d{2}$", text, re.MULTILINE
        )
        for heading in ("Question", "Decision", "Alternatives", "Evidence", "Consequences"):
            assert f"\n## {heading}\n" in text, f"{page.name}: {heading}"
        assert len(text.splitlines()) <= 60, f"{page.name} is longer than a page"
