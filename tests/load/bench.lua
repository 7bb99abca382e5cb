-- One of the measured operations, with the tokens of 64 actors and random teachers.
--
-- WRK_OPERATION    teacher_get | hours_list | hour_post | requirements_person | compliance_county | check_in
-- WRK_TOKENS       file of 64 tokens, a line each: of the county; for hours_list of schools by turns, for
--                  check_in of teachers 1 to 64
-- WRK_TEACHERS     number of teachers; WRK_SCHOOLS of schools (db/queries/growth.sql says who is where)
-- WRK_REQUIREMENT  id of the requirement that compliance_county is asked about
-- WRK_CODES        for check_in: a line "session code" each, in which the actors check in one after the
--                  other, beginning at the WRK_FIRST-th check-in of all
-- WRK_RATE         requests a second to keep to; 0: as many as it can

local operation = os.getenv("WRK_OPERATION")
local teachers = tonumber(os.getenv("WRK_TEACHERS"))
local schools = tonumber(os.getenv("WRK_SCHOOLS"))
local requirement = os.getenv("WRK_REQUIREMENT")
local rate = tonumber(os.getenv("WRK_RATE") or "0")
local connections = tonumber(os.getenv("WRK_CONNECTIONS") or "64")
local next_check_in = tonumber(os.getenv("WRK_FIRST") or "0")
local tokens = {}
local codes = {}
local posted = 0
local run

for line in io.lines(os.getenv("WRK_TOKENS")) do
	tokens[#tokens + 1] = "Bearer " .. line
end
if operation == "check_in" then
	for line in io.lines(os.getenv("WRK_CODES")) do
		local session, code = line:match("^(%S+) (%S+)$")
		codes[#codes + 1] = { session = session, code = code }
	end
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

-- A teacher of the school that actor 0, 1, ... acts for.
local function colleague(actor)
	local rows = math.floor(math.floor(teachers / 2) / schools)
	return 2 * (actor % schools + schools * math.random(0, rows - 1)) + math.random(1, 2)
end

local get = {
	teacher_get = function() return "/v1/teachers/" .. teacher_id(math.random(1, teachers)) end,
	hours_list = function(actor)
		return "/v1/teachers/" .. teacher_id(colleague(actor)) .. "/hours?page_size=20"
	end,
	requirements_person = function()
		return "/v1/teachers/" .. teacher_id(math.random(1, teachers)) .. "/requirements"
	end,
	compliance_county = function() return "/v1/reports/compliance?requirement_id=" .. requirement end,
}

local post = {
	hour_post = function()
		return "/v1/hour-entries", string.format(
			'{"teacher_id":"%s","hours":1.5,"level":"county","activity_on":"%s",'
			.. '"source":{"kind":"transfer_in","key":"%s-%d"}}',
			teacher_id(math.random(1, teachers)), os.date("%Y-01-15"), run, posted)
	end,
	-- Beyond the last session the first is asked again, and the row is void.
	check_in = function()
		local at = codes[math.floor(next_check_in / #tokens) % #codes + 1]
		next_check_in = next_check_in + 1
		return "/v1/sessions/" .. at.session .. "/check-ins", string.format('{"code":"%s"}', at.code)
	end,
}

function request()
	local actor = math.random(0, #tokens - 1)
	if operation == "check_in" then
		actor = next_check_in % #tokens
	end
	local headers = { ["Authorization"] = tokens[actor + 1] }
	if get[operation] then
		return wrk.format("GET", get[operation](actor), headers)
	end
	posted = posted + 1
	local path, body = post[operation]()
	headers["Content-Type"] = "application/json"
	headers["Idempotency-Key"] = string.format("%s-%d", run, posted)
	return wrk.format("POST", path, headers, body)
end

function done(summary, latency, requests)
	io.write(string.format("RESULT requests=%d seconds=%.3f rate=%.1f p50_ms=%.3f p99_ms=%.3f bad=%d\n",
		summary.requests, summary.duration / 1e6, summary.requests / (summary.duration / 1e6),
		latency:percentile(50) / 1000, latency:percentile(99) / 1000,
		summary.errors.status + summary.errors.connect + summary.errors.read
		+ summary.errors.write + summary.errors.timeout))
end
