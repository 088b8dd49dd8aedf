/** The wiring of an edge that forwards: what it sends is signed like any webhook. */
import { assert } from '../assert.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { openForwarder, type Forward } from '../edge/forward.ts'
import { randomToken } from '../ids.ts'
import { CATALOGUE } from '../providers/catalogue.ts'
import { equalTexts } from '../providers/engine/hash.ts'
import { signSample } from '../providers/sign.ts'
import { receiptMaker } from '../receipt.ts'

type Settings = Pick<Config, 'INLET_FORWARD_URL' | 'INLET_FORWARD_SECRET'>

/** Opens the way to the core node that the configuration names. */
export function openForwarding(
  { INLET_FORWARD_URL: url, INLET_FORWARD_SECRET: secrets = [] }: Settings,
  { clock, deadlineMs }: { readonly clock: Clock; readonly deadlineMs?: number },
): Forward {
  const row = CATALOGUE.get('standard_webhooks')
  const [secret] = secrets
  assert(row !== undefined, 'the catalogue has Standard Webhooks')
  assert(url !== undefined && secret !== undefined, 'an edge that forwards says where, and signs')
  const receiptFor = receiptMaker(secret)
  return openForwarder({
    clock,
    url,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    sign(body) {
      const eventId = `msg_${randomToken()}`
      return signSample(row, { secret, body, eventId, type: 'forward', now: clock.now() }).headers
    },
    isReceipt: (receipt, body) => equalTexts(receipt, receiptFor(body)),
  })
}
