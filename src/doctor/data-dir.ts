import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { messageOf } from '../faults/faults.ts'
import { adviceOn, fail, ok, warn, type Finding } from './finding.ts'

export interface DataDir {
  readonly path: string
  /** The name of the database within it. */
  readonly databaseFile: string
}

/** The directory, or the nearest one above it that is one: that decides which disk it is on. */
export function nearestExisting(path: string): string {
  const absolute = resolve(path)
  const isThere = existsSync(absolute) && statSync(absolute).isDirectory()
  return isThere ? absolute : nearestExisting(dirname(absolute))
}

/** Looks at whose the data directory is, and who may read it. */
export function checkDataDir({ path, databaseFile }: DataDir): Finding[] {
  if (!existsSync(path)) {
    return [
      warn(`${path} does not exist yet`, 'the first start makes it; is INLET_DATA_DIR right?'),
    ]
  }
  if (!statSync(path).isDirectory()) {
    return [fail(`${path} is not a directory`, 'set INLET_DATA_DIR to one')]
  }
  const { uid, mode } = statSync(path)
  const me = process.getuid?.() ?? uid
  const findings: Finding[] = []
  if (uid !== me) {
    const next = "run this as the gateway's user; a gateway of another one cannot write there"
    findings.push(warn(`${path} belongs to user ${uid}, this is user ${me}`, next))
  }
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    const next = adviceOn(error, `chown -R ${me} ${path}, and chmod 700 it`)
    findings.push(fail(`${path} cannot be written: ${messageOf(error)}`, next))
  }
  const open = [path, join(path, databaseFile)].filter(
    (each) => existsSync(each) && (statSync(each).mode & 0o077) !== 0,
  )
  if (open.includes(path)) {
    findings.push(warn(`others may look into ${path} (mode ${octal(mode)})`, `chmod 700 ${path}`))
  } else if (open.length > 0) {
    const file = join(path, databaseFile)
    findings.push(warn(`others may read ${file}, with every body in it`, `chmod 600 ${file}*`))
  }
  return findings.length > 0 ? findings : [ok(`${path} is private to its user`)]
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8)
}
