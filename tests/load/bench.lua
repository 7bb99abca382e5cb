-- One of the three operations, with the tokens of 64 actors and random teachers.
--
-- WRK_OPERATION  teacher_get | hours_list | hour_post
-- WRK_TOKENS     file of 64 tokens, a line each; of schools 0 to 63 for hours_list
-- WRK_TEACHERS   number of teachers
-- WRK_RATE       requests a second to keep to; 0: as many as it can

local operation = os.getenv("WRK_OPERATION")
local teachers = tonumber(os.getenv("WRK_TEACHERS"))
local rate = tonumber(os.getenv("WRK_RATE") or "0")
local connections = tonumber(os.getenv("WRK_CONNECTIONS") or "64")
local tokens = {}
local posted = 0
local run

for line in io.lines(os.getenv("WRK_TOKENS")) do
	tokens[#tokens + 1] = "Bearer " .. line
end

function init(args)
	math.randomseed(os.time())
	run = string.format("%d-%d", os.time(), math.random(1, 1000000000))
end

-- The connections' pauses, so that together they send WRK_RATE requests a second.
if rate > 0 then
	function delay()
		local pause = connections / rate * 1000
		return math.floor(pause * (0.5 + math.random()))
	end
end

local function teacher_id(n)
	return string.format("0199b0a4-7c02-7000-8000-%012d", n)
end

function request()
	local actor = math.random(0, 63)
	local headers = { ["Authorization"] = tokens[actor + 1] }
	if operation == "teacher_get" then
		return wrk.format("GET", "/v1/teachers/" .. teacher_id(math.random(1, teachers)), headers)
	end
	if operation == "hours_list" then
		local t = math.random(1, math.floor(teachers / 64) - 1) * 64 + actor
		return wrk.format("GET", "/v1/teachers/" .. teacher_id(t) .. "/hours?page_size=20", headers)
	end
	posted = posted + 1
	headers["Content-Type"] = "application/json"
	headers["Idempotency-Key"] = string.format("%s-%d", run, posted)
	return wrk.format("POST", "/v1/hour-entries", headers, string.format(
		'{"teacher_id":"%s","hours":1.5,"level":"county","activity_on":"2026-10-01",'
		.. '"source":{"kind":"transfer_in","key":"%s-%d"}}',
		teacher_id(math.random(1, teachers)), run, posted))
end

function done(summary, latency, requests)
	io.write(string.format("RESULT requests=%d seconds=%.3f rate=%.1f p50_ms=%.3f p99_ms=%.3f bad=%d\n",
		summary.requests, summary.duration / 1e6, summary.requests / (summary.duration / 1e6),
		latency:percentile(50) / 1000, latency:percentile(99) / 1000,
		summary.errors.status + summary.errors.connect + summary.errors.read
		+ summary.errors.write + summary.errors.timeout))
end
