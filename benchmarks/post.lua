-- wrk's side of benchmarks/load.py: one POST again and again, and the result as one line of JSON.
wrk.method = "POST"
local file = assert(io.open(os.getenv("LOAD_BODY"), "rb"))
wrk.body = file:read("*a")
file:close()
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("LOAD_KEY")

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.timeout
  io.write(string.format('RESULT {"requests": %d, "duration_us": %d, ', summary.requests, summary.duration))
  io.write(string.format('"failed": %d, "p50_us": %d, ', failed, latency:percentile(50)))
  io.write(string.format('"p99_us": %d}\n', latency:percentile(99)))
end
