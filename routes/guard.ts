/**
 * What every request to the admin port passes, whatever it asks for, and what every answer carries.
 * Routes behind it need no checks of their own.
 */
import { getPath } from 'hono/utils/url'
import { isLoopback } from '../src/loopback.ts'
import type { Operators, Visitor } from './operator.ts'
import { problem } from './problem.ts'

/** Answers a request of a visitor that may come in. */
export type Serve = (request: Request, visitor: Visitor) => Response | Promise<Response>

/**
 * Lets in who may come in:
 *
 * - Without a token, only requests to a loopback host name. A page whose own name was made to lead
 *   here (DNS rebinding) has another.
 * - To the API, nothing that a page of another site asks for; what changes anything comes from our
 *   own page or from no browser at all.
 * - To the API and the metrics, operators; strangers get the pages, whether the gateway is well,
 *   and what they need to log in.
 */
export function guard(operators: Operators, serve: Serve) {
  return async (request: Request, peer: string): Promise<Response> => {
    return hardened(await admit(request, peer))
  }

  function admit(request: Request, peer: string): Response | Promise<Response> {
    // Of the Host header and the path: both are the sender's.
    const url = URL.parse(request.url)
    if (url === null) return problem('REQUEST_MALFORMED', 'its Host header names no host')
    if (!operators.needsToken && !isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'))) {
      return problem('HOST_REFUSED', `this is not ${url.hostname}`)
    }
    // As the routes will read it: they take `/%61pi` for `/api`.
    const path = getPath(request)
    if (isForeign(request, { path, host: url.host })) {
      return problem('CROSS_SITE_REFUSED', 'only the dashboard itself may ask for this')
    }
    const verdict = operators.check(request.headers, peer)
    if (typeof verdict === 'object') return tooManyGuesses(verdict)
    if (!verdict && isForOperators(path)) return tokenRefused()
    return serve(request, { isOperator: verdict, peer })
  }
}

/** Too many wrong tokens came from this address. */
export function tooManyGuesses({ waitMs }: { readonly waitMs: number }): Response {
  const retryAfter = { 'retry-after': String(Math.ceil(waitMs / 1000)) }
  return problem('RATE_LIMITED', 'too many wrong tokens came from this address', retryAfter)
}

/** The answer to a missing and to a wrong token: they look the same. */
export function tokenRefused(): Response {
  const detail = 'send INLET_ADMIN_TOKEN as `Authorization: Bearer <token>`, or log in'
  return problem('OPERATOR_REFUSED', detail, { 'www-authenticate': 'Bearer' })
}

const FOR_STRANGERS: ReadonlySet<string> = new Set(['/api/session', '/api/login'])

function isForOperators(path: string): boolean {
  return (path.startsWith('/api/') && !FOR_STRANGERS.has(path)) || path === '/metrics'
}

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD'])

interface Target {
  readonly path: string
  readonly host: string
}

/** By what browsers say of a request, which no page can change; other programs say nothing. */
function isForeign({ method, headers }: Request, { path, host }: Target): boolean {
  const isReading = READING.has(method)
  if (isReading && !path.startsWith('/api/')) return false
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  // A person who opens an address of the API is no page: `none`.
  if (site !== null) return site !== 'same-origin' && !(isReading && site === 'none')
  // To an address that is neither loopback nor https they say only this.
  return origin !== null && hostOf(origin) !== host
}

/** Of the origin without its scheme: a proxy that ends TLS changes that. */
function hostOf(origin: string): string {
  return URL.parse(origin)?.host ?? ''
}

const HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** What an answer says itself, stands. */
function hardened(response: Response): Response {
  for (const [name, value] of Object.entries(HEADERS)) {
    if (!response.headers.has(name)) response.headers.set(name, value)
  }
  return response
}
