import { describe, expect, test } from 'bun:test'
import { parseConfig } from '../../src/settings/config.ts'

const minimal = { KAFKA_BROKERS: 'localhost:9092' }

function problemsOf(env: Record<string, string>): readonly string[] {
  const result = parseConfig(env)
  return result.ok ? [] : result.problems
}

describe('parseConfig', () => {
  test('fills in the defaults', () => {
    const result = parseConfig(minimal)

    expect(result).toMatchObject({
      ok: true,
      config: { PORT: 8080, INLET_ADMIN_PORT: 8081, INLET_DATA_DIR: './data', INLET_SINK: 'kafka' },
    })
  })

  test('reads sources as name or name=provider', () => {
    const result = parseConfig({ ...minimal, INLET_SOURCES: 'github, shop=shopify' })

    if (!result.ok) throw new Error(result.problems.join())
    expect([...result.config.sources]).toEqual([
      ['github', 'github'],
      ['shop', 'shopify'],
    ])
  })

  test('reports every wrong variable at once, by name and without its value', () => {
    const problems = problemsOf({
      PORT: 'eighty',
      LOG_LEVEL: 'loud',
      KAFKA_BROKERS: 'nowhere',
      INLET_SOURCES: 'Shop!',
      REDIS_URL: 'http://user:hunter2@redis',
      INLET_ADMIN_HOST: '0.0.0.0',
    })

    for (const name of ['PORT', 'LOG_LEVEL', 'KAFKA_BROKERS', 'INLET_SOURCES', 'REDIS_URL']) {
      expect(problems.filter((problem) => problem.startsWith(name))).toHaveLength(1)
    }
    expect(problems.filter((problem) => problem.startsWith('INLET_ADMIN_TOKEN'))).toHaveLength(1)
    expect(problems.join()).not.toContain('hunter2')
  })

  test('refuses a name it does not know, with the nearest one', () => {
    expect(problemsOf({ ...minimal, INLET_DATADIR: '/data' })).toEqual([
      'INLET_DATADIR is not a variable that Inlet knows: did you mean INLET_DATA_DIR?',
    ])
    expect(problemsOf({ ...minimal, KAFKA_BROKER: 'localhost:9092' })[0]).toContain('KAFKA_BROKERS')
  })

  test('knows that a fixed name may be looked for under our prefix', () => {
    expect(problemsOf({ ...minimal, INLET_PORT: '80' })[0]).toContain('did you mean PORT?')
  })

  test('a database that could never be large enough to be let in again', () => {
    const [ceiling, room] = [String(2 ** 29), String(2 ** 28 + 1)]
    const limited = { ...minimal, INLET_DATABASE_BYTES_MAX: ceiling }
    expect(problemsOf(limited)).toEqual([])
    for (const free of [room, '0']) {
      const [problem] = problemsOf({ ...limited, INLET_DISK_FREE_MIN_BYTES: free })
      expect(problem).toContain('INLET_DATABASE_BYTES_MAX must be at least twice')
    }
  })

  test('leaves what Kubernetes says of Services that are called like us', () => {
    const links = {
      INLET_SERVICE_HOST: '10.0.0.1',
      INLET_PORT: 'tcp://10.0.0.1:80',
      KAFKA_PORT_9092_TCP_ADDR: '10.0.0.2',
      KAFKA_SERVICE_PORT_CLIENT: '9092',
    }

    expect(problemsOf({ ...minimal, ...links })).toEqual([])
  })

  test('needs a name of its own on each node that shares sources', () => {
    const shared = { ...minimal, REDIS_URL: 'redis://localhost' }

    expect(problemsOf(shared)).toEqual([expect.stringContaining('INLET_NODE is required')])
    expect(problemsOf({ ...shared, INLET_NODE: 'one' })).toEqual([])
  })

  test('needs a port for webhooks and another for operators', () => {
    expect(problemsOf({ ...minimal, PORT: '8081' })[0]).toContain('PORT and INLET_ADMIN_PORT')
    expect(problemsOf({ ...minimal, PORT: '0', INLET_ADMIN_PORT: '0' })).toEqual([])
  })

  test('needs a broker that can be one', () => {
    expect(problemsOf({ KAFKA_BROKERS: ',' })).toContain('KAFKA_BROKERS names no broker')
    expect(problemsOf({ KAFKA_BROKERS: 'a:99999' })[0]).toContain('KAFKA_BROKERS entry 1')
  })

  test('leaves the rest of the environment alone', () => {
    const others = { PATH: '/bin', PORTAL: '1', HOME: '/', OTEL_METRICS_EXPORTER: 'none' }
    expect(problemsOf({ ...minimal, ...others })).toEqual([])
  })

  test('reads headers of a collector as OpenTelemetry writes them, and never shows them', () => {
    const read = (OTEL_EXPORTER_OTLP_HEADERS: string) => {
      const result = parseConfig({ ...minimal, OTEL_EXPORTER_OTLP_HEADERS })
      return result.ok ? result.config.OTEL_EXPORTER_OTLP_HEADERS : result.problems
    }
    expect(read('Authorization=Basic%20YTpi, x-a=b=c')).toEqual({
      authorization: 'Basic YTpi',
      'x-a': 'b=c',
    })
    for (const text of ['secret', '=secret', 'a=%secret', 'a=secret,', 'a b=secret']) {
      const problem = expect.not.stringContaining('secret')
      expect(read(text)).toEqual([problem])
    }
  })

  test('takes a share from 0 to 1', () => {
    const share = (OTEL_TRACES_SAMPLER_ARG: string) =>
      problemsOf({ ...minimal, OTEL_TRACES_SAMPLER_ARG })
    for (const text of ['0', '1', '1.0', '0.25', '.5']) expect(share(text)).toEqual([])
    for (const text of ['1.5', '2', '-1', 'half']) expect(share(text)).toHaveLength(1)
  })

  test('refuses two sources that would share a variable', () => {
    expect(problemsOf({ ...minimal, INLET_SOURCES: 'my-shop=shopify,my_shop=shopify' })).toEqual([
      'INLET_SOURCES: my-shop and my_shop would share one INLET_SECRET_ variable',
    ])
  })

  test('needs brokers unless the stand-in is asked for', () => {
    expect(problemsOf({})).toEqual([expect.stringContaining('KAFKA_BROKERS is required')])
    expect(problemsOf({ INLET_SINK: 'file' })).toEqual([])
  })

  test('takes an empty variable as not set', () => {
    expect(problemsOf({ ...minimal, REDIS_URL: '', PORT: '' })).toEqual([])
  })
})
