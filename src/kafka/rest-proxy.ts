/**
 * Publishes through a Kafka REST Proxy, version 3 of its API, where nothing but HTTP goes out.
 *
 * Its answer is 200 also where a record was refused, so each record's own code is looked at. It
 * promises no order between the records of a request where one of them fails: no request holds two
 * of one key, and after a failure nothing more is sent.
 *
 * @see https://docs.confluent.io/platform/current/kafka-rest/api.html
 */
import type { Clock } from '../clock.ts'
import { GatewayError, messageOf, type FaultCode } from '../faults/faults.ts'
import { PUBLISH_MS_MAX } from '../limits/limits.ts'
import type { Landed, PublishRecord } from '../record.ts'
import { within } from './within.ts'

export interface RestPublisherOptions {
  /** The cluster's, without a slash at its end: `https://proxy/v3/clusters/<id>`. */
  readonly url: string
  /** Undefined: nobody logs in. */
  readonly login?: { readonly username: string; readonly password: string } | undefined
  readonly clock: Clock
  /** Everything that one `publish` may take, in ms. Default: PUBLISH_MS_MAX. */
  readonly deadlineMs?: number
}

export interface RestPublisher {
  /**
   * Resolves once every record is on its topic. As openKafkaPublisher; of a rejected list some
   * records may have landed, but none before an earlier one of its key.
   *
   * @throws GatewayError RECORD_REJECTED, TOPIC_REJECTED or BROKER_UNAVAILABLE.
   */
  publish(records: readonly PublishRecord[]): Promise<readonly Landed[]>
}

export function openRestPublisher(options: RestPublisherOptions): RestPublisher {
  const { url, login, clock, deadlineMs = PUBLISH_MS_MAX } = options
  const authorization =
    login === undefined
      ? {}
      : { authorization: `Basic ${utf8(`${login.username}:${login.password}`).toBase64()}` }

  /** The text of the answer. */
  async function ask(path: string, init: RequestInit): Promise<string> {
    const response = await fetch(url + path, { ...init, redirect: 'manual' })
    const text = await response.text()
    if (response.status === 200) return text
    const code = FAULT_OF.get(response.status) ?? 'BROKER_UNAVAILABLE'
    throw new GatewayError(code, `the REST proxy answers ${response.status}`)
  }

  async function send(wave: Wave, signal: AbortSignal): Promise<Landed[]> {
    const body = wave.sent.map(({ record }) => JSON.stringify(toJson(record))).join('\n')
    const headers = { 'content-type': 'application/json', ...authorization }
    const path = `/topics/${wave.topic}/records`
    const text = await ask(path, { method: 'POST', headers, body, signal })
    return toLanded(wave, splitDocuments(text).map(readReport))
  }

  return {
    async publish(records) {
      const over = new AbortController()
      const { signal } = over
      const work = async () => {
        if (records.length === 0) await ask('', { headers: authorization, signal })
        const landed: Landed[] = []
        for (const wave of toWaves(records)) landed.push(...(await send(wave, signal)))
        return landed
      }
      try {
        return await within(deadlineMs, clock, work())
      } catch (error) {
        if (error instanceof GatewayError) throw error
        throw new GatewayError('BROKER_UNAVAILABLE', messageOf(error), { cause: error })
      } finally {
        over.abort()
      }
    },
  }
}

/**
 * What the status of a whole request means, and what a record's own code begins with (`40403` is a
 * topic that is not there), where it is not that nobody is there to take it.
 */
const FAULT_OF: ReadonlyMap<number, FaultCode> = new Map([
  // One record that it cannot read makes it refuse all of them: the list is then taken apart.
  [400, 'RECORD_REJECTED'],
  [403, 'TOPIC_REJECTED'],
  [404, 'TOPIC_REJECTED'],
  [413, 'RECORD_REJECTED'],
  [422, 'RECORD_REJECTED'],
])

/** Records of one topic that go out together: of each key one. */
interface Wave {
  readonly topic: string
  readonly sent: { readonly record: PublishRecord; readonly position: number }[]
}

function toWaves(records: readonly PublishRecord[]): readonly Wave[] {
  const waves = new Map<string, Wave>()
  const seen = new Map<string, number>()
  for (const [position, record] of records.entries()) {
    const { topic, key } = record
    const turn = seen.get(`${topic} ${key}`) ?? 0
    seen.set(`${topic} ${key}`, turn + 1)
    const name = `${turn} ${topic}`
    const wave = waves.get(name) ?? { topic, sent: [] }
    wave.sent.push({ record, position })
    waves.set(name, wave)
  }
  return [...waves.values()]
}

function toJson({ key, value, headers }: PublishRecord) {
  return {
    key: { type: 'BINARY', data: utf8(key).toBase64() },
    value: { type: 'BINARY', data: value.toBase64() },
    headers: Object.entries(headers).map(([name, text]) => ({
      name,
      value: utf8(text).toBase64(),
    })),
  }
}

/** What is said of one record. */
interface Report {
  readonly error_code?: unknown
  readonly message?: unknown
  readonly partition_id?: unknown
  readonly offset?: unknown
}

function readReport(text: string): Report {
  return JSON.parse(text) as Report
}

/** @throws GatewayError where not every record has landed, for the first that has not. */
function toLanded({ topic, sent }: Wave, reports: readonly Report[]): Landed[] {
  return sent.map(({ position }, at) => {
    const report = reports[at]
    if (report === undefined) {
      throw new GatewayError('BROKER_UNAVAILABLE', 'the REST proxy did not report every record')
    }
    const { error_code: code, partition_id: partition, offset } = report
    if (code !== 200 || typeof partition !== 'number' || typeof offset !== 'number') {
      const fault = FAULT_OF.get(Number(String(code).slice(0, 3))) ?? 'BROKER_UNAVAILABLE'
      throw new GatewayError(fault, `${topic}: ${String(code)} ${messageOf(report.message)}`)
    }
    return { topic, partition, baseOffset: String(offset), positions: [position] }
  })
}

/** Takes JSON objects apart that follow each other, with or without white space between them. */
function splitDocuments(text: string): string[] {
  const documents: string[] = []
  let [depth, start] = [0, 0]
  // Strings are skipped whole: they may hold braces.
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === '{') {
      if (depth === 0) start = index
      depth += 1
    } else if (token === '}') {
      depth -= 1
      if (depth === 0) documents.push(text.slice(start, index + 1))
    }
  }
  return documents
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
