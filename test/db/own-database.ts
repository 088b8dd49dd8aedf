/** A process that owns the database it is given until it is killed. Started by open.test.ts. */
import { openDatabase } from '../../db/open.ts'
import { systemClock } from '../../src/clock.ts'

const [path] = process.argv.slice(2)
if (path === undefined) throw new Error('usage: own-database.ts <path>')
openDatabase({ path, clock: systemClock })
// What keeps the lock must not be this script's reference to the database, which is gone.
Bun.gc(true)
process.stdout.write('owned\n')
setInterval(() => undefined, 60_000)
