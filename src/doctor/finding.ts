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
