/**
 * Values of a row that an operator may set instead, and which are then checked at every start. They
 * are apart from the rest of what describes a row, which takes 9 ms to build and is needed only
 * where somebody brings a row of their own.
 */
import { z } from 'zod'

export const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/
export const HeaderName = z.string().regex(HEADER_NAME, 'must be a header name')

export const Hash = z.enum(['sha1', 'sha256', 'sha384', 'sha512'])
export type Hash = z.infer<typeof Hash>

export const Encoding = z.enum(['hex', 'base64', 'base64url'])
export type Encoding = z.infer<typeof Encoding>
