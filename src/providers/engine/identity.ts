/** Names the events of a delivery: id, type, key. */
import { Buffer } from 'node:buffer'
import type { Delivery, Refused, Verified, VerifiedBatch, VerifiedBody } from '../../delivery.ts'
import {
  BATCH_EVENTS_MAX,
  EVENT_ID_CHARS_MAX,
  EVENT_TYPE_CHARS_MAX,
  HASH_ID_VALID_MS,
} from '../../limits/limits.ts'
import { randomUuid } from '../../ids.ts'
import type { BatchRule, ProviderRow } from '../row.ts'
import { compileSplit, type Element } from './batch.ts'
import type { ReadBody } from './body.ts'
import type { RowConfig } from './config.ts'
import { sha256 } from '../../bytes/hashing.ts'
import type { ProofOfSource } from './prove.ts'
import { refused } from './scheme.ts'
import { compileSelect, usable, type Facts, type Select } from './select.ts'

export type Identify = (
  delivery: Delivery,
  proof: ProofOfSource,
  read: { readonly body: ReadBody; readonly facts: Facts },
) => Verified | VerifiedBatch | Refused

export function compileIdentity(row: ProviderRow, config: RowConfig): Identify {
  const select = compileNames(row, config)
  const batch = row.batch === undefined ? undefined : compileBatch(row.batch, config)
  const isJson = row.content.includes('json')
  const contentTypeDefault = isJson ? 'application/json' : 'application/octet-stream'

  return (delivery, proof, { body, facts }) => {
    const elements = batch?.split(delivery.body, body)
    const contentType = delivery.headers.get('content-type') ?? contentTypeDefault
    const { secretIndex } = proof
    const request = {
      id: lazy(() => identify(delivery, proof, { row, selected: select.id(facts) })),
      type: select.type(facts) ?? 'unknown',
      key: select.key(facts),
    }
    if (batch !== undefined && elements !== undefined) {
      if (elements.length > BATCH_EVENTS_MAX) return tooMany(elements.length)
      const media = body.isInForm === true ? 'application/json' : contentType
      const events = elements.map((element, index): Verified => ({
        ...batch.name({ element, index, facts, request }),
        contentType: media,
      }))
      const bytes = delivery.body as VerifiedBody
      return { kind: 'batch', body: bytes, events, secretIndex, answer: undefined }
    }
    return {
      kind: 'verified',
      body: delivery.body as VerifiedBody,
      parsed: body.parsed,
      ...request.id(),
      type: request.type,
      key: request.key,
      contentType,
      secretIndex,
      signedAt: proof.signedAt,
    }
  }
}

function tooMany(count: number): Refused {
  return refused('BODY_TOO_LARGE', `${count} events; at most ${BATCH_EVENTS_MAX} are taken at once`)
}

interface Selects {
  readonly id: Select
  readonly type: Select
  readonly key: Select
}

function compileNames(rule: Omit<BatchRule, 'at'>, config: RowConfig): Selects {
  return {
    id: compileSelect(rule.id, config, EVENT_ID_CHARS_MAX),
    type: compileSelect(rule.type, config, EVENT_TYPE_CHARS_MAX),
    key: compileSelect(rule.order, config, EVENT_ID_CHARS_MAX),
  }
}

/** The names of the whole request. */
interface RequestNames {
  readonly id: () => Pick<Verified, 'eventId' | 'eventIdValidMs'>
  readonly type: string
  readonly key: string | undefined
}

interface Naming {
  readonly element: Element
  readonly index: number
  /** Those of the whole body. */
  readonly facts: Facts
  readonly request: RequestNames
}

const decoder = new TextDecoder()

function compileBatch(rule: BatchRule, config: RowConfig) {
  const select = compileNames(rule, config)
  return {
    split: compileSplit(rule.at),
    name({ element, index, facts, request }: Naming): Omit<Verified, 'contentType'> {
      const { bytes, data } = element
      const own: Facts = {
        request: facts.request,
        claims: facts.claims,
        data,
        // Only whole numbers beyond 2^53 need it.
        get json() {
          return decoder.decode(bytes)
        },
        envelope: facts,
      }
      const id = select.id(own)
      return {
        kind: 'verified',
        body: bytes as VerifiedBody,
        parsed: { kind: 'json', value: data },
        ...(id === undefined
          ? placeIn(request, index)
          : { eventId: id, eventIdValidMs: undefined }),
        type: select.type(own) ?? request.type,
        key: select.key(own) ?? request.key,
      }
    },
  }
}

/** An event without an id is its place in its request: two may be the same byte for byte. */
function placeIn(request: RequestNames, index: number): ReturnType<RequestNames['id']> {
  const { eventId, eventIdValidMs } = request.id()
  return { eventId: `${eventId}.${index}`, eventIdValidMs }
}

/** The id of a whole request, and how long it is one. */
function identify(
  delivery: Delivery,
  proof: ProofOfSource,
  { row, selected }: { readonly row: ProviderRow; readonly selected: string | undefined },
): ReturnType<RequestNames['id']> {
  // An id that was signed wins: beside it, any header that merely could carry one is the sender's
  // word.
  const signedId = usable(proof.id, EVENT_ID_CHARS_MAX)
  const id = signedId ?? (proof.id === undefined ? selected : undefined)
  const isDistinct = row.identicalAreDistinct === true
  if (id === undefined && isDistinct) return { eventId: randomUuid(), eventIdValidMs: undefined }
  const isDatedInBody = row.bodiesAreDated === true || proof.checkData !== undefined
  const isDated = proof.timestamp !== undefined || isDatedInBody
  return {
    eventId: id ?? hashId(delivery, proof.timestamp),
    eventIdValidMs: id !== undefined || isDated ? undefined : HASH_ID_VALID_MS,
  }
}

/**
 * Names an event by what was sent, where the provider gives it no id. The same request again has
 * the same name.
 */
function hashId(delivery: Delivery, timestamp: string | undefined): string {
  const hasher = sha256()
  // Neither a source's name nor a timestamp can contain a line break, so that no two deliveries
  // read the same.
  hasher.update(`${delivery.source}\n${timestamp ?? ''}\n`)
  hasher.update(delivery.body)
  return `sha256:${Buffer.from(hasher.digest()).toString('hex')}`
}

/** A value that is computed when it is first asked for. */
function lazy<Value extends object>(compute: () => Value): () => Value {
  let value: Value | undefined
  return () => (value ??= compute())
}
