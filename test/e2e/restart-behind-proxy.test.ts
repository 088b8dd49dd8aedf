/**
 * The documented deploy: HAProxy with `deploy/haproxy.cfg` in front of the binary, which is
 * restarted under load. Nobody outside may notice. The control leaves out what holds a request:
 * it must notice.
 */
import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import { audit, type Audit } from '../torture/ledger.ts'
import { startSenders, type SendersOptions } from '../torture/senders.ts'
import { builtCommand, startGateway } from '../support/gateway-process.ts'
import { haproxy, startProxy } from '../support/proxy-server.ts'
import { findFreePort } from '../support/server-process.ts'
import { describeWithKafka } from '../support/servers.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic } from '../support/topics.ts'

setDefaultTimeout(60_000)
const SECRET = 'made-up-secret-of-the-proxy'
const RESTARTS = 5
const BETWEEN_MS = 250
const DRAIN_MS_MAX = 30_000

interface Outcome extends Audit {
  readonly refusals: readonly string[]
}

interface Trial extends Pick<SendersOptions, 'keys' | 'padBytes'> {
  readonly brokers: string
  readonly command: readonly string[]
  readonly change?: (text: string) => string
}

/** Sends through the proxy while the gateway behind it is restarted, and audits the topic. */
async function restartUnderLoad(trial: Trial): Promise<Outcome> {
  await using directory = await makeTempDir()
  const { brokers, command } = trial
  const topic = await createTopic({ brokers, prefix: 'e2e-proxy' })
  const port = findFreePort()
  const start = () =>
    startGateway({
      command,
      cwd: directory.path,
      env: {
        PORT: String(port),
        KAFKA_BROKERS: brokers,
        INLET_SOURCES: 'github',
        INLET_SECRET_GITHUB: SECRET,
        INLET_TOPIC_GITHUB: topic,
        INLET_LOG_DELIVERIES: 'false',
        INLET_TRUSTED_PROXIES: '127.0.0.1',
      },
    })
  await using proxy = await startProxy(port, trial.change)
  let gateway = await start()
  try {
    const senders = startSenders({ ...trial, url: () => proxy.url, secret: SECRET })
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      await systemClock.sleep(BETWEEN_MS)
      expect(await gateway.end('SIGTERM')).toBe(0)
      gateway = await start()
    }
    await senders.stop()
    await gateway.drained(DRAIN_MS_MAX)
    const audited = audit(senders.ledger, await readTopic(brokers, topic))
    return { ...audited, refusals: senders.refusals }
  } finally {
    await gateway.end('SIGKILL')
    await deleteTopics(brokers, [topic])
  }
}

describe.skipIf(haproxy === null)('behind the proxy of deploy/', () => {
  describeWithKafka('a restart', (brokers) => {
    let command: readonly string[]
    beforeAll(() => {
      command = builtCommand()
    })

    for (const [size, load] of [
      ['small', { keys: 30 }],
      ['large', { keys: 8, padBytes: 300_000 }],
    ] as const) {
      test(`fails no request and loses nothing: ${size} bodies`, async () => {
        const outcome = await restartUnderLoad({ ...load, brokers, command })

        expect(outcome.acked).toBeGreaterThan(100)
        expect(outcome).toMatchObject({ refusals: [], lost: 0, inversions: 0 })
      })
    }

    test('is noticed where the proxy does not try again', async () => {
      const change = (text: string) => text.replace(/^ {2}(retries|retry-on) .*\n/gm, '')
      const hurried = (text: string) => change(text).replace('mode http', 'mode http\n  retries 0')
      const outcome = await restartUnderLoad({ keys: 30, brokers, command, change: hurried })

      expect(outcome.refusals).toContain('503')
      expect(outcome.lost).toBe(0)
    })
  })
})
