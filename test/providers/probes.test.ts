/** The probes of the catalogue, each as its provider sends it, and what that wants to see. */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import type { Answer, Delivery, Verdict } from '../../src/delivery.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { deliveryOf, outcomeOf, secretsOf, signed, verifierOf, withHeaders } from './support.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const CONFIG = {
  verify_token: 'typed-by-me',
  verify_code: 'of-fitbit',
  topic: 'https://www.youtube.com/xml/feeds/videos.xml?channel_id=UC1',
  allowed_origins: 'eventgrid.azure.net, events.example.com',
  rate: '120',
  public_key: 'integration_public_key',
}

/** A request without proof. */
function plain(
  method: string,
  query = '',
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Delivery {
  const delivery = deliveryOf(body, headers)
  return { ...delivery, method, url: `${delivery.url}${query}` }
}

function post(value: unknown): Delivery {
  return plain('POST', '', { 'content-type': 'application/json' }, JSON.stringify(value))
}

/** A request with the proof of the provider's deliveries. */
function proven(key: string, value: unknown): Delivery {
  return signed(key, JSON.stringify(value), { config: configOf(key) })
}

function configOf(key: string): Readonly<Record<string, string>> {
  const fields = Object.keys(CATALOGUE.get(key)?.config ?? {})
  return Object.fromEntries(Object.entries(CONFIG).filter(([name]) => fields.includes(name)))
}

function ask(key: string, delivery: Delivery): Verdict {
  return verifierOf(key, { config: configOf(key) })(delivery)
}

function mac(key: string, text: string, encoding: 'hex' | 'base64'): string {
  return createHmac('sha256', secretsOf(key).verify).update(text).digest(encoding)
}

const TEXT = { 'content-type': 'text/plain' }
const JSON_TYPE = { 'content-type': 'application/json' }
const ok: Answer = { status: 200, headers: {}, body: null }
const text = (body: string): Answer => ({ status: 200, headers: TEXT, body })
const json = (value: unknown): Answer => ({
  status: 200,
  headers: JSON_TYPE,
  body: JSON.stringify(value),
})
const hub = (token: string) =>
  plain('GET', `?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`)
const topic = (name: string) =>
  plain(
    'GET',
    `?hub.mode=subscribe&hub.topic=${encodeURIComponent(name)}&hub.challenge=c&hub.lease_seconds=9`,
  )
const CRC = 'MTM5ZDMxNjQtMDk3Zi00NzgxLTg1ODUtZmY5ZDMxYjEyYTdj'

const PROBES: Readonly<Record<string, readonly (readonly [Delivery, Answer])[]>> = {
  terraform_cloud: [
    [proven('terraform_cloud', { notifications: [{ trigger: 'verification' }] }), ok],
  ],
  braintree: [
    [
      plain('GET', '?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53'),
      text(
        // By the SDK's own test, with its keys.
        'integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4',
      ),
    ],
  ],
  woocommerce: [[plain('POST', '', FORM, 'webhook_id=7'), ok]],
  slack: [
    [
      proven('slack', { type: 'url_verification', challenge: '3eZbrw1aB', token: 't' }),
      text('3eZbrw1aB'),
    ],
  ],
  discord: [
    [proven('discord', { type: 1, application_id: '1' }), json({ type: 1 })],
    [proven('discord', { version: 1, type: 0 }), { status: 204, headers: {}, body: null }],
  ],
  mandrill: [
    [plain('HEAD'), ok],
    [plain('POST', '', FORM, 'mandrill_events=%5B%5D'), ok],
  ],
  zoom: [
    [
      proven('zoom', {
        event: 'endpoint.url_validation',
        payload: { plainToken: 'qgg8vlvZRS6UYooatFL8Aw' },
      }),
      json({
        plainToken: 'qgg8vlvZRS6UYooatFL8Aw',
        encryptedToken: mac('zoom', 'qgg8vlvZRS6UYooatFL8Aw', 'hex'),
      }),
    ],
  ],
  nylas: [[plain('GET', '?challenge=bc609b38-c81f'), text('bc609b38-c81f')]],
  dropbox: [[plain('GET', '?challenge=XYZ123'), text('XYZ123')]],
  intercom: [[plain('HEAD'), ok]],
  trello: [[plain('HEAD'), ok]],
  asana: [
    [
      plain('POST', '', { 'x-hook-secret': 'b537207f20cbfa02357cf448134da559' }),
      { ...ok, headers: { 'x-hook-secret': 'b537207f20cbfa02357cf448134da559' } },
    ],
  ],
  monday: [
    [post({ challenge: '3eZbrw1aBm2rZgRNFdxV' }), json({ challenge: '3eZbrw1aBm2rZgRNFdxV' })],
  ],
  notion: [
    [post({ verification_token: 'secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl' }), ok],
  ],
  meta: [[hub('typed-by-me'), text('1158201444')]],
  strava: [[hub('typed-by-me'), json({ 'hub.challenge': '1158201444' })]],
  x_twitter: [
    [
      plain('GET', `?crc_token=${CRC}`),
      json({ response_token: `sha256=${mac('x_twitter', CRC, 'base64')}` }),
    ],
  ],
  twitch: [
    [
      withHeaders(proven('twitch', { challenge: 'pogchamp-kappa-360noscope', subscription: {} }), {
        'twitch-eventsub-message-type': 'webhook_callback_verification',
      }),
      text('pogchamp-kappa-360noscope'),
    ],
  ],
  websub: [
    [topic(CONFIG.topic), text('c')],
    [
      plain(
        'GET',
        `?hub.mode=unsubscribe&hub.challenge=d&hub.topic=${encodeURIComponent(CONFIG.topic)}`,
      ),
      text('d'),
    ],
  ],
  fitbit: [[plain('GET', '?verify=of-fitbit'), { status: 204, headers: {}, body: null }]],
  okta: [
    [plain('GET', '', { 'x-okta-verification-challenge': 'abc' }), json({ verification: 'abc' })],
  ],
  azure_event_grid: [
    [
      withHeaders(proven('azure_event_grid', [{ id: '1', data: { validationCode: '512d38b6' } }]), {
        'aeg-event-type': 'SubscriptionValidation',
      }),
      json({ validationResponse: '512d38b6' }),
    ],
  ],
  cloudevents_http: [
    [
      plain('OPTIONS', '', {
        'webhook-request-origin': 'eventgrid.azure.net',
        'webhook-request-callback': 'https://169.254.169.254/',
      }),
      {
        ...ok,
        headers: {
          'webhook-allowed-origin': 'eventgrid.azure.net',
          'webhook-allowed-rate': '120',
          allow: 'POST',
        },
      },
    ],
  ],
  ms_graph: [
    [
      plain('POST', '?validationToken=Validation%3a+Testing+client+application+reachability'),
      text('Validation: Testing client application reachability'),
    ],
  ],
}

describe('the probe of', () => {
  for (const [key, probes] of Object.entries(PROBES)) {
    test(`${key} is answered`, () => {
      for (const [delivery, answer] of probes) {
        const secrets = key === 'braintree' ? ['integration_private_key'] : [secretsOf(key).verify]
        const verdict = verifierOf(key, { config: configOf(key), secrets })(delivery)
        expect(verdict).toMatchObject({ kind: 'handshake', answer })
      }
    })
  }

  test('every provider that has one is among these', () => {
    const probing = [...CATALOGUE.values()].filter(({ handshakes }) => handshakes !== undefined)
    expect(probing.map(({ key }) => key).toSorted()).toEqual(
      [...Object.keys(PROBES), 'aws_sns'].toSorted(),
    )
  })
})

describe('the subscription of Amazon SNS', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:orders'
  const HOST = 'https://sns.eu-west-1.amazonaws.com'

  function subscribe(url: string, topic = TOPIC): Verdict {
    const signedFields = {
      Message: 'You have chosen to subscribe',
      MessageId: '165545c9-2a5c-472c-8df2-7ff2be2b3b1b',
      SubscribeURL: url,
      Timestamp: '2026-03-04T09:30:00.000Z',
      Token: '2336412f37',
      TopicArn: topic,
      Type: 'SubscriptionConfirmation',
    }
    const lines = Object.entries(signedFields).map((field) => `${field.join('\n')}\n`)
    const message = {
      ...signedFields,
      SignatureVersion: '2',
      SigningCertURL: `${HOST}/SimpleNotificationService-${'0'.repeat(32)}.pem`,
      Signature: sign('sha256', Buffer.from(lines.join('')), privateKey).toString('base64'),
    }
    return verifierOf('aws_sns', {
      secrets: [],
      config: { topic_arn: TOPIC },
      findKeys: () => ({ kind: 'found', keys: [publicKey] }),
    })(post(message))
  }

  test('is confirmed at the address that SNS signed, after the answer', () => {
    const url = `${HOST}/?Action=ConfirmSubscription&Token=${'a'.repeat(400)}`
    expect(subscribe(url)).toEqual({
      kind: 'handshake',
      name: 'SubscriptionConfirmation',
      answer: ok,
      confirm: { url, hosts: ['sns.*.amazonaws.com', 'sns.*.amazonaws.com.cn'] },
    })
  })

  test('to another topic is none of ours', () => {
    const verdict = subscribe(HOST, 'arn:aws:sns:eu-west-1:999999999999:orders')
    expect(outcomeOf(verdict)).toBe('SIGNATURE_MISMATCH')
  })
})

describe('no answer has', () => {
  const status = (verdict: Verdict) => (verdict.kind === 'refused' ? verdict.status : undefined)

  test('a probe that does not show what is configured', () => {
    for (const key of ['meta', 'strava']) {
      expect(outcomeOf(ask(key, hub('guessed')))).toBe('HANDSHAKE_REFUSED')
    }
    // Fitbit sends a wrong code on purpose, and wants a 404; so does a hub for an unknown topic.
    expect(status(ask('fitbit', plain('GET', '?verify=wrong')))).toBe(404)
    expect(status(ask('websub', topic('https://elsewhere.example')))).toBe(404)
    const stranger = plain('OPTIONS', '', { 'webhook-request-origin': 'evil.example' })
    expect(outcomeOf(ask('cloudevents_http', stranger))).toBe('HANDSHAKE_REFUSED')
  })

  test('a probe that its provider signs and that is not signed', () => {
    const unsigned: readonly (readonly [string, unknown])[] = [
      ['slack', { type: 'url_verification', challenge: 'x' }],
      ['zoom', { event: 'endpoint.url_validation', payload: { plainToken: 'x' } }],
      ['discord', { type: 1 }],
      ['twitch', { challenge: 'x' }],
      ['azure_event_grid', [{ data: { validationCode: 'x' } }]],
    ]
    for (const [key, value] of unsigned) {
      const headers = {
        'twitch-eventsub-message-type': 'webhook_callback_verification',
        'aeg-event-type': 'SubscriptionValidation',
      }
      const verdict = ask(key, withHeaders(post(value), headers))
      expect([key, verdict.kind]).toEqual([key, 'refused'])
    }
  })

  test('an event that only looks like a probe', () => {
    // An interaction of type 1 is a PING; a webhook event of type 1 is an event.
    const event = { version: 1, type: 1, event: { type: 'APPLICATION_AUTHORIZED', timestamp: 't' } }
    expect(ask('discord', proven('discord', event)).kind).toBe('verified')
    expect(outcomeOf(ask('notion', post({ verification_token: 'x', type: 'page' })))).not.toBe(
      'handshake',
    )
    expect(outcomeOf(ask('monday', post({ challenge: 'x', event: {} })))).not.toBe('handshake')
  })

  test('whoever wants a delivery signed by way of a probe', () => {
    const forged = encodeURIComponent('{"for_user_id":"1"}')
    expect(outcomeOf(ask('x_twitter', plain('GET', `?crc_token=${forged}`)))).toBe(
      'REQUEST_MALFORMED',
    )
    // A token is no event either, though its signature is right.
    for (const token of ['123', 'null', CRC]) {
      expect(outcomeOf(ask('x_twitter', signed('x_twitter', token)))).toBe('SIGNATURE_MISMATCH')
    }
    const payload = Buffer.from('<notification/>').toString('base64')
    const challenge = plain('GET', `?bt_challenge=${encodeURIComponent(payload)}`)
    expect(outcomeOf(ask('braintree', challenge))).toBe('HANDSHAKE_REFUSED')
  })
})

test('secrets are learnt from Asana and Notion alone', () => {
  const learning = [...CATALOGUE.values()].filter(({ handshakes = [] }) =>
    handshakes.some(({ learn }) => learn !== undefined),
  )
  expect(learning.map(({ key }) => key).toSorted()).toEqual(['asana', 'notion'])
  const [[asana] = []] = PROBES['asana'] ?? []
  expect(asana === undefined ? undefined : ask('asana', asana)).toMatchObject({
    learn: 'b537207f20cbfa02357cf448134da559',
  })
})

describe('a delivery that is stored', () => {
  const TAKEN: Readonly<Record<string, readonly (readonly [unknown, Answer])[]>> = {
    xero: [[{ events: [], entropy: 'e' }, ok]],
    fitbit: [[[{ ownerId: '1' }], { status: 204, headers: {}, body: null }]],
    ms_graph: [
      [
        { value: [{ clientState: secretsOf('ms_graph').verify, subscriptionId: 's' }] },
        { ...ok, status: 202 },
      ],
    ],
    okta: [[{ data: { events: [{ uuid: '1' }] } }, ok]],
    meta: [[{ object: 'page', entry: [{ id: '1' }] }, ok]],
    x_twitter: [[{ for_user_id: '1' }, ok]],
    strava: [[{ object_id: 1 }, ok]],
    paddle: [[{ event_id: 'e' }, ok]],
    zoom: [[{ event: 'meeting.started' }, ok]],
    asana: [[{ events: [] }, ok]],
    discord: [
      [
        { type: 1, event: {} },
        { status: 204, headers: {}, body: null },
      ],
      [{ type: 2, id: '1' }, json({ type: 5 })],
      [{ type: 3, id: '1' }, json({ type: 6 })],
    ],
    ms_teams_outgoing: [
      [{ type: 'message', id: '1' }, json({ type: 'message', text: 'Received.' })],
    ],
  }
  for (const [key, cases] of Object.entries(TAKEN)) {
    test(`of ${key} is answered as it demands`, () => {
      for (const [value, answer] of cases) {
        expect(ask(key, proven(key, value))).toMatchObject({ answer })
      }
    })
  }

  test('of Mailgun is answered 200: it takes 202 for a failure', () => {
    expect(CATALOGUE.get('mailgun')?.ack.taken).toEqual([{ respond: { status: 200 } }])
  })

  test('and what is not proven gets the status that its provider looks for', () => {
    expect(ask('twitch', post({}))).toMatchObject({ kind: 'refused', status: 403 })
    // Xero sends bad signatures on purpose, and wants 401 without a body; Discord the fault's own.
    const forged = withHeaders(post({}), { 'x-xero-signature': 'AAAA' })
    expect(ask('xero', forged)).toMatchObject({ kind: 'refused', status: 401 })
    expect(ask('discord', forged)).not.toHaveProperty('status')
  })
})
