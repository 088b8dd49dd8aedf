/** Loads the operator's handler files: TypeScript beside the program. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { Environment } from '../settings/config.ts'
import { messageOf } from '../faults/faults.ts'
import { takeHandlers, type HandlerFile, type LoadedHandlers } from './handlers.ts'

const HANDLER_FILE = /^(?!.*\.(?:test|d)\.m?ts$).+\.m?[jt]s$/

/** The handler files of a directory by name, in order. A directory that is not there holds none. */
export function handlerFileNames(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((file) => HANDLER_FILE.test(file))
    .toSorted()
}

/** Where handler files are, also where the rest of the configuration is wrong. */
export function handlersDirectory(env: Environment): string {
  return env['INLET_HANDLERS_DIR'] || './handlers'
}

/** Makes `import … from 'inlet'` and `'zod'` lead to the modules that this program runs with. */
export type ServeModules = () => Promise<void>

/**
 * Handler files are looked at even where the configuration is wrong:
 * everything is reported together.
 */
export async function loadHandlers(
  env: Environment,
  serveModules: ServeModules = serveFromInside,
): Promise<LoadedHandlers> {
  const directory = handlersDirectory(env)
  if (existsSync(directory) ? statSync(directory).isDirectory() : !env['INLET_HANDLERS_DIR']) {
    return loadHandlerFiles(directory, serveModules)
  }
  // The default may be absent; one that was asked for and is not there would change every topic.
  return {
    sources: [],
    consumers: [],
    problems: [`INLET_HANDLERS_DIR: ${directory} is not a directory`],
  }
}

/** Loads every handler file of a directory, in the order of their names. */
export async function loadHandlerFiles(
  directory: string,
  serveModules: ServeModules = serveFromInside,
): Promise<LoadedHandlers> {
  const names = handlerFileNames(directory)
  // Where there are none, no start waits for what they import.
  if (names.length > 0) await serveModules()
  const files: HandlerFile[] = []
  for (const name of names) {
    const file = resolve(directory, name)
    try {
      const loaded = (await import(file)) as { default?: unknown }
      files.push({ file, definition: loaded.default })
    } catch (error) {
      files.push({ file, problem: describeLoadError(name, error) })
    }
  }
  return takeHandlers(files)
}

let served = false

/** As Bun can, and only Bun: without a package on the server. */
export async function serveFromInside(): Promise<void> {
  if (served) return
  served = true
  const [{ plugin }, gateway, zod] = await Promise.all([
    import('bun'),
    import('../gateway.ts'),
    import('zod'),
  ])
  plugin({
    name: 'inlet',
    setup(build) {
      build.module('inlet', () => ({ exports: gateway, loader: 'object' }))
      build.module('zod', () => ({ exports: zod, loader: 'object' }))
      build.module('zod/v4', () => ({ exports: zod, loader: 'object' }))
    },
  })
}

/** File, line and reason of what went wrong while a file was loaded. */
function describeLoadError(name: string, error: unknown): string {
  const first = error instanceof AggregateError ? (error.errors as unknown[])[0] : error
  const position = isObject(first) && isObject(first['position']) ? first['position'] : undefined
  if (position !== undefined) {
    // What a handler file imports may be what is wrong.
    const file = typeof position['file'] === 'string' ? basename(position['file']) : name
    return `${file}:${String(position['line'])}:${String(position['column'])}: ${messageOf(first)}`
  }
  const stack = first instanceof Error ? (first.stack ?? '') : ''
  const [, line] = stack.match(new RegExp(`${RegExp.escape(name)}:(\\d+(?::\\d+)?)`)) ?? []
  return `${name}${line === undefined ? '' : `:${line}`}: ${messageOf(first)}`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
