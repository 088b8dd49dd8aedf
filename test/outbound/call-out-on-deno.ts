/** Calls the URLs that it is given, on loopback, and prints what came of each: run on Deno. */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { systemClock } from '../../src/clock.ts'
import { messageOf } from '../../src/faults/faults.ts'
import { openCallOut } from '../../src/outbound/call-out.ts'

const [ca = '', ...urls] = process.argv.slice(2)
const callOut = openCallOut({
  clock: systemClock,
  resolve: () => Promise.resolve(['127.0.0.9', '127.0.0.1']),
  mayConnect: () => true,
  ca: readFileSync(ca, 'utf8'),
})
for (const url of urls) {
  const { host } = new URL(url)
  const answered = callOut({ url, hosts: [host] }).then(({ status }) => String(status), messageOf)
  process.stdout.write(`${await answered}\n`)
}
