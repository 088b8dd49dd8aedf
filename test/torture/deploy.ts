/**
 * The documented deploy: HAProxy with `deploy/haproxy.cfg` in front of the gateway, which is
 * restarted under load: no request fails. Without a proxy requests fail, and nothing that was
 * acknowledged is lost. The control leaves out what holds a request: it must be noticed.
 */
import { systemClock } from '../../src/clock.ts'
import { RELAY_BATCH_ENTRIES_MAX } from '../../src/limits/limits.ts'
import { startGateway } from '../support/gateway-process.ts'
import { startProxy } from '../support/proxy-server.ts'
import { findFreePort } from '../support/server-process.ts'
import { makeTempDir } from '../support/temp.ts'
import { createTopic, deleteTopics, readTopic } from '../support/topics.ts'
import { audit, countStoredTwice, type Audit } from './ledger.ts'
import { startSenders, type SendersOptions } from './senders.ts'
import type { Row, TortureOptions } from './torture.ts'

const SECRET = 'made-up-secret-of-the-proxy'
const BETWEEN_MS = 250
const DRAIN_MS_MAX = 30_000
const SMALL = { keys: 30 }
const LARGE = { keys: 8, padBytes: 300_000 }
const RESTARTS = { full: 60, short: 3 }
const CONTROL_RESTARTS = 2

interface DeployTrial extends Pick<SendersOptions, 'keys' | 'padBytes'> {
  readonly brokers: string
  readonly command: readonly string[]
  readonly restarts: number
  /** Changes the proxy's configuration; null: there is no proxy. Default: as it is deployed. */
  readonly change?: ((text: string) => string) | null
}

interface DeployOutcome extends Audit {
  /** What was answered instead of an acknowledgement. */
  readonly refusals: readonly string[]
  /** Restarts in which the gateway did not end in order. */
  readonly cutOff: number
  readonly storedTwice: number
}

export async function deploy({ brokers: open, command, form }: TortureOptions): Promise<Row> {
  const brokers = await open()
  const restarts = RESTARTS[form]
  const common = { brokers, command, restarts }
  const proxied = [
    await restartUnderLoad({ ...common, ...SMALL }),
    await restartUnderLoad({ ...common, ...LARGE }),
  ]
  const all = [...proxied, await restartUnderLoad({ ...common, ...SMALL, change: null })]
  const hurried = { ...common, ...SMALL, restarts: CONTROL_RESTARTS, change: withoutRetries }
  const control = await restartUnderLoad(hurried)
  const sum = (count: (outcome: DeployOutcome) => number) =>
    all.reduce((total, outcome) => total + count(outcome), 0)
  const [lost, inversions] = [sum((each) => each.lost), sum((each) => each.inversions)]
  const duplicates = sum((each) => each.duplicates)
  const cases = restarts * all.length
  const failed = proxied.reduce((total, { refusals }) => total + refusals.length, 0)
  return {
    cases,
    acked: sum(({ acked }) => acked),
    lost,
    duplicates,
    inversions,
    held:
      failed === 0 &&
      lost === 0 &&
      inversions === 0 &&
      sum(({ cutOff }) => cutOff) === 0 &&
      sum(({ storedTwice }) => storedTwice) === 0 &&
      duplicates <= cases * RELAY_BATCH_ENTRIES_MAX,
    controlCaught: control.refusals.includes('503'),
    figures: { 'requests failed behind the proxy': failed },
  }
}

/** The proxy's configuration without what holds a request while nobody listens. */
export function withoutRetries(text: string): string {
  return text
    .replace(/^ {2}(retries|retry-on) .*\n/gm, '')
    .replace('mode http', 'mode http\n  retries 0')
}

/** Sends to a gateway while it is restarted, and audits the topic. */
export async function restartUnderLoad(trial: DeployTrial): Promise<DeployOutcome> {
  await using directory = await makeTempDir()
  const { brokers, command } = trial
  const topic = await createTopic({ brokers, prefix: 'torture-deploy' })
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
  await using proxy = trial.change === null ? null : await startProxy(port, trial.change)
  let gateway = await start()
  let cutOff = 0
  try {
    const url = () => proxy?.url ?? gateway.url
    const senders = startSenders({ ...trial, url, secret: SECRET })
    for (let restart = 0; restart < trial.restarts; restart += 1) {
      await systemClock.sleep(BETWEEN_MS)
      if ((await gateway.end('SIGTERM')) !== 0) cutOff += 1
      gateway = await start()
    }
    await senders.stop()
    await gateway.drained(DRAIN_MS_MAX)
    const records = await readTopic(brokers, topic)
    const audited = audit(senders.ledger, records)
    const storedTwice = countStoredTwice(records)
    return { ...audited, refusals: senders.refusals, cutOff, storedTwice }
  } finally {
    await gateway.end('SIGKILL')
    await deleteTopics(brokers, [topic])
  }
}
