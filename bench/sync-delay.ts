import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileC } from './compile.ts'

/** Makes every sync of a process slower, and counts them. */
export interface SyncDelay {
  /** What the process must find in its environment. */
  readonly env: Readonly<Record<string, string>>
  /** How often the process has synced. */
  syncs(): number
}

/** Builds the library that is preloaded into the process. Needs a C compiler. */
export function buildSyncDelay(delayMs: number, directory: string): SyncDelay {
  const library = join(directory, 'slow-sync.so')
  compileC('slow-sync.c', library, ['-shared', '-fPIC'])
  const count = join(directory, 'syncs')
  writeFileSync(count, new BigInt64Array(1))
  return {
    env: {
      LD_PRELOAD: library,
      SLOW_SYNC_US: String(Math.round(delayMs * 1000)),
      SLOW_SYNC_COUNT: count,
    },
    syncs: () => Number(readFileSync(count).readBigInt64LE()),
  }
}
