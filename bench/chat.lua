-- wrk's load: a chat completion, each request with the next key.
-- wrk -s chat.lua URL -- KEYS_FILE MODEL

local threads = 0

-- Threads start at keys far apart, so that they do not walk in step.
function setup(thread)
   thread:set("place", threads)
   threads = threads + 1
end

function init(args)
   local body = string.format(
      '{"model":"%s","max_tokens":64,"messages":[{"role":"system","content":"You are a helpful assistant."},'
      .. '{"role":"user","content":"Say in one sentence what a budget is good for."}]}', args[2])
   requests = {}
   for key in io.lines(args[1]) do
      -- Formatted once: the generator must not be what is measured.
      requests[#requests + 1] = wrk.format("POST", "/v1/chat/completions",
         { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. key }, body)
   end
   next_key = math.floor(place * 0.37 * #requests) % #requests
end

function request()
   next_key = next_key % #requests + 1
   return requests[next_key]
end

-- One line for the script: requests per second, median and p99 in microseconds, answers, errors of any kind.
function done(summary, latency)
   local e = summary.errors
   io.write(string.format("RESULT %.0f %d %d %d %d\n",
      summary.requests / (summary.duration / 1e6), latency:percentile(50), latency:percentile(99),
      summary.requests, e.status + e.connect + e.read + e.write + e.timeout))
end
