import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DATABASE_FILE, openReader, type Reader } from '../../db/open.ts'
import type { Environment } from '../settings/config.ts'
import { GatewayError } from '../faults/faults.ts'

/** INLET_DATA_DIR, or its default: for commands that need nothing else of the configuration. */
export function dataDirOf(env: Environment): string {
  return env['INLET_DATA_DIR'] || './data'
}

/**
 * Opens the database of a gateway for reading, beside it or without it.
 *
 * @throws GatewayError STORAGE_UNUSABLE where there is none.
 */
export function openStored(env: Environment): Reader {
  const path = join(dataDirOf(env), DATABASE_FILE)
  if (existsSync(path)) return openReader(path)
  const detail = `there is no ${path}: set INLET_DATA_DIR to the directory of the gateway`
  throw new GatewayError('STORAGE_UNUSABLE', detail)
}
