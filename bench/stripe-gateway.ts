/** What most benchmarks measure: the gateway as shipped, with one source of Stripe-like events. */
import { cpus } from 'node:os'
import { systemClock } from '../src/clock.ts'
import { randomSecret } from '../src/ids.ts'
import { buildBinary, startGateway, type Gateway, type GatewayOptions } from './contestants.ts'
import { ensureWrk } from './load.ts'
import { presign, type Presigned } from './presign.ts'
import { SHAPES } from './shapes.ts'

export const SERVER_CPU = 0
/** Of everything that is not measured. */
export const OTHERS_CPU = cpus().length - 1
export const SHAPE = SHAPES['stripe-2k']
export const SECRET = randomSecret()

/** Throws where gateway and generator would share a core; installs and builds what is needed. */
export function prepare({ build }: { readonly build: boolean }): void {
  if (SERVER_CPU === OTHERS_CPU) throw new Error('gateway and generator need a core each')
  ensureWrk()
  if (build) buildBinary()
}

/** Starts it in a directory that exists; `env` goes before what it would find otherwise. */
export function startStripeGateway(
  directory: string,
  sink: GatewayOptions['sink'],
  env: GatewayOptions['env'] = {},
): Promise<Gateway> {
  const { source } = SHAPE
  const common = { cpu: SERVER_CPU, source, secret: SECRET, logLevel: 'info' }
  return startGateway({ ...common, directory, sink, env })
}

/** So many deliveries for it, each with an id of its own. */
export function sign(count: number): Presigned {
  return presign(SHAPE, { count, secret: SECRET, nowMs: systemClock.now() })
}
