import { describe, expect, test } from 'bun:test'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { givenUp, type Watched } from '../../src/handler-watch.ts'
import {
  HANDLER_BLOCKS_MAX,
  HANDLER_SUSPICIONS_MAX,
  SUSPECT_NOTES_MAX,
  WATCHED_CALLS_MAX,
} from '../../src/limits/watchdog.ts'
import {
  noteSuspects,
  openSuspects,
  readSuspects,
  SUSPECTS_FILE,
} from '../../src/watchdog/suspects.ts'
import { makeVitals, openVitalSigns, suspectsIn } from '../../src/watchdog/vitals.ts'
import { handlerWatch } from '../support/handler-watch.ts'
import { makeTempDir } from '../support/temp.ts'

const PUSH: Watched = { source: 'github', type: 'push', eventId: 'delivery 1' }
const ORDER: Watched = {
  source: 'consumer:orders',
  type: 'order.created',
  eventId: 'orders shop 7',
  partition: 3,
  offset: 2 ** 40,
}
const AT = '2026-01-01T00:00:00.000Z'

async function openFile() {
  const directory = await makeTempDir()
  const path = join(directory.path, SUSPECTS_FILE)
  return {
    path,
    end: (suspects: readonly Watched[], handlersName = 'v1') =>
      noteSuspects(path, suspects, { at: AT, handlersName }),
    open: (handlers = () => 'v1') => openSuspects(readSuspects(path), handlers),
    [Symbol.asyncDispose]: directory[Symbol.asyncDispose],
  }
}

describe('what ran when a process ended', () => {
  test('is counted by the processes after it, each event by itself', async () => {
    await using file = await openFile()
    expect(file.open().endsOf(PUSH.source, PUSH.eventId)).toBeUndefined()
    expect(file.open().hasNotes).toBe(false)
    file.end([PUSH])
    file.end([PUSH, ORDER])
    const { endsOf } = file.open()

    expect(endsOf('github', 'delivery 1')).toEqual({
      alone: 1,
      all: 2,
      aloneMax: HANDLER_BLOCKS_MAX,
      isCleared: false,
    })
    expect(endsOf('consumer:orders', 'orders shop 7')).toMatchObject({ alone: 0, all: 1 })
    expect(endsOf('github', 'delivery 2')).toBeUndefined()
    expect(endsOf('gitlab', 'delivery 1')).toBeUndefined()
    const note = { at: AT, handlersName: 'v1', suspects: 2, ...ORDER }
    expect(readSuspects(file.path).at(-1)).toEqual(note)
  })

  test('gives up the next of a kind of which one was, with its first end alone', async () => {
    await using file = await openFile()
    const another = { ...PUSH, eventId: 'delivery 2' }
    const beside = { ...PUSH, eventId: 'delivery 3' }
    const issue = { ...PUSH, type: 'issues', eventId: 'delivery 4' }
    const same = { ...PUSH, source: 'gitlab' }
    for (let end = 1; end < HANDLER_BLOCKS_MAX; end += 1) file.end([PUSH])
    file.end([another])
    file.end([beside, ORDER])
    file.end([issue])
    file.end([same])
    const givenUpOf = (handlersName = 'v1') => {
      const watch = { ...handlerWatch(), ...file.open(() => handlersName) }
      const all = [PUSH, another, beside, issue, same]
      return all.map((each) => givenUp(watch, each) !== undefined)
    }
    expect(givenUpOf()).toEqual([false, false, false, false, false])
    file.end([PUSH])
    expect(givenUpOf()).toEqual([true, true, false, false, false])
    expect(givenUpOf('v2')).toEqual([false, false, false, false, false])
  })

  test('counts for the handlers of then: others begin anew, and the same again do not', async () => {
    await using file = await openFile()
    file.end([PUSH])
    let handlers = 'v1'
    const { endsOf } = file.open(() => handlers)
    const counts = ['v1', 'v2', 'v1'].map((name) => {
      handlers = name
      return endsOf(PUSH.source, PUSH.eventId)?.all ?? 0
    })

    expect(counts).toEqual([1, 0, 1])
  })

  test('is no suspect any more once it has ended well, and has what it had counted', async () => {
    await using file = await openFile()
    file.end([PUSH])
    file.end([PUSH, ORDER])
    let handlersName = 'v1'
    const { endsOf, clear } = file.open(() => handlersName)
    const known = { alone: 1, all: 2, aloneMax: HANDLER_BLOCKS_MAX, isCleared: false }
    expect(endsOf(PUSH.source, PUSH.eventId)).toEqual(known)
    clear(PUSH.source, PUSH.eventId)
    expect(endsOf(PUSH.source, PUSH.eventId)).toEqual({ ...known, isCleared: true })
    expect(endsOf(ORDER.source, ORDER.eventId)?.isCleared).toBe(false)
    handlersName = 'v2'
    expect(endsOf(PUSH.source, PUSH.eventId)).toBeUndefined()
  })

  test('is not known where its line is none, and then the rest is', async () => {
    await using file = await openFile()
    const line = JSON.stringify({ at: AT, handlersName: 'v1', suspects: 1, ...PUSH })
    writeFileSync(file.path, `\n{"at":\n{"at":7}\n${line}\n${line.slice(0, 40)}`)

    expect(file.open().endsOf(PUSH.source, PUSH.eventId)).toMatchObject({ alone: 1 })
  })

  test('is counted by an id that is no text, too, though no file can have that', async () => {
    await using file = await openFile()
    const eventId = 'orders shop \ud800'
    const vitals = makeVitals()
    openVitalSigns(vitals).enter({ ...ORDER, eventId })
    file.end(suspectsIn(vitals))

    expect(file.open().endsOf(ORDER.source, eventId)).toMatchObject({ alone: 1 })
  })

  test('is noted in place of what cannot be read', async () => {
    await using file = await openFile()
    // Root reads every file: this one is a folder for whoever reads, and a name for who renames.
    mkdirSync(`${file.path}.folder`)
    symlinkSync(`${file.path}.folder`, file.path)
    expect(() => readSuspects(file.path)).toThrow()
    file.end([PUSH])

    expect(file.open().endsOf(PUSH.source, PUSH.eventId)).toMatchObject({ alone: 1 })
  })

  test('is kept up to a limit, the latest', async () => {
    await using file = await openFile()
    const many = Array.from({ length: SUSPECT_NOTES_MAX }, (_, n) => ({ ...ORDER, offset: n }))
    file.end([PUSH])
    file.end(many)

    expect(readSuspects(file.path).map(({ offset }) => offset)).toEqual(
      many.map(({ offset }) => offset),
    )
  })

  test('the limits hold several ends of all that may wait', () => {
    expect(SUSPECT_NOTES_MAX).toBeGreaterThanOrEqual(
      HANDLER_SUSPICIONS_MAX * (WATCHED_CALLS_MAX + 1),
    )
  })
})
