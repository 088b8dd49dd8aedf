import { posix } from 'node:path'

/** A file of the tree: its path from the root, with `/`, and what it holds. */
export interface TreeFile {
  readonly path: string
  readonly text: string
}

/** Whether a file or folder with this path from the root exists. */
export type Exists = (path: string) => boolean

type Check = (file: TreeFile, exists: Exists) => string[]

const LINES_MAX = 400
const COLUMNS_MAX = 100

/** The files that connect the parts; they may import every part, and no part may import them. */
const WIRING = /^src\/((app|main)\.ts$|(wiring|cli|entries)\/)/
/** A noun, or a folder of them: everything may import nouns, and they import only each other. */
const NOUN = /^src\/((admin-api|bytes|faults|limits|readings|settings)\/)?[^/]+\.ts$/
/** A stage or an adapter, as every other folder is: it meets the others only in the wiring. */
const PART = /^(src\/[^/]+|db|routes)\//
const PRODUCT = /^(src|routes|db|handlers)\//
const AROUND = /^(test|scripts|bench|examples|handlers)\//

/**
 * What only some files may use. `from` names a module, `code` matches code without its comments.
 */
interface FrontDoor {
  readonly what: string
  readonly from?: RegExp
  readonly code?: RegExp
  /** The files that the rule is about. */
  readonly in: RegExp
  /** Those of them that may. */
  readonly door: RegExp
}

const FRONT_DOORS: readonly FrontDoor[] = [
  { what: 'kafkajs', from: /^kafkajs\b/, in: PRODUCT, door: /^src\/kafka\// },
  {
    what: 'a Redis client',
    from: /^(@upstash\/redis|ioredis)\b/,
    in: PRODUCT,
    door: /^src\/idempotency\//,
  },
  { what: 'the database', from: /^(drizzle-orm\b|bun:sqlite$)/, in: PRODUCT, door: /^db\// },
  { what: 'preact', from: /^preact\b/, in: PRODUCT, door: /^src\/dashboard\// },
  {
    what: 'hono',
    from: /^(@hono\/|hono\b)/,
    in: PRODUCT,
    door: /^(routes\/|src\/entries\/|src\/app\.ts$)/,
  },
  {
    what: 'the environment',
    code: /\b(process|Bun|import\.meta)\.env\b/,
    in: PRODUCT,
    door: /^src\/(main\.ts$|cli\/|entries\/)/,
  },
  {
    what: 'the clock',
    code: /\bDate\.now\b|\bnew Date(?!\s*\(\s*[^\s)])/,
    in: /./,
    door: /^src\/clock\.ts$/,
  },
  {
    what: 'randomness',
    code: /\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b|\brandomBytes\b/,
    in: /./,
    door: /^src\/ids\.ts$/,
  },
  {
    what: 'the comparison in constant time',
    code: /\btimingSafeEqual\b/,
    in: PRODUCT,
    door: /^(src\/(providers\/engine\/hash|ingest\/authenticate)|routes\/operator)\.ts$/,
  },
]

const CHECKS_OF_TYPESCRIPT: readonly Check[] = [
  checkLength,
  checkColumns,
  checkName,
  checkDependencies,
  checkFrontDoors,
  checkExports,
  checkSuppressions,
]

/** What is wrong with a file by the rules of the house, one line for each: `<path>: <what>`. */
export function findProblems(file: TreeFile, exists: Exists): string[] {
  const checks = [checkMarkers, checkPrivatePlaces]
  const special = /\.tsx?$/.test(file.path)
    ? CHECKS_OF_TYPESCRIPT
    : file.path.endsWith('.md')
      ? [checkLinks, checkChangelog]
      : []
  return [...checks, ...special]
    .flatMap((check) => check(file, exists))
    .map((what) => `${file.path}: ${what}`)
}

function checkLength({ text }: TreeFile): string[] {
  const lines = text.trimEnd().split('\n').length
  return lines > LINES_MAX ? [`has ${lines} lines, at most ${LINES_MAX} are allowed`] : []
}

/**
 * What the formatter cannot break is allowed: a URL, a line that is one string, the name of a test.
 */
function checkColumns({ text }: TreeFile): string[] {
  const unbreakable =
    /https?:\/\/|^\s*([\w'-]+: )?(['"`]).*\2[,)]*$|^\s*(test|describe\w*)\((['"`]).*\4, /
  const long = text.split('\n').flatMap((line, index) => {
    return line.length <= COLUMNS_MAX || unbreakable.test(line) ? [] : [index + 1]
  })
  return long.length === 0 ? [] : [`has more than ${COLUMNS_MAX} columns at ${long.join(', ')}`]
}

function checkName({ path }: TreeFile): string[] {
  const drawer = /(^|\/)(index|utils?|helpers?|common|misc)\.tsx?$/.test(path)
  return drawer ? ['is a drawer: name the file after what it is about'] : []
}

function checkDependencies(file: TreeFile): string[] {
  return importsOf(file.text).flatMap((specifier) => {
    if (!specifier.startsWith('.')) return []
    if (!/\.\w+$/.test(specifier)) return [`imports ${specifier} without its extension`]
    const target = posix.join(posix.dirname(file.path), specifier)
    return mayImport(file.path, target) ? [] : [`may not import ${target}`]
  })
}

/** Parts share nouns and never import each other; they meet only in the wiring. */
function mayImport(path: string, target: string): boolean {
  if (path.startsWith('handlers/')) return target.startsWith('handlers/')
  if (!PRODUCT.test(path)) return true
  if (AROUND.test(target)) return false
  // What handler files import is a door to the catalogue: they may add a provider of their own.
  if (path === 'src/gateway.ts' && target.startsWith('src/providers/')) return true
  if (WIRING.test(path)) return true
  if (WIRING.test(target)) return false
  if (NOUN.test(target)) return true
  if (NOUN.test(path)) return false
  const part = PART.exec(path)?.[0]
  return part !== undefined && target.startsWith(part)
}

function checkFrontDoors({ path, text }: TreeFile): string[] {
  const specifiers = importsOf(text)
  let code: string | undefined
  return FRONT_DOORS.filter((rule) => rule.in.test(path) && !rule.door.test(path)).flatMap(
    (rule) => {
      const imported = specifiers.some((specifier) => rule.from?.test(specifier))
      code ??= transpilerFor(path).transformSync(text)
      return imported || rule.code?.test(code) ? [`uses ${rule.what}: only ${rule.door} may`] : []
    },
  )
}

function checkExports({ path, text }: TreeFile): string[] {
  const problems: string[] = []
  const mayDefault =
    /^(handlers\/|examples\/|test\/conformance\/handlers\/|src\/entries\/|[^/]+\.config\.ts$)/.test(
      path,
    )
  const { exports } = transpilerFor(path).scan(text)
  if (!mayDefault && exports.includes('default')) problems.push('has a default export')
  // gateway.ts is what handler files import as `inlet`: the one place that gathers names.
  const reexports = /^export\s+(type\s+)?(\*|\{[^}]*\}\s*from\b)/m.test(text)
  if (reexports && path !== 'src/gateway.ts') problems.push('passes on exports of another file')
  return problems
}

/** `// oxlint-disable-next-line rule -- reason`, `// @ts-expect-error reason`. */
function checkSuppressions({ text }: TreeFile): string[] {
  return [...text.matchAll(/\/[/*]\s*((?:ox|es)lint-disable\S*|@ts-[a-z-]+)([^\n]*)/g)].flatMap(
    ([, directive = '', rest = '']) => {
      if (directive === '@ts-ignore' || directive === '@ts-nocheck') {
        return [`uses ${directive}: @ts-expect-error fails once it is no longer needed`]
      }
      const reason = directive.startsWith('@ts-') ? rest : (rest.split(' -- ')[1] ?? '')
      return /\w+\s+\w+/.test(reason) ? [] : [`gives no reason for ${directive}`]
    },
  )
}

function checkMarkers({ text }: TreeFile): string[] {
  const marker = /\b(TODO|FIXME|XXX)\b/.exec(text)?.[0]
  return marker === undefined ? [] : [`has a ${marker}: do it, or write an issue`]
}

/**
 * Names that hold on one machine only: another registry may be configured, another user logged in.
 */
function checkPrivatePlaces({ text }: TreeFile): string[] {
  const problems: string[] = []
  const registry =
    /\b(registry\.(npmjs\.org|yarnpkg\.com)|repo1?\.maven\.(apache\.)?org|deb\.debian\.org)\b/
  const host = registry.exec(text)?.[0]
  if (host !== undefined) problems.push(`names the package registry ${host}`)
  const home = /(?<=^|[\s'"`(=:])\/(home\/\w+|Users\/\w+|root|work)\/[^\s'"`)]*/m.exec(text)?.[0]
  if (home !== undefined) problems.push(`names the private folder ${home}`)
  return problems
}

function checkLinks({ path, text }: TreeFile, exists: Exists): string[] {
  return [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return []
    const resolved = posix.join(posix.dirname(path), decodeURI(target))
    return exists(resolved) ? [] : [`links to ${target}, which does not exist`]
  })
}

function checkChangelog({ path, text }: TreeFile): string[] {
  if (path !== 'CHANGELOG.md' || /^## Unreleased$/m.test(text)) return []
  return ['has no "## Unreleased" heading']
}

/**
 * Every module that a file names: static, dynamic and type imports, re-exports, and worker URLs.
 */
function importsOf(text: string): string[] {
  const specifiers = /\b(?:from|import)\s*\(?\s*'([^'\n]+)'|\bnew URL\(\s*'(\.[^'\n]+)'/g
  return [...text.matchAll(specifiers)].map(([, module, url]) => module ?? url ?? '')
}

/** What it makes of code has no comments and no types. */
function transpilerFor(path: string): Bun.Transpiler {
  return new Bun.Transpiler({ loader: path.endsWith('x') ? 'tsx' : 'ts' })
}
