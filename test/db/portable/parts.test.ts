import { expect, test } from 'bun:test'
import { inParts } from '../../../db/portable/parts.ts'
import { PARAMETER_BYTES_MAX } from '../../../src/limits/edge.ts'

interface Row {
  readonly n: number
  readonly text?: string
  readonly o?: number
  readonly l?: number
}

/** The rows of all parts, each with the bytes that it says are its own. */
function read(parts: ReturnType<typeof inParts>) {
  return parts.flatMap(({ json, bytes }) => {
    const rows = JSON.parse(json) as readonly Row[]
    return rows.map(({ n, o, l = 0 }) => [n, o === undefined ? null : bytes.slice(o, o + l)])
  })
}

test('rows and their bytes come out in order, in parameters that stay below the limit', () => {
  const items = Array.from({ length: 30 }, (_, n) => n)
  const bytesOf = (n: number) => (n % 3 === 0 ? undefined : new Uint8Array(100_000).fill(n))
  const parts = inParts(items, (n) => ({ row: { n }, bytes: bytesOf(n) }))
  expect(parts).toHaveLength(2)
  expect(read(parts)).toEqual(items.map((n) => [n, bytesOf(n) ?? null]))
  for (const { bytes } of parts) expect(bytes.byteLength).toBeLessThan(PARAMETER_BYTES_MAX)
})

test('rows of long texts are parted, too', () => {
  const text = 'ключ'.repeat(25_000)
  const parts = inParts([1, 2, 3, 4, 5, 6], (n) => ({ row: { n, text } }))
  expect(read(parts).map(([n]) => n)).toEqual([1, 2, 3, 4, 5, 6])
  for (const { json } of parts) expect(Buffer.byteLength(json)).toBeLessThan(PARAMETER_BYTES_MAX)
  expect(parts.length).toBeGreaterThan(1)
})

test('what is too long alone is a part of its own', () => {
  const large = new Uint8Array(PARAMETER_BYTES_MAX + 1)
  const parts = inParts([1, 2, 3], (n) => ({ row: { n }, bytes: n === 2 ? large : undefined }))
  expect(parts.map(({ json }) => (JSON.parse(json) as Row[]).map(({ n }) => n))).toEqual([
    [1],
    [2],
    [3],
  ])
})

test('of nothing there is no part', () => {
  expect(inParts([], () => ({ row: {} }))).toEqual([])
})
