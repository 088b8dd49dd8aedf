/** Secrets that providers hand over themselves: in the data directory, a file for each source. */
import { join } from 'node:path'

/** Where those of a source are, one a line, the newest first. */
export function learntSecretsFile(dataDir: string, source: string): string {
  return join(dataDir, 'secrets', source)
}
