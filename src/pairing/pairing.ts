/**
 * Registrations under way. Some providers hand over the secret of a webhook while it is registered,
 * in a request that nobody signed: it is taken from the first that comes while an operator waits
 * for it, and from nobody else.
 */
import type { Clock, EpochMs } from '../clock.ts'
import type { Refused } from '../delivery.ts'
import { messageOf } from '../faults/faults.ts'
import { LEARNT_SECRETS_MAX, PAIRING_MS_MAX } from '../limits/limits.ts'
import type { Log } from '../log.ts'
import type { Source } from '../source.ts'
import { readSecretsFile, writeSecretsFile } from './secrets-file.ts'

export interface PairingPorts {
  readonly clock: Clock
  readonly log: Log
  /** What is wrong with a secret of this provider, without the secret. */
  readonly validate: (provider: string, secret: string) => string | undefined
  /** Resolves when the secrets as they are now are in use. */
  readonly reload: () => Promise<void>
}

/** A registration that is waited for. */
export interface Waiting {
  readonly expiresAt: EpochMs
  /** Where the secret will be kept. */
  readonly file: string
}

export interface Pairing {
  /** Waits for the secret of a source, for PAIRING_MS_MAX; or says why it cannot. */
  begin(source: Source): Waiting | string
  /** Until when the secret of a source is waited for; null where nobody waits. */
  waitsUntil(source: string): EpochMs | null
  /** Stores a secret where it is waited for: undefined, or why it is not taken. */
  learn(source: Source, secret: string): Promise<Refused | undefined>
}

export function openPairing(ports: PairingPorts): Pairing {
  const { clock, log } = ports
  /** By source: until when, on the monotonic clock. */
  const waiting = new Map<string, number>()

  return {
    begin({ name, provider, learntSecretsFile: file }) {
      if (file === undefined) return whyNot(name)
      const known = readSecretsFile(file).length
      if (known >= LEARNT_SECRETS_MAX)
        return `${file} has ${known} secrets: remove what is not used`
      waiting.set(name, clock.monotonicMs() + PAIRING_MS_MAX)
      const expiresAt = clock.now() + PAIRING_MS_MAX
      log.info('pairing.waiting', { source: name, provider, expiresAt: toText(expiresAt) })
      return { expiresAt, file }
    },
    waitsUntil(source) {
      const leftMs = (waiting.get(source) ?? -Infinity) - clock.monotonicMs()
      return leftMs > 0 ? clock.now() + leftMs : null
    },
    async learn({ name, provider, learntSecretsFile: file }, secret) {
      const untilMs = waiting.get(name) ?? -Infinity
      if (file === undefined || clock.monotonicMs() >= untilMs) {
        return refused('PAIRING_CLOSED', 'no registration of this source is waited for')
      }
      const problem = /\s/.test(secret) ? 'has white space' : ports.validate(provider, secret)
      if (problem !== undefined) return refused('REQUEST_MALFORMED', `the secret ${problem}`)
      // Of two requests at the same time only one is the provider's.
      waiting.delete(name)
      try {
        writeSecretsFile(file, [...new Set([secret, ...readSecretsFile(file)])])
      } catch (error) {
        waiting.set(name, untilMs)
        const detail = 'the secret is not stored: send it again'
        return { ...refused('STORAGE_FAILED', detail), cause: messageOf(error) }
      }
      await ports.reload()
      log.info('pairing.finished', { source: name, provider, file })
      return undefined
    },
  }
}

function whyNot(name: string): string {
  return `"${name}" learns no secret: its provider hands none over, or its secret is configured`
}

function toText(at: EpochMs): string {
  return new Date(at).toISOString()
}

function refused(code: Refused['code'], detail: string): Refused {
  return { kind: 'refused', code, detail }
}
