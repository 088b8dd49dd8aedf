/**
 * A process that migrates the database it is given, and prints how many migrations that
 * took. Started by migrate.test.ts.
 */
import { Database } from 'bun:sqlite'
import { migrate, MIGRATIONS } from '../../db/migrate.ts'

const [path] = process.argv.slice(2)
if (path === undefined) throw new Error('usage: migrate-once.ts <path>')
using client = new Database(path, { create: true })
client.run('PRAGMA busy_timeout = 10000')
process.stdout.write(String(migrate(client, MIGRATIONS, 1)))
