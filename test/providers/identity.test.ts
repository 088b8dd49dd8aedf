/** What a verified delivery is called: its data, id, type and key. */
import { describe, expect, test } from 'bun:test'
import type { Delivery } from '../../src/delivery.ts'
import {
  EVENT_ID_CHARS_MAX,
  EVENT_TYPE_CHARS_MAX,
  HASH_ID_VALID_MS,
} from '../../src/limits/limits.ts'
import {
  deliveryOf,
  expectVerified,
  NOW,
  outcomeOf,
  signed,
  verifierOf,
  withHeaders,
} from './support.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
/** An id that no double can hold. */
const BIG = '12345678901234567891'

function verify(key: string, delivery: Delivery, options: Parameters<typeof verifierOf>[1] = {}) {
  return expectVerified(verifierOf(key, options)(delivery))
}

function github(body: string, headers: Record<string, string> = {}) {
  return verify('github', withHeaders(signed('github', body), headers))
}

describe('GitHub', () => {
  test('the type is event and action, or the event alone', () => {
    expect(github('{"action":"opened"}', { 'x-github-event': 'pull_request' }).type).toBe(
      'pull_request.opened',
    )
    expect(github('{"ref":"main"}', { 'x-github-event': 'push' }).type).toBe('push')
    expect(github('{"action":{}}', { 'x-github-event': 'push' }).type).toBe('push')
    expect(github('{}', { 'x-github-event': ' ' }).type).toBe('unknown')
  })

  test('the key is the repository, else the organization, else nothing', () => {
    expect(github('{"repository":{"id":5},"organization":{"id":7}}').key).toBe('5')
    expect(github('{"organization":{"id":7}}').key).toBe('7')
    expect(github('{}').key).toBeUndefined()
  })

  test('a form is signed as a form, and its data is the JSON in `payload`', () => {
    const form = new URLSearchParams({
      payload: '{"action":"opened","repository":{"id":9}}',
    }).toString()
    const verified = github(form, { ...FORM, 'x-github-event': 'issues' })
    expect(verified.parsed).toEqual({
      kind: 'json',
      value: { action: 'opened', repository: { id: 9 } },
    })
    expect(verified).toMatchObject({
      type: 'issues.opened',
      key: '9',
      contentType: FORM['content-type'],
    })
    expect(Buffer.from(verified.body).toString()).toBe(form)
  })

  test('a JSON body does not become a form by a changed content type', () => {
    const body = '{"title":"&payload=%7B%22action%22%3A%22deleted%22%7D","action":"opened"}'
    expect(github(body, { ...FORM, 'x-github-event': 'issues' }).type).toBe('issues.opened')
  })

  test('a form whose payload is no JSON is kept as such', () => {
    expect(github('payload=%7Bbroken', FORM).parsed).toMatchObject({ kind: 'not-json' })
  })
})

describe('Slack', () => {
  const slack = (body: string, headers: Record<string, string> = {}) =>
    verifierOf('slack')(withHeaders(signed('slack', body), headers))

  test('the url_verification probe is answered with its challenge as plain text', () => {
    const probe = JSON.stringify({ type: 'url_verification', token: 't', challenge: '3eZbrw1aB' })
    expect(slack(probe)).toEqual({
      kind: 'handshake',
      name: 'url_verification',
      answer: { status: 200, headers: { 'content-type': 'text/plain' }, body: '3eZbrw1aB' },
    })
  })

  test('the probe is answered only when its signature matches', () => {
    const probe = '{"type":"url_verification","challenge":"x"}'
    expect(outcomeOf(verifierOf('slack')(deliveryOf(probe, {})))).toBe('SIGNATURE_MISSING')
    expect(outcomeOf(slack(probe, { 'x-slack-signature': `v0=${'0'.repeat(64)}` }))).toBe(
      'SIGNATURE_MISMATCH',
    )
  })

  test('a challenge that is long, missing or no text is not sent back', () => {
    for (const challenge of ['x'.repeat(513), '', 'a\r\nb', null, {}]) {
      const probe = JSON.stringify({ type: 'url_verification', challenge })
      expect(outcomeOf(slack(probe))).toBe('REQUEST_MALFORMED')
    }
  })

  test('a slash command is data, its own type, and known by its trigger', () => {
    const form =
      'command=%2Fdeploy&text=now+please&channel_id=C1&trigger_id=13345224609.738474920.8088'
    expect(slack(form, FORM)).toMatchObject({
      kind: 'verified',
      parsed: { kind: 'json', value: { command: '/deploy', text: 'now please' } },
      type: '/deploy',
      key: 'C1',
      eventId: '13345224609.738474920.8088',
    })
  })

  test('interactivity is the JSON in `payload`', () => {
    const payload = { type: 'block_actions', trigger_id: 't1', channel: { id: 'C2' } }
    const form = new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
    expect(slack(form, FORM)).toMatchObject({ type: 'block_actions', eventId: 't1', key: 'C2' })
  })

  test('a form field named __proto__ is a field', () => {
    const verdict = slack('__proto__=x&type=y', FORM)
    expect(verdict).toMatchObject({ kind: 'verified', type: 'y' })
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })
})

describe('Shopify', () => {
  test('two topics of one event are two events, a redelivery is none', () => {
    const delivery = signed('shopify', '{"id":1}', { type: 'orders/create' })
    const headers = { 'x-shopify-event-id': 'e-1', 'x-shopify-webhook-id': 'w-1' }
    const create = verify('shopify', withHeaders(delivery, headers))
    const paid = verify(
      'shopify',
      withHeaders(delivery, { ...headers, 'x-shopify-topic': 'orders/paid' }),
    )
    const again = verify(
      'shopify',
      withHeaders(delivery, { ...headers, 'x-shopify-webhook-id': 'w-2' }),
    )
    expect(create.eventId).not.toBe(paid.eventId)
    expect(again.eventId).toBe(create.eventId)
  })

  test('the newer header family is read as well', () => {
    const delivery = signed('shopify', '{"id":1}')
    const verified = verify(
      'shopify',
      withHeaders(delivery, {
        'shopify-hmac-sha256': delivery.headers.get('x-shopify-hmac-sha256'),
        'x-shopify-hmac-sha256': null,
        'x-shopify-topic': null,
        'x-shopify-event-id': null,
        'shopify-topic': 'products',
        'shopify-webhook-id': 'w-9',
      }),
    )
    expect(verified).toMatchObject({ type: 'products', eventId: 'w-9' })
  })
})

describe('GitLab', () => {
  test('the type is the kind with its action, or what else the delivery says', () => {
    const type = (body: object) => verify('gitlab', signed('gitlab', JSON.stringify(body))).type
    expect(type({ object_kind: 'merge_request', object_attributes: { action: 'open' } })).toBe(
      'merge_request.open',
    )
    expect(type({ object_kind: 'push' })).toBe('push')
    expect(type({ event_name: 'project_create' })).toBe('project_create')
  })

  test('with the plain token, the id is the idempotency key, never the recursion’s UUID', () => {
    const secrets = ['the plain old token']
    const headers = { 'x-gitlab-token': 'the plain old token', 'x-gitlab-event-uuid': 'shared' }
    const keyed = deliveryOf('{}', { ...headers, 'idempotency-key': 'once' })
    expect(verify('gitlab', keyed, { secrets }).eventId).toBe('once')
    expect(verify('gitlab', deliveryOf('{}', headers), { secrets }).eventId).toStartWith('sha256:')
  })
})

describe('Stripe', () => {
  test('what happens to one customer stays in order, else what happens to one object', () => {
    const key = (object: object) =>
      verify('stripe', signed('stripe', JSON.stringify({ data: { object } }))).key
    expect(key({ id: 'pi_1', customer: 'cus_1' })).toBe('cus_1')
    expect(key({ id: 'pi_1', customer: null })).toBe('pi_1')
    expect(key({ id: 'pi_1', customer: { id: 'cus_1' } })).toBe('pi_1')
  })
})

describe('numbers as ids', () => {
  const stripeId = (body: string) => verify('stripe', signed('stripe', body)).eventId

  test('beyond 2^53 are taken from the text, digit for digit', () => {
    expect(stripeId(`{"id":${BIG}}`)).toBe(BIG)
    expect(stripeId(`{"x":[${BIG}],"id":-${BIG}}`)).toBe(`-${BIG}`)
    expect(stripeId('{"id":9007199254740993}')).toBe('9007199254740993')
    expect(stripeId('{"id":9007199254740991}')).toBe('9007199254740991')
    const form = new URLSearchParams({ payload: `{"repository":{"id":${BIG}}}` }).toString()
    expect(github(form, FORM).key).toBe(BIG)
  })

  test('of two equal names the last counts, as for the parser', () => {
    expect(stripeId(`{"id":1,"id":${BIG}}`)).toBe(BIG)
  })

  test('that are not whole, or have no digits of their own, are no ids', () => {
    for (const id of ['1.5', '1e400', '1e30', 'true', 'null', '{}', '["a"]']) {
      expect(stripeId(`{"id":${id}}`)).toStartWith('sha256:')
    }
  })

  test('in a body nested deeper than the parser can revive, they are no ids', () => {
    const nested = '['.repeat(200_000) + ']'.repeat(200_000)
    expect(stripeId(`{"id":${BIG},"x":${nested}}`)).toStartWith('sha256:')
  })
})

describe('texts that cannot name an event count as missing', () => {
  const idOf = (id: string) => verify('stripe', signed('stripe', JSON.stringify({ id }))).eventId

  test('by length', () => {
    expect(idOf('x'.repeat(EVENT_ID_CHARS_MAX))).toHaveLength(EVENT_ID_CHARS_MAX)
    expect(idOf('x'.repeat(EVENT_ID_CHARS_MAX + 1))).toStartWith('sha256:')
    const typed = (type: string) =>
      verify('stripe', signed('stripe', JSON.stringify({ type }))).type
    expect(typed('x'.repeat(EVENT_TYPE_CHARS_MAX))).toHaveLength(EVENT_TYPE_CHARS_MAX)
    expect(typed('x'.repeat(EVENT_TYPE_CHARS_MAX + 1))).toBe('unknown')
  })

  test('by their characters', () => {
    for (const id of ['', '  ', 'a\nb', 'a\u0000', '\u007f', 'a\u0085b', '\ud800', 'a\udc00b']) {
      expect(idOf(id)).toStartWith('sha256:')
    }
    expect(idOf('ünïcode-✓-\u{1f600}')).toBe('ünïcode-✓-\u{1f600}')
  })

  test('also where they are signed', () => {
    const long = signed('standard_webhooks', '{}', { eventId: 'x'.repeat(EVENT_ID_CHARS_MAX + 1) })
    expect(verify('standard_webhooks', long)).toMatchObject({
      eventId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      eventIdValidMs: undefined,
    })
  })

  test('names that every object inherits are no data', () => {
    const config = { id_field: 'constructor.name' }
    const delivery = withHeaders(signed('generic_hmac', '{}'), { 'idempotency-key': null })
    expect(verify('generic_hmac', delivery, { config }).eventId).toStartWith('sha256:')
  })
})

describe('without an id, the hash of the delivery is the id', () => {
  const undated = (body: string, source = 'test') => {
    const delivery = { ...signed('github', body), source }
    return verify('github', withHeaders(delivery, { 'x-github-delivery': null }))
  }

  test('of source and body, for the retry horizon only, where nothing dates them', () => {
    const first = undated('{"a":1}')
    expect(first.eventId).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(first.eventIdValidMs).toBe(HASH_ID_VALID_MS)
    expect(undated('{"a":1}').eventId).toBe(first.eventId)
    expect(undated('{"a":2}').eventId).not.toBe(first.eventId)
    expect(undated('{"a":1}', 'other').eventId).not.toBe(first.eventId)
  })

  test('of source, body and signed time, for as long as events are kept', () => {
    const at = (now: number) =>
      verify('stripe', signed('stripe', '{}', { now }), { now: () => NOW })
    expect(at(NOW).eventIdValidMs).toBeUndefined()
    expect(at(NOW).eventId).toBe(at(NOW).eventId)
    expect(at(NOW).eventId).not.toBe(at(NOW - 1000).eventId)
  })

  test('of a body that carries its own signed time, for as long as events are kept', () => {
    const delivery = signed('linear', `{"webhookTimestamp":${NOW}}`)
    const verified = verify('linear', withHeaders(delivery, { 'linear-delivery': null }))
    expect(verified.eventId).toStartWith('sha256:')
    expect(verified.eventIdValidMs).toBeUndefined()
  })
})

describe('bodies', () => {
  test('of Gitea are JSON: it signs the JSON in a form, so that no form is one of its', () => {
    const body = '{"action":"opened","repository":{"id":9}}'
    expect(verify('gitea', withHeaders(signed('gitea', body), FORM)).key).toBe('9')
    const { parsed } = verify('gitea', withHeaders(signed('gitea', 'payload=%7B%7D'), FORM))
    expect(parsed.kind).toBe('not-json')
  })

  test('that are no JSON say why, without quoting them', () => {
    const reasons = [
      ['', 'the body is empty'],
      ['Hello secret', 'the body is not valid JSON'],
      ['{"a":1}x', 'the body is not valid JSON'],
      ['\uFEFF{}', 'the body starts with a byte order mark'],
    ] as const
    for (const [body, reason] of reasons) {
      expect(github(body).parsed).toEqual({ kind: 'not-json', reason })
    }
  })

  test('of a provider that only sends JSON are JSON, whatever their content type claims', () => {
    for (const type of ['text/plain', 'application/octet-stream', 'nonsense']) {
      expect(github('{"a":1}', { 'content-type': type }).parsed).toEqual({
        kind: 'json',
        value: { a: 1 },
      })
    }
    const form = verify('stripe', withHeaders(signed('stripe', 'payload={"a":1}'), FORM))
    expect(form.parsed.kind).toBe('not-json')
  })

  test('of a generic source are what their content type says', () => {
    const parsed = (type: string | null) =>
      verify(
        'generic_hmac',
        withHeaders(signed('generic_hmac', '{"a":1}'), { 'content-type': type }),
      )
    expect(parsed('application/json; charset=utf-8').parsed.kind).toBe('json')
    expect(parsed('application/cloudevents+json').parsed.kind).toBe('json')
    expect(parsed('APPLICATION/JSON').parsed.kind).toBe('json')
    expect(parsed('text/csv').parsed.kind).toBe('opaque')
    expect(parsed('application/x-www-form-urlencoded').parsed.kind).toBe('opaque')
    expect(parsed(null)).toMatchObject({
      parsed: { kind: 'opaque' },
      contentType: 'application/octet-stream',
    })
  })

  test('of a generic source do not name the event unless the operator says where', () => {
    const delivery = withHeaders(signed('generic_hmac', '{"id":"object-7","event":{"id":42}}'), {
      'idempotency-key': null,
    })
    expect(verify('generic_hmac', delivery).eventId).toStartWith('sha256:')
    const config = { id_field: 'event.id' }
    expect(verify('generic_hmac', delivery, { config }).eventId).toBe('42')
    const renamed = withHeaders(delivery, { 'x-event': 'e-1' })
    expect(verify('generic_hmac', renamed, { config: { id_header: 'x-event' } }).eventId).toBe(
      'e-1',
    )
  })
})

test('a source without proof still knows the id that its provider sends', () => {
  const delivery = deliveryOf('{"type":"a.b"}', { 'webhook-id': 'msg_7' })
  const verify = verifierOf('standard_webhooks', { unsigned: true })
  expect(expectVerified(verify(delivery))).toMatchObject({ eventId: 'msg_7', type: 'a.b' })
})

describe('a type that is the name of a member', () => {
  const typeOf = (key: string, body: string) => verify(key, signed(key, body)).type

  test('Telegram: the one that is not the id', () => {
    expect(typeOf('telegram', '{"update_id":1,"edited_message":{}}')).toBe('edited_message')
    expect(typeOf('telegram', '{"poll":{},"update_id":1}')).toBe('poll')
    for (const body of ['{"update_id":1}', '[]', 'null', '"update"']) {
      expect(typeOf('telegram', body)).toBe('unknown')
    }
  })

  test('X: the one that ends in _events', () => {
    const body = '{"for_user_id":"1","favorite_events":[]}'
    expect(typeOf('x_twitter', body)).toBe('favorite_events')
  })
})
