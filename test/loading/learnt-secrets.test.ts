import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { parseConfig } from '../../src/settings/config.ts'
import { learntSecretsFile } from '../../src/loading/learnt-secrets.ts'
import { resolveSources, type ProviderPort } from '../../src/loading/sources.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

describe('a source whose provider hands over its secret', () => {
  let folder: TempDir
  beforeEach(async () => {
    folder = await makeTempDir()
  })
  afterEach(() => folder[Symbol.asyncDispose]())

  function resolve(env: Record<string, string>) {
    const compiled: (readonly string[])[] = []
    const port: ProviderPort = {
      configFields: [],
      requiredFields: new Map(),
      takesSecret: true,
      setUp: 'It is handed over.',
      neverRetries: false,
      methods: ['POST'],
      learnsSecret: true,
      validateSecret: (secret) => (secret.length < 8 ? 'is too short' : undefined),
      compile({ secrets, unsigned }) {
        compiled.push(unsigned ? ['unsigned'] : secrets)
        return () => ({ kind: 'refused', code: 'SECRET_NOT_LEARNT', detail: '' })
      },
    }
    const result = parseConfig({ INLET_SINK: 'file', INLET_DATA_DIR: folder.path, ...env })
    if (!result.ok) throw new Error(result.problems.join())
    return { ...resolveSources(result.config, [], () => port), compiled }
  }

  function write(text: string): string {
    const file = learntSecretsFile(folder.path, 'asana')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }

  test('is served without one, and takes nothing then', () => {
    const { sources, problems, secretFiles, compiled } = resolve({ INLET_SOURCES: 'asana' })
    const file = join(folder.path, 'secrets', 'asana')

    expect(problems).toEqual([])
    expect(compiled).toEqual([[]])
    expect(secretFiles).toEqual([file])
    expect(sources.get('asana')).toMatchObject({ unsigned: false, learntSecretsFile: file })
  })

  test('has those that were learnt, and is reloaded with their file', () => {
    const file = write('the-newest-secret\nan-older-secret\n')
    const { secretFiles, compiled } = resolve({ INLET_SOURCES: 'asana' })

    expect(compiled).toEqual([['the-newest-secret', 'an-older-secret']])
    expect(secretFiles).toEqual([file])
  })

  test('learns none where one is configured', () => {
    write('a-learnt-secret')
    const env = { INLET_SOURCES: 'asana', INLET_SECRET_ASANA: 'a-configured-secret' }
    const { sources, compiled } = resolve(env)

    expect(compiled).toEqual([['a-configured-secret']])
    expect(sources.get('asana')?.learntSecretsFile).toBeUndefined()
    expect(resolve({ ...env, INLET_SECRET_ASANA: 'none' }).compiled).toEqual([['unsigned']])
  })

  test('names the file where a secret in it is none', () => {
    const file = write('short')
    const { problems } = resolve({ INLET_SOURCES: 'asana' })
    expect(problems).toEqual([expect.stringContaining(`${file} is too short`)])
  })
})
