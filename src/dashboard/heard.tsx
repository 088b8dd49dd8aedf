import type { SourceRow } from '../admin-api/admin-api.ts'
import { systemClock } from '../clock.ts'
import { Ago, Badge } from './parts.tsx'

/** A source is silent after this many of its longest pauses: as the alarm has it. */
const SILENT_AFTER_GAPS = 2

/** When a source was last heard of, and whether it has been silent for too long. */
export function Heard({ source: { lastReceivedAt, usualGapMs } }: { readonly source: SourceRow }) {
  const silentMs = lastReceivedAt === null ? 0 : systemClock.now() - Date.parse(lastReceivedAt)
  const isSilent = usualGapMs !== null && silentMs > SILENT_AFTER_GAPS * usualGapMs
  return (
    <>
      <Ago at={lastReceivedAt} /> {isSilent && <Badge state="silent" />}
    </>
  )
}
