import type { Fault } from './faults.ts'

/** What goes wrong where an event's handler runs, or may not run. */
export const HANDLER_FAULTS = {
  HANDLER_FAILED: {
    stage: 'handle',
    status: 500,
    retryable: false,
    title: 'The handler threw an error.',
    hint: 'Correct the handler; the event is kept, with its bytes.',
  },
  HANDLER_TIMEOUT: {
    stage: 'handle',
    status: 500,
    retryable: false,
    title: 'The handler did not finish in time.',
    hint: 'Handlers decide, they do not wait: move I/O into a consumer of the topic.',
  },
  HANDLER_RESULT_INVALID: {
    stage: 'handle',
    status: 500,
    retryable: false,
    title: 'The handler returned something that is not a record.',
    hint: 'Return { topic, key?, value?, headers? }, an array of those, or null to ignore the event.',
  },
  HANDLER_HELD: {
    stage: 'handle',
    status: 503,
    retryable: true,
    retryAfterS: 5,
    title: 'The event may have blocked the process, and others that may have are tried first.',
    hint: 'Nothing to do: it is tried again. `handler.blocked` and `handler.suspected` in the log say which they are; correct the handler.',
  },
  HANDLER_BLOCKED: {
    stage: 'handle',
    status: 500,
    retryable: false,
    title: 'The handler has blocked or ended the process too often with this event.',
    hint: 'Correct the handler, which does not return or calls `process.exit`, then replay the event. It is run again as soon as a file of the handlers has changed.',
  },
} as const satisfies Record<string, Fault>
