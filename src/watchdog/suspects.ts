/** What ran when user code ended a process: noted by that process, read by the next one. */
import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { writeDurably } from '../durable-file.ts'
import type { Ends, HandlerWatch, Watched } from '../handler-watch.ts'
import { HANDLER_BLOCKS_MAX, SUSPECT_NOTES_MAX } from '../limits/watchdog.ts'

/** In the data directory. No name that is taken for a file which handlers import. */
export const SUSPECTS_FILE = 'blocked.ndjson'

const Note = z.object({
  /** When that process ended. */
  at: z.string(),
  /** What was served then, by its name: a changed handler begins anew. */
  handlersName: z.string(),
  /** How many ran then: where that was one, it is known who it was. */
  suspects: z.int(),
  source: z.string(),
  type: z.string(),
  eventId: z.string(),
  partition: z.int().optional(),
  offset: z.int().optional(),
})

export type SuspectNote = z.infer<typeof Note>

/** The notes of earlier processes, the latest last. A line that is none says nothing. */
export function readSuspects(path: string): readonly SuspectNote[] {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8').split('\n').flatMap(noteOf)
}

function noteOf(line: string): SuspectNote[] {
  try {
    return [Note.parse(JSON.parse(line))]
  } catch {
    return []
  }
}

/**
 * Adds what ran when this process ends. On disk when it returns. Where the earlier notes cannot be
 * read they are replaced: else no process would ever know of one before it.
 */
export function noteSuspects(
  path: string,
  suspects: readonly Watched[],
  { at, handlersName }: Pick<SuspectNote, 'at' | 'handlersName'>,
): void {
  const notes = suspects.map((each) => ({ at, handlersName, suspects: suspects.length, ...each }))
  const kept = [...readable(path), ...notes].slice(-SUSPECT_NOTES_MAX)
  writeDurably(path, kept.map((note) => `${JSON.stringify(note)}\n`).join(''))
}

function readable(path: string): readonly SuspectNote[] {
  try {
    return readSuspects(path)
  } catch {
    // Told of at the start, and of no use any more.
    return []
  }
}

/** Counts the notes of each event that were made with the handlers of now. */
export function openSuspects(
  notes: readonly SuspectNote[],
  handlersName: () => string,
): Pick<HandlerWatch, 'hasNotes' | 'endsOf' | 'clear'> {
  let counted: string | undefined
  let ends = new Map<string, Ends>()

  return {
    hasNotes: notes.length > 0,
    endsOf(source, eventId) {
      if (notes.length === 0) return undefined
      const now = handlersName()
      if (now !== counted) [counted, ends] = [now, countEnds(notes, now)]
      return ends.get(keyOf({ source, eventId }))
    },
    clear(source, eventId) {
      const key = keyOf({ source, eventId })
      const known = ends.get(key)
      if (known !== undefined) ends.set(key, { ...known, isCleared: true })
    },
  }
}

/**
 * How often each event ran when a process ended that served these handlers, by its key. Of a source
 * and type of which one event was given up by itself the others are with their first end: what
 * blocks for a class of events would else end three processes for each of them.
 */
function countEnds(notes: readonly SuspectNote[], handlersName: string): Map<string, Ends> {
  const ofNow = notes.filter((note) => note.handlersName === handlersName)
  const ends = new Map<string, Ends>()
  for (const note of ofNow) {
    const key = keyOf(note)
    const { alone, all } = ends.get(key) ?? { alone: 0, all: 0 }
    ends.set(key, {
      alone: note.suspects === 1 ? alone + 1 : alone,
      all: all + 1,
      aloneMax: HANDLER_BLOCKS_MAX,
      isCleared: false,
    })
  }
  const isProven = (note: SuspectNote) => (ends.get(keyOf(note))?.alone ?? 0) >= HANDLER_BLOCKS_MAX
  const proven = new Set(ofNow.filter(isProven).map(kindOf))
  for (const note of ofNow) {
    const key = keyOf(note)
    const known = ends.get(key)
    if (known !== undefined && proven.has(kindOf(note))) ends.set(key, { ...known, aloneMax: 1 })
  }
  return ends
}

function kindOf({ source, type }: Pick<Watched, 'source' | 'type'>): string {
  return `${source} ${type}`
}

/** No source has a space in it. An id of others may be no text: the notes have it as such. */
function keyOf({ source, eventId }: Pick<Watched, 'source' | 'eventId'>): string {
  return `${source} ${eventId.toWellFormed()}`
}
