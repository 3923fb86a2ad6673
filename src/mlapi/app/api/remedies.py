"""What the page of each error code says: why it happens, and what to do. Markdown, one page a code."""

from typing import Final

REMEDIES: Final[dict[str, str]] = {
    "invalid_json": """\
The body is read as RFC 8259 has it, in UTF-8. Refused are a byte order mark, comments, trailing commas, anything
after the document, NaN and Infinity, the same key twice in an object, half of a surrogate pair, and nesting deeper
than the limit.

- Let a JSON library write the body. Python's `json.dumps(body, allow_nan=False)` fails on NaN instead of writing
  it.
- Write null for a missing cell.
- The message says where the first mistake is; in newline-delimited JSON it names the line.
""",
    "invalid_request": """\
The body is JSON (or CSV), but not a request: another root key than `data` and `options`, a row that is no object,
an option that is unknown or out of its range, a parameter that stands twice, tensors that contradict their shapes.

- Compare with the example in /docs; the message names what is wrong.
- Options in the query string are spelled as in JSON: `?probabilities=true&explain=3`.
""",
    "unauthorized": """\
There is no key, or none that is known. The answer is the same for a missing, a misspelt, an expired and a revoked
key, and for a path that does not exist.

- Send `Authorization: Bearer <key>`, with the key itself and not its `sha256:` form.
- `mlapi keys create` makes a key; the operator adds it to the service.
- A webhook delivery is refused so when its signature does not fit, when it is older than five minutes, or when it
  came before.
""",
    "insufficient_scope": """\
The key is known, but it lacks the scope that the message names: `predict`, `read` or `admin`.

- Use a key that has the scope, or ask for one.
""",
    "origin_not_allowed": """\
A web page of another origin sent the request, and that origin is not on the service's list.

- The operator adds the exact origin, scheme and port included, to MLAPI_CORS_ORIGINS.
- Programs that are no web pages send no Origin header and are not concerned.
""",
    "https_required": """\
The request came over plain HTTP, which this service does not answer. It does not redirect: the key has been sent
in clear.

- Use the address with https, and replace the key.
- Behind a proxy that ends TLS, the operator names the proxy in MLAPI_TRUSTED_PROXIES.
""",
    "not_found": """\
There is nothing at this path.

- /docs lists what there is. Paths are exact: no trailing slash, lower case.
""",
    "model_not_found": """\
The path names a model or version that this service does not have. It serves one model, and keeps a few of its
versions.

- `GET /models` lists them; `GET /models/current` says which version answers.
- A version that is in the registry only is served after its promotion: `mlapi models promote NAME VERSION`.
""",
    "method_not_allowed": """\
The path exists, but not with this method. The header Allow lists the methods that it has.
""",
    "not_acceptable": """\
The Accept header excludes every media type that the path can answer with; the message lists them.

- Leave the header out, or add `*/*`.
""",
    "body_too_large": """\
The body is larger than the service takes, by its declared length or by what came.

- Send fewer rows at a time; `mlapi score` scores files of any size.
- The operator can raise MLAPI_MAX_BODY_BYTES.
""",
    "unsupported_media_type": """\
The body's media type is not one that the path takes, is not in UTF-8, or is compressed.

- Send `Content-Type: application/json`; the message lists what else is taken.
- Do not compress the body.
""",
    "invalid_rows": """\
The request is well formed, but cells do not fit the model's features, or there are no rows or too many.
`details.errors` names up to 100 bad cells, each with `row` (from 0), `feature`, `code` and `expected`;
`details.total` counts them all.

- `missing_feature`: the row lacks a feature that must be there.
- `null_not_allowed`: the feature may not be missing; training saw it in every row.
- `unknown_feature`: a name that is no feature, perhaps misspelt, perhaps the target.
- `wrong_type`: text for a number, a number for a boolean; nothing is converted.
- `not_integer`: a fraction for a whole number; 3.0 is whole.
- `out_of_range`: a number beyond float32.
- `unknown_category`: not among the categories, where the feature refuses unknown ones.
- `invalid_text`: text with NUL or half of a surrogate pair.

`GET /models/current/schema` has the features with their types and categories.
""",
    "rate_limited": """\
The key or the address has sent too many requests.

- Wait as many seconds as the header Retry-After says; the RateLimit headers say how much is left.
- Send several rows in one request.
""",
    "internal_error": """\
The service failed in a way that nobody foresaw. The body says nothing of it; the service's log does.

- Quote the request id, which is in the body and in X-Request-ID, when asking for help.
- A retry may help, and does no harm.
""",
    "log_off": """\
Outcomes and live quality need the prediction log, and this service keeps no predictions.

- The operator sets MLAPI_PREDICTION_LOG=on and restarts the service; answers then carry `prediction_ids`.
""",
    "log_unavailable": """\
Predictions are kept, but the database that keeps them is locked, full or away. Predictions go on meanwhile.

- Try again after as many seconds as the header Retry-After says; telling the same outcome twice does no harm.
- The operator finds the reason in `degraded_reason` of /models/current, and in the service's log.
""",
    "prediction_not_found": """\
No logged prediction has this id: it is not written yet (that takes about a second), it was dropped, kept out of the
log, deleted, or it is older than MLAPI_LOG_RETENTION_DAYS.

- Send an id from the `prediction_ids` of an answer, as it is.
- Right after the answer, try again a second later.
""",
    "invalid_outcome": """\
The prediction is known, but its outcome is none of the classes that its model tells apart.

- Spell the outcome as the model spells its labels; `expected` in the details has them.
""",
    "model_not_ready": """\
No model is loaded yet: none has been promoted, or the follower is still bringing it.

- Try again after as many seconds as the header Retry-After says.
- `mlapi models list` shows whether a version has the alias that the service follows; the service's log says what
  is missing.
""",
    "overloaded": """\
More requests are waiting than the service can answer in time, so this one was refused before its body was read.

- Try again after as many seconds as the header Retry-After says, with growing pauses.
- More workers or instances help if it happens often.
""",
    "deadline_exceeded": """\
The answer took longer than a request may take.

- Send fewer rows at a time, or ask for explanations of fewer rows.
- The operator can raise MLAPI_REQUEST_TIMEOUT_S.
""",
}
