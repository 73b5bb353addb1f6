-- Takes a token from a bucket, if one is there. GCRA: what is kept of a bucket is the moment at which
-- it will be full again, and a bucket that is not kept is full.
--
-- KEYS[1]  that moment, "SECONDS.NANOSECONDS" of the server's clock
-- ARGV[1]  the nanoseconds in which one token comes back
-- ARGV[2]  the seconds and
-- ARGV[3]  the nanoseconds in which all tokens but one come back
--
-- Gives {1, SECONDS, NANOSECONDS}, how long the bucket needed to be full before it gave this token,
-- or {0, SECONDS, NANOSECONDS}, how long until it has one.
--
-- Numbers are doubles here, which count nanoseconds exactly for 104 days only. So a span is a pair, of
-- seconds and of nanoseconds that don't make up one more, and pairs are added and compared.

local SECOND = 1000000000
local MILLISECOND = 1000000

-- A step back of the clock that is waited out. After a longer one, waiting could last indefinitely.
local LONGEST_STEP_BACK = 1

local function server_time()
  local time = redis.call('TIME')
  return tonumber(time[1]), tonumber(time[2]) * 1000
end

local function span(seconds, nanoseconds)
  local carry = math.floor(nanoseconds / SECOND)
  return seconds + carry, nanoseconds - carry * SECOND
end

local function is_positive(seconds, nanoseconds)
  return seconds > 0 or (seconds == 0 and nanoseconds > 0)
end

local period = tonumber(ARGV[1])
local rest_s, rest_n = tonumber(ARGV[2]), tonumber(ARGV[3])
local now_s, now_n = server_time()

-- Keeps a bucket that is full after this span, for as long as that. The moment is rounded up: a bucket
-- that is forgotten early has more than it gained.
local function keep(seconds, nanoseconds)
  local full_s, full_n = span(now_s + seconds, now_n + nanoseconds)
  local full_ms = full_s * 1000 + math.ceil(full_n / MILLISECOND)
  redis.call('SET', KEYS[1], string.format('%.0f.%09.0f', full_s, full_n),
    'PXAT', string.format('%.0f', full_ms))
end

-- How long the bucket needs to be full.
local debt_s, debt_n = 0, 0
local kept = redis.pcall('GET', KEYS[1])
if type(kept) == 'table' then
  if not string.find(kept.err, 'WRONGTYPE', 1, true) then
    return kept
  end
  -- A value of another type was not written here, either.
  kept = ''
end
if kept then
  local full_s, full_n = string.match(kept, '^(%d+)%.(%d%d%d%d%d%d%d%d%d)$')
  if full_s then
    debt_s, debt_n = span(tonumber(full_s) - now_s, tonumber(full_n) - now_n)
  end
  local excess_s, excess_n = span(debt_s - rest_s - LONGEST_STEP_BACK, debt_n - rest_n - period)
  if not full_s or is_positive(excess_s, excess_n) then
    -- No bucket needs that long: the clock was far ahead, or this was not written here. It starts
    -- empty, since a full one could be had again and again.
    debt_s, debt_n = span(rest_s, rest_n + period)
    keep(debt_s, debt_n)
  elseif not is_positive(debt_s, debt_n) then
    debt_s, debt_n = 0, 0
  end
end

local wait_s, wait_n = span(debt_s - rest_s, debt_n - rest_n)
if is_positive(wait_s, wait_n) then
  -- This changes nothing. On a server that is no longer the primary it fails, so that old data refuses
  -- nobody.
  redis.call('SET', KEYS[1], kept, 'NX')
  return {0, wait_s, wait_n}
end
keep(debt_s, debt_n + period)
return {1, debt_s, debt_n}
