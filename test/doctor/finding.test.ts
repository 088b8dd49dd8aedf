import { describe, expect, test } from 'bun:test'
import { adviceOn, guarded, ok } from '../../src/doctor/finding.ts'

describe('a check of the doctor', () => {
  test('that breaks is a finding, and one that does not is left as it is', () => {
    const breaks = () => {
      throw new Error('EACCES: permission denied')
    }

    expect(guarded('a', () => [ok('b')])).toEqual([ok('b')])
    expect(guarded('the disk', breaks)).toEqual([
      {
        level: 'FAIL',
        what: 'the disk cannot be checked: EACCES: permission denied',
        next: 'mend what the message names, and run this again',
      },
    ])
  })

  test('names a disk that has failed as that, not as a matter of rights', () => {
    const failed = ['EROFS: read-only file system, open', 'EIO: i/o error, write', 'disk I/O error']
    for (const message of failed) expect(adviceOn(new Error(message), 'chmod it')).toMatch(/dmesg/)
    expect(adviceOn(new Error('EACCES: permission denied'), 'chmod it')).toBe('chmod it')
  })
})
