"""The Open Inference Protocol, version 2, as far as tables need it (specification: kserve/open-inference-protocol)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Datatype = Literal[
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES"
]
Size = Annotated[int, Field(ge=0, le=2**31 - 1)]
Parameters = dict[str, str | int | float | bool]


class InputParameters(BaseModel):
    """Of an input; others than this one mean nothing here."""

    model_config = ConfigDict(extra="allow")

    binary_data_size: Size | None = Field(default=None, description="Bytes of this tensor after the JSON text.")


class InferInput(BaseModel):
    """A tensor: one feature, or all of them as a matrix where all are numbers."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="Of the feature.")
    shape: list[Size] = Field(min_length=1, max_length=2, description="[n] or [n, 1]; [n, features] of a matrix.")
    datatype: Datatype
    parameters: InputParameters = InputParameters()
    data: list[Any] | None = Field(default=None, description="The cells, row by row, null where missing.")


class OutputParameters(BaseModel):
    """Of an output; others than this one mean nothing here."""

    model_config = ConfigDict(extra="allow")

    binary_data: bool | None = Field(default=None, description="Whether to send it after the JSON text.")


class InferOutput(BaseModel):
    """A tensor that is wanted."""

    model_config = ConfigDict(extra="forbid")

    name: Literal["prediction", "probabilities"]
    parameters: OutputParameters = OutputParameters()


class InferParameters(BaseModel):
    """Of a request; others than this one mean nothing here."""

    model_config = ConfigDict(extra="allow")

    binary_data_output: bool = Field(default=False, description="Send every output after the JSON text.")


class InferRequest(BaseModel):
    """Rows as tensors, one named tensor a feature; features that may be missing can be left out."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(default="", max_length=1000, description="Stands in the answer too.")
    parameters: InferParameters = InferParameters()
    inputs: list[InferInput] = Field(min_length=1)
    outputs: list[InferOutput] = Field(default=[], description="What is wanted; everything if left out.")


class InferredTensor(BaseModel):
    """An output; without data if it follows the JSON text."""

    model_config = ConfigDict(extra="forbid")

    name: Literal["prediction", "probabilities"]
    shape: list[int]
    datatype: Datatype
    parameters: Parameters | None = None
    data: list[str | int | float | bool] | None = None


class InferResponse(BaseModel):
    """One prediction a row: the label, and the probability of each class."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model_name: str
    model_version: str
    id: str | None = Field(default=None, description="The request's, if it had one.")
    parameters: Parameters | None = Field(default=None, description="`warnings`: how many cells there are to note.")
    outputs: list[InferredTensor]


class TensorMetadata(BaseModel):
    """A tensor of the model; -1 is any number of rows."""

    model_config = ConfigDict(extra="forbid")

    name: str
    datatype: Datatype
    shape: list[int]
    parameters: dict[str, Any] | None = Field(default=None, description="`classes`: the order of the probabilities.")


class InferenceModel(BaseModel):
    """The model's tensors."""

    model_config = ConfigDict(extra="forbid")

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class InferenceServer(BaseModel):
    """The server, and the extensions of the protocol that it speaks."""

    model_config = ConfigDict(extra="forbid")

    name: str
    version: str
    extensions: list[str]


class ServerLive(BaseModel):
    """Whether the process answers."""

    model_config = ConfigDict(extra="forbid")

    live: bool


class ServerReady(BaseModel):
    """Whether it can predict."""

    model_config = ConfigDict(extra="forbid")

    ready: bool


class InferenceModelReady(BaseModel):
    """Whether a model can predict."""

    model_config = ConfigDict(extra="forbid")

    name: str
    ready: bool
