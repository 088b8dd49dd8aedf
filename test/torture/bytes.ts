/**
 * Bodies that programs like to change: bytes that are no text, numbers too large for a double,
 * names that occur twice, white space. The hash of what is on the topic must be that of what was
 * sent, for each event, also for a part of a larger request. The control passes each body through a
 * JSON parser: that must be seen.
 */
import { createHash, createHmac } from 'node:crypto'
import { join } from 'node:path'
import { startGateway } from '../support/gateway-process.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic } from '../support/topics.ts'
import { seeded } from './seeded.ts'
import type { Row, TortureOptions } from './torture.ts'

const SECRET = 'made-up-secret-for-torture'
const TOKEN = 'made-up-token-for-torture'
const SHORT_EVENTS = 2_000
const FULL_EVENTS = 100_000
const CONTROL_EVENTS = 100
const LANES = 16
const DRAIN_MS_MAX = 60_000
const CONTROL = [process.execPath, join(import.meta.dir, 'control/parsed-bodies.ts')]

/** Members of a JSON object, in latin1: each character is one byte. */
const ODD_JSON = [
  '"a":12345678901234567890',
  '"a":1e400',
  '"a":-0.0',
  '"a":1.10',
  '"a":1,"a":2',
  '"a":"\\ud800"',
  '"a":"\\u0061\\/"',
  '"a":"\u00c3\u00a9\u00e2\u0080\u00a8"',
  '"__proto__":{"a":1}',
  '\t"a" :\r\n1 ',
]
/** What is no text, or none that a JSON parser takes. */
const NO_JSON = [
  '\u00ff\u00fe\0\u00ff',
  '"a":"\u00ed\u00a0\u0080"',
  '"a":"\u00c3',
  '\u00ef\u00bb\u00bf{}',
  'a=1&b=%00\r\n',
  '\0',
]

interface Sent {
  readonly id: string
  readonly hash: string
}

interface Outcome {
  readonly acked: number
  readonly lost: number
  readonly duplicates: number
  /** Events whose bytes are others on the topic. */
  readonly changed: number
}

export async function bytes(options: TortureOptions): Promise<Row> {
  const { command, form, seed } = options
  const events = options.cycles ?? (form === 'full' ? FULL_EVENTS : SHORT_EVENTS)
  const brokers = await options.brokers()
  const outcome = await sendOdd({ brokers, command, seed, events })
  const control = await sendOdd({ brokers, command: CONTROL, seed, events: CONTROL_EVENTS })
  const { acked, lost, duplicates, changed } = outcome
  return {
    cases: events,
    acked,
    lost,
    duplicates,
    inversions: 0,
    held: acked === events && lost === 0 && changed === 0,
    controlCaught: control.changed > 0,
    figures: { 'other bytes': changed },
  }
}

interface Trial extends Pick<TortureOptions, 'command' | 'seed'> {
  readonly brokers: string
  readonly events: number
}

async function sendOdd({ brokers, command, seed, events }: Trial): Promise<Outcome> {
  const random = seeded(seed)
  const topic = await createTopic({ brokers, prefix: 'torture-bytes' })
  await using directory = await makeTempDir()
  await using gateway = await startGateway({
    command,
    cwd: directory.path,
    env: {
      KAFKA_BROKERS: brokers,
      INLET_SOURCES: 'odd=generic_hmac',
      INLET_SECRET_ODD: SECRET,
      INLET_TOPIC_ODD: topic,
      INLET_EVENTS_TOKEN_SHOP: TOKEN,
      INLET_TOPIC_SHOP: topic,
      INLET_LOG_DELIVERIES: 'false',
    },
  })
  const sent: Sent[] = []
  let next = 0
  async function sendAll(): Promise<void> {
    for (let n = next++; n < events; n = next++) {
      const id = `odd-${n}`
      // Parsed, taken as they are, and parts of a larger request.
      const body = n % 3 === 1 ? oddBytes(random) : oddJson(random)
      const type = n % 3 === 1 ? 'application/octet-stream' : 'application/json'
      const status =
        n % 3 === 2
          ? await sendPart(gateway.url, id, body)
          : await sendWhole(gateway.url, { id, body, type })
      if (status === 202) sent.push({ id, hash: hashOf(body) })
      else console.error(`bytes: ${id} was answered ${status}`)
    }
  }
  await Promise.all(Array.from({ length: LANES }, sendAll))
  await gateway.drained(DRAIN_MS_MAX)
  const records = await readTopic(brokers, topic)
  await deleteTopics(brokers, [topic])
  const hashes = new Map<string, Set<string>>()
  for (const { headers, value } of records) {
    const id = headers['ce_id'] ?? ''
    hashes.set(id, (hashes.get(id) ?? new Set()).add(hashOf(value)))
  }
  return {
    acked: sent.length,
    lost: sent.filter(({ id }) => !hashes.has(id)).length,
    duplicates: records.length - hashes.size,
    changed: sent.filter(({ id, hash }) => [...(hashes.get(id) ?? [])].some((own) => own !== hash))
      .length,
  }
}

function oddJson(random: () => number): Buffer {
  const members = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(ODD_JSON, random))
  return Buffer.from(`{${members.join(',')}}`, 'latin1')
}

function oddBytes(random: () => number): Buffer {
  const noise = Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256))
  return Buffer.concat([Buffer.from(pick(NO_JSON, random), 'latin1'), Buffer.from(noise)])
}

function pick(texts: readonly string[], random: () => number): string {
  return texts[Math.floor(random() * texts.length)] ?? ''
}

function hashOf(bytesOf: Uint8Array): string {
  return createHash('sha256').update(bytesOf).digest('hex')
}

async function sendWhole(
  url: string,
  { id, body, type }: { readonly id: string; readonly body: Buffer; readonly type: string },
): Promise<number> {
  const headers = {
    'content-type': type,
    'idempotency-key': id,
    'x-signature': createHmac('sha256', SECRET).update(body).digest('hex'),
  }
  return await post(`${url}/hooks/odd`, headers, body)
}

/** The event's data is a part of the request's bytes, and is published as it stands there. */
async function sendPart(url: string, id: string, data: Buffer): Promise<number> {
  const head = `{"specversion":"1.0","source":"/odd","type":"odd","id":"${id}","data": `
  const body = Buffer.concat([Buffer.from(head), data, Buffer.from(' }')])
  const headers = {
    'content-type': 'application/cloudevents+json',
    authorization: `Bearer ${TOKEN}`,
  }
  return await post(`${url}/events`, headers, body)
}

async function post(url: string, headers: Record<string, string>, body: Buffer): Promise<number> {
  const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) })
  await response.arrayBuffer()
  return response.status
}
