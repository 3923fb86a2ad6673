"""Whether clients of the model in use could go on unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mlapi.bundle.decision import Decision
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema, OnUnknownCategory, OnUnknownFeature
from mlapi.training.errors import shown
from mlapi.training.gates.contest import Contest, Outcome, Verdict

_WIDENED: Final = {(FeatureKind.INTEGER, FeatureKind.NUMERIC)}  # whoever sends whole numbers sends numbers
_SHOWN: Final = 5  # changes named in a reason


class SchemaGate:
    """Refuses a version that takes less, or answers otherwise, than the one in use."""

    name = "schema"

    def judge(self, contest: Contest) -> Verdict:
        """See `Gate.judge`."""
        if contest.champion is None:
            return Verdict(self.name, Outcome.NOT_JUDGED, contest.absence)
        old, new = contest.champion.bundle, contest.challenger.bundle
        found = [*breaking_changes(old.schema, new.schema), *_answers(old.decision, new.decision)]
        figures = {"breaking_changes": float(len(found))}
        if not found:
            return Verdict(self.name, Outcome.PASSED, "whoever calls the model in use can go on unchanged", figures)
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        return Verdict(self.name, Outcome.REFUSED, "; ".join(found[:_SHOWN]) + more, figures)


def breaking_changes(old: FeatureSchema, new: FeatureSchema) -> list[str]:
    """Name what rows that fit the old schema could meet in the new one, one line each."""
    found = [f"feature {shown(name)} is gone" for name in old.names if name not in new]
    for feature in new.features:
        if feature.name in old:
            found += _narrowed(old.feature(feature.name), feature)
        elif not feature.nullable:
            found.append(f"new feature {shown(feature.name)} is required")
    if (old.on_unknown_feature, new.on_unknown_feature) == (OnUnknownFeature.IGNORE, OnUnknownFeature.REJECT):
        found.append("unknown features are no longer ignored")
    if old.target != new.target:
        found.append(f"it predicts {shown(new.target)} and no longer {shown(old.target)}")
    return found


def _narrowed(old: Feature, new: Feature) -> Iterator[str]:
    name = shown(new.name)
    if old.kind is not new.kind and (old.kind, new.kind) not in _WIDENED:
        yield f"feature {name} is {new.kind} and no longer {old.kind}"
        return
    if old.nullable and not new.nullable:
        yield f"feature {name} may no longer be missing"
    if new.on_unknown is OnUnknownCategory.REJECT and new.kind is FeatureKind.CATEGORICAL:
        if old.on_unknown is not OnUnknownCategory.REJECT:
            yield f"feature {name} no longer takes unknown categories"
        elif lost := [category for category in old.categories if category not in new.codes]:
            yield f"feature {name} no longer takes {shown(lost[0])}" + (f" and {len(lost) - 1} more" * (len(lost) > 1))


def _answers(old: Decision, new: Decision) -> Iterator[str]:
    if set(old.names) != set(new.names):
        yield f"its labels are {shown(', '.join(new.names))} and no longer {shown(', '.join(old.names))}"
