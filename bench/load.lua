-- Sends every pre-signed request once. A request is the template with its own values written into
-- it: token, signature, and what else differs. The values file holds those of one request after the
-- other. Signing here would cost the generator more than sending does.
local ffi = require('ffi')

local template, template_bytes, values, value_bytes, count, fills, may_repeat
used = 0 -- global: `done` reads it from the thread
exhausted = 0

local function read(path)
  local file = assert(io.open(path, 'rb'))
  local bytes = file:read('*a')
  file:close()
  return bytes
end

local function numbers(text)
  local list = {}
  for number in text:gmatch('%d+') do list[#list + 1] = tonumber(number) end
  return list
end

-- args: template file, values file, bytes of a request's values, what goes where
-- (`at:from:length,…`), `once` or `repeat`
function init(args)
  local request = read(args[1])
  template_bytes = #request
  template = ffi.new('char[?]', template_bytes)
  ffi.copy(template, request, template_bytes)
  values_text = read(args[2]) -- global, so that it is not collected while `values` points into it
  values = ffi.cast('const char *', values_text)
  value_bytes = tonumber(args[3])
  count = #values_text / value_bytes
  fills = numbers(args[4])
  may_repeat = args[5] == 'repeat'
end

function request()
  if used >= count then
    if may_repeat then
      used = 0
    else
      exhausted = 1
      wrk.thread:stop()
      used = count - 1
    end
  end
  local value = values + used * value_bytes
  used = used + 1
  for i = 1, #fills, 3 do ffi.copy(template + fills[i], value + fills[i + 1], fills[i + 2]) end
  return ffi.string(template, template_bytes)
end

local worker
function setup(thread) worker = thread end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"elapsedUs":%d,"used":%d,"exhausted":%d,"p50Us":%d,"p99Us":%d,"maxUs":%d,' ..
      '"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, worker:get('used'), worker:get('exhausted'),
    latency:percentile(50), latency:percentile(99), latency.max,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
