import { readFileSync } from 'node:fs'
import { variableName, type Environment } from '../settings/config.ts'
import { messageOf } from '../faults/faults.ts'
import type { Sample } from '../providers/sign.ts'
import { UsageError } from './command.ts'

export interface SampleEventOptions {
  readonly token: string
  readonly type: string | undefined
  readonly id: string
  /** Default: a small JSON object. */
  readonly data: Uint8Array | undefined
}

/** The first token of a caller of `/events`; undefined where the name is not that of one. */
export function tokenOf(name: string, env: Environment): string | undefined {
  const variable = `INLET_EVENTS_TOKEN_${variableName(name)}`
  const file = env[`${variable}_FILE`]
  try {
    const tokens = file === undefined ? env[variable] : readFileSync(file, 'utf8')
    return tokens?.trim().split(/\s+/)[0]
  } catch (error) {
    throw new UsageError(`${variable}_FILE: ${messageOf(error)}`)
  }
}

/** A CloudEvent in binary mode: the attributes are headers, so the data can be any bytes. */
export function sampleEvent({ token, type, id, data }: SampleEventOptions): Sample {
  return {
    credentials: ['authorization'],
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': encodeURIComponent(id),
      'ce-source': '/inlet/send',
      'ce-type': encodeURIComponent(type ?? 'sample'),
    },
    body: data ?? new TextEncoder().encode('{"hello":"world"}'),
  }
}
