import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The secrets in a file, one a line; none where there is no such file. */
export function readSecretsFile(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split(/\s+/).filter(Boolean) : []
}

/**
 * Writes secrets into a file for its owner alone. It is there whole or as it was before, and
 * survives a power cut: the provider says its secret once.
 */
export function writeSecretsFile(path: string, secrets: readonly string[]): void {
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const draft = `${path}.new`
  const descriptor = openSync(draft, 'w', 0o600)
  try {
    writeFileSync(descriptor, `${secrets.join('\n')}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(draft, path)
  for (const directory of [folder, dirname(folder)]) syncDirectory(directory)
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
