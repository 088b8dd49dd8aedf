/**
 * Other people's code that signs or verifies what a provider sends: each entry is run by
 * signers.test.ts, and confirms a row of the catalogue.
 */
import { sign as signGithub, verify as verifyGithub } from '@octokit/webhooks-methods'
import { WebhookVerificationService, type WebhookPlatform } from '@hookflo/tern'
import { validateSignature } from '@line/bot-sdk'
import { Mux } from '@mux/mux-node'
import { encodeSignatureHeader, isValidSignature } from '@sanity/webhook'
import { EventWebhook } from '@sendgrid/eventwebhook'
import { Receiver } from '@upstash/qstash'
import { verifySignature as verifyVonage } from '@vonage/jwt'
import { WorkOS } from '@workos-inc/node'
import { v2 as cloudinary } from 'cloudinary'
import { verifyKey } from 'discord-interactions'
import { Bot, webhookCallback } from 'grammy'
import { WebhookReceiver } from 'livekit-server-sdk'
import Pusher from 'pusher'
import { validateWebhook } from 'replicate'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { Webhook as SvixWebhook } from 'svix'
import { URL } from './support.ts'

type Headers = Readonly<Record<string, string>>

/** What a library is given, and what it found. */
interface Sent {
  readonly headers: Headers
  readonly body: string
  /** What the source is configured with: of a pair, the public key. */
  readonly secret: string
}

interface Signing {
  readonly body: string
  readonly secret: string
  /** ms since 1970. */
  readonly now: number
}

export interface Independent {
  readonly provider: string
  readonly library: string
  /** Makes the headers that prove a body. */
  readonly sign?: (signing: Signing) => Promise<Headers> | Headers
  /** Whether the library takes it: throws, or resolves to false, where it does not. */
  readonly verify?: (sent: Sent) => unknown
  /** It parses what it verifies, so that other bodies tell nothing. */
  readonly needsJson?: true
  /** It does not look at the body. */
  readonly ignoresBody?: true
}

const stripe = new Stripe('sk_test_sample')
const workos = new WorkOS('sk_test_sample')
const mux = new Mux({ tokenId: 'sample', tokenSecret: 'sample' })

/** The three headers of Standard Webhooks, under either family of names. */
function standard(prefix: 'webhook' | 'svix', library: 'standardwebhooks' | 'svix') {
  const open = (secret: string) =>
    library === 'svix' ? new SvixWebhook(secret) : new StandardWebhook(secret)
  return {
    library,
    needsJson: true,
    sign: ({ body, secret, now }: Signing): Headers => ({
      [`${prefix}-id`]: 'msg_1',
      [`${prefix}-timestamp`]: String(Math.floor(now / 1000)),
      [`${prefix}-signature`]: open(secret).sign('msg_1', new Date(now), body),
    }),
    verify: ({ headers, body, secret }: Sent) => {
      open(secret).verify(body, withoutPrefix(headers, prefix))
      return true
    },
  } as const
}

/** The library of Standard Webhooks knows only its own names. */
function withoutPrefix(headers: Headers, prefix: string): Record<string, string> {
  const names = ['id', 'timestamp', 'signature']
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[`${prefix}-${name}`] ?? ''
      return [
        [`webhook-${name}`, value],
        [`svix-${name}`, value],
      ]
    }),
  )
}

/** The rows that tern verifies as their providers do; its others differ (see the notes of rows). */
function tern(platform: WebhookPlatform) {
  return {
    library: '@hookflo/tern',
    needsJson: true,
    verify: async ({ headers, body, secret }: Sent) => {
      const request = new Request(URL, { method: 'POST', headers, body })
      const { isValid } = await WebhookVerificationService.verifyWithPlatformConfig(
        request,
        platform,
        secret,
      )
      return isValid
    },
  } as const
}

export const INDEPENDENT: readonly Independent[] = [
  {
    provider: 'github',
    library: '@octokit/webhooks-methods',
    sign: async ({ body, secret }) => ({ 'x-hub-signature-256': await signGithub(secret, body) }),
    verify: ({ headers, body, secret }) =>
      verifyGithub(secret, body, headers['x-hub-signature-256'] ?? ''),
  },
  {
    provider: 'stripe',
    library: 'stripe',
    needsJson: true,
    sign: async ({ body, secret, now }) => ({
      'stripe-signature': await stripe.webhooks.generateTestHeaderStringAsync({
        payload: body,
        secret,
        timestamp: Math.floor(now / 1000),
      }),
    }),
    verify: ({ headers, body, secret }) =>
      stripe.webhooks.constructEventAsync(body, headers['stripe-signature'] ?? '', secret),
  },
  { provider: 'standard_webhooks', ...standard('webhook', 'standardwebhooks') },
  { provider: 'standard_webhooks', ...standard('webhook', 'svix') },
  { provider: 'svix', ...standard('svix', 'svix') },
  { provider: 'gitlab', ...standard('webhook', 'standardwebhooks') },
  { provider: 'clerk', ...standard('svix', 'svix') },
  { provider: 'resend', ...standard('svix', 'svix') },
  {
    provider: 'replicate',
    ...standard('webhook', 'standardwebhooks'),
    library: 'replicate',
    verify: ({ headers, body, secret }) =>
      validateWebhook({
        id: headers['webhook-id'] ?? '',
        timestamp: headers['webhook-timestamp'] ?? '',
        signature: headers['webhook-signature'] ?? '',
        body,
        secret,
      }),
  },
  {
    provider: 'discord',
    library: 'discord-interactions',
    verify: ({ headers, body, secret }) =>
      verifyKey(
        body,
        headers['x-signature-ed25519'] ?? '',
        headers['x-signature-timestamp'] ?? '',
        secret,
      ),
  },
  {
    provider: 'sendgrid',
    library: '@sendgrid/eventwebhook',
    verify: ({ headers, body, secret }) => {
      const webhook = new EventWebhook()
      return webhook.verifySignature(
        webhook.convertPublicKeyToECDSA(secret),
        body,
        headers['x-twilio-email-event-webhook-signature'] ?? '',
        headers['x-twilio-email-event-webhook-timestamp'] ?? '',
      )
    },
  },
  {
    provider: 'pusher',
    library: 'pusher',
    needsJson: true,
    verify: ({ headers, body, secret }) => {
      const pusher = new Pusher({ appId: '1', key: 'key', secret, cluster: 'eu' })
      const given = { ...headers, 'x-pusher-key': 'key', 'content-type': 'application/json' }
      return pusher.webhook({ headers: given, rawBody: body }).isValid()
    },
  },
  {
    provider: 'sanity',
    library: '@sanity/webhook',
    sign: async ({ body, secret, now }) => ({
      'sanity-webhook-signature': await encodeSignatureHeader(body, now, secret),
    }),
    verify: ({ headers, body, secret }) =>
      isValidSignature(body, headers['sanity-webhook-signature'] ?? '', secret),
  },
  {
    provider: 'qstash',
    library: '@upstash/qstash',
    verify: ({ headers, body, secret }) => {
      const receiver = new Receiver({ currentSigningKey: secret, nextSigningKey: 'another key' })
      return receiver.verify({ signature: headers['upstash-signature'] ?? '', body, url: URL })
    },
  },
  {
    provider: 'mux',
    library: '@mux/mux-node',
    verify: ({ headers, body, secret }) => mux.webhooks.verifySignature(body, headers, secret),
  },
  {
    provider: 'workos',
    library: '@workos-inc/node',
    needsJson: true,
    verify: ({ headers, body, secret }) =>
      workos.webhooks.verifyHeader({
        payload: JSON.parse(body) as Record<string, unknown>,
        sigHeader: headers['workos-signature'] ?? '',
        secret,
      }),
  },
  {
    provider: 'line',
    library: '@line/bot-sdk',
    verify: ({ headers, body, secret }) =>
      validateSignature(body, secret, headers['x-line-signature'] ?? ''),
  },
  {
    provider: 'livekit',
    library: 'livekit-server-sdk',
    needsJson: true,
    verify: ({ headers, body, secret }) =>
      new WebhookReceiver('a-api_key', secret).receive(body, headers['authorization']),
  },
  {
    provider: 'cloudinary',
    library: 'cloudinary',
    verify: ({ headers, body, secret }) => {
      cloudinary.config({ api_secret: secret })
      return cloudinary.utils.verifyNotificationSignature(
        body,
        Number(headers['x-cld-timestamp']),
        headers['x-cld-signature'] ?? '',
      )
    },
  },
  {
    provider: 'vonage',
    library: '@vonage/jwt',
    ignoresBody: true,
    verify: ({ headers, secret }) =>
      verifyVonage(headers['authorization']?.replace('Bearer ', '') ?? '', secret),
  },
  {
    provider: 'telegram',
    library: 'grammy',
    needsJson: true,
    ignoresBody: true,
    verify: async ({ headers, body, secret }) => {
      const me = { id: 1, is_bot: true, first_name: 'b', username: 'b' } as const
      const bot = new Bot('1:sample', { botInfo: me as unknown as Bot['botInfo'] })
      const handle = webhookCallback(bot, 'std/http', { secretToken: secret })
      const { ok } = await handle(new Request(URL, { method: 'POST', headers, body }))
      return ok
    },
  },
  { provider: 'shopify', ...tern('shopify') },
  { provider: 'lemon_squeezy', ...tern('lemonsqueezy') },
  { provider: 'razorpay', ...tern('razorpay') },
  // These are run by the tests in code/, each in its own way.
  { provider: 'aws_sns', library: 'sns-validator' },
  { provider: 'braintree', library: 'braintree' },
  { provider: 'hygraph', library: '@hygraph/utils' },
  { provider: 'mailchannels', library: 'http-message-signatures' },
]
