"""Room for the same app behind AWS Lambda.

Planned: enter `app.router.lifespan_context(app)` once for an execution environment, put its state into each scope, and
let Mangum run with `lifespan="off"` (Mangum by itself runs startup and shutdown on every invocation,
Kludex/mangum#342). Nothing in the service needs a thread or a timer between requests: `ModelService.latest` looks at
the local directory whenever its last look is old, so a frozen process catches up by its next request.
"""
