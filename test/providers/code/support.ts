import type { Delivery } from '../../../src/delivery.ts'
import type { CompileCode, SchemeOptions } from '../../../src/providers/engine/scheme.ts'
import { deliveryOf, NOW } from '../support.ts'

export const REGISTERED = 'https://hooks.example.test/hooks/test'

/** What a check makes of a delivery: `proven`, `key-needed`, or the step that failed. */
export type Judge = (delivery: Delivery) => string

/** Compiles code for a source, without a verifier around it. */
export function judge(compile: CompileCode, options: Partial<SchemeOptions> = {}): Judge {
  const check = compile({
    source: 'test',
    secrets: [],
    config: {},
    url: REGISTERED,
    findKeys: () => ({ kind: 'unknown' }),
    now: () => NOW,
    ...options,
  })
  return (delivery) => {
    const proof = check({ delivery, data: parse(delivery.body) })
    if (proof === undefined) return 'absent'
    return proof.kind === 'refused' ? (proof.step ?? proof.code) : proof.kind
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined
  }
}

/** A delivery to the registered URL, with a query. */
export function sent(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  query = '',
): Delivery {
  return { ...deliveryOf(body, headers), url: `http://10.0.0.7:8080/hooks/test${query}` }
}

/** Where in the body a flipped bit goes unnoticed, as the text around it: nowhere, one hopes. */
export function unnoticedFlips(takes: Judge, delivery: Delivery): readonly string[] {
  const unnoticed: string[] = []
  for (let bit = 0; bit < delivery.body.length * 8; bit += 1) {
    const body = Uint8Array.from(delivery.body)
    const at = bit >> 3
    body[at] = (body[at] ?? 0) ^ (1 << (bit & 7))
    if (takes({ ...delivery, body }) !== 'proven') continue
    const around = delivery.body.subarray(Math.max(0, at - 5), at + 6)
    unnoticed.push(`${at}: ${new TextDecoder().decode(around)}`)
  }
  return unnoticed
}

/** Names of headers in which a changed character goes unnoticed. */
export function unnoticedHeaders(takes: Judge, delivery: Delivery): readonly string[] {
  const unnoticed = new Set<string>()
  for (const [name, value] of delivery.headers) {
    for (let at = 0; at < value.length; at += 1) {
      for (const other of ['0', '1', 'A', 'b', '=', '.']) {
        if (value[at]?.toLowerCase() === other.toLowerCase()) continue
        const headers = new Headers(delivery.headers)
        headers.set(name, value.slice(0, at) + other + value.slice(at + 1))
        if (takes({ ...delivery, headers }) === 'proven') unnoticed.add(name)
      }
    }
  }
  return [...unnoticed]
}
