import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncDirectory, writeDurably } from '../durable-file.ts'

/** The secrets in a file, one a line; none where there is no such file. */
export function readSecretsFile(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split(/\s+/).filter(Boolean) : []
}

/** Writes secrets into a file: the provider says its secret once. */
export function writeSecretsFile(path: string, secrets: readonly string[]): void {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeDurably(path, `${secrets.join('\n')}\n`)
  syncDirectory(dirname(folder))
}
