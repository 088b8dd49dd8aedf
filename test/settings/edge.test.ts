import { expect, test } from 'bun:test'
import { parseConfig } from '../../src/settings/config.ts'
import { FORWARD_BYTES_MAX } from '../../src/limits/edge.ts'
import { refuseEdgeSink } from '../../src/settings/edge.ts'

const SECRET = `whsec_${'A'.repeat(43)}=`

function problemsOf(env: Readonly<Record<string, string>>): readonly string[] {
  const parsed = parseConfig(env)
  return parsed.ok ? [] : parsed.problems
}

test('each sink of the edge says what it needs', () => {
  expect(problemsOf({ INLET_SINK: 'forward' })).toEqual([
    'INLET_FORWARD_URL is required where INLET_SINK=forward',
    'INLET_FORWARD_SECRET is required where INLET_SINK=forward',
  ])
  expect(problemsOf({ INLET_SINK: 'kafka-rest', KAFKA_REST_USERNAME: 'a' })).toEqual([
    'KAFKA_REST_URL is required where INLET_SINK=kafka-rest',
    'KAFKA_REST_USERNAME and KAFKA_REST_PASSWORD go together: one is missing',
  ])
})

test('addresses are taken as they are meant, and others are not', () => {
  const parsed = parseConfig({
    INLET_SINK: 'forward',
    INLET_FORWARD_URL: 'https://inlet.example.com/',
    INLET_FORWARD_SECRET: `${SECRET}\n${SECRET}`,
    KAFKA_REST_URL: 'https://proxy.example.com/kafka/v3/clusters/lkc-1/',
  })
  expect(parsed.ok && parsed.config).toMatchObject({
    INLET_FORWARD_URL: 'https://inlet.example.com',
    INLET_FORWARD_SECRET: [SECRET, SECRET],
    KAFKA_REST_URL: 'https://proxy.example.com/kafka/v3/clusters/lkc-1',
  })
  const wrong = {
    INLET_FORWARD_URL: 'https://inlet.example.com/?a',
    INLET_FORWARD_SECRET: 'short',
    KAFKA_REST_URL: 'https://proxy.example.com/',
  }
  expect(problemsOf({ INLET_SINK: 'file', ...wrong })).toEqual([
    'INLET_FORWARD_SECRET must be whsec_ and at least 24 bytes as base64',
    'INLET_FORWARD_URL must have no query',
    'KAFKA_REST_URL must end in /v3/clusters/<cluster id>',
  ])
})

test('a core node has room for what an edge forwards in one request', () => {
  const room = (bytes: number) => ({ INLET_INFLIGHT_BYTES_MAX: String(bytes) })
  const core = { INLET_SINK: 'file', INLET_FORWARD_SECRET: SECRET }
  const edge = { ...core, INLET_SINK: 'forward', INLET_FORWARD_URL: 'http://localhost' }
  expect(problemsOf({ ...core, ...room(FORWARD_BYTES_MAX - 1) })).toEqual([
    'INLET_INFLIGHT_BYTES_MAX must be at least 33554432 with INLET_FORWARD_SECRET',
  ])
  expect(problemsOf({ ...core, ...room(FORWARD_BYTES_MAX) })).toEqual([])
  expect(problemsOf({ ...edge, ...room(1024 * 1024) })).toEqual([])
})

test('a core node has none of these sinks', () => {
  expect(() => refuseEdgeSink({ INLET_SINK: 'forward' })).toThrow('is for an intake at the edge')
  expect(() => refuseEdgeSink({ INLET_SINK: 'kafka-rest' })).toThrow()
  expect(() => refuseEdgeSink({ INLET_SINK: 'kafka' })).not.toThrow()
})
