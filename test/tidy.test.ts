import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { findProblems } from './support/tidy.ts'

const ROOT = join(import.meta.dir, '..')

/** It reads the whole tree: 0.3 s, and many times that beside other checks on a busy machine. */
const READING_MS_MAX = 60_000

/** Its rules and their examples break them by naming them. */
const THE_RULES = ['test/tidy.test.ts', 'test/support/tidy.ts']

describe('the tree', () => {
  test(
    'keeps the rules of the house',
    async () => {
      const problems: string[] = []
      for (const path of treeFiles()) {
        const text = await Bun.file(join(ROOT, path)).text()
        problems.push(...findProblems({ path, text }, (other) => existsSync(join(ROOT, other))))
      }
      expect(problems).toEqual([])
    },
    READING_MS_MAX,
  )
})

describe('a rule of the house', () => {
  /** Path, text, and the problem that is seen; none where it is undefined. */
  const examples: readonly (readonly [string, string, string | undefined])[] = [
    ['src/ingest/a.ts', `import { b } from '../event.ts'`, undefined],
    ['src/ingest/a.ts', `import { b } from './b.ts'`, undefined],
    ['src/ingest/a.ts', `import type { B } from '../relay/b.ts'`, 'may not import src/relay/b.ts'],
    ['src/ingest/a.ts', `const b = await import('../../db/b.ts')`, 'may not import db/b.ts'],
    ['routes/a.ts', `import { b } from '../src/app.ts'`, 'may not import src/app.ts'],
    ['routes/a.ts', `import { b } from '../db/open.ts'`, 'may not import db/open.ts'],
    ['src/event.ts', `import { b } from './ingest/b.ts'`, 'may not import src/ingest/b.ts'],
    ['src/event.ts', `new Worker(new URL('./main.ts', import.meta.url))`, 'import src/main.ts'],
    ['src/event.ts', `import { b } from './limits/b.ts'`, undefined],
    ['src/ingest/a.ts', `import { b } from '../limits/b.ts'`, undefined],
    ['src/limits/a.ts', `import { b } from './b.ts'`, undefined],
    ['src/limits/a.ts', `import { b } from '../event.ts'`, undefined],
    ['src/settings/a.ts', `import { b } from '../limits/b.ts'`, undefined],
    ['src/limits/a.ts', `import { b } from '../ingest/b.ts'`, 'may not import src/ingest/b.ts'],
    ['src/limits/a.ts', `import { b } from './b/c.ts'`, 'may not import src/limits/b/c.ts'],
    ['src/limits/a.ts', `import { b } from '../wiring/b.ts'`, 'may not import src/wiring/b.ts'],
    ['src/ingest/a.ts', `import { b } from '../wiring/b.ts'`, 'may not import src/wiring/b.ts'],
    ['src/wiring/a.ts', `import { b } from '../ingest/b.ts'`, undefined],
    ['src/app.ts', `import { b } from './ingest/b.ts'`, undefined],
    ['src/cli/a.ts', `import { b } from '../app.ts'`, undefined],
    ['src/cli/a.ts', `import { b } from '../../test/b.ts'`, 'may not import test/b.ts'],
    ['test/a.test.ts', `import { b } from '../db/b.ts'`, undefined],
    ['handlers/a.ts', `import { b } from '../src/event.ts'`, 'may not import src/event.ts'],
    ['handlers/a.ts', `import { on } from 'inlet'`, undefined],
    ['src/a.ts', `import { b } from './b'`, 'without its extension'],

    ['src/relay/a.ts', `import { Kafka } from 'kafkajs'`, 'uses kafkajs'],
    ['src/kafka/a.ts', `import { Kafka } from 'kafkajs'`, undefined],
    ['test/a.ts', `import { Kafka } from 'kafkajs'`, undefined],
    ['routes/a.ts', `import { render } from 'preact'`, 'uses preact'],
    ['src/dashboard/a.tsx', `import { useState } from 'preact/hooks'`, undefined],
    ['src/dashboard/a.tsx', `const a = <p>{Date.now()}</p>`, 'uses the clock'],
    ['src/relay/a.ts', `import Redis from 'ioredis'`, 'uses a Redis client'],
    ['src/relay/a.ts', `import { eq } from 'drizzle-orm/sqlite-core'`, 'uses the database'],
    ['src/relay/a.ts', `import { Database } from 'bun:sqlite'`, 'uses the database'],
    ['src/ingest/a.ts', `import { Hono } from 'hono'`, 'uses hono'],
    ['src/ingest/a.ts', `const a = process.env['A']`, 'uses the environment'],
    ['src/cli/a.ts', `const a = process.env['A']`, undefined],
    ['src/ingest/a.ts', `const a = Date.now()`, 'uses the clock'],
    ['src/door/a.ts', `timingSafeEqual(a, b)`, 'uses the comparison in constant time'],
    ['test/a.ts', `const a = new Date()`, 'uses the clock'],
    ['src/ingest/a.ts', `const a = new Date(0)`, undefined],
    ['src/ingest/a.ts', `// not Date.now()\nconst a = 1`, undefined],
    ['src/clock.ts', `const a = Date.now()`, undefined],
    ['src/ingest/a.ts', `const a = Math.random()`, 'uses randomness'],
    ['src/ingest/a.ts', `const a = crypto.randomUUID()`, 'uses randomness'],

    ['src/a.ts', 'a()\n'.repeat(400), undefined],
    ['src/a.ts', 'a()\n'.repeat(401), 'has 401 lines'],
    ['src/a.ts', `a()\na(${'1'.repeat(99)})`, 'has more than 100 columns at 2'],
    ['src/a.ts', `// https://example.com/${'1'.repeat(99)}`, undefined],
    ['src/a.ts', `const a = {\n  hint: '${'1'.repeat(99)}',\n}`, undefined],
    ['test/a.ts', `test('${'1'.repeat(99)}', () => {})`, undefined],
    ['src/utils.ts', '', 'is a drawer'],
    ['src/relay/index.ts', '', 'is a drawer'],
    ['src/a.ts', 'export default 1', 'has a default export'],
    ['handlers/a.ts', 'export default 1', undefined],
    ['src/a.ts', `export * from './b.ts'`, 'passes on exports'],
    ['src/a.ts', `export { b } from './b.ts'`, 'passes on exports'],
    ['src/gateway.ts', `export { b } from './b.ts'`, undefined],

    ['src/a.ts', '// oxlint-disable-next-line no-console', 'gives no reason'],
    ['src/a.ts', '// oxlint-disable-next-line no-console -- a command prints', undefined],
    ['src/a.ts', '// @ts-expect-error', 'gives no reason'],
    ['src/a.ts', '// @ts-expect-error the types of kafkajs lack it', undefined],
    ['src/a.ts', '// @ts-ignore the types of kafkajs lack it', 'uses @ts-ignore'],
    ['deploy/a.yaml', '# TODO later', 'has a TODO'],
    ['src/a.ts', '// FIXME', 'has a FIXME'],

    ['docs/a.md', 'See [b](b.md#c) and [d](https://example.com).', 'links to b.md'],
    ['docs/a.md', 'See [the source](../src/there.ts).', undefined],
    ['CHANGELOG.md', '# Changelog\n\n## 0.1.0', 'has no "## Unreleased" heading'],
    ['CHANGELOG.md', '# Changelog\n\n## Unreleased', undefined],
    ['bun.lock', 'https://registry.npmjs.org/zod', 'names the package registry'],
    ['docs/a.md', 'in /home/me/inlet/data', 'names the private folder /home/me'],
    ['docs/a.md', 'GET https://example.com/home/me/a', undefined],
  ]

  for (const [path, text, problem] of examples) {
    const sight = problem === undefined ? 'allows' : `sees "${problem}" in`
    test(`${sight} ${path}: ${text.slice(0, 60).replaceAll('\n', ' ')}`, () => {
      const problems = findProblems({ path, text }, (other) => other === 'src/there.ts')
      expect(problems).toHaveLength(problem === undefined ? 0 : 1)
      if (problem !== undefined) expect(problems[0]).toContain(problem)
    })
  }
})

/** The bytes of a picture can look like a word. */
const PICTURE = /\.png$/

/** What git tracks or would, and is text: not what is ignored, nor what was deleted. */
function treeFiles(): string[] {
  const listing = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const { stdout, success } = Bun.spawnSync(listing, { cwd: ROOT })
  if (!success) throw new Error('this test reads the tree with git: run it in a clone')
  const paths = stdout.toString().split('\0')
  return paths.filter(
    (path) =>
      path !== '' &&
      !PICTURE.test(path) &&
      !THE_RULES.includes(path) &&
      existsSync(join(ROOT, path)),
  )
}
