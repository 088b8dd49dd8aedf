import { expect, test } from 'bun:test'
import { importGraph } from '../support/import-graph.ts'

/** What runs wherever the intake does: on Bun, on Workers, on Deno. */
const PORTABLE = [
  'routes/events.ts',
  'routes/hooks.ts',
  'src/door/door.ts',
  'src/gateway.ts',
  'src/idempotency/upstash.ts',
  'src/ingest/authenticate.ts',
  'src/ingest/ingest-events.ts',
  'src/ingest/ingest.ts',
  'src/ingest/receive.ts',
  'src/kafka/producer.ts',
  'src/keys/key-store.ts',
  'src/relay/publish.ts',
  'src/wiring/serving.ts',
]

/** The modules of Node that workerd has with `nodejs_compat`, and Deno, and that we use. */
const NODE = /^node:(buffer|crypto|fs|net|path|tls|zlib)$/
const PACKAGES = /^(@upstash\/redis|hono|kafkajs|zod)(\/|$)/

/** It asks which runtime it is on, so that no other file does. */
const ASKS = 'src/bytes/hashing.ts'

test('what runs on every runtime needs none of its own', async () => {
  const files = await importGraph(PORTABLE)
  const problems = files.flatMap(({ path, code, foreign }) => [
    ...foreign
      .filter((module) => !NODE.test(module) && !PACKAGES.test(module))
      .map((module) => `${path} imports ${module}`),
    ...(/\b(Bun|Deno)\b/.test(code) && path !== ASKS ? [`${path} names a runtime`] : []),
    ...(/\bimport\.meta\b/.test(code) ? [`${path} asks where it lies`] : []),
  ])

  expect(problems).toEqual([])
  // That many there are: a list of nothing would keep every rule.
  expect(files.length).toBeGreaterThan(200)
})

test('a module of one runtime is seen where it is reached', async () => {
  const files = await importGraph(['src/app.ts'])

  expect(files.flatMap(({ foreign }) => foreign)).toContain('bun:sqlite')
})
