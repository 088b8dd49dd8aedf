import { describe, expect, test } from 'bun:test'
import { formatTraceparent, parseTraceparent } from '../src/trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

describe('a traceparent', () => {
  test('names trace and span, and whether they are sampled', () => {
    const text = `00-${TRACE}-${SPAN}-01`
    const sampled = { traceId: TRACE, spanId: SPAN, isSampled: true }
    expect(parseTraceparent(text)).toEqual(sampled)
    expect(formatTraceparent(sampled)).toBe(text)
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-03`)).toEqual(sampled)
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-02`)).toEqual({ ...sampled, isSampled: false })
  })

  test('of a later version is read as far as it is known', () => {
    const text = `01-${TRACE}-${SPAN}-01`
    expect(parseTraceparent(`${text}-more`)).toEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`))
    expect(parseTraceparent(text)).toBeDefined()
    expect(parseTraceparent(`${text}more`)).toBeUndefined()
  })

  test.each([
    '',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-zz`,
    ` 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
  ])('is none: %j', (text) => {
    expect(parseTraceparent(text)).toBeUndefined()
  })
})
