/** The core on Deno, started as docs/runtimes.md says. The environment is that of `inlet serve`. */
import process from 'node:process'
import { BrokenInvariant } from '../assert.ts'
import { systemClock } from '../clock.ts'
import { refuseEdgeSink, refuseForwarded } from '../settings/edge.ts'
import { GatewayError, messageOf } from '../faults/faults.ts'
import { openGatheredLog } from '../gathered-log.ts'
import { handlersDirectory, loadHandlers } from '../loading/handler-files.ts'
import { openKeyStore, type KeyStore } from '../keys/key-store.ts'
import { openCallOut } from '../outbound/call-out.ts'
import { resolveServing, type Serving } from '../wiring/serving.ts'
import { logStart } from '../wiring/start-log.ts'
import { openDenoApp } from './deno-app.ts'

process.exit(await main())

async function main(): Promise<number> {
  try {
    return await serve(await prepare())
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    process.stderr.write(`inlet: ${error.fault.title}\n${error.detail}\n${error.fault.hint}\n`)
    return 1
  }
}

interface Prepared {
  readonly serving: Serving
  readonly keys: KeyStore
}

async function prepare(): Promise<Prepared> {
  // An import map leads `inlet` and `zod` in handler files to this program's: deno.json.
  const handlers = await loadHandlers(process.env, () => Promise.resolve())
  const clock = systemClock
  // Nothing is called before a delivery needs it.
  const keys = openKeyStore({ clock, callOut: openCallOut({ clock }) })
  const serving = await resolveServing(process.env, { handlers, findKeys: keys.find })
  refuseEdgeSink(serving.config)
  refuseForwarded(serving.config)
  return { serving, keys }
}

/** Runs until it is told to stop: 0 after SIGTERM or SIGINT, 1 where storage has failed. */
async function serve({ serving, keys }: Prepared): Promise<number> {
  const log = openGatheredLog(serving.config.LOG_LEVEL, 'gateway', write)
  const ended = Promise.withResolvers<number>()
  function onFatal(error: unknown) {
    log.error('gateway.failed', { reason: messageOf(error) })
    ended.resolve(1)
  }
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(kind, (error: unknown) => {
      // What a handler left behind, or a timer of kafkajs, ends nothing; what we broke does.
      log.error('process.uncaught', { kind, reason: messageOf(error) })
      if (error instanceof BrokenInvariant) onFatal(error)
    })
  }
  keys.onFailure((source, reason) => log.warn('keys.unavailable', { source, reason }))
  const app = await openDenoApp(serving, { clock: systemClock, log, onFatal })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info('gateway.draining', { signal })
      ended.resolve(0)
    })
  }
  const { files } = serving
  logStart({ ...serving, watched: { directory: handlersDirectory(process.env), files } }, app, log)
  const consumers = [...serving.consumers.keys()].join(',')
  if (consumers !== '') {
    log.warn('consumers.left_out', { consumers, hint: 'on Deno nobody consumes: Bun does' })
  }
  const code = await ended.promise
  await app.stop()
  log.info('gateway.stopped', { code })
  await log.flush()
  return code
}

function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error instanceof Error ? reject(error) : resolve()))
  })
}
