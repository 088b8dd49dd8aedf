import { z } from 'zod'
import { numberSetting } from './number.ts'

/** A number from an environment variable. */
const number = (min: number, max: number) => numberSetting(min, max, 'decimal')

/** When the gateway raises its alarms, and whom it tells; part of SETTINGS in config.ts. */
export const ALARM_SETTINGS = {
  INLET_ALARM_URL: z
    .url({ protocol: /^https$/, error: 'must be an https URL' })
    .optional()
    .describe(
      'Where alarms are sent (https) when they are raised and cleared, as Standard Webhooks.',
    ),
  INLET_ALARM_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ and at least 24 bytes as base64')
    .optional()
    .describe('What they are signed with: `whsec_` and at least 24 bytes as base64.'),
  INLET_ALARM_SILENCE_FACTOR: number(0, 1000)
    .default(2)
    .describe('A source is silent after so many times its longest usual pause. 0: never.'),
  INLET_ALARM_FAILURES: number(0, 1e9)
    .default(10)
    .describe(
      'Deliveries of a source that are not proven within 5 minutes, and a tenth of all: an alarm. 0: never.',
    ),
  INLET_ALARM_UNHANDLED: number(0, 1e9)
    .default(10)
    .describe(
      'Events of a source that are failed or invalid within 10 minutes, or a tenth of all: an alarm. 0: never.',
    ),
  INLET_ALARM_LAG_ENTRIES: number(0, 1e12)
    .default(100_000)
    .describe('Records that wait to be published, above it an alarm. 0: any.'),
  INLET_ALARM_LAG_MS: number(0, 1e12)
    .default(60_000)
    .describe('How long the oldest of them may wait, in ms, above it an alarm. 0: any time.'),
  INLET_ALARM_SKEW_MS: number(0, 1e9)
    .default(60_000)
    .describe('Our clock against what providers sign, in ms, above it an alarm. 0: any.'),
} as const
