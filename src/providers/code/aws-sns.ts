/**
 * Amazon SNS signs named fields, in an order that depends on the message's type, with the key of a
 * certificate that the message itself points to.
 */
import { verify } from 'node:crypto'
import { GatewayError } from '../../faults/faults.ts'
import { unproven, type CompileCode } from '../engine/scheme.ts'
import { decodeSignature } from '../engine/signatures.ts'
import { certificatePlace } from '../keys/certificate.ts'

/** Who may be asked for a certificate, and called to confirm a subscription. */
export const SNS_HOSTS = ['sns.*.amazonaws.com', 'sns.*.amazonaws.com.cn']

const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$/

/** The name that a certificate was issued to: of the service, or of the service in a region. */
const SUBJECT = /^sns(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?$/
const CERTIFICATE_HOST = /^https:\/\/sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?\//
const CERTIFICATE_PATH = /^\/SimpleNotificationService-[0-9a-f]{32}\.pem$/

const CONFIRMATION = [
  'Message',
  'MessageId',
  'SubscribeURL',
  'Timestamp',
  'Token',
  'TopicArn',
  'Type',
]

/** What is signed, by type. */
const FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Notification', ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']],
  ['SubscriptionConfirmation', CONFIRMATION],
  ['UnsubscribeConfirmation', CONFIRMATION],
])
const OPTIONAL = 'Subject'

/** What RSA signs with, by SignatureVersion. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['1', 'sha1'],
  ['2', 'sha256'],
])

export const compileAwsSns: CompileCode = ({ config, findKeys, source }) => {
  const topics = new Set((config['topic_arn'] ?? '').split(/[\s,]+/))
  if (![...topics].every((arn) => TOPIC_ARN.test(arn))) {
    throw new GatewayError('CONFIG_INVALID', 'topic_arn is not the ARN of a topic of SNS')
  }
  return ({ data }) => {
    const message = readMessage(data)
    if (message === undefined) {
      const detail = 'the body is no message of SNS (raw message delivery is not signed)'
      return unproven('missing_header', detail)
    }
    // Whoever has an AWS account can have SNS sign messages: of a topic of their own.
    if (!topics.has(message.topicArn)) {
      const detail = 'TopicArn is none of the configured topic_arn'
      return unproven('mismatch', detail)
    }
    const { certificateUrl: url } = message
    if (!isCertificateUrl(url)) {
      return unproven('unknown_key', 'SigningCertURL is not one of SNS')
    }
    const place = certificatePlace({ url, hosts: SNS_HOSTS, family: source, subject: SUBJECT })
    const found = findKeys(place)
    if (found.kind === 'unknown') {
      return unproven('unknown_key', 'there is no certificate there')
    }
    if (found.kind !== 'found') return found
    const signature = decodeSignature(message.signature, 'base64')
    if (signature === undefined) {
      return unproven('bad_encoding', 'Signature is not base64')
    }
    const bytes = Buffer.from(message.signedText)
    if (!found.keys.some((key) => verify(message.hash, bytes, key, signature))) {
      return unproven('mismatch', 'Signature does not match')
    }
    return { kind: 'proven', id: message.id, timestamp: undefined, secretIndex: undefined }
  }
}

/** Whether a URL has the one form of those of SNS: a host of theirs is not enough. */
function isCertificateUrl(url: string): boolean {
  const [host = ''] = CERTIFICATE_HOST.exec(url) ?? []
  return host !== '' && CERTIFICATE_PATH.test(url.slice(host.length - 1))
}

interface SnsMessage {
  readonly id: string
  readonly topicArn: string
  readonly certificateUrl: string
  readonly hash: string
  /** Still base64. */
  readonly signature: string
  readonly signedText: string
}

/** Reads a message before it is verified; undefined where it is none that SNS could have signed. */
function readMessage(data: unknown): SnsMessage | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const values = data as Readonly<Record<string, unknown>>
  const text = (name: string): string | undefined => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    return typeof value === 'string' ? value : undefined
  }
  const fields = FIELDS.get(text('Type') ?? '')
  const hash = HASHES.get(text('SignatureVersion') ?? '')
  const [id, topicArn, signature] = [text('MessageId'), text('TopicArn'), text('Signature')]
  const certificateUrl = text('SigningCertURL')
  if (fields === undefined || hash === undefined || signature === undefined) return undefined
  if (id === undefined || topicArn === undefined || certificateUrl === undefined) return undefined
  const signedText = signedLines(fields, text)
  if (signedText === undefined) return undefined
  return { id, topicArn, certificateUrl, hash, signature, signedText }
}

/**
 * A line for each name and each value. Only Message may have line breaks: with one such field,
 * which stands first, the text can be cut in one way only.
 */
function signedLines(
  fields: readonly string[],
  text: (name: string) => string | undefined,
): string | undefined {
  let lines = ''
  for (const name of fields) {
    const value = text(name)
    if (value === undefined && name === OPTIONAL) continue
    if (value === undefined || (name !== 'Message' && value.includes('\n'))) return undefined
    lines += `${name}\n${value}\n`
  }
  return lines
}
