-- Sends every pre-signed request once. A request is the template with its own token and signature
-- written into it; the values file holds token and signature of one request after the other.
-- Signing here would cost the generator more than sending does.
local ffi = require('ffi')

local SIGNATURE_BYTES = 64

local template, template_bytes, values, token_bytes, value_bytes, count
local token_offsets, signature_offsets, may_repeat
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

-- args: template file, values file, bytes of a token, offsets of the token, offsets of the
-- signature, `once` or `repeat`
function init(args)
  local request = read(args[1])
  template_bytes = #request
  template = ffi.new('char[?]', template_bytes)
  ffi.copy(template, request, template_bytes)
  values_text = read(args[2]) -- global, so that it is not collected while `values` points into it
  values = ffi.cast('const char *', values_text)
  token_bytes = tonumber(args[3])
  value_bytes = token_bytes + SIGNATURE_BYTES
  count = #values_text / value_bytes
  token_offsets = numbers(args[4])
  signature_offsets = numbers(args[5])
  may_repeat = args[6] == 'repeat'
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
  for i = 1, #token_offsets do ffi.copy(template + token_offsets[i], value, token_bytes) end
  for i = 1, #signature_offsets do
    ffi.copy(template + signature_offsets[i], value + token_bytes, SIGNATURE_BYTES)
  end
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
