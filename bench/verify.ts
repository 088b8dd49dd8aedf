import { createHmac } from 'node:crypto'
import { parseArgs } from 'node:util'
import { randomSecret } from '../src/ids.ts'
import { expectVerified, signed, verifierOf } from '../test/providers/support.ts'
import type { Benchmark, Report } from './benchmark.ts'
import { describeMachine } from './machine.ts'
import { positive } from './options.ts'
import { SHAPES } from './shapes.ts'
import { bodyOf } from './slots.ts'
import { areSteady, describeSpread, median, spreadOf } from './statistics.ts'

const HELP = `bun run bench verify [options]
What it costs to verify a delivery of Stripe's 2.3 kB: proof, look at the event, its id and type,
parsing included; in CPU time of this process, one provider after the other in every round. The
ratio is GitHub's to a bare HMAC-SHA-256 of the same bytes.

  --rounds N     counted rounds (9)
  --count N      verifications of each in a round (2000)
  --json         the last line is one JSON object`

/** By how they prove themselves. */
const PROVIDERS = {
  github: 'HMAC-SHA-256 of the body',
  stripe: 'HMAC-SHA-256 of time and body',
  discord: 'Ed25519',
  livekit: 'JWT with a hash of the body, HS256',
  sendgrid: 'ECDSA P-256',
  paypal: 'RSA-SHA-256',
} as const
type Provider = keyof typeof PROVIDERS

/** What a verification costs, of each way to prove a delivery. */
export const verify: Benchmark = { name: 'verify', help: HELP, run }

function run(args: readonly string[]): Promise<Report> {
  const options = parse(args)
  const shape = SHAPES['stripe-2k']
  const body = bodyOf(shape.body, shape.token())
  const secret = randomSecret()
  const tasks = new Map<string, () => void>([
    ['bare', () => void createHmac('sha256', secret).update(body).digest()],
    ...(Object.keys(PROVIDERS) as Provider[]).map((key) => [key, taskOf(key, body)] as const),
  ])
  const costsUs = new Map([...tasks.keys()].map((name) => [name, [] as number[]]))
  // The first round warms up: it compiles.
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const [name, task] of tasks) {
      const costUs = cpuUsOf(task, options.count)
      if (round > 0) costsUs.get(name)?.push(costUs)
    }
  }
  const spreads = new Map([...costsUs].map(([name, costs]) => [name, spreadOf(costs)]))
  const ratio = median(costsUs.get('github') ?? []) / median(costsUs.get('bare') ?? [])
  const valid = [...spreads.values()].every(areSteady)
  const machine = describeMachine()
  console.error(machine)
  for (const [name, spread] of spreads) {
    const how = PROVIDERS[name as Provider] ?? 'HMAC-SHA-256, nothing else'
    console.error(`${name.padEnd(10)} ${describeSpread(spread, 1)} µs   ${how}`)
  }
  console.error(
    `GitHub's to a bare HMAC: ${ratio.toFixed(1)}${valid ? '' : ', not valid: unsteady'}`,
  )
  const costs = [...spreads].map(([name, spread]) => [`${name}Us`, spread] as const)
  const figures = { machine, bodyBytes: body.byteLength, ...Object.fromEntries(costs) }
  return Promise.resolve({ name: 'verify', ratio, valid, figures })
}

function taskOf(key: Provider, body: Uint8Array): () => void {
  const verifier = verifierOf(key)
  const delivery = signed(key, body)
  const { parsed } = expectVerified(verifier(delivery))
  if (parsed.kind !== 'json') throw new Error(`the body of ${key} is ${parsed.kind}`)
  return () => void verifier(delivery)
}

/** User time and system time of this process: what others do does not count. */
function cpuUsOf(task: () => void, count: number): number {
  const before = process.cpuUsage()
  for (let i = 0; i < count; i += 1) task()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '9' },
      count: { type: 'string', default: '2000' },
      // Asked for by `bun run bench all`: here nothing is built anyway.
      'no-build': { type: 'boolean' },
    },
  })
  return { rounds: positive('--rounds', values.rounds), count: positive('--count', values.count) }
}
