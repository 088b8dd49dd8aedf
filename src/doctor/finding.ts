import { messageOf } from '../faults/faults.ts'

/** What a check found: one line for a person, who is told what to do next where it is not `ok`. */
export type Finding =
  | { readonly level: 'ok'; readonly what: string }
  | { readonly level: 'warn' | 'FAIL'; readonly what: string; readonly next: string }

/** It is as it should be. */
export function ok(what: string): Finding {
  return { level: 'ok', what }
}

/** It works, and will hurt some day. */
export function warn(what: string, next: string): Finding {
  return { level: 'warn', what, next }
}

/** It does not work. */
export function fail(what: string, next: string): Finding {
  return { level: 'FAIL', what, next }
}

/** What the kernel says of a disk that it has given up; SQLite says it in its own words. */
const DISK_FAILED = /\b(EIO|EROFS)\b|disk I\/O error|read-?only (file system|database)/i

/** What to do about an error: something else than usual where the disk itself has failed. */
export function adviceOn(error: unknown, usual: string): string {
  if (!DISK_FAILED.test(messageOf(error))) return usual
  return 'the disk has failed, or is mounted read-only: dmesg says which; mend it, mount it anew'
}

/**
 * The findings of a check, or that it could not be made: one that breaks must not keep the others
 * from being made.
 */
export function guarded(what: string, check: () => readonly Finding[]): readonly Finding[] {
  try {
    return check()
  } catch (error) {
    const next = adviceOn(error, 'mend what the message names, and run this again')
    return [fail(`${what} cannot be checked: ${messageOf(error)}`, next)]
  }
}
