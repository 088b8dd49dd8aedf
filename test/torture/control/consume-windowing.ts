/** What the windowed consumer of the torture does, and its oracle with it. */
import { aggregate, tumbling, z } from '../../../src/gateway.ts'
import { idsOf, show } from '../../consume/window-oracle.ts'

export const WINDOWING = {
  shape: tumbling('100ms'),
  outOfOrdernessMs: 50,
  allowedLatenessMs: 100,
  merge: undefined,
} as const

/** What an event takes: long enough to be killed in it. */
const PAUSE_MS = 1

const Ids = z.array(z.int())
const Timed = z.object({ n: z.int(), at: z.int() })
type Shown = Parameters<typeof show>[0] & { readonly isClosed: boolean }

const publish = (topic: string) => (window: Shown) => ({
  topic,
  key: window.key,
  value: show(window, idsOf(window.state)),
})

/** Publishes everything that windows can: closed, corrected, and what is late. */
export const windowed = {
  state: Ids,
  window: {
    over: WINDOWING.shape,
    outOfOrderness: '50ms',
    allowedLateness: '100ms',
    // No process of a torture is silent for so long.
    idleTimeout: '1d',
    onClose: publish('closed'),
    onUpdate: (window: Shown) => (window.isClosed ? publish('corrected')(window) : null),
    onLate: ({ headers }: { readonly headers: Readonly<Record<string, string>> }) => ({
      topic: 'late',
      value: Number(headers['ce_id']),
    }),
  },
  events: {
    '*': aggregate(
      Timed,
      Ids,
      (ids = [], { data }) => {
        Bun.sleepSync(PAUSE_MS)
        return [...ids, data.n]
      },
      { eventTime: ({ data }) => data.at },
    ),
  },
} as const
