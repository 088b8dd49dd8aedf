/** What one event, and no other, is known by. */
import { describe, expect, test } from 'bun:test'
import { expectVerified, NOW, signed, verifierOf } from './support.ts'

function verify(key: string, body: string) {
  return expectVerified(verifierOf(key)(signed(key, body)))
}

function idOf(key: string, body: object): string {
  return verify(key, JSON.stringify(body)).eventId
}

describe('an id names the event, and neither more nor less', () => {
  test('Paddle: the event, whatever destination it is sent to', () => {
    const body = (notification: string) =>
      JSON.stringify({ event_id: 'evt_1', notification_id: notification })
    for (const notification of ['ntf_1', 'ntf_2']) {
      expect(verify('paddle', body(notification)).eventId).toBe('evt_1')
    }
  })

  test('HubSpot: its event id alone is not unique, and an attempt is no event', () => {
    const event = { eventId: 1, subscriptionId: 5, objectId: 7, occurredAt: NOW, attemptNumber: 0 }
    const id = (changes: object) => {
      const body = JSON.stringify([{ ...event, ...changes }])
      const verdict = verifierOf('hubspot_v3')(signed('hubspot_v3', body))
      return verdict.kind === 'batch' ? verdict.events[0]?.eventId : undefined
    }
    expect(id({})).toBe(`1.5.7.${NOW}`)
    expect(id({ attemptNumber: 3 })).toBe(id({}))
    expect(id({ subscriptionId: 6 })).not.toBe(id({}))
  })

  test('Adyen: of several updates in one second each', () => {
    const update = (sequenceNumber: number) => {
      const data = { id: 'transfer-1', sequenceNumber }
      return { type: 'transfer.updated', timestamp: '2026-11-23T10:00:00Z', data }
    }
    expect(idOf('adyen_platform', update(1))).toBe('transfer.updated.transfer-1.1')
    expect(idOf('adyen_platform', update(2))).not.toBe(idOf('adyen_platform', update(1)))
  })

  test('Netlify: a deploy that is locked is ready once more', () => {
    const ready = (updated_at: string) => ({ id: 'deploy-1', state: 'ready', updated_at })
    expect(idOf('netlify', ready('10:00'))).toBe('deploy-1.ready.10:00')
    expect(idOf('netlify', ready('10:05'))).not.toBe(idOf('netlify', ready('10:00')))
  })

  test('Retell: what repeats during a call, and what comes once at its end', () => {
    const update = (transcript: string) => {
      return { event: 'transcript_updated', call: { call_id: 'call-1', transcript } }
    }
    expect(idOf('retell', update('Hel'))).not.toBe(idOf('retell', update('Hello')))
    const ended = { event: 'call_ended', call: { call_id: 'call-1', end_timestamp: NOW } }
    expect(idOf('retell', ended)).toBe(`call_ended.call-1.${NOW}`)
  })

  test('Dropbox: identical notifications are different changes', () => {
    const body = '{"list_folder":{"accounts":["dbid:1"]}}'
    const [first, second] = [verify('dropbox', body), verify('dropbox', body)]
    expect(first.eventId).not.toBe(second.eventId)
    expect(first.eventIdValidMs).toBeUndefined()
  })
})
