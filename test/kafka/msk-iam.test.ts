import { expect, test } from 'bun:test'
import { mskIamToken } from '../../src/kafka/msk-iam.ts'

// Presigned by botocore 1.44.5's SigV4QueryAuth, with these credentials at this time. With a
// session token it orders the parameters in another way, and signs the same.
const SIGNED = {
  permanent: '00629abe90095b91c1a9e460b67a01a8e4e7499b99f571276b99dd9258dd65e5',
  temporary: '793dd36db0c1a46655e6974c3ab7dd067cb1ca87b04e8652606fbf72481d4427',
}

const credentials = {
  region: 'eu-central-1',
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: undefined,
}
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)

function urlOf(token: string): URL {
  expect(token).toMatch(/^[\w-]+$/)
  return new URL(Buffer.from(token, 'base64url').toString())
}

test('a token is the request that AWS would sign, and is valid for 15 minutes', () => {
  const { value, validMs } = mskIamToken(credentials, NOW)
  const url = urlOf(value)

  expect(validMs).toBe(900_000)
  expect(url.host).toBe('kafka.eu-central-1.amazonaws.com')
  expect(Object.fromEntries(url.searchParams)).toEqual({
    Action: 'kafka-cluster:Connect',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIDEXAMPLE/20260102/eu-central-1/kafka-cluster/aws4_request',
    'X-Amz-Date': '20260102T030405Z',
    'X-Amz-Expires': '900',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Signature': SIGNED.permanent,
    'User-Agent': 'inlet',
  })
})

test('a session token is signed along', () => {
  const sessionToken = 'FwoGZXIvYXdzEXAMPLE/tok+en=='
  const { searchParams } = urlOf(mskIamToken({ ...credentials, sessionToken }, NOW).value)

  expect(searchParams.get('X-Amz-Security-Token')).toBe(sessionToken)
  expect(searchParams.get('X-Amz-Signature')).toBe(SIGNED.temporary)
})
