/** How a delivery of several events is taken apart. */
import { describe, expect, test } from 'bun:test'
import type { Verdict, VerifiedBatch } from '../../src/delivery.ts'
import { BATCH_EVENTS_MAX, HASH_ID_VALID_MS } from '../../src/limits/limits.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import type { BatchRule, ProviderRow } from '../../src/providers/row.ts'
import { compileVerifier } from '../../src/providers/verifier.ts'
import { sampleEvents, signSample } from '../../src/providers/sign.ts'
import { deliveryOf, NOW, outcomeOf, rowOf, sampleDelivery, URL } from './support.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** Whatever is sent is taken: what is proven is tested elsewhere. */
function split(
  batch: BatchRule,
  body: string,
  row: Partial<ProviderRow> = {},
  headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' },
): Verdict {
  const own = { ...rowOf('github'), id: [], type: [], order: [], ...row, batch }
  const verify = compileVerifier(own, { secrets: [], unsigned: true, now: () => NOW })
  return verify(deliveryOf(body, headers))
}

function expectBatch(verdict: Verdict): VerifiedBatch {
  if (verdict.kind === 'batch') return verdict
  throw new Error(`no batch: ${JSON.stringify(verdict)}`)
}

function textsOf({ events }: VerifiedBatch): string[] {
  return events.map(({ body }) => new TextDecoder().decode(body))
}

const whole: BatchRule = { at: '$', id: ['json:id'], type: ['json:type'], order: ['json:of'] }

describe('a batch', () => {
  test('is split into the bytes as they were written, each with names of its own', () => {
    const text = ' [ {"id":9007199254740993,"type":"a","of":"k"} ,\r\n{ "id" : "é\\u00e9" } ]\r\n'
    const batch = expectBatch(split(whole, text))

    expect(textsOf(batch)).toEqual([
      '{"id":9007199254740993,"type":"a","of":"k"}',
      '{ "id" : "é\\u00e9" }',
    ])
    expect(new TextDecoder().decode(batch.body)).toBe(text)
    // A view, not a copy: that is how the storage knows where it lies.
    expect(batch.events[1]?.body.buffer).toBe(batch.body.buffer)
    expect(batch.events.map(({ eventId, type, key }) => [eventId, type, key])).toEqual([
      ['9007199254740993', 'a', 'k'],
      ['éé', 'unknown', undefined],
    ])
  })

  test('stands where the row says, in a member that may be written twice or escaped', () => {
    const at = { ...whole, at: 'data.events' }
    const text = '{"data":{"events":[{"id":"no"}]},"d\\u0061ta":{"x":[1],"events":[{"id":"yes"}]}}'
    expect(textsOf(expectBatch(split(at, text)))).toEqual(['{"id":"yes"}'])
  })

  test('stands at the first of several places where there is a list', () => {
    const at: BatchRule = { ...whole, at: ['events', '$'] }
    expect(textsOf(expectBatch(split(at, '{"events":[{"id":1}]}')))).toEqual(['{"id":1}'])
    expect(textsOf(expectBatch(split(at, '[{"id":2}]')))).toEqual(['{"id":2}'])
    expect(outcomeOf(split(at, '{"events":{}}'))).toBe('verified')
  })

  test('may stand within an element of another array', () => {
    const at = { ...whole, at: 'users.1.events' }
    const text = '{"users": [{"events":[{"id":"no"}]}, { "events": [ {"id":"yes"}, {} ] } ]}'
    expect(textsOf(expectBatch(split(at, text)))).toEqual(['{"id":"yes"}', '{}'])
    const shorter = split(at, '{"users":[{"events":[]}]}')
    expect(outcomeOf(shorter)).toBe('verified')
  })

  test('is found in an element of another array, and behind white space', () => {
    const at = { ...whole, at: '0.events' }
    expect(textsOf(expectBatch(split(at, ' \n[ {"events":[ {"id":"yes"} ]} ]')))).toEqual([
      '{"id":"yes"}',
    ])
  })

  test('takes names from the envelope and the headers, and joins them', () => {
    const rule: BatchRule = {
      at: 'entry',
      id: [['header:x-id', 'json:id']],
      type: [['envelope:object', 'json:changes.0.field'], 'envelope:object'],
      order: ['json:id'],
    }
    const text = '{"object":"page","entry":[{"id":"1","changes":[{"field":"feed"}]},{"id":"2"}]}'
    const headers = { 'content-type': 'application/json', 'x-id': 'h' }
    const { events } = expectBatch(split(rule, text, {}, headers))
    expect(events.map(({ eventId, type, key }) => [eventId, type, key])).toEqual([
      ['h.1', 'page.feed', '1'],
      ['h.2', 'page', '2'],
    ])
  })

  test('whose events have no id names them by the request and their place', () => {
    const rule: BatchRule = { at: '$', id: [], type: [], order: [] }
    const twice = '[{"name":"occupied"},{"name":"occupied"}]'
    const byHeader = expectBatch(
      split(
        rule,
        twice,
        { id: ['header:x-id'] },
        { 'content-type': 'application/json', 'x-id': 'r' },
      ),
    )
    const byHash = expectBatch(split(rule, twice))
    const again = expectBatch(split(rule, twice))

    expect(byHeader.events.map(({ eventId }) => eventId)).toEqual(['r.0', 'r.1'])
    expect(byHeader.events.map(({ eventIdValidMs }) => eventIdValidMs)).toEqual([
      undefined,
      undefined,
    ])
    const [first, second] = byHash.events
    expect(first?.eventId).toMatch(/^sha256:[0-9a-f]{64}\.0$/)
    expect(second?.eventId).toBe(first?.eventId.replace(/0$/, '1') ?? '')
    expect(first?.eventIdValidMs).toBe(HASH_ID_VALID_MS)
    expect(again.events).toEqual(byHash.events)
  })

  test('whose bodies carry a time is the same one however late it comes', () => {
    const rule: BatchRule = { at: '$', id: [], type: [], order: [] }
    const [event] = expectBatch(split(rule, '[{"at":1}]', { bodiesAreDated: true })).events
    expect(event?.eventId).toStartWith('sha256:')
    expect(event?.eventIdValidMs).toBeUndefined()
  })

  test('without events is one all the same', () => {
    expect(expectBatch(split(whole, '[]')).events).toEqual([])
  })

  test('in a form field is split by its own bytes', () => {
    const form = { content: ['form' as const], formField: 'events' }
    const body = new URLSearchParams({ events: '[{"id":"a b"}, {"id":"ü"}]' }).toString()
    const batch = expectBatch(split(whole, body, form, FORM))

    expect(textsOf(batch)).toEqual(['{"id":"a b"}', '{"id":"ü"}'])
    expect(batch.events.map(({ contentType }) => contentType)).toEqual([
      'application/json',
      'application/json',
    ])
    expect(new TextDecoder().decode(batch.body)).toBe(body)
  })

  test('that is none is one event, with the names of the whole', () => {
    const row = { id: ['json:id'], type: ['json:type'] } satisfies Partial<ProviderRow>
    for (const text of ['{"id":"e","type":"t"}', '{"id":"e","type":"t","data":{"events":{}}}']) {
      const verdict = split({ ...whole, at: 'data.events' }, text, row)
      expect(verdict).toMatchObject({ kind: 'verified', eventId: 'e', type: 't' })
    }
    expect(split(whole, 'no JSON')).toMatchObject({ parsed: { kind: 'not-json' } })
  })

  test('may hold anything: what is no object has no names', () => {
    const { events } = expectBatch(split(whole, '[1,"two",null,[3]]'))
    expect(events.map(({ parsed }) => parsed)).toEqual(
      [1, 'two', null, [3]].map((value) => ({ kind: 'json', value })),
    )
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(4)
  })

  test('has at most so many events', () => {
    const ones = (count: number) => `[${Array(count).fill('1').join(',')}]`
    expect(outcomeOf(split(whole, ones(BATCH_EVENTS_MAX)))).toBe('batch')
    expect(outcomeOf(split(whole, ones(BATCH_EVENTS_MAX + 1)))).toBe('BODY_TOO_LARGE')
  })
})

/** A sample of each type that a row has one of, signed by nobody. */
function samplesOf(row: ProviderRow): readonly Verdict[] {
  const verify = compileVerifier(row, { secrets: [], unsigned: true, now: () => NOW })
  return sampleEvents(row).map((type) => {
    const facts = { secret: undefined, type, eventId: 'event-1', now: NOW, url: URL }
    return verify(sampleDelivery(signSample(row, facts)))
  })
}

describe('a batch of', () => {
  const rows = [...CATALOGUE.values()].filter(({ batch }) => batch !== undefined)

  test('the 21 providers that send them is split', () => {
    const keys = rows.map(({ key }) => key)
    for (const key of BATCHING) expect(keys).toContain(key)
  })

  for (const row of rows) {
    test(`${row.key} has events that are named, each with the bytes of its own data`, () => {
      for (const verdict of samplesOf(row)) {
        const { events } = expectBatch(verdict)
        expect(events.length).toBeGreaterThan(0)
        for (const { body, parsed, type } of events) {
          expect(type).not.toBe('unknown')
          expect(parsed).toEqual({
            kind: 'json',
            value: JSON.parse(new TextDecoder().decode(body)),
          })
        }
      }
    })
  }

  const idsOf = (key: string, body: string, headers: Readonly<Record<string, string>> = {}) => {
    const verify = compileVerifier(rowOf(key), { secrets: [], unsigned: true, now: () => NOW })
    return expectBatch(verify(deliveryOf(body, headers))).events.map(({ eventId }) => eventId)
  }

  test('Intuit are CloudEvents, each with its own id, or of the older form', () => {
    const list = [{ id: 'a', type: 'qbo.invoice.updated.v1' }, { id: 'b' }]
    expect(idsOf('qb_intuit', JSON.stringify(list))).toEqual(['a', 'b'])
    const older = { eventNotifications: [{ realmId: '1' }, { realmId: '2' }] }
    expect(idsOf('qb_intuit', JSON.stringify(older))).toHaveLength(2)
  })

  test('Mandrill may hold two clicks of one second, on two links', () => {
    const click = { _id: 'm', event: 'click', ts: 7 }
    const clicks = [
      { ...click, url: 'https://a.test' },
      { ...click, url: 'https://b.test' },
    ]
    const form = new URLSearchParams({ mandrill_events: JSON.stringify([...clicks, click]) })
    expect(new Set(idsOf('mandrill', String(form), FORM)).size).toBe(3)
  })

  test('Microsoft Graph may hold one version of two resources', () => {
    const change = { subscriptionId: 's', changeType: 'created' }
    const value = ['chats/1', 'chats/2'].map((resource) => {
      return { ...change, resource, resourceData: { '@odata.etag': '1616990032035' } }
    })
    expect(new Set(idsOf('ms_graph', JSON.stringify({ value }))).size).toBe(2)
  })

  test('Fitbit never makes a duplicate: its requests repeat byte for byte', () => {
    const [[first], [again]] = [samplesOf(rowOf('fitbit')), samplesOf(rowOf('fitbit'))]
    const ids = [first, again].map((each) => each && expectBatch(each).events[0]?.eventId)
    expect(ids[0]).not.toBe(ids[1])
  })
})

const BATCHING = (
  'adyen gocardless sendgrid mandrill mailchannels klaviyo line pusher ably hubspot_v3 ' +
  'hubspot_v1 attio asana meta fitbit auth0 okta qb_intuit xero azure_event_grid ms_graph'
).split(' ')
