import type { HintPort } from './ingest.ts'

type Claim = Awaited<ReturnType<HintPort['claim']>>
type Mine = Extract<Claim, { readonly kind: 'mine' }>

/** What other nodes say of the events of one request. */
export interface Claims {
  /** Another node is storing one of them right now. */
  readonly isClaimed: boolean
  /** Ids that another node has stored. */
  readonly done: ReadonlySet<string>
  /** Ends the claims: `stored` are the ids that this request stored. */
  settle(stored: ReadonlySet<string>): Promise<void>
}

/** Claims each id once, however often it occurs: a second claim would meet the first. */
export async function claimAll(
  hint: HintPort,
  source: string,
  events: Iterable<{ readonly eventId: string; readonly eventIdValidMs?: number | undefined }>,
): Promise<Claims> {
  const validity = new Map([...events].map((event) => [event.eventId, event.eventIdValidMs]))
  const claims = await Promise.all(
    [...validity].map(async ([id, validMs]) => ({
      id,
      claim: await hint.claim(source, id, validMs),
    })),
  )
  const mine = claims.flatMap(({ id, claim }) => (isMine(claim) ? [{ id, claim }] : []))
  return {
    isClaimed: claims.some(({ claim }) => claim.kind === 'claimed'),
    done: new Set(claims.filter(({ claim }) => claim.kind === 'done').map(({ id }) => id)),
    async settle(stored) {
      await Promise.all(
        mine.map(({ id, claim }) => (stored.has(id) ? hint.done(claim) : hint.release(claim))),
      )
    },
  }
}

function isMine(claim: Claim): claim is Mine {
  return claim.kind === 'mine'
}
