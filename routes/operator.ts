import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../src/clock.ts'
import { randomToken } from '../src/ids.ts'
import { SESSION_MS_MAX, SESSIONS_MAX } from '../src/limits/admin.ts'

/** Who asks on the admin port: handed to every route beside the request. */
export interface Visitor {
  /** Whether they may see more than whether the gateway is well. */
  readonly isOperator: boolean
  /** The address at the other end of the connection. */
  readonly peer: string
}

/** Wrong tokens of one address cost one each. */
export interface GuessRate {
  /** 0 where another guess is allowed, else how long until it is, in ms. */
  take(peer: string): number
  giveBack(peer: string): void
}

export interface OperatorsPorts {
  readonly clock: Clock
  /** INLET_ADMIN_TOKEN. Without one the port is on loopback: who reaches it may see everything. */
  readonly token: string | undefined
  readonly guesses: GuessRate
  /** Is told of each wrong token. Must not throw. */
  readonly onWrong: (peer: string) => void
}

/** What became of a token: a wait in ms where too many wrong ones came before it. */
type Login = { readonly cookie: string } | 'wrong' | { readonly waitMs: number }

/** Tells operators by INLET_ADMIN_TOKEN, or by the session of a browser that was given it. */
export interface Operators {
  readonly needsToken: boolean
  /** A wait in ms where their address guesses: then nothing that it sends is looked at. */
  check(headers: Headers, peer: string): boolean | { readonly waitMs: number }
  /** Begins a session. */
  login(token: string, headers: Headers, peer: string): Login
  /** Ends the session of a request, and returns the cookie that says so. */
  logout(headers: Headers): string
}

export function openOperators(ports: OperatorsPorts): Operators {
  const { clock, token, guesses, onWrong } = ports
  const expected = token === undefined ? undefined : hash(token)
  /** When they end, by the hash of their secret; the oldest first. */
  const sessions = new Map<string, number>()

  /** Takes time that depends on neither. Costs its sender a guess unless it is right. */
  function tryToken(given: string, peer: string): boolean | { readonly waitMs: number } {
    if (expected === undefined) return true
    const waitMs = guesses.take(peer)
    if (waitMs > 0) return { waitMs }
    if (!timingSafeEqual(hash(given), expected)) {
      onWrong(peer)
      return false
    }
    guesses.giveBack(peer)
    return true
  }

  function hasSession(headers: Headers): boolean {
    return sessionsOf(headers).some((secret) => {
      const endsMs = sessions.get(nameOf(secret))
      return endsMs !== undefined && endsMs > clock.monotonicMs()
    })
  }

  return {
    needsToken: expected !== undefined,
    check(headers, peer) {
      if (expected === undefined || hasSession(headers)) return true
      const [, given] = /^bearer +(.+)$/i.exec(headers.get('authorization') ?? '') ?? []
      return given !== undefined && tryToken(given, peer)
    },
    login(given, headers, peer) {
      const verdict = tryToken(given, peer)
      if (typeof verdict === 'object') return verdict
      if (!verdict) return 'wrong'
      const secret = randomToken()
      for (const oldest of sessions.keys()) {
        if (sessions.size < SESSIONS_MAX) break
        sessions.delete(oldest)
      }
      sessions.set(nameOf(secret), clock.monotonicMs() + SESSION_MS_MAX)
      return { cookie: cookieOf(secret, SESSION_MS_MAX / 1000, headers) }
    },
    logout(headers) {
      for (const secret of sessionsOf(headers)) sessions.delete(nameOf(secret))
      return cookieOf('', 0, headers)
    },
  }
}

/** Browsers keep a cookie of the first name only where it came over TLS and for this host alone. */
const COOKIES = { secure: '__Host-inlet', plain: 'inlet' } as const

/**
 * Whether there is TLS, the browser itself says, in `Origin`: behind a proxy that ends it, nothing
 * else here can tell.
 */
function cookieOf(secret: string, maxAgeS: number, headers: Headers): string {
  const isSecure = headers.get('origin')?.startsWith('https:') === true
  const name = isSecure ? `${COOKIES.secure}=${secret}; Secure` : `${COOKIES.plain}=${secret}`
  return `${name}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}`
}

/**
 * Of a host, not of a port, and of a path: what else runs on this machine can set one of our name
 * that the browser sends before ours. It proves nothing, and must not hide ours.
 */
function sessionsOf(headers: Headers): readonly string[] {
  const pairs = (headers.get('cookie') ?? '').split(/; */).map((pair) => pair.split('=', 2))
  return pairs
    .flatMap(([name, value = '']) =>
      name === COOKIES.secure || name === COOKIES.plain ? [value] : [],
    )
    .slice(0, COOKIES_LOOKED_AT_MAX)
}

/** A browser has two at most; each costs a hash. */
const COOKIES_LOOKED_AT_MAX = 8

/** What is kept of a session names it, and cannot be used as one. */
function nameOf(secret: string): string {
  return Buffer.from(hash(secret)).toString('hex')
}

/** Hashes have one length, whatever was sent: that makes the comparison constant in time. */
function hash(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}
