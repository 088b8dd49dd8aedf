import { assert } from '../../assert.ts'
import type { Delivery } from '../../delivery.ts'
import { queryOf } from '../engine/url.ts'

/**
 * Compiles the URL that a delivery was sent to, as the provider knows it: the registered one, with
 * the query as it arrived.
 */
export function compileUrl(registered: string | undefined): (delivery: Delivery) => URL {
  assert(registered !== undefined, 'a scheme that needs the registered URL has it')
  return (delivery) => new URL(registered + queryOf(delivery.url))
}
