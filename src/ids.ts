/** The only source of randomness. */

/** A random 128-bit token, 32 hex digits. */
export function randomToken(): string {
  return crypto.randomUUID().replaceAll('-', '')
}

/** A random span id, 16 hex digits: never all zeros, which W3C forbids. */
export function randomSpanId(): string {
  const uuid = crypto.randomUUID()
  return uuid.slice(19, 23) + uuid.slice(24)
}

/** `bytes` of randomness, base64: a signing secret for development and samples. */
export function randomSecret(bytes = 32): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toBase64()
}

/** A random version 4 UUID, as GitHub and others use for delivery ids. */
export function randomUuid(): string {
  return crypto.randomUUID()
}

/** A number in [0, 1): jitter. */
export function randomFraction(): number {
  return Math.random()
}
