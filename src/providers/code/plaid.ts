/** Plaid: a token that binds the body, by a key that its API tells to those who have an account. */
import { z } from 'zod'
import { GatewayError } from '../../faults/faults.ts'
import type { KeyPlace } from '../../key-place.ts'
import { compileJwt } from '../engine/jwt.ts'
import { unproven, type CompileCode, type SchemeOptions } from '../engine/scheme.ts'
import { importJwk } from '../keys/jwks.ts'
import type { JwtScheme, SecretForm } from '../schemes.ts'

export const PLAID_SECRET: SecretForm = { from: 'utf8' }

const TOKEN: JwtScheme = {
  kind: 'jwt',
  at: 'header:plaid-verification',
  algorithms: ['ES256'],
  key: { from: 'jwks', url: 'https://production.plaid.com/webhook_verification_key/get' },
  claims: { issuedWithinSeconds: 300 },
  bodyClaim: { name: 'request_body_sha256', hash: { hash: 'sha256', encoding: 'hex' } },
}

const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/

const ENVIRONMENTS = ['production', 'sandbox']

export const compilePlaid: CompileCode = (options) => {
  const { environment = '' } = options.config
  if (!ENVIRONMENTS.includes(environment)) {
    throw new GatewayError('CONFIG_INVALID', `environment must be ${ENVIRONMENTS.join(' or ')}`)
  }
  const { check } = compileJwt(TOKEN, {
    ...options,
    // The API has no set of all keys: each is asked for by its id, and has a place of its own.
    findKeys: (_, keyId = '') =>
      KEY_ID.test(keyId) ? options.findKeys(keyPlace(keyId, options)) : { kind: 'unknown' },
  })
  return (request) => check(request) ?? unproven('missing_header', 'there is no token')
}

const KeyDocument = z.object({
  key: z.looseObject({
    kid: z.string(),
    kty: z.literal('EC'),
    /** Seconds since 1970. */
    expired_at: z.number().nullable(),
  }),
})
const Failure = z.object({ error_code: z.literal('INVALID_WEBHOOK_VERIFICATION_KEY_ID') })

function keyPlace(keyId: string, { secrets, config, source }: SchemeOptions): KeyPlace {
  const host = `${config['environment'] ?? ''}.plaid.com`
  const url = `https://${host}/webhook_verification_key/get`
  return {
    id: `${url} ${keyId}`,
    family: source,
    call: {
      url,
      hosts: [host],
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_id: config['client_id'],
        secret: secrets[0],
        key_id: keyId,
      }),
    },
    read({ status, body }, now) {
      const document: unknown = JSON.parse(new TextDecoder().decode(body))
      // Any other failure, a wrong client_id too, says nothing about the key.
      if (status === 400 && Failure.safeParse(document).success) return undefined
      if (status !== 200) throw new Error(`status ${status}`)
      const { kid, expired_at, ...jwk } = KeyDocument.parse(document).key
      const validUntil = expired_at === null ? undefined : expired_at * 1000
      if (kid !== keyId) throw new Error('another key was answered')
      if (validUntil !== undefined && validUntil <= now) return undefined
      const key = importJwk(jwk)
      if (key === undefined) throw new Error('that is no key')
      return { keys: new Map([[kid, key]]), validUntil }
    },
  }
}
