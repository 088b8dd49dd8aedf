import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { describe, expect, test } from 'bun:test'
import manifest from '../package.json' with { type: 'json' }
import { SETTINGS, SOURCE_SETTINGS } from '../src/settings/config.ts'
import { anchorLinks, anchorsOf, codeBlocks, commandMentions } from './support/markdown.ts'
import { makeTempDir } from './support/temp.ts'

const ROOT = join(import.meta.dir, '..')
const PAGES = await readPages()

describe('the documentation', () => {
  test('shows code that fits the types', async () => {
    await using dir = await makeTempDir()
    let blocks = 0
    for (const [page, text] of PAGES) {
      for (const { language, line, code } of codeBlocks(text)) {
        if (language !== 'ts') continue
        // A comment in the first line says in which file the code is, for those that import it.
        const place = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `line-${line}.ts`
        const file = join(dir.path, page, place)
        await mkdir(dirname(file), { recursive: true })
        await Bun.write(file, code)
        blocks++
      }
    }
    await Bun.write(join(dir.path, 'tsconfig.json'), JSON.stringify(projectIn(dir.path)))

    const check = ['check', '--no-script', '--no-pretty', '-p', dir.path]
    const checker = Bun.spawn([process.execPath, ...check], { stderr: 'pipe' })
    expect(await checker.stdout.text()).toBe('')
    expect(await checker.exited).toBe(0)
    expect(blocks).toBeGreaterThan(5)
  }, 10_000)

  test('links to headings that are there', () => {
    const missing: string[] = []
    for (const [page, text] of PAGES) {
      for (const { path, anchor } of anchorLinks(text)) {
        const target = path === '' ? page : posix.join(posix.dirname(page), path)
        const heading = PAGES.get(target)
        if (heading === undefined || !anchorsOf(heading).has(anchor)) {
          missing.push(`${page}: ${path}#${anchor}`)
        }
      }
    }
    expect(missing).toEqual([])
  })

  test('is listed in its table of contents', () => {
    const index = PAGES.get('docs/README.md') ?? ''
    const pages = [...PAGES.keys()].filter((page) => /^docs\/[^/]+\.md$/.test(page))
    const unlisted = pages.filter((page) => !index.includes(`](${posix.basename(page)})`))
    expect(unlisted).toEqual(['docs/README.md'])
  })

  test('names commands, actions and options that there are', async () => {
    const commands = await readCommands()
    const unknown: string[] = []
    for (const [page, text] of PAGES) {
      for (const { command, words } of commandMentions(text)) {
        const known = commands.get(command)
        const wrong = known === undefined ? [command] : wrongWords(words, known)
        unknown.push(...wrong.map((word) => `${page}: inlet ${command}: ${word}`))
      }
    }
    expect(unknown).toEqual([])
  })

  test('names scripts that there are', () => {
    const unknown: string[] = []
    for (const [page, text] of PAGES) {
      const names = [...text.matchAll(/\bbun(?:\.sh)? run ([a-z]+)/g)].map(([, name = '']) => name)
      unknown.push(
        ...names.filter((name) => !(name in manifest.scripts)).map((name) => `${page}: ${name}`),
      )
    }
    expect(unknown).toEqual([])
  })

  test('names variables that there are', () => {
    const known = Object.keys(SETTINGS)
    const prefixes = Object.keys(SOURCE_SETTINGS)
    const unknown: string[] = []
    for (const [page, text] of PAGES) {
      for (const [name] of text.matchAll(/\b(INLET|KAFKA)_[A-Z0-9_]*[A-Z0-9]\b/g)) {
        const isKnown =
          known.includes(name) || prefixes.some((prefix) => `${name}_`.startsWith(prefix))
        if (!isKnown) unknown.push(`${page}: ${name}`)
      }
    }
    expect(unknown).toEqual([])
  })

  test('names metrics that there are', () => {
    // That page is generated of the metrics themselves.
    const known = metricNames(PAGES.get('docs/metrics.md') ?? '')
    const unknown: string[] = []
    for (const [page, text] of PAGES) {
      unknown.push(
        ...metricNames(text)
          .filter((name) => !known.includes(name))
          .map((name) => `${page}: ${name}`),
      )
    }
    expect(unknown).toEqual([])
  })
})

describe('what a page claims', () => {
  test('is found in code and links, in lists and over the end of a line', () => {
    const page = `# A \`b\` & c

1. Do:

   \`\`\`ts
   if (a)
     b()
   \`\`\`

Say \`inlet events
show 1\` or \`inlet replay --all\`, not \`BUN_BE_BUN=1 inlet test\`. [Up](#a-b--c)

## A

## A
`
    expect(codeBlocks(page)).toEqual([{ language: 'ts', line: 6, code: 'if (a)\n  b()\n' }])
    expect([...anchorsOf(page)]).toEqual(['a-b--c', 'a', 'a-1'])
    expect(anchorLinks(page)).toEqual([{ path: '', anchor: 'a-b--c' }])
    expect(commandMentions(page)).toEqual([
      { command: 'events', words: [] },
      { command: 'replay', words: ['--all'] },
    ])
  })
})

function metricNames(text: string): string[] {
  return [...text.matchAll(/`(inlet_[a-z_]+)/g)].map(([, name = '']) => name)
}

/** What a command takes: its actions, where it has some, and its options. */
interface Taken {
  readonly actions: readonly string[]
  readonly options: readonly string[]
}

function wrongWords(words: readonly string[], { actions, options }: Taken): string[] {
  const [action = ''] = words
  const isUnknown = actions.length > 0 && /^[a-z]+$/.test(action) && !actions.includes(action)
  const unknown = words
    .filter((word) => /^\[?--[a-z]/.test(word))
    .map((word) => word.replaceAll(/[^a-z-]/g, ''))
    .filter((word) => !options.includes(word))
  return isUnknown ? [action, ...unknown] : unknown
}

/** Of the completions for bash: they are made of what the commands say of themselves. */
async function readCommands(): Promise<Map<string, Taken>> {
  const program = Bun.spawn([process.execPath, join(ROOT, 'src/main.ts'), 'completions', 'bash'])
  const text = await program.stdout.text()
  const cases = /^ +(\w+)\) words='([^']*)'\n[^"]*"\$COMP_CWORD"[^"]*words="([^"]*) \$words"/gm
  return new Map(
    [...text.matchAll(cases)].map(([, name = '', options = '', actions = '']) => [
      name,
      { options: options.split(' '), actions: actions.split(' ').filter((word) => word !== '') },
    ]),
  )
}

/** A project whose files may import `inlet`, and each other and the tree as if they were there. */
function projectIn(dir: string): object {
  const pages = [...PAGES.keys()].map((page) => join(dir, page)).filter((page) => existsSync(page))
  return {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      paths: { inlet: [join(ROOT, 'src/gateway.ts')] },
      rootDirs: [...pages, ROOT],
      typeRoots: [join(ROOT, 'node_modules/@types')],
    },
    include: ['**/*.ts'],
    exclude: [],
  }
}

/** All pages of the tree by their paths: what git tracks or would. */
async function readPages(): Promise<Map<string, string>> {
  const listing = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md']
  const { stdout, success } = Bun.spawnSync(listing, { cwd: ROOT })
  if (!success) throw new Error('this test reads the tree with git: run it in a clone')
  const paths = stdout
    .toString()
    .split('\0')
    .filter((path) => existsSync(join(ROOT, path)))
  const pages = paths
    .filter((path) => path !== '')
    .map(async (path) => {
      return [path, await Bun.file(join(ROOT, path)).text()] as const
    })
  return new Map(await Promise.all(pages))
}
