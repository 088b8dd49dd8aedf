import { expect, test } from 'bun:test'
import { openSuspectTurns, openTurns } from '../../src/watchdog/suspect-turns.ts'
import { settle } from '../db/world.ts'

/** Turns whose tasks end when the test says so. */
function openWorld(turns = openTurns()) {
  const seen: string[] = []
  const ends = new Map<string, () => void>()
  const never = new AbortController().signal
  const turn = (name: string, patience = never) => ({
    patience: () => patience,
    late: () => void seen.push(`${name} late`),
    async task() {
      seen.push(name)
      await new Promise<void>((resolve) => ends.set(name, resolve))
    },
  })
  return {
    seen: () => seen.splice(0),
    alone: (name: string, patience?: AbortSignal) => turns.alone(turn(name, patience)),
    beside: (name: string, patience?: AbortSignal) => turns.beside(turn(name, patience)),
    end: async (name: string) => {
      ends.get(name)?.()
      await settle()
      return seen.splice(0)
    },
  }
}

test('what runs alone waits for what runs, and all that comes later for it', async () => {
  const { alone, beside, end, seen } = openWorld()
  const all = [beside('a'), beside('b'), alone('c'), beside('d'), alone('e'), beside('f')]
  await settle()
  expect(seen()).toEqual(['a', 'b'])
  expect(await end('a')).toEqual([])
  expect(await end('b')).toEqual(['c'])
  expect(await end('c')).toEqual(['d'])
  expect(await end('d')).toEqual(['e'])
  expect(await end('e')).toEqual(['f'])
  await end('f')
  await Promise.all(all)
})

test('one whose patience ends does not run, and what waited behind it does', async () => {
  const { alone, beside, end, seen } = openWorld()
  const patience = new AbortController()
  const all = [beside('a'), alone('b', patience.signal), beside('c')]
  patience.abort()
  all.push(alone('d', patience.signal))
  await settle()
  expect(seen().toSorted()).toEqual(['a', 'b late', 'c', 'd late'])
  await end('a')
  await end('c')
  await Promise.all(all)
})

test('one that throws makes room for the next', async () => {
  const turns = openTurns()
  const of = (task: () => string) => ({
    task,
    late: () => 'late',
    patience: () => new AbortController().signal,
  })
  const failing = turns.alone(
    of(() => {
      throw new Error('no')
    }),
  )
  const next = turns.alone(of(() => 'ran'))

  expect(failing).rejects.toThrow('no')
  expect(await next).toBe('ran')
})

test('at the door suspects run one after the other, and hold up nobody else', async () => {
  const { alone, beside, end, seen } = openWorld(openSuspectTurns())
  const all = [alone('a'), alone('b'), beside('c')]
  await settle()
  expect(seen().toSorted()).toEqual(['a', 'c'])
  expect(await end('a')).toEqual(['b'])
  await end('b')
  await end('c')
  await Promise.all(all)
})
