/** A gateway with deliveries in it, for the tests of the dashboard. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import {
  githubExamples,
  SECRETS,
  standardEvent,
  type SignedDelivery,
} from '../e2e/providers-at-work.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { makeTempDir } from '../support/temp.ts'

const PROGRAM = [process.execPath, join(import.meta.dir, '../../src/main.ts')]

/** More than one page of events. */
const GITHUB_DELIVERIES = 60

/** What a stranger would send to break out of a page that shows it as markup. */
export const HOSTILE = `</pre></script><script>hacked=1</script><img src=x onerror=hacked=1>"'`

export interface World extends AsyncDisposable {
  readonly gateway: GatewayProcess
  /** Writes the handler file of the source `standard`, and waits until it is served. */
  handle(handler: string): Promise<void>
  /** Sends it, and returns the status of the answer. */
  deliver(delivery: SignedDelivery): Promise<number>
  /** Signed now by the source `standard`. */
  signed(type: string, data: Readonly<Record<string, string>>): SignedDelivery
}

/** How the source `standard` is handled: orders must have a total. */
export function handlerOf(orders: string): string {
  return `
    import { defineSource, on, z } from 'inlet'
    const Order = z.object({ data: z.object({ id: z.string() }) })
    export default defineSource('standard', {
      provider: 'standard_webhooks',
      events: {
        'order.paid': on(Order, ({ data }) => ${orders}),
        'order.seen': on(Order, () => null),
        '*': { topic: 'webhooks.standard' },
      },
    })`
}

export const BROKEN = handlerOf(`{ throw new Error('no total in order ' + data.data.id) }`)
export const MENDED = handlerOf(`({ topic: 'orders', key: data.data.id, value: data.data })`)

interface WorldOptions {
  readonly env?: Readonly<Record<string, string>>
  /** The handler file of the source `standard`. */
  readonly handler?: string
  /** A handler file beside it, with a consumer. */
  readonly consumer?: string
}

/** Starts a gateway from the sources; records go to files unless `env` says otherwise. */
export async function openWorld({
  env,
  handler = BROKEN,
  consumer,
}: WorldOptions = {}): Promise<World> {
  await using opened = new AsyncDisposableStack()
  const folder = opened.use(await makeTempDir())
  const handlerFile = join(folder.path, 'handlers/standard.ts')
  mkdirSync(join(folder.path, 'handlers'))
  writeFileSync(handlerFile, handler)
  if (consumer !== undefined) writeFileSync(join(folder.path, 'handlers/consumer.ts'), consumer)
  const gateway = opened.use(
    await startGateway({
      command: PROGRAM,
      cwd: folder.path,
      env: {
        INLET_SINK: 'file',
        INLET_SOURCES: 'github',
        INLET_SECRET_GITHUB: `an-older-secret ${SECRETS.github}`,
        INLET_SECRET_STANDARD: SECRETS.standard,
        INLET_URL: 'https://hooks.example.com',
        ...env,
      },
    }),
  )
  const owned = opened.move()
  return {
    gateway,
    async handle(text) {
      const reloads = () =>
        gateway.log.filter(({ message }) => message === 'reload.finished').length
      const before = reloads()
      writeFileSync(handlerFile, text)
      await until(() => reloads() > before)
    },
    async deliver({ source, headers, body }) {
      const url = `${gateway.url}/hooks/${source}`
      const answer = await fetch(url, { method: 'POST', headers, body })
      await answer.arrayBuffer()
      return answer.status
    },
    signed: (type, data) => standardEvent(type, data, new Date(systemClock.now())),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const POLL_MS = 20
const WAIT_MS_MAX = 10_000

async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + WAIT_MS_MAX
  while (!holds()) {
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`not so within ${WAIT_MS_MAX} ms`)
    await systemClock.sleep(POLL_MS)
  }
}

/** Real payloads, one that does not verify, one whose handler fails, one hostile. */
export async function fill(world: World): Promise<void> {
  for (const example of (await githubExamples()).slice(0, GITHUB_DELIVERIES))
    await world.deliver(example)
  const order = world.signed('order.paid', { id: 'order-1' })
  await world.deliver(order)
  await world.deliver(order)
  await world.deliver(world.signed('order.seen', { id: 'order-1' }))
  await world.deliver(world.signed(HOSTILE, { id: HOSTILE, note: HOSTILE }))
  const forged = world.signed('order.paid', { id: 'order-2' })
  await world.deliver({ ...forged, body: forged.body.replace('order-2', 'order-3') })
  await world.gateway.drained(WAIT_MS_MAX)
}
