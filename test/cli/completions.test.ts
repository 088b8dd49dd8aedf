import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import type { Command } from '../../src/cli/command.ts'

const COMMANDS = join(import.meta.dir, '../../src/cli')
const MAIN = join(import.meta.dir, '../../src/main.ts')

function inlet(...args: string[]): { readonly status: number | null; readonly stdout: string } {
  const { status, stdout } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
  return { status, stdout }
}

describe('completions for bash', () => {
  const { stdout: script } = inlet('completions', 'bash')

  /** What a real bash makes of the script when the last of these words is to be completed. */
  function complete(...words: string[]): string[] {
    const ask = `${script}
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      _inlet && printf '%s\\n' "\${COMPREPLY[@]}"`
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['--norc', '-c', ask, 'bash', 'inlet', ...words],
      { encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(stderr)
    return stdout.split('\n').filter((line) => line !== '')
  }

  test('name the commands, their actions and their options', () => {
    expect(complete('re')).toEqual(['replay', 'republish', 'redrive', 'reruns', 'rejected'])
    expect(complete('events', 'sh')).toEqual(['show'])
    expect(complete('events', 'list', 'sh')).toEqual([])
    expect(complete('events', '--so')).toEqual(['--source'])
    expect(complete('replay', '42', '--dry')).toEqual(['--dry-run'])
    expect(complete('completions', '')).toEqual(['bash', 'zsh', 'fish', '--help'])
    expect(complete('nonsense', '')).toEqual([])
  })
})

test('every command says which options it has: all that its help explains', async () => {
  for (const file of readdirSync(COMMANDS)) {
    const exported = Object.values((await import(join(COMMANDS, file))) as object) as unknown[]
    for (const { name, help, options = {} } of exported.filter(isCommand)) {
      const explained = [...help.matchAll(/^  --([a-z-]+)/gm)].map(([, option = '']) => option)
      const untold = explained.filter((option) => !(option in options))
      expect({ name, untold }).toEqual({ name, untold: [] })
    }
  }
})

function isCommand(value: unknown): value is Command {
  return typeof value === 'object' && value !== null && 'help' in value && 'run' in value
}

test('a shell that is none is refused', () => {
  expect(inlet('completions', 'tcsh').status).toBe(2)
  expect(inlet('completions', 'constructor').status).toBe(2)
})
