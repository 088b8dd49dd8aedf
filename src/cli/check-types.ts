import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { handlerFileNames } from '../loading/handler-files.ts'

/** What the checker says of the handler files. */
export type TypeCheck =
  | { readonly kind: 'right'; readonly files: number }
  /** One line for each error: `handlers/github.ts:25:30: error TS2339: …`. */
  | { readonly kind: 'wrong'; readonly errors: readonly string[] }
  /** It could not look: why, and what to do. */
  | { readonly kind: 'unchecked'; readonly reason: string }

/** A check takes a tenth of a second; one that takes this long is stuck. In ms. */
const CHECK_MS_MAX = 30_000

/**
 * Checks the types of the handler files by the nearest tsconfig.json, with the checker that Bun
 * brings: this program, compiled or not, is a Bun, and runs it as a process of its own.
 */
export async function checkTypes(directory: string): Promise<TypeCheck> {
  const files = handlerFileNames(directory).map((name) => resolve(directory, name))
  if (files.length === 0) return { kind: 'right', files: 0 }
  const project = folderAbove(resolve(directory), 'tsconfig.json')
  if (project === undefined) {
    return unchecked('there is no tsconfig.json: `inlet init` writes one, and the types')
  }
  const child = Bun.spawn([process.execPath, 'check', '--no-script', '--no-pretty', ...files], {
    cwd: project,
    // Nothing else of our environment: the secrets in it are none of its business.
    env: { BUN_BE_BUN: '1' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: CHECK_MS_MAX,
    killSignal: 'SIGKILL',
  })
  const [out, complaint] = await Promise.all([child.stdout.text(), child.stderr.text()])
  const code = await child.exited
  if (code === 0) return { kind: 'right', files: files.length }
  const errors = out.split('\n').flatMap((line) => describeError(line, project))
  if (errors.length === 0) {
    return unchecked(
      child.signalCode === null
        ? complaint.trim()
        : `the checker took more than ${CHECK_MS_MAX} ms`,
    )
  }
  if (errors.some((error) => error.includes("TS2307: Cannot find module 'inlet'"))) {
    return unchecked(
      `${join(project, 'tsconfig.json')} does not lead to Inlet's types: \`inlet init --types\` writes them, and \`paths\` has to name them`,
    )
  }
  return { kind: 'wrong', errors }
}

function unchecked(reason: string): TypeCheck {
  return { kind: 'unchecked', reason }
}

function folderAbove(start: string, name: string): string | undefined {
  if (existsSync(join(start, name))) return start
  const parent = dirname(start)
  return parent === start ? undefined : folderAbove(parent, name)
}

/** `a.ts(25,30): error …`, seen from `project` → `handlers/a.ts:25:30: error …`, seen from here. */
function describeError(line: string, project: string): string[] {
  const [, file, row, column, rest] = /^(.+?)\((\d+),(\d+)\): (error .*)$/.exec(line) ?? []
  if (file === undefined) return []
  return [`${relative(process.cwd(), resolve(project, file))}:${row}:${column}: ${rest}`]
}
