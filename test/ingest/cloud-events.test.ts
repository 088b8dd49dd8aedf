import { describe, expect, test } from 'bun:test'
import { readCloudEvents } from '../../src/ingest/cloud-events.ts'
import { EVENTS_PER_BATCH_MAX } from '../../src/limits/limits.ts'
import { sampleDelivery } from '../support/verified.ts'

const STRUCTURED = { 'content-type': 'application/cloudevents+json' }
const BATCH = { 'content-type': 'application/cloudevents-batch+json' }
const minimal = { specversion: '1.0', id: '1', source: '/s', type: 't' }
const inHeaders = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' }

const read = (body: string, headers: Record<string, string>) =>
  readCloudEvents(sampleDelivery(body, headers))
const structured = (event: object) => read(JSON.stringify(event), STRUCTURED)

/** The one event of a request that is taken. */
function only(result: ReturnType<typeof read>) {
  const [event] = result.kind === 'events' ? result.events : []
  if (event === undefined) throw new Error(JSON.stringify(result))
  const { attributes, data, contentType, parsed } = event
  return { attributes, data: new TextDecoder().decode(data), contentType, kind: parsed.kind }
}

/** What is wrong with a request: `at: message`, in order. */
function issues(result: ReturnType<typeof read>): readonly string[] {
  if (result.kind === 'events' || result.issues === undefined) return [JSON.stringify(result)]
  return result.issues.map(({ element, at, message }) =>
    element === undefined ? `${at} ${message}` : `[${element}] ${at} ${message}`,
  )
}

describe('structured mode', () => {
  test('takes attributes of every type, and leaves out those that are null', () => {
    const event = { ...minimal, subject: null, n: -2147483648, yes: true, word: '' }

    expect(only(structured(event)).attributes).toEqual({
      ...minimal,
      n: '-2147483648',
      yes: 'true',
      word: '',
    })
  })

  const datas: readonly (readonly [string, object, object])[] = [
    [
      'JSON without a type',
      { data: { a: 1 } },
      { data: '{"a":1}', contentType: 'application/json' },
    ],
    ['null', { data: null }, { data: 'null', kind: 'json' }],
    ['none', {}, { data: '', contentType: '', kind: 'opaque' }],
    ['text', { datacontenttype: 'text/xml', data: '<a b="ü"/>' }, { data: '<a b="ü"/>' }],
    [
      'base64',
      { datacontenttype: 'image/png', data_base64: 'aGk=' },
      { data: 'hi', kind: 'opaque' },
    ],
    [
      'JSON as base64',
      { datacontenttype: 'application/x+json', data_base64: 'WzFd', data: null },
      { data: '[1]', kind: 'json' },
    ],
    [
      'a string as JSON',
      { datacontenttype: 'text/json; charset=utf-8', data: 'a' },
      { data: '"a"', contentType: 'text/json; charset=utf-8', kind: 'json' },
    ],
  ]
  for (const [name, members, expected] of datas) {
    test(`data: ${name}`, () => {
      expect(only(structured({ ...minimal, ...members }))).toMatchObject(expected)
    })
  }

  const wrong: readonly (readonly [object, string])[] = [
    [{ specversion: '0.3' }, 'specversion must be 1.0'],
    [{ id: '' }, 'id must not be empty'],
    [{ id: 1 }, 'id must be a string'],
    [{ id: 'x'.repeat(513) }, 'id has more than 512 characters'],
    [{ source: 'a b' }, 'source must be a URI reference'],
    [{ source: '1:b' }, 'source must be a URI reference'],
    [{ source: '/%zz' }, 'source must be a URI reference'],
    [{ type: undefined }, 'type is required'],
    [{ type: null }, 'type is required'],
    [{ type: 'a\u0000' }, 'type has a character that CloudEvents forbids'],
    [{ subject: '\ud800' }, 'subject has a character that CloudEvents forbids'],
    [{ subject: '' }, 'subject must not be empty'],
    [{ time: '2026-02-30T00:00:00Z' }, 'time must be an RFC 3339 time'],
    [{ time: '2026-01-01' }, 'time must be an RFC 3339 time'],
    [{ time: '2026-01-01T24:00:00Z' }, 'time must be an RFC 3339 time'],
    [{ dataschema: '/relative' }, 'dataschema must be an absolute URI'],
    [{ datacontenttype: 'json' }, 'datacontenttype must be a media type'],
    [{ n: 1.5 }, 'n must be a string, an integer or a boolean'],
    [{ n: 2147483648 }, 'n must be an integer of 32 bits'],
    [{ n: {} }, 'n must be a string, an integer or a boolean'],
    [{ my_name: 'x' }, 'my_name is no attribute name: a-z and 0-9 only'],
    [{ data: 1, data_base64: 'aGk=' }, 'data and data_base64 exclude each other'],
    [{ data_base64: 'a' }, 'data_base64 must be a string of base64'],
    [{ datacontenttype: 'text/plain', data: 1 }, 'data of type text/plain must be a string'],
    [Object.fromEntries(Array.from({ length: 61 }, (_, n) => [`a${n}`, 1])), ' has more than 64'],
  ]
  for (const [members, issue] of wrong) {
    test(`refuses ${JSON.stringify(members).slice(0, 50)}`, () => {
      expect(issues(structured({ ...minimal, ...members }))).toEqual([
        expect.stringContaining(issue),
      ])
    })
  }

  test('names everything that is wrong, and no value', () => {
    const found = issues(structured({ id: '', source: 'my secret', time: 'secret', X: 'secret' }))

    expect(found).toHaveLength(6)
    expect(found.join()).not.toContain('secret')
  })

  test('takes every URI reference', () => {
    for (const source of ['urn:a:b', 'https://[::1]:80/?q#f', '//h/p', '#f', '?', 'a/b:c', '%20']) {
      expect(only(structured({ ...minimal, source })).attributes.source).toBe(source)
    }
  })
})

describe('binary mode', () => {
  test('takes attributes from headers, decoded once', () => {
    const headers = {
      ...inHeaders,
      'ce-subject': 'a%20%E2%82%AC%2525',
      'ce-quoted': '"say \\"hi\\""',
      'content-type': 'text/plain',
    }

    expect(only(read('{', headers))).toMatchObject({
      attributes: { ...minimal, subject: 'a €%25', quoted: 'say "hi"' },
      data: '{',
      contentType: 'text/plain',
    })
  })

  test('data without a type has none, and no body is no data', () => {
    expect(only(read('x', inHeaders))).toMatchObject({ data: 'x', contentType: '', kind: 'opaque' })
    expect(only(read('', inHeaders))).toMatchObject({ data: '', contentType: '' })
  })

  test('refuses what no header may say', () => {
    const wrong = {
      'ce-datacontenttype': 'a/b',
      'ce-x': '%e9',
      'ce-my-name': 'x',
      'ce-y': 'Zürich',
    }
    const headers = { ...inHeaders, ...wrong }

    expect(issues(read('', headers)).toSorted()).toEqual([
      'datacontenttype is not an attribute that a header carries',
      'my-name is no attribute name: a-z and 0-9 only',
      'x is not percent-encoded UTF-8',
      'y is not percent-encoded UTF-8',
    ])
  })
})

describe('batch mode', () => {
  test('says which element is wrong', () => {
    const body = JSON.stringify([minimal, { ...minimal, id: '' }, 7])

    expect(issues(read(body, BATCH))).toEqual([
      '[1] id must not be empty',
      '[2]  is not a JSON object',
    ])
  })

  test('takes none, and not too many', () => {
    const many = JSON.stringify(Array.from({ length: EVENTS_PER_BATCH_MAX + 1 }, () => minimal))

    expect(read('[]', BATCH)).toEqual({ kind: 'events', events: [] })
    expect(read(many, BATCH)).toMatchObject({ kind: 'refused', code: 'BODY_TOO_LARGE' })
  })
})

describe('a request that is no CloudEvent', () => {
  const cases: readonly (readonly [string, Record<string, string>, string])[] = [
    ['{}', { 'content-type': 'application/json' }, 'MEDIA_TYPE_UNSUPPORTED'],
    ['', {}, 'MEDIA_TYPE_UNSUPPORTED'],
    ['<a/>', { 'content-type': 'application/cloudevents+xml' }, 'MEDIA_TYPE_UNSUPPORTED'],
    [
      '{}',
      { 'content-type': `${STRUCTURED['content-type']}; charset=latin1` },
      'MEDIA_TYPE_UNSUPPORTED',
    ],
    ['{', STRUCTURED, 'REQUEST_MALFORMED'],
    ['[]', STRUCTURED, 'REQUEST_MALFORMED'],
    ['\uFEFF{}', STRUCTURED, 'REQUEST_MALFORMED'],
    ['{}', BATCH, 'REQUEST_MALFORMED'],
  ]
  for (const [body, headers, code] of cases) {
    test(`${headers['content-type'] ?? 'no type'} with ${JSON.stringify(body)}: ${code}`, () => {
      expect(read(body, headers)).toMatchObject({ kind: 'refused', code })
    })
  }
})
