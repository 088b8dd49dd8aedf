import { describe, expect, test } from 'bun:test'
import { parseConfig } from '../../src/settings/config.ts'
import type { LoadedSource } from '../../src/loading/handlers.ts'
import { providerPort } from '../../src/wiring/serving.ts'
import { resolveSources, splitSecrets, type ProviderPort } from '../../src/loading/sources.ts'

/** A provider that takes every secret of eight characters or more, and one config field. */
const port: ProviderPort = {
  configFields: ['header'],
  neverRetries: false,
  requiredFields: new Map(),
  takesSecret: true,
  setUp: 'Settings, then Webhooks.',
  methods: ['POST'],
  learnsSecret: false,
  validateSecret: (secret) => (secret.length < 8 ? 'is too short' : undefined),
  compile: () => () => ({ kind: 'refused', code: 'SIGNATURE_MISSING', detail: '' }),
}

const githubFile: LoadedSource = {
  file: '/handlers/github.ts',
  definition: { name: 'github', provider: 'github', events: { '*': { topic: 't' } } },
}

function resolve(env: Record<string, string>, loaded: readonly LoadedSource[] = []) {
  const result = parseConfig({ INLET_SINK: 'file', ...env })
  if (!result.ok) throw new Error(result.problems.join())
  const known = new Set(['github', 'shopify', 'slack'])
  return resolveSources(result.config, loaded, (key) => (known.has(key) ? port : undefined))
}

describe('resolveSources', () => {
  test('a source needs no code: a name and a secret are enough', () => {
    const { sources, problems } = resolve({
      INLET_SOURCES: 'shop=shopify',
      INLET_SECRET_SHOP: 'secret-one',
    })

    expect(problems).toEqual([])
    expect(sources.get('shop')?.route('orders/create')).toEqual({ topic: 'webhooks.shop' })
  })

  test('INLET_TOPIC_ names the topic of a source without a handler file', () => {
    const env = {
      INLET_SOURCES: 'github',
      INLET_SECRET_GITHUB: 'secret-one',
      INLET_TOPIC_GITHUB: 'g',
    }

    expect(resolve(env).sources.get('github')?.route('push')).toEqual({ topic: 'g' })
    expect(resolve(env, [githubFile]).problems).toEqual([
      expect.stringContaining('INLET_TOPIC_GITHUB'),
    ])
  })

  test('a handler file is active only once its secret is configured', () => {
    expect(resolve({ INLET_SECRET_GITHUB: 'secret-one' }, [githubFile]).sources.has('github')).toBe(
      true,
    )
    expect(resolve({}, [githubFile])).toMatchObject({
      inactive: ['github'],
      problems: [expect.stringContaining('INLET_SECRET_GITHUB')],
    })
  })

  test('`none` is the only way to take unsigned deliveries', () => {
    const source = (secret: string) =>
      resolve({ INLET_SOURCES: 'github', INLET_SECRET_GITHUB: secret })

    expect(source('none').sources.get('github')?.unsigned).toBe(true)
    expect(source('none secret-two').sources.has('github')).toBe(false)
    expect(source(' ').problems).toEqual([expect.stringContaining('INLET_SECRET_GITHUB is empty')])
  })

  test('everything that is wrong is reported together, without a secret', () => {
    const { problems } = resolve({
      INLET_SOURCES: 'github,shop=shopify,what=nothing,slack',
      INLET_SECRET_GITHUB: 'short',
      INLET_SECRET_SHOP: 'secret-one',
      INLET_CONFIG_SHOP_COLOUR: 'red',
      INLET_SECRET_WHAT: 'secret-one',
      INLET_SECRET_OTHER: 'secret-one',
    })

    expect(problems).toEqual([
      expect.stringContaining('INLET_SECRET_OTHER'),
      expect.stringContaining('INLET_SECRET_GITHUB is too short'),
      expect.stringContaining('INLET_CONFIG_SHOP_COLOUR'),
      expect.stringContaining('"nothing"'),
      expect.stringContaining('INLET_SECRET_SLACK is required'),
    ])
    expect(problems.join()).not.toContain('secret-one')
  })

  test('a variable belongs to the source with the longest name', () => {
    const { problems } = resolve({
      INLET_SOURCES: 'my=github,my-shop=shopify',
      INLET_SECRET_MY: 'secret-one',
      INLET_SECRET_MY_SHOP: 'secret-two',
      INLET_CONFIG_MY_SHOP_HEADER: 'x-mine',
    })

    expect(problems).toEqual([])
  })
})

describe('what a provider of the catalogue needs to start', () => {
  const PEM = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----'
  function resolveReal(env: Record<string, string>) {
    const result = parseConfig({ INLET_SINK: 'file', ...env })
    if (!result.ok) throw new Error(result.problems.join())
    return resolveSources(result.config, [], providerPort)
  }

  test('its secret: what is missing or wrong is named, and where the right one is found', () => {
    const { setUp = '' } = providerPort('github') ?? {}
    expect(resolveReal({ INLET_SOURCES: 'github' }).problems).toEqual([
      `INLET_SECRET_GITHUB is required (or \`none\`: unsigned). ${setUp}`,
    ])
    const short = { INLET_SOURCES: 'github', INLET_SECRET_GITHUB: 'short' }
    expect(resolveReal(short).problems).toEqual([
      `INLET_SECRET_GITHUB is shorter than 8 bytes. ${setUp}`,
    ])
    expect(setUp).toContain('Webhooks')
  })

  test('the URL, where it is signed', () => {
    const env = { INLET_SOURCES: 'square', INLET_SECRET_SQUARE: 'a-signature-key' }
    expect(resolveReal(env).problems).toEqual([expect.stringContaining('INLET_URL is required')])
    const url = 'https://hooks.example.com/in/'
    expect(resolveReal({ ...env, INLET_URL: url }).problems).toEqual([])
  })

  test('a value without which it proves nothing', () => {
    const env = { INLET_SOURCES: 'gcp_pubsub' }
    expect(resolveReal(env).problems).toEqual([
      expect.stringContaining('INLET_CONFIG_GCP_PUBSUB_AUDIENCE is required. '),
      expect.stringContaining('INLET_CONFIG_GCP_PUBSUB_SERVICE_ACCOUNT is required. '),
    ])
  })

  test('no secret, where its keys are public: its deliveries are proven all the same', () => {
    const { sources, problems } = resolveReal({ INLET_SOURCES: 'kick' })
    expect(problems).toEqual([])
    expect(sources.get('kick')).toMatchObject({ unsigned: false })
    const superfluous = { INLET_SOURCES: 'kick', INLET_SECRET_KICK: 'some-secret' }
    expect(resolveReal(superfluous).problems).toEqual([
      expect.stringContaining('INLET_SECRET_KICK is not needed'),
    ])
  })

  test('keys in PEM, several of them, also in a variable', () => {
    expect(splitSecrets(`${PEM}\n${PEM} another\tone`)).toEqual([PEM, PEM, 'another', 'one'])
  })
})

test.each(['hooks.example.com', 'https://hooks.example.com/?a=1', 'https://x/#a', 'ftp://x'])(
  'INLET_URL is not %s',
  (url) => {
    const result = parseConfig({ INLET_SINK: 'file', INLET_URL: url })
    expect(result).toMatchObject({ ok: false, problems: [expect.stringContaining('INLET_URL')] })
  },
)
