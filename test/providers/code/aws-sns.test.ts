import { readFileSync } from 'node:fs'
import https from 'node:https'
import { PassThrough } from 'node:stream'
import { X509Certificate, createPrivateKey, sign, type KeyObject } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, spyOn, test } from 'bun:test'
import MessageValidator from 'sns-validator'
import type { FoundKeys, KeyPlace } from '../../../src/key-place.ts'
import { compileAwsSns } from '../../../src/providers/code/aws-sns.ts'
import { issueRsa, makeAuthority } from '../../support/certificates.ts'
import { makeTempDir, type TempDir } from '../../support/temp.ts'
import { judge, sent, unnoticedFlips } from './support.ts'

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:orders'
const HOST = 'https://sns.eu-west-1.amazonaws.com'
const CERTIFICATE = `${HOST}/SimpleNotificationService-${'0123456789abcdef'.repeat(2)}.pem`

let folder: TempDir
let pem: string
let privateKey: KeyObject
let found: FoundKeys
let asked: KeyPlace[] = []
beforeAll(async () => {
  folder = await makeTempDir()
  const authority = makeAuthority(folder.path, 'authority')
  const files = issueRsa(authority, folder.path, 'sns.amazonaws.com')
  pem = readFileSync(files.cert, 'utf8')
  privateKey = createPrivateKey(readFileSync(files.key, 'utf8'))
  found = { kind: 'found', keys: [new X509Certificate(pem).publicKey] }
})
afterAll(async () => {
  await folder[Symbol.asyncDispose]()
})

const takes = judge(compileAwsSns, {
  config: { topic_arn: `arn:aws:sns:eu-west-1:123456789012:other ${TOPIC}` },
  findKeys(place) {
    asked.push(place)
    return place.id === CERTIFICATE ? found : { kind: 'unknown' }
  },
})

type Message = Readonly<Record<string, string>>

const NOTIFICATION: Message = {
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: TOPIC,
  Subject: 'My subject',
  Message: 'ä $& line\nbreak',
  Timestamp: '2026-03-04T09:30:00.000Z',
}
const { Subject: _, ...WITHOUT_SUBJECT } = NOTIFICATION
const CONFIRMATION: Message = {
  ...WITHOUT_SUBJECT,
  Type: 'SubscriptionConfirmation',
  Token: '2336412f37',
  SubscribeURL: 'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription',
}
const SIGNED = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: [
    'Message',
    'MessageId',
    'SubscribeURL',
    'Timestamp',
    'Token',
    'TopicArn',
    'Type',
  ],
}

function signed(message: Message, version: '1' | '2' = '2', fields?: readonly string[]): Message {
  const names =
    fields ??
    SIGNED[message['Type'] === 'Notification' ? 'Notification' : 'SubscriptionConfirmation']
  const text = names
    .filter((name) => message[name] !== undefined)
    .map((name) => `${name}\n${message[name]}\n`)
    .join('')
  const hash = version === '1' ? 'sha1' : 'sha256'
  const signature = sign(hash, Buffer.from(text), privateKey).toString('base64')
  const rest = { SignatureVersion: version, SigningCertURL: CERTIFICATE, Signature: signature }
  return { ...message, ...rest, UnsubscribeURL: 'https://sns.eu-west-1.amazonaws.com/?Action=Un' }
}

const deliver = (message: unknown) => sent(JSON.stringify(message))

describe.each(['1', '2'] as const)('SignatureVersion %s', (version) => {
  test('messages of each type are taken', () => {
    for (const message of [NOTIFICATION, WITHOUT_SUBJECT, CONFIRMATION]) {
      expect(takes(deliver(signed(message, version)))).toBe('proven')
    }
    const unsubscribed = { ...CONFIRMATION, Type: 'UnsubscribeConfirmation' }
    expect(takes(deliver(signed(unsubscribed, version)))).toBe('proven')
  })

  test('each signed field is bound', () => {
    for (const message of [NOTIFICATION, CONFIRMATION]) {
      const genuine = signed(message, version)
      for (const name of Object.keys(message)) {
        const changed = { ...genuine, [name]: `${genuine[name]}x` }
        expect(takes(deliver(changed))).not.toBe('proven')
        const { [name]: __, ...less } = genuine
        expect(takes(deliver(less))).not.toBe('proven')
      }
    }
  })
})

test('the version that a message names is the one it must be signed with', () => {
  expect(takes(deliver({ ...signed(NOTIFICATION, '1'), SignatureVersion: '2' }))).toBe('mismatch')
  expect(takes(deliver({ ...signed(NOTIFICATION, '2'), SignatureVersion: '1' }))).toBe('mismatch')
  for (const other of ['3', 'constructor', 'toString', '__proto__']) {
    const unknown = { ...signed(NOTIFICATION), SignatureVersion: other }
    expect(takes(deliver(unknown))).toBe('missing_header')
  }
})

test('a flipped bit is noticed, but in what SNS does not sign', () => {
  // The member and its value that are not signed: the URL to unsubscribe.
  const { UnsubscribeURL: __, ...message } = signed(NOTIFICATION)
  expect(unnoticedFlips(takes, deliver(message))).toEqual([])
})

test('Amazon’s own validator takes what we take', async () => {
  // It fetches the certificate, and knows version 1 only.
  const get = spyOn(https, 'get')
  get.mockImplementation(((_url: unknown, answered: (response: unknown) => void) => {
    const response = Object.assign(new PassThrough(), { statusCode: 200 })
    answered(response)
    response.end(pem)
    return new PassThrough()
  }) as unknown as typeof https.get)
  const validator = new MessageValidator()
  for (const message of [NOTIFICATION, WITHOUT_SUBJECT, CONFIRMATION]) {
    const genuine = signed(message, '1')
    const changed = { ...genuine, Message: 'other' }
    for (const [each, expected] of [
      [genuine, 'proven'],
      [changed, 'mismatch'],
    ] as const) {
      const theirs = Promise.withResolvers<boolean>()
      validator.validate({ ...each }, (error) => theirs.resolve(error === null))
      expect(await theirs.promise).toBe(expected === 'proven')
      expect(takes(deliver(each))).toBe(expected)
    }
  }
  get.mockRestore()
})

test('a topic of somebody else is refused, before its certificate is asked for', () => {
  asked = []
  const other = { ...NOTIFICATION, TopicArn: TOPIC.replace('1234', '4321') }
  expect(takes(deliver(signed(other)))).toBe('mismatch')
  for (const topic_arn of [
    '',
    'orders',
    'arn:aws:sqs:eu-west-1:123456789012:orders',
    `${TOPIC},`,
  ]) {
    expect(() => judge(compileAwsSns, { config: { topic_arn } })).toThrow('CONFIG_INVALID')
  }
  expect(asked).toEqual([])
})

test('a certificate elsewhere is never asked for', () => {
  asked = []
  for (const url of [
    CERTIFICATE.replace('https:', 'http:'),
    CERTIFICATE.replace('amazonaws.com', 'amazonaws.com.evil.test'),
    CERTIFICATE.replace('sns.', 'evil.test/sns.'),
    CERTIFICATE.replace('sns.', 'user@sns.'),
    CERTIFICATE.replace('.com/', '.com:8443/'),
    CERTIFICATE.replace('.com/', '.com/../'),
    CERTIFICATE.replace('Simple', 'bucket/Simple'),
    `${CERTIFICATE}?a=.pem`,
    `${CERTIFICATE}#.pem`,
    CERTIFICATE.replace('sns.eu-west-1', 'sns-eu-west-1'),
    '',
  ]) {
    expect(takes(deliver({ ...signed(NOTIFICATION), SigningCertURL: url }))).toBe('unknown_key')
  }
  expect(asked).toEqual([])
  expect(takes(deliver(signed(NOTIFICATION)))).toBe('proven')
  expect(asked[0]?.call).toEqual({
    url: CERTIFICATE,
    hosts: ['sns.*.amazonaws.com', 'sns.*.amazonaws.com.cn'],
  })
})

test('a line break in a field cannot make one message of another', () => {
  const whole: Message = { ...NOTIFICATION, Message: 'a\nMessageId\nforged' }
  expect(takes(deliver(signed(whole)))).toBe('proven')
  // The same text, cut elsewhere.
  const cut = {
    ...signed(whole),
    Message: 'a',
    MessageId: `forged\nMessageId\n${whole['MessageId']}`,
  }
  expect(takes(deliver(cut))).toBe('missing_header')
})

test('a certificate that is not there, or not yet, is not a verdict on the message', () => {
  const before = found
  for (const each of ['unknown', 'key-needed'] as const) {
    found =
      each === 'unknown' ? { kind: each } : { kind: each, fetch: () => Promise.resolve(undefined) }
    expect(takes(deliver(signed(NOTIFICATION)))).toBe(each === 'unknown' ? 'unknown_key' : each)
  }
  found = before
})

test('what is no message of SNS is refused', () => {
  for (const body of ['', 'raw message', '[]', 'null', '{}', '{"Type":"__proto__"}']) {
    expect(takes(sent(body))).toBe('missing_header')
  }
})
