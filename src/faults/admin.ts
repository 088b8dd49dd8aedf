import type { Fault } from './faults.ts'

/** The part of FAULTS that meets operators: on the admin port, and in what they start there. */
export const ADMIN_FAULTS = {
  HOST_REFUSED: {
    stage: 'admin',
    status: 421,
    retryable: false,
    title: 'The admin port is not served under this host name.',
    hint: 'Without INLET_ADMIN_TOKEN, use 127.0.0.1 or localhost: another name can be made to lead here by any web page.',
  },
  OPERATOR_REFUSED: {
    stage: 'admin',
    status: 401,
    retryable: false,
    title: 'The token of the admin port is missing or wrong.',
    hint: 'Give this command, or the log-in, the INLET_ADMIN_TOKEN that the gateway was started with.',
  },
  CROSS_SITE_REFUSED: {
    stage: 'admin',
    status: 403,
    retryable: false,
    title: 'The request was made by a page of another site.',
    hint: 'Open the dashboard itself. Behind a proxy, let the Host header through as it came.',
  },
  QUERIES_BUSY: {
    stage: 'admin',
    status: 503,
    retryable: true,
    title: 'Too many questions about stored events are waiting.',
    hint: 'Ask again, with fewer at once. Intake is not affected.',
  },
  QUERY_FAILED: {
    stage: 'admin',
    status: 500,
    retryable: true,
    title: 'The question could not be answered.',
    hint: 'Look at the log of the gateway for `query.crashed` or `admin.failed`. Intake is not affected.',
  },
  EVENT_UNKNOWN: {
    stage: 'admin',
    status: 404,
    retryable: false,
    title: 'There is no such event.',
    hint: 'Events are kept for INLET_RETENTION_DAYS. `inlet events list` shows them.',
  },
  GATEWAY_UNREACHABLE: {
    stage: 'admin',
    status: 503,
    retryable: true,
    title: 'The gateway does not answer on its admin port.',
    hint: 'Start it with `inlet serve`, or give this command the same INLET_ADMIN_* variables.',
  },
  RERUN_UNKNOWN: {
    stage: 'admin',
    status: 404,
    retryable: false,
    title: 'There is no such rerun.',
    hint: '`inlet reruns` lists them.',
  },
  RERUNS_EXHAUSTED: {
    stage: 'admin',
    status: 409,
    retryable: true,
    title: 'Too many reruns are not at their end.',
    hint: 'Wait for one, or stop one: `inlet reruns` lists them.',
  },
} as const satisfies Record<string, Fault>
