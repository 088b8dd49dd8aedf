/**
 * Deliveries of every provider that can be signed here, damaged at random: what is not damaged is
 * taken, what is damaged where the provider signs is refused, and nothing throws. The control is a
 * verifier of GitHub's that compares a prefix: damage behind it must be seen to get through.
 */
import { createHmac } from 'node:crypto'
import type { Verifier } from '../../src/delivery.ts'
import { messageOf } from '../../src/faults/faults.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { secretsOf, verifierOf, wrongSecret } from '../providers/support.ts'
import { damage } from './damage.ts'
import { seeded } from './seeded.ts'
import { canBeSigned, signedPool, type Genuine } from './signed-pool.ts'
import type { Row, TortureOptions } from './torture.ts'

const SHORT_CASES = 40_000
const FULL_CASES = 1_100_000

/** One case in so many asks a verifier that has another secret. */
const WRONG_SECRET_EVERY = 16

interface Tally {
  falseAccepts: number
  falseRejects: number
  exceptions: number
  taken: number
  refused: number
}

export function signatures({ seed, form, cycles }: TortureOptions): Promise<Row> {
  const rows = [...CATALOGUE.values()].filter(canBeSigned)
  const count = cycles ?? (form === 'full' ? FULL_CASES : SHORT_CASES)
  const each = Math.ceil(count / rows.length)
  const tally: Tally = { falseAccepts: 0, falseRejects: 0, exceptions: 0, taken: 0, refused: 0 }
  for (const [index, { key }] of rows.entries()) {
    const random = seeded(seed + index)
    const pool = signedPool(key, random)
    const { sign, verify } = secretsOf(key)
    const wrong = sign === verify ? verifierOf(key, { secrets: [farFrom(verify)] }) : undefined
    const right = verifierOf(key)
    for (let n = 0; n < each; n += 1) {
      const isWrong = wrong !== undefined && n % WRONG_SECRET_EVERY === 0
      tryOne({ key, verify: isWrong ? wrong : right, isWrong, pool, random }, tally)
    }
  }
  const control: Tally = { falseAccepts: 0, falseRejects: 0, exceptions: 0, taken: 0, refused: 0 }
  const random = seeded(seed)
  const pool = signedPool('github', random)
  for (let n = 0; n < 2000; n += 1) {
    tryOne({ key: '', verify: comparesPrefix, isWrong: false, pool, random }, control)
  }
  const { falseAccepts, falseRejects, exceptions, taken, refused } = tally
  return Promise.resolve({
    cases: each * rows.length,
    acked: taken,
    lost: 0,
    duplicates: 0,
    inversions: 0,
    held: taken > 0 && refused > 0 && falseAccepts === 0 && falseRejects === 0 && exceptions === 0,
    controlCaught: control.falseAccepts > 0,
    figures: { providers: rows.length, refused, falseAccepts, falseRejects, exceptions },
  })
}

/** Wrong in two places: damage of one character does not lead there. */
function farFrom(secret: string): string {
  const half = Math.ceil(secret.length / 2)
  return wrongSecret(secret.slice(0, half)) + wrongSecret(secret.slice(half))
}

interface Trial {
  readonly key: string
  readonly verify: Verifier
  readonly isWrong: boolean
  readonly pool: readonly Genuine[]
  readonly random: () => number
}

function tryOne({ key, verify, isWrong, pool, random }: Trial, tally: Tally): void {
  const { delivery, isGenuine, what } = damage(pool, random)
  const isExpected = isGenuine && !isWrong
  let isTaken: boolean
  try {
    isTaken = verify(delivery).kind !== 'refused'
  } catch (error) {
    tally.exceptions += 1
    console.error(`${key}, ${what}: ${messageOf(error)}`)
    return
  }
  tally[isTaken ? 'taken' : 'refused'] += 1
  if (isTaken === isExpected) return
  tally[isTaken ? 'falseAccepts' : 'falseRejects'] += 1
  if (key !== '') console.error(`${key}: ${isTaken ? 'takes' : 'refuses'} ${what}`)
}

/** What CVEs are made of. */
const comparesPrefix: Verifier = (delivery) => {
  const hmac = createHmac('sha256', secretsOf('github').verify).update(delivery.body)
  const value = delivery.headers.get('x-hub-signature-256') ?? ''
  const isPrefixEqual = value.slice(0, 20) === `sha256=${hmac.digest('hex')}`.slice(0, 20)
  if (isPrefixEqual) return verifierOf('github', { unsigned: true })(delivery)
  return { kind: 'refused', code: 'SIGNATURE_MISMATCH', detail: '' }
}
