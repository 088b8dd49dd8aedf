import { describe } from 'bun:test'

/**
 * The Kafka for the tests, from `KAFKA_BROKERS`; undefined where there is
 * none. `./scripts/test.sh` starts one.
 */
const kafkaBrokers = process.env['KAFKA_BROKERS'] || undefined

/**
 * The Redis for the tests, from `REDIS_URL`; undefined where there is
 * none. `./scripts/test.sh` starts one.
 */
const redisUrl = process.env['REDIS_URL'] || undefined

const skipped = new Map<string, number>()

/** `describe` for tests that need Kafka; `fn` is given `KAFKA_BROKERS`, e.g. `127.0.0.1:9092`. */
export function describeWithKafka(name: string, fn: (brokers: string) => void): void {
  describeWith('KAFKA_BROKERS', kafkaBrokers, name, fn)
}

/**
 * `describe` for tests that need Redis; `fn` is given `REDIS_URL`, e.g. `redis://127.0.0.1:6379`.
 */
export function describeWithRedis(name: string, fn: (url: string) => void): void {
  describeWith('REDIS_URL', redisUrl, name, fn)
}

/** Counts a test or suite that is skipped for want of something, e.g. `KAFKA_BROKERS`. */
export function countSkipped(missing: string): void {
  skipped.set(missing, (skipped.get(missing) ?? 0) + 1)
}

/** One line that says how many were skipped and why; undefined where none was. */
export function skippedLine(): string | undefined {
  if (skipped.size === 0) return undefined
  const reasons = [...skipped].map(([missing, count]) => `${count} without ${missing}`)
  const line = `skipped: ${reasons.join(', ')}`
  const lacksServers = kafkaBrokers === undefined || redisUrl === undefined
  return lacksServers ? `${line}; ./scripts/test.sh runs tests against real servers` : line
}

/**
 * Without the server the tests are collected, so that the runner lists and counts
 * them, but not run.
 */
function describeWith(
  variable: string,
  value: string | undefined,
  name: string,
  fn: (value: string) => void,
): void {
  if (value !== undefined) return describe(name, () => fn(value))
  countSkipped(variable)
  describe.skip(`${name} (${variable} is not set)`, () => fn(`${variable} is not set`))
}
