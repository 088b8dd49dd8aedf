import { expect, test } from 'bun:test'
import type { DiskRecord } from './disk-log.ts'
import { DiskModel } from './disk-model.ts'

const write = (path: string, at: number, text: string): DiskRecord => ({
  kind: 'write',
  path,
  at,
  bytes: Buffer.from(text),
})

/** A sync that begins and ends before anything else happens. */
function sync(path: string, id: number): readonly DiskRecord[] {
  return [
    { kind: 'sync began', path, id: BigInt(id) },
    { kind: 'synced', path, id: BigInt(id) },
  ]
}

function diskAfter(records: readonly DiskRecord[]): DiskModel {
  const disk = new DiskModel()
  for (const record of records) disk.apply(record)
  return disk
}

function textOf(disk: DiskModel, path: string): string | undefined {
  const bytes = disk.cut('drop', () => 0).get(path)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

test('a cut keeps what was synced when the sync began, and can drop everything after', () => {
  const disk = diskAfter([
    write('d/a', 0, 'one'),
    ...sync('d', 1),
    { kind: 'sync began', path: 'd/a', id: 2n },
    write('d/a', 3, 'two'),
    { kind: 'synced', path: 'd/a', id: 2n },
    write('d/a', 6, 'three'),
  ])

  expect(textOf(disk, 'd/a')).toBe('one')
  expect(disk.cut('keep', () => 0).get('d/a')).toEqual(Buffer.from('onetwothree'))
})

test('a file whose directory was not synced can be gone, and one that was removed can be back', () => {
  const made = [write('d/a', 0, 'one'), ...sync('d/a', 1)]
  expect(textOf(diskAfter(made), 'd/a')).toBeUndefined()

  const removed = diskAfter([...made, ...sync('d', 2), { kind: 'unlink', path: 'd/a' }])
  expect(textOf(removed, 'd/a')).toBe('one')
  expect(removed.cut('keep', () => 0).has('d/a')).toBe(false)
})

test('what a failed sync should have written is gone, also after one that succeeds', () => {
  const disk = diskAfter([
    write('d/a', 0, 'one'),
    ...sync('d', 1),
    { kind: 'sync began', path: 'd/a', id: 2n },
    { kind: 'sync failed', path: 'd/a', id: 2n },
    ...sync('d/a', 3),
  ])

  expect(disk.cut('keep', () => 0).get('d/a')).toEqual(new Uint8Array(0))
})

test('a torn write reaches the disk by sectors', () => {
  const disk = diskAfter([write('d/a', 0, 'x'.repeat(1_024)), ...sync('d', 1)])
  const random = [0.5, 0, 0, 0.9, 0.1]
  const state = disk.cut('torn', () => random.shift() ?? 0)

  expect(Buffer.from(state.get('d/a') ?? []).toString()).toBe('\0'.repeat(512) + 'x'.repeat(512))
})
