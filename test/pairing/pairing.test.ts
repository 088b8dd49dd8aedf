import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'bun:test'
import { LEARNT_SECRETS_MAX, PAIRING_MS_MAX } from '../../src/limits/limits.ts'
import { learntSecretsFile } from '../../src/loading/learnt-secrets.ts'
import { openPairing } from '../../src/pairing/pairing.ts'
import { readSecretsFile, writeSecretsFile } from '../../src/pairing/secrets-file.ts'
import type { Source } from '../../src/source.ts'
import { manualClock } from '../support/manual-clock.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

const SECRET = 'b537207f20cbfa02357cf448134da559'

describe('pairing', () => {
  let folder: TempDir
  afterEach(() => folder[Symbol.asyncDispose]())

  async function openWorld(learns = true) {
    folder = await makeTempDir()
    const lines: unknown[] = []
    const clock = manualClock()
    const write = (event: string, fields?: object) => void lines.push({ event, ...fields })
    const log = { debug: write, info: write, warn: write, error: write }
    const file = learntSecretsFile(folder.path, 'asana')
    const source: Source = {
      name: 'asana',
      provider: 'asana',
      unsigned: false,
      neverRetries: false,
      methods: ['POST'],
      file: undefined,
      learntSecretsFile: learns ? file : undefined,
      verify: () => ({ kind: 'refused', code: 'SECRET_NOT_LEARNT', detail: '' }),
      route: () => undefined,
    }
    let reloads = 0
    const pairing = openPairing({
      clock,
      log,
      validate: (_, secret) => (secret.length < 8 ? 'is short' : undefined),
      reload() {
        reloads += 1
        return Promise.resolve()
      },
    })
    const world = { clock, file, source, lines, pairing, reloads: () => reloads }
    return { ...world, learn: (secret = SECRET) => pairing.learn(source, secret) }
  }

  test('takes the first secret that comes while it is waited for, and no other', async () => {
    const { pairing, source, file, learn, reloads } = await openWorld()
    expect(await learn()).toMatchObject({ code: 'PAIRING_CLOSED' })
    expect(pairing.begin(source)).toMatchObject({ file })

    expect(await learn()).toBeUndefined()
    expect(await learn('of-an-attacker')).toMatchObject({ code: 'PAIRING_CLOSED' })
    expect(readSecretsFile(file)).toEqual([SECRET])
    expect(reloads()).toBe(1)
  })

  test('is over after its time', async () => {
    const { pairing, source, clock, file, learn } = await openWorld()
    pairing.begin(source)
    clock.advance(PAIRING_MS_MAX)

    expect(await learn()).toMatchObject({ code: 'PAIRING_CLOSED' })
    expect(readSecretsFile(file)).toEqual([])
  })

  test('keeps the secrets for the owner alone, the newest first, and out of the log', async () => {
    const { pairing, source, file, learn, lines } = await openWorld()
    pairing.begin(source)
    await learn()
    pairing.begin(source)
    await learn('a-second-webhook')

    expect(readSecretsFile(file)).toEqual(['a-second-webhook', SECRET])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700)
    expect(JSON.stringify(lines)).toContain('pairing.finished')
    expect(JSON.stringify(lines)).not.toContain(SECRET)
  })

  test('goes on waiting after a secret that is none, and after one that is not stored', async () => {
    const { pairing, source, file, learn } = await openWorld()
    pairing.begin(source)
    for (const secret of ['short', 'two secrets']) {
      expect(await learn(secret)).toMatchObject({ code: 'REQUEST_MALFORMED' })
    }
    mkdirSync(`${file}.new`, { recursive: true })
    expect(await learn()).toMatchObject({ code: 'STORAGE_FAILED' })
    expect(readSecretsFile(file)).toEqual([])
  })

  test('is not begun where the secret is configured, or where there are too many', async () => {
    const configured = await openWorld(false)
    expect(configured.pairing.begin(configured.source)).toContain('learns no secret')
    await folder[Symbol.asyncDispose]()

    const full = await openWorld()
    const many = Array.from({ length: LEARNT_SECRETS_MAX }, (_, n) => `secret-${n}`)
    writeSecretsFile(full.file, many)
    expect(full.pairing.begin(full.source)).toContain('remove what is not used')
  })

  test('keeps what was written by hand, and closes the file again', async () => {
    const { pairing, source, file, learn } = await openWorld()
    mkdirSync(join(file, '..'))
    writeFileSync(file, 'by-hand-and-open\n', { mode: 0o644 })
    pairing.begin(source)
    await learn()

    expect(readSecretsFile(file)).toEqual([SECRET, 'by-hand-and-open'])
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })
})
