/**
 * The real wiring, with a watchdog that does not wait 10 s, and with consumers for which Kafka does
 * not either, once they are gone: for tests of processes that end.
 */
import { openApp } from '../../src/app.ts'
import { systemClock } from '../../src/clock.ts'
import { openLog } from '../../src/stdout-log.ts'
import { prepare } from '../../src/wiring/setup.ts'

await openApp(await prepare(process.env), {
  clock: systemClock,
  log: openLog('info', 'gateway'),
  onFatal: () => process.exit(1),
  handlerBlockMsMax: 1_000,
  consumerSessionMs: 2_000,
})
