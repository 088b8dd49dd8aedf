/**
 * A gateway that parses a body and writes it again, as most do: what the torture suite must catch.
 * Everything else is the real wiring.
 */
import { openApp } from '../../../src/app.ts'
import { systemClock } from '../../../src/clock.ts'
import { openLog } from '../../../src/stdout-log.ts'
import { prepare } from '../../../src/wiring/setup.ts'
import { bytes } from '../../support/stored.ts'

await openApp(await prepare(process.env), {
  clock: systemClock,
  log: openLog('info', 'gateway'),
  onFatal: () => process.exit(1),
  commitThrough: (commit) => (event) => commit({ ...event, body: writtenAgain(event.body) }),
})

function writtenAgain(body: Uint8Array) {
  const text = new TextDecoder().decode(body)
  try {
    return bytes(JSON.stringify(JSON.parse(text)))
  } catch {
    return bytes(text)
  }
}
