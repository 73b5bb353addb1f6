-- Takes a token from a bucket, if the bucket has one. This is GCRA: the stored value of a bucket is the
-- time at which it will be full again. A bucket without a stored value is full.
--
-- KEYS[1]  this time, as "SECONDS.NANOSECONDS" of the server's clock
-- ARGV[1]  the nanoseconds in which one token is refilled
-- ARGV[2]  the seconds and
-- ARGV[3]  the nanoseconds in which all tokens except one are refilled
--
-- Returns {1, SECONDS, NANOSECONDS}, how long the bucket needed to be full before it gave this token,
-- or {0, SECONDS, NANOSECONDS}, how long until the bucket has a token.
--
-- Numbers are doubles here, which count nanoseconds exactly for 104 days only. So a span is a pair of
-- seconds and nanoseconds, with less than a second of nanoseconds. Pairs are added and compared.

local SECOND = 1000000000
local MILLISECOND = 1000000

-- If the clock steps back by at most this many seconds, requests wait until it has caught up. After a
-- longer step, waiting could last indefinitely.
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

-- Stores a bucket that is full after this span. The key expires after the span. The expiry is rounded
-- up, because a bucket that expires too early would have more tokens than were refilled.
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
  -- This script did not write a value of another type, either.
  kept = ''
end
if kept then
  local full_s, full_n = string.match(kept, '^(%d+)%.(%d%d%d%d%d%d%d%d%d)$')
  if full_s then
    debt_s, debt_n = span(tonumber(full_s) - now_s, tonumber(full_n) - now_n)
  end
  local excess_s, excess_n = span(debt_s - rest_s - LONGEST_STEP_BACK, debt_n - rest_n - period)
  if not full_s or is_positive(excess_s, excess_n) then
    -- No bucket needs this long: the clock was far ahead, or this script did not write the value. The
    -- bucket starts empty, because otherwise a client could get a full bucket again and again.
    debt_s, debt_n = span(rest_s, rest_n + period)
    keep(debt_s, debt_n)
  elseif not is_positive(debt_s, debt_n) then
    debt_s, debt_n = 0, 0
  end
end

local wait_s, wait_n = span(debt_s - rest_s, debt_n - rest_n)
if is_positive(wait_s, wait_n) then
  -- This changes nothing. It fails on a server that is no longer the primary, so that old data never
  -- refuses a request.
  redis.call('SET', KEYS[1], kept, 'NX')
  return {0, wait_s, wait_n}
end
keep(debt_s, debt_n + period)
return {1, debt_s, debt_n}
