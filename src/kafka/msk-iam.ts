import { createHash, createHmac } from 'node:crypto'
import type { EpochMs } from '../clock.ts'
import type { KafkaSasl } from '../settings/kafka-security.ts'
import type { Token } from './tokens.ts'

/** AWS's own signers use it, and MSK takes no longer one. */
const VALID_SECONDS = 900

const ALGORITHM = 'AWS4-HMAC-SHA256'
const SERVICE = 'kafka-cluster'

type Credentials = Omit<Extract<KafkaSasl, { mechanism: 'aws-msk-iam' }>, 'mechanism'>

/**
 * The token that MSK takes over SASL/OAUTHBEARER: a request for `kafka-cluster:Connect`, presigned
 * with Signature Version 4, as unpadded base64url. By ourselves, because AWS's signer for
 * JavaScript brings its SDK's credential providers; checked against botocore's presigner.
 */
export function mskIamToken(credentials: Credentials, now: EpochMs): Token {
  const { region, accessKeyId, secretAccessKey, sessionToken } = credentials
  const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const host = `kafka.${region}.amazonaws.com`
  const scope = `${day}/${region}/${SERVICE}/aws4_request`
  const query = toQuery({
    Action: 'kafka-cluster:Connect',
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(VALID_SECONDS),
    ...(sessionToken === undefined ? {} : { 'X-Amz-Security-Token': sessionToken }),
    'X-Amz-SignedHeaders': 'host',
  })
  const request = ['GET', '/', query, `host:${host}`, '', 'host', sha256('')].join('\n')
  const signingKey = [day, region, SERVICE, 'aws4_request'].reduce<string | Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    `AWS4${secretAccessKey}`,
  )
  const signature = createHmac('sha256', signingKey)
    .update([ALGORITHM, time, scope, sha256(request)].join('\n'))
    .digest('hex')
  const url = `https://${host}/?${query}&X-Amz-Signature=${signature}&User-Agent=inlet`
  return {
    value: Buffer.from(url).toString('base64url'),
    validMs: VALID_SECONDS * 1000,
  }
}

/** Names are given in the order of their code points, as the signature wants them. */
function toQuery(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&')
}

/** RFC 3986: everything but letters, digits and `-_.~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
