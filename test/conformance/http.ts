/**
 * What a gateway answers, asked over HTTP alone: the same on every runtime. What is stored shows in
 * what a redelivery is answered, also after a crash.
 */
import { afterAll, beforeAll, expect } from 'bun:test'
import { createHmac } from 'node:crypto'
import { systemClock } from '../../src/clock.ts'
import { randomSecret, randomUuid } from '../../src/ids.ts'
import type { Sample } from '../../src/providers/sign.ts'
import { declareEventsCases } from './http-events.ts'
import { declareLimitCases } from './http-limits.ts'
import { ask, deliver, problemOf, verdict } from './http-requests.ts'
import {
  HTTP_ENV,
  META_TOKEN,
  PROVIDERS,
  secretOf,
  signed,
  type FindTarget,
  type HttpTarget,
  type OpenHttp,
  type SourceName,
} from './http-setup.ts'
import { describeConformance, type Conformance, type DeclareCase } from './suite.ts'

/** Long enough for a start on a loaded machine. */
const START_MS_MAX = 60_000

/** The suite on one runtime. */
export function describeHttp(
  runtime: Pick<Conformance, 'runtime' | 'skips'>,
  open: OpenHttp,
): void {
  describeConformance({ suite: 'HTTP contract', ...runtime }, (declareCase) => {
    let target: HttpTarget | undefined
    beforeAll(async () => {
      target = await open(HTTP_ENV)
    }, START_MS_MAX)
    afterAll(() => target?.[Symbol.asyncDispose]())
    function find(): HttpTarget {
      if (target === undefined) throw new Error('the gateway has not started')
      return target
    }
    declareDeliveryCases(declareCase, find)
    declareProbeCases(declareCase, find)
    declareEventsCases(declareCase, find)
    declareLimitCases(declareCase, find, open)
    declareCrashCase(declareCase, find)
  })
}

const SIGNED = Object.keys(PROVIDERS) as (keyof typeof PROVIDERS)[]

function declareDeliveryCases(declareCase: DeclareCase, find: FindTarget): void {
  for (const source of SIGNED) {
    declareCase(
      `a delivery of ${source} is taken once, and known when it comes again`,
      async () => {
        const delivery = signed(source, { eventId: 'id-1' })
        const { taken } = { taken: undefined, ...PROVIDERS[source] }

        expect(verdict(await deliver(find(), source, delivery))).toEqual([taken ?? 202, null])
        expect(verdict(await deliver(find(), source, delivery))).toEqual([taken ?? 200, '1'])
      },
    )
  }

  declareCase('what another key signed is refused, and its id stays free', async () => {
    for (const source of ['github', 'stripe', 'shopify', 'tickets'] as const) {
      const eventId = randomUuid()
      const body = '{"id":"evt_forged","type":"t"}'
      const secret = source === 'tickets' ? `whsec_${randomSecret()}` : randomSecret()
      const forged = signed(source, { eventId, body, secret })
      const genuine = signed(source, { eventId, body })

      expect(problemOf(await deliver(find(), source, forged, STRANGER))).toMatchObject({
        status: 401,
        code: 'NOT_PROVEN',
      })
      expect((await deliver(find(), source, genuine)).status).toBe(202)
    }
  })

  declareCase('a body that was changed on its way is refused', async () => {
    for (const source of ['github', 'stripe', 'discord', 'sendgrid', 'postal', 'qstash'] as const) {
      const { body, ...rest } = signed(source)
      const changed = Uint8Array.from(body)
      changed.set([32], changed.length >> 1)
      const answer = await deliver(find(), source, { ...rest, body: changed }, STRANGER)
      expect([source, answer.status]).toEqual([source, 401])
    }
  })

  declareCase('one that was signed long ago is refused like any other', async () => {
    const stale = signed('stripe', { now: systemClock.now() - 3_600_000 })
    const unsigned: Sample = { ...stale, headers: { 'content-type': 'application/json' } }
    const late = problemOf(await deliver(find(), 'stripe', stale, STRANGER))
    const bare = problemOf(await deliver(find(), 'stripe', unsigned, STRANGER))

    expect(late).toMatchObject({ status: 401, code: 'NOT_PROVEN' })
    // Who forges signatures is not told how far they came.
    expect(bare).toEqual(late)
  })

  declareCase(
    'the same id with other bytes is a duplicate, from another source it is not',
    async () => {
      const eventId = randomUuid()
      const first = signed('tickets', { eventId, body: '{"type":"ticket.opened","number":1}' })
      const other = signed('tickets', { eventId, body: '{"type":"ticket.opened","number":2}' })
      const elsewhere = signed('standard_webhooks', { eventId, body: '{"type":"invoice.paid"}' })

      expect(verdict(await deliver(find(), 'tickets', first))).toEqual([202, null])
      expect(verdict(await deliver(find(), 'tickets', other))).toEqual([200, '1'])
      expect(verdict(await deliver(find(), 'standard_webhooks', elsewhere))).toEqual([202, null])
    },
  )

  declareCase('what no handler takes is acknowledged all the same, and known again', async () => {
    const bodies = [
      '{"type":"ticket.opened","number":"not a number"}',
      '{"type":"ticket.broken"}',
      '{"type":"ticket.unheard_of"}',
      '{"type":"ticket.opened"',
    ]
    for (const body of bodies) {
      const delivery = signed('tickets', { body })
      expect([body, ...verdict(await deliver(find(), 'tickets', delivery))]).toEqual([
        body,
        202,
        null,
      ])
      expect(verdict(await deliver(find(), 'tickets', delivery))).toEqual([200, '1'])
    }
  })

  declareCase('of a batch that comes again only what is new is taken', async () => {
    const event = (id: string) => ({ sg_event_id: id, event: 'open', email: 'a@example.com' })
    const batch = (...ids: readonly string[]) => {
      const body = JSON.stringify(ids.map((id) => event(id)))
      return deliver(find(), 'sendgrid', signed('sendgrid', { body }))
    }
    const [a, b, c] = [randomUuid(), randomUuid(), randomUuid()]

    expect(verdict(await batch(a, b))).toEqual([202, null])
    expect(verdict(await batch(b, c, a, c))).toEqual([202, null])
    expect(verdict(await batch(c, b, a))).toEqual([200, '1'])
  })

  declareCase('many redeliveries at once are taken once', async () => {
    const delivery = signed('github')
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => deliver(find(), 'github', delivery)),
    )
    const counts = Map.groupBy(answers, (answer) => String(verdict(answer)))
    expect(counts.get('202,')).toHaveLength(1)
    expect(counts.get('200,1')).toHaveLength(19)
  })
}

/** Those who are refused come from an address of their own. */
const STRANGER = { from: '203.0.113.1' } as const

function declareProbeCases(declareCase: DeclareCase, find: FindTarget): void {
  declareCase('Slack gets its challenge back, where it has signed it', async () => {
    const body = JSON.stringify({ type: 'url_verification', challenge: '3eZbrw1aB' })
    const answer = await deliver(find(), 'slack', signed('slack', { body }))
    const forged = signed('slack', { body, secret: randomSecret() })

    expect([answer.status, answer.text]).toEqual([200, '3eZbrw1aB'])
    expect(answer.headers.get('content-type')).toStartWith('text/plain')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect((await deliver(find(), 'slack', forged, STRANGER)).status).toBe(401)
  })

  declareCase('Zoom and X are shown that the gateway knows their secret', async () => {
    const plainToken = 'qgg8vlvZRS6UYooatFL8Aw'
    const body = JSON.stringify({ event: 'endpoint.url_validation', payload: { plainToken } })
    const zoom = await deliver(find(), 'zoom', signed('zoom', { body }))
    const crc = await ask(`${find().url}/hooks/x?crc_token=MTM5ZDMxNjQtMDk3`, { method: 'GET' })

    expect(JSON.parse(zoom.text)).toEqual({
      plainToken,
      encryptedToken: mac('zoom', plainToken, 'hex'),
    })
    expect(JSON.parse(crc.text)).toEqual({
      response_token: `sha256=${mac('x', 'MTM5ZDMxNjQtMDk3', 'base64')}`,
    })
  })

  declareCase('Meta is confirmed what was configured, and nothing else', async () => {
    const confirm = (token: string) => {
      const query = `?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`
      const headers = { 'x-forwarded-for': STRANGER.from }
      return ask(`${find().url}/hooks/meta${query}`, { method: 'GET', headers })
    }
    const right = await confirm(META_TOKEN)

    expect([right.status, right.text]).toEqual([200, '1158201444'])
    expect((await confirm('guessed')).status).toBe(403)
  })

  declareCase('Discord gets its PING back', async () => {
    const answer = await deliver(find(), 'discord', signed('discord', { body: '{"type":1}' }))
    expect([answer.status, answer.text]).toEqual([200, '{"type":1}'])
  })
}

function mac(source: SourceName, text: string, encoding: 'hex' | 'base64'): string {
  return createHmac('sha256', secretOf(source)).update(text).digest(encoding)
}

/** How many deliveries are on their way when the gateway is killed. */
const DELIVERIES = 200

function declareCrashCase(declareCase: DeclareCase, find: FindTarget): void {
  declareCase(
    'what was acknowledged is known after a crash, what was not can come again',
    async () => {
      const deliveries = Array.from({ length: DELIVERIES }, () =>
        signed('standard_webhooks', { body: '{"type":"invoice.paid"}' }),
      )
      const enough = Promise.withResolvers<void>()
      let acknowledged = 0
      const sending = deliveries.map(async (delivery) => {
        const answer = await deliver(find(), 'standard_webhooks', delivery).catch(() => undefined)
        if (answer?.status === 202) acknowledged += 1
        if (acknowledged >= DELIVERIES / 4) enough.resolve()
        return answer?.status
      })
      await enough.promise
      await find().crash()
      const answered = await Promise.all(sending)
      const again = await Promise.all(
        deliveries.map((delivery) => deliver(find(), 'standard_webhooks', delivery)),
      )

      const lost = again.filter(({ status }, at) => answered[at] === 202 && status !== 200)
      expect(lost).toEqual([])
      expect(again.filter(({ status }) => status !== 200 && status !== 202)).toEqual([])
    },
  )
}
