/** A weaker proof never stands in for a stronger one, and another provider's never for its own. */
import { describe, expect, test } from 'bun:test'
import { createHash, createHmac } from 'node:crypto'
import {
  deliveryOf,
  NOW,
  outcomeOf,
  secretsOf,
  signed,
  verifierOf,
  withHeaders,
} from './support.ts'

const BODY = '{"type":"sample","id":"evt_1"}'
const AT = String(NOW / 1000)
const MISMATCH = 'SIGNATURE_MISMATCH'
const MISSING = 'SIGNATURE_MISSING'

function mac(secret: string, text: string, encoding: 'hex' | 'base64' = 'hex'): string {
  return createHmac('sha256', secret).update(text).digest(encoding)
}

function judge(key: string, headers: Record<string, string>, body = BODY): string {
  return outcomeOf(verifierOf(key)(deliveryOf(body, headers)))
}

describe('a bad strong proof is not rescued by a good weak one', () => {
  test('Forgejo: its own header decides, Gitea’s is asked only without it', () => {
    const good = mac(secretsOf('forgejo').verify, BODY)
    const bad = '0'.repeat(64)
    const both = (own: string, gitea: string) =>
      judge('forgejo', { 'x-forgejo-signature': own, 'x-gitea-signature': gitea })
    expect(both(good, bad)).toBe('verified')
    expect(both(bad, good)).toBe(MISMATCH)
    expect(judge('forgejo', { 'x-gitea-signature': good })).toBe('verified')
  })

  test.each([
    ['flutterwave', 'flutterwave-signature', 'verif-hash'],
    ['buildkite', 'x-buildkite-signature', 'x-buildkite-token'],
  ])('%s: a bad %s beside a good %s', (key, strong, weak) => {
    const token = secretsOf(key).verify
    expect(judge(key, { [weak]: token })).toBe('verified')
    expect(judge(key, { [weak]: token, [strong]: 'signature=AAAA' })).toBe(MISMATCH)
    expect(judge(key, { [weak]: token, [strong]: '' })).toBe(MISMATCH)
  })

  test('MessageBird: a bad token beside a good older signature', () => {
    const digest = createHash('sha256').update(BODY).digest()
    const text = Buffer.concat([Buffer.from(`${AT}\n\n`), digest])
    const key = secretsOf('messagebird').verify
    const legacy = {
      'messagebird-request-timestamp': AT,
      'messagebird-signature': createHmac('sha256', key).update(text).digest('base64'),
    }
    expect(judge('messagebird', legacy)).toBe('verified')
    expect(judge('messagebird', { ...legacy, 'messagebird-signature-jwt': 'a.b.c' })).toBe(MISMATCH)
  })
})

describe('the source’s configuration chooses between schemes, and the request never', () => {
  test('Grafana: with a timestamp header configured, a signature without time is refused', () => {
    const secret = secretsOf('grafana').verify
    const name = 'x-grafana-alerting-signature'
    const plain = verifierOf('grafana')
    const dated = verifierOf('grafana', { config: { timestamp_header: 'x-at' } })
    const undated = deliveryOf(BODY, { [name]: mac(secret, BODY) })
    expect(outcomeOf(plain(undated))).toBe('verified')
    expect(outcomeOf(dated(undated))).toBe(MISSING)
    expect(outcomeOf(dated(withHeaders(undated, { 'x-at': AT })))).toBe(MISMATCH)
    const whole = deliveryOf(BODY, { [name]: mac(secret, `${AT}:${BODY}`), 'x-at': AT })
    expect(outcomeOf(dated(whole))).toBe('verified')
    // What was signed with a time is no body of its own where times do not count.
    expect(outcomeOf(plain(whole))).toBe(MISMATCH)
  })

  test('Lago: the header that names the algorithm is not looked at', () => {
    const delivery = signed('lago', BODY)
    const renamed = withHeaders(delivery, { 'x-lago-signature-algorithm': 'jwt' })
    expect(outcomeOf(verifierOf('lago')(renamed))).toBe('verified')
    expect(() => verifierOf('lago', { config: { algorithm: 'none' } })).toThrow('CONFIG_INVALID')
  })

  test('HubSpot: the header that names the version is not looked at', () => {
    const secret = secretsOf('hubspot_v2').verify
    const v1 = createHash('sha256').update(`${secret}[]`).digest('hex')
    const claims = { 'x-hubspot-signature': v1, 'x-hubspot-signature-version': 'v1' }
    expect(judge('hubspot_v2', claims, '[]')).toBe(MISMATCH)
    expect(judge('hubspot_v3', claims, '[]')).toBe(MISSING)
  })

  test('WebSub: only hashes of the list count, and the one that is named is the one that counts', () => {
    const secret = secretsOf('websub').verify
    const hub = (named: string, hash: string) =>
      judge('websub', {
        'x-hub-signature': `${named}=${createHmac(hash, secret).update(BODY).digest('hex')}`,
      })
    expect(hub('sha1', 'sha1')).toBe('verified')
    expect(hub('sha512', 'sha512')).toBe('verified')
    for (const [named, hash] of [
      ['md5', 'md5'],
      ['sha224', 'sha224'],
      ['SHA1', 'sha1'],
      ['sha256', 'sha1'],
      ['sha1', 'sha256'],
      ['', 'sha1'],
    ] as const) {
      expect(hub(named, hash)).toBe(MISMATCH)
    }
  })
})

describe('a version that has to be named', () => {
  const delivery = signed('box', BODY)

  test('Box: other versions and algorithms are refused', () => {
    const verify = verifierOf('box')
    expect(outcomeOf(verify(delivery))).toBe('verified')
    for (const changes of [
      { 'box-signature-version': '2' },
      { 'box-signature-version': null },
      { 'box-signature-algorithm': 'HmacSHA1' },
    ]) {
      expect(outcomeOf(verify(withHeaders(delivery, changes)))).toBe(MISMATCH)
    }
  })

  test('Box: each secret belongs to its own header', () => {
    const primary = secretsOf('box').verify
    const secondary = 'the secondary signature key'
    const secrets = [primary, secondary]
    const genuine = delivery.headers.get('box-signature-primary') ?? ''
    const moved = withHeaders(delivery, {
      'box-signature-primary': null,
      'box-signature-secondary': genuine,
    })
    expect(outcomeOf(verifierOf('box', { secrets })(delivery))).toBe('verified')
    expect(outcomeOf(verifierOf('box', { secrets })(moved))).toBe(MISMATCH)
    const swapped = verifierOf('box', { secrets: secrets.toReversed() })
    expect(outcomeOf(swapped(moved))).toBe('verified')
  })
})

describe('several headers of which any may match', () => {
  test.each([
    ['docusign', ['x-docusign-signature-1', 'x-docusign-signature-4']],
    ['hookdeck', ['x-hookdeck-signature', 'x-hookdeck-signature-2']],
    ['shopify', ['x-shopify-hmac-sha256', 'shopify-hmac-sha256']],
  ])('%s', (key, names) => {
    const good = mac(secretsOf(key).verify, BODY, 'base64')
    const bad = mac('another secret', BODY, 'base64')
    const [first = '', second = ''] = names
    expect(judge(key, { [first]: bad, [second]: good })).toBe('verified')
    expect(judge(key, { [first]: good, [second]: bad })).toBe('verified')
    expect(judge(key, { [first]: bad, [second]: bad })).toBe(MISMATCH)
    expect(judge(key, { [first]: bad })).toBe(MISMATCH)
  })
})

describe('providers that share the name of a header', () => {
  const SHARED: readonly (readonly [string, readonly string[]])[] = [
    ['webhook-signature', ['standard_webhooks', 'gocardless', 'cloudflare_stream', 'polar']],
    ['x-hub-signature', ['bitbucket', 'intercom', 'websub', 'jira']],
    ['x-webhook-signature', ['netlify', 'cashfree', 'cursor']],
    ['x-signature', ['lemon_squeezy', 'modern_treasury', 'clickup', 'stream', 'segment']],
  ]

  test.each(SHARED)('%s: a secret of one proves nothing to another', (name, keys) => {
    for (const from of keys) {
      const delivery = signed(from, BODY)
      expect(delivery.headers.get(name)).not.toBeNull()
      expect(outcomeOf(verifierOf(from)(delivery))).toBe('verified')
      for (const to of keys.filter((key) => key !== from)) {
        const verify = verifierOf(to, { secrets: ['AnotherSecretThatIsLongEnough000'] })
        expect(outcomeOf(verify(delivery))).toStartWith('SIGNATURE_')
      }
    }
  })

  test('the form of one is not the form of another, even with one secret for both', () => {
    const secret = 'one secret for all of them'
    const plain = signed('gocardless', '{"events":[]}', { secret })
    for (const key of ['polar', 'cloudflare_stream', 'gemini']) {
      const outcome = outcomeOf(verifierOf(key, { secrets: [btoa(secret)] })(plain))
      expect(outcome).toStartWith('SIGNATURE_')
    }
  })
})
