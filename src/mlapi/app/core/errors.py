"""What can go wrong in the app, in domain terms; `api/errors.py` alone knows the status codes.

AppError
├── InvalidJSON            the body is no strict JSON text
├── InvalidRequest         JSON, but not the envelope of the request
├── RowCountError          no rows, or more than one request may hold
├── Unauthorized           no credential, or none that is known
├── Forbidden
│   ├── InsufficientScope  the key may not do this
│   ├── OriginNotAllowed   a cross-origin request from a page that is not listed
│   └── HttpsRequired      plain HTTP where only HTTPS is allowed
├── NotFound               no such path
├── MethodNotAllowed       the path is there, the method is not
├── NotAcceptable          the client takes none of the media types on offer
├── BodyTooLarge           declared or streamed
├── UnsupportedMediaType   content type, charset or content encoding
├── RateLimited            too many requests
├── LogOff                 predictions are not kept
├── LogUnavailable         they are, and the database cannot be used now
├── PredictionNotFound     no kept prediction has this id
├── OutcomeRefused         an outcome that is none of the model's classes
├── ModelNotReady          no model is loaded yet
├── Overloaded             the queue is full
└── DeadlineExceeded       no answer within the request's deadline

`str(error)` is the sentence that the client reads: what is wrong and what to do, never an echo of the input and never
a name from inside the service.
"""

from collections.abc import Sequence


class AppError(Exception):
    """An error that has a reply of its own."""


class InvalidJSON(AppError):
    """Attributes: reason, a clause such as "the text ends too early"."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The body is not valid JSON: {reason}.")


class InvalidRequest(AppError):
    """Attributes: reason, a whole sentence without its period."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{reason}.")


class RowCountError(AppError):
    """Attributes: found and limit, numbers of rows; case, to which the limit belongs, such as "with explanations"."""

    def __init__(self, found: int, limit: int, case: str = "") -> None:
        self.found = found
        self.limit = limit
        self.case = case
        super().__init__(f"The request holds {found} rows; send 1 to {limit}{' ' + case if case else ''}.")


class Unauthorized(AppError):
    """The same sentence for a missing, a malformed and an unknown key, so that nothing can be learned by trying.

    Attributes: reason, a word for the log.
    """

    def __init__(self, reason: str = "missing") -> None:
        self.reason = reason
        super().__init__("Send a valid API key as 'Authorization: Bearer <key>'.")


class Forbidden(AppError):
    """The credential is known, the request is not allowed."""


class InsufficientScope(Forbidden):
    """Attributes: scope, the one that the key lacks."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__(f"This key lacks the scope '{scope}'; use a key that has it.")


class OriginNotAllowed(Forbidden):
    """A page of another origin that is not on the list."""

    def __init__(self) -> None:
        super().__init__("Requests from this origin are not allowed; ask the operator to list it.")


class HttpsRequired(Forbidden):
    """Plain HTTP in production: the key has already been sent in clear, so there is no redirect."""

    def __init__(self) -> None:
        super().__init__("Use HTTPS, and replace the key if it was sent over plain HTTP.")


class NotFound(AppError):
    """The path is not echoed."""

    def __init__(self) -> None:
        super().__init__("There is nothing at this path; see /openapi.json for what there is.")


class MethodNotAllowed(AppError):
    """Attributes: allow, the methods that the path has."""

    def __init__(self, allow: tuple[str, ...]) -> None:
        self.allow = allow
        super().__init__(
            f"This path takes {', '.join(allow)} only." if allow else "This path does not take the method."
        )


class NotAcceptable(AppError):
    """Attributes: offered, the media types that the path can answer with."""

    def __init__(self, offered: tuple[str, ...]) -> None:
        self.offered = offered
        super().__init__(f"This path answers with {', '.join(offered)} only; let the Accept header allow it.")


class BodyTooLarge(AppError):
    """Attributes: limit_bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(f"The body is larger than {limit_bytes} bytes; send fewer rows at a time.")


class UnsupportedMediaType(AppError):
    """Attributes: expected, a clause that names what would be taken."""

    def __init__(self, expected: str) -> None:
        self.expected = expected
        super().__init__(f"Send the body {expected}.")


class RateLimited(AppError):
    """Attributes: retry_after_s, whole seconds until a retry makes sense."""

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"Too many requests; try again in {retry_after_s} s.")


class LogOff(AppError):
    """Predictions are not kept, so there is nothing to compare an outcome with."""

    def __init__(self) -> None:
        super().__init__("The prediction log is off; the operator turns it on with MLAPI_PREDICTION_LOG=on.")


class LogUnavailable(AppError):
    """Attributes: retry_after_s, whole seconds until a retry makes sense."""

    def __init__(self, retry_after_s: int = 5) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"The prediction log cannot be used now; try again in {retry_after_s} s.")


class PredictionNotFound(AppError):
    """Not kept, not yet written, deleted, or never made."""

    def __init__(self) -> None:
        super().__init__("There is no logged prediction with this id; one made in the last second may need another.")


class OutcomeRefused(AppError):
    """Attributes: expected, names of the classes."""

    def __init__(self, expected: Sequence[str]) -> None:
        self.expected = tuple(expected)
        super().__init__("The outcome is none of the classes of the model that predicted; the details name them.")


class ModelNotReady(AppError):
    """Attributes: retry_after_s, whole seconds until a retry makes sense."""

    def __init__(self, retry_after_s: int = 2) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"No model is loaded yet; try again in {retry_after_s} s.")


class Overloaded(AppError):
    """Attributes: retry_after_s, whole seconds until a retry makes sense."""

    def __init__(self, retry_after_s: int = 1) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"The service is busy; try again in {retry_after_s} s.")


class DeadlineExceeded(AppError):
    """Attributes: deadline_s, what the request was given."""

    def __init__(self, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        super().__init__(f"No answer within {deadline_s:g} s; send fewer rows at a time.")
