"""XGBoost's parameters that a user may set or have searched."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from mlapi.training.frozen import Frozen


class BoosterParams(Frozen):
    """XGBoost's own parameters; the names are XGBoost's."""

    place: ClassVar[str] = "params."

    learning_rate: float = Field(default=0.05, gt=0, le=1, description="shrinkage of each round")
    max_depth: int = Field(default=6, ge=1, le=16, description="depth of a tree at most")
    min_child_weight: float = Field(default=1.0, ge=0, description="sum of Hessians that a leaf needs at least")
    subsample: float = Field(default=0.8, gt=0, le=1, description="share of the rows that a round sees")
    colsample_bytree: float = Field(default=0.5, gt=0, le=1, description="share of the columns that a tree sees")
    reg_lambda: float = Field(default=1.0, ge=0, description="L2 penalty on leaf values")
    reg_alpha: float = Field(default=0.0, ge=0, description="L1 penalty on leaf values")
    gamma: float = Field(default=0.0, ge=0, description="loss that a split must save at least")
    max_bin: int = Field(default=256, ge=2, le=4096, description="quantile bins of a numeric column")
    max_cat_to_onehot: int = Field(
        default=4, ge=1, description="categories up to which a split takes one against the rest"
    )
    max_cat_threshold: int = Field(default=64, ge=1, description="categories at most on one side of a split")

    def as_xgboost(self) -> dict[str, float | int]:
        """Give the parameters under XGBoost's names."""
        return dict(self.model_dump())
