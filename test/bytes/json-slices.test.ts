import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { elementSlices, memberSlices, type Slice } from '../../src/bytes/json-slices.ts'

const encoder = new TextEncoder()
const text = (bytes: Uint8Array, { start, end }: Slice) =>
  new TextDecoder().decode(bytes.subarray(start, end))

const space = fc.stringMatching(/^[ \t\n\r]{0,3}$/)
/** A string as JSON may write it: plainly, or with each code unit escaped. */
const written = fc
  .tuple(fc.string({ unit: 'binary' }), fc.boolean())
  .map(([string, isEscaped]) => (isEscaped ? escaped(string) : JSON.stringify(string)))
function escaped(string: string): string {
  const units = string.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'))
  return `"${units.map((unit) => `\\u${unit}`).join('')}"`
}
/** A value as JSON may write it: numbers that JavaScript would change among them. */
const value = fc.oneof(
  fc.jsonValue().map((each) => JSON.stringify(each)),
  fc.jsonValue().map((each) => JSON.stringify(each, null, 2)),
  written,
  fc.constantFrom('12345678901234567890', '-0', '1E+2', '1.50', 'true', 'null', '[ ]', '{ }'),
)
const part = fc.tuple(space, value, space)

test('the members of an object are the bytes that JSON.parse reads them from', () => {
  const member = fc.tuple(space, fc.oneof(written, fc.constantFrom('"a"', '"\\u0061"')), part)
  fc.assert(
    fc.property(space, fc.array(member), space, (before, members, after) => {
      const inner = members.map(
        ([gap, name, [a, each, b]]) => `${gap}${name}${gap}:${a}${each}${b}`,
      )
      const json = `${before}{${inner.join(',') || after}}${after}`
      const bytes = encoder.encode(json)
      const last = new Map(
        members.map(([, name, [, each]]) => [JSON.parse(name) as string, each] as const),
      )

      const slices = memberSlices(bytes)
      expect([...slices].map(([name, slice]) => [name, text(bytes, slice)])).toEqual([...last])
      expect([...slices.keys()].toSorted()).toEqual(
        Object.keys(JSON.parse(json) as object).toSorted(),
      )
    }),
    { numRuns: 1_000 },
  )
})

test('the elements of an array are the bytes that JSON.parse reads them from', () => {
  fc.assert(
    fc.property(space, fc.array(part), (gap, parts) => {
      const json = `${gap}[${parts.map((each) => each.join('')).join(',') || gap}]${gap}`
      const bytes = encoder.encode(json)

      const slices = elementSlices(bytes)
      expect(slices.map((slice) => text(bytes, slice))).toEqual(parts.map(([, each]) => each))
      expect(slices).toHaveLength((JSON.parse(json) as unknown[]).length)
    }),
    { numRuns: 1_000 },
  )
})

test('an object inside a document is found where it starts', () => {
  const bytes = encoder.encode('[1, {"data": {"n": 1.0}}, "}"]')
  const second = elementSlices(bytes)[1]
  const data = memberSlices(bytes, second?.start).get('data')

  expect(data === undefined ? undefined : text(bytes, data)).toBe('{"n": 1.0}')
})

test('a document that is deeper than any stack has slices', () => {
  const depth = 200_000
  const bytes = encoder.encode(`[${'['.repeat(depth)}${']'.repeat(depth)}]`)

  expect(elementSlices(bytes)).toEqual([{ start: 1, end: bytes.length - 1 }])
})
