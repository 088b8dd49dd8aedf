import { describe, expect, test } from 'bun:test'
import { assert, json, property } from 'fast-check'
import { hexDump, prettyJson, utf8 } from '../../src/dashboard/payload.ts'

function pretty(text: string): string | undefined {
  return prettyJson(text)
    ?.map((piece) => piece.text)
    .join('')
}

describe('JSON over several lines', () => {
  test('keeps every digit, every escape, the order of keys, and those that come twice', () => {
    const numbers = '[1.50,-2e+10,true,null]'
    const text = String.raw`{"b":12345678901234567890,"a":${numbers},"b":"\u00e9\"\/:,{"}`
    expect(pretty(text)).toBe(String.raw`{
  "b": 12345678901234567890,
  "a": [
    1.50,
    -2e+10,
    true,
    null
  ],
  "b": "\u00e9\"\/:,{"
}`)
  })

  test('leaves what is empty on one line', () => {
    expect(pretty('{"a" : {}, "b": [ ],"c":[[]]}')).toBe(
      '{\n  "a": {},\n  "b": [],\n  "c": [\n    []\n  ]\n}',
    )
  })

  test('is nothing where there is no JSON', () => {
    expect(prettyJson('')).toBeUndefined()
    expect(prettyJson('{"a":1')).toBeUndefined()
    expect(prettyJson('a=1&b=2')).toBeUndefined()
  })

  test('looks as JSON.stringify writes it, whatever it holds', () => {
    assert(
      property(json(), (text) => {
        expect(pretty(text)).toBe(JSON.stringify(JSON.parse(text), null, 2))
      }),
      { seed: 1 },
    )
  })
})

test('bytes that are no UTF-8 are not shown as text', () => {
  expect(utf8(new TextEncoder().encode('\uFEFFé'))).toBe('\uFEFFé')
  expect(utf8(new Uint8Array([0x61, 0xff]))).toBeUndefined()
})

test('bytes as numbers have their offset, and what can be read of them', () => {
  const bytes = new TextEncoder().encode('<b>sixteen bytes and 2')
  expect(hexDump(bytes)).toBe(
    [
      '00000000  3c 62 3e 73 69 78 74 65 65 6e 20 62 79 74 65 73  <b>sixteen bytes',
      '00000010  20 61 6e 64 20 32                                 and 2',
    ].join('\n'),
  )
})
