import type { Handshake, Refused } from '../delivery.ts'
import type { OutboundCall } from '../outbound-call.ts'
import type { Source } from '../source.ts'

/** What a provider's probe may ask for, beside an answer. */
export interface ProbePorts {
  /** Stores a secret where it is waited for: undefined, or why it is not taken. */
  readonly learn: (source: Source, secret: string) => Promise<Refused | undefined>
  /** Notes a call that is made later. */
  readonly confirm: (source: string, call: OutboundCall) => void
}

/** Does what a probe asks for: its answer says that it is done, so a secret is stored before. */
export async function takeHandshake(
  handshake: Handshake,
  source: Source,
  { learn, confirm }: ProbePorts,
): Promise<Handshake | Refused> {
  const refusal = handshake.learn === undefined ? undefined : await learn(source, handshake.learn)
  if (refusal !== undefined) return refusal
  if (handshake.confirm !== undefined) confirm(source.name, handshake.confirm)
  return handshake
}
