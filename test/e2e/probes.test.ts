/**
 * The real gateway, asked and paired as providers do: probes, a secret that is handed over, and a
 * batch of which a part comes twice.
 */
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock } from '../../src/clock.ts'
import { CATALOGUE } from '../../src/providers/catalogue.ts'
import { signSample } from '../../src/providers/sign.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

setDefaultTimeout(30_000)
const DRAIN_MS_MAX = 10_000
const COMMAND = [process.execPath, join(import.meta.dir, '../../src/main.ts')]

const SECRETS = {
  slack: 'slack-signing-secret-0123456789',
  x: 'x-consumer-secret-0123456789',
  zoom: 'zoom-secret-token-0123456789',
  meta: 'meta-app-secret-0123456789',
}
const LEARNT = 'b537207f20cbfa02357cf448134da559e8bdd63a5c54a4a3a2f9e8e8d1f1a2b3'
const sendgridKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })

function mac(secret: string, text: string, encoding: 'hex' | 'base64'): string {
  return createHmac('sha256', secret).update(text).digest(encoding)
}

describe('the gateway', () => {
  let folder: TempDir
  let gateway: GatewayProcess
  let env: Readonly<Record<string, string>>

  beforeAll(async () => {
    folder = await makeTempDir()
    const publicKey = sendgridKeys.publicKey.export({ type: 'spki', format: 'der' })
    env = {
      INLET_SINK: 'file',
      INLET_DATA_DIR: 'data',
      INLET_SOURCES: 'slack,asana,x=x_twitter,zoom,sendgrid,meta',
      INLET_SECRET_SLACK: SECRETS.slack,
      INLET_SECRET_X: SECRETS.x,
      INLET_SECRET_ZOOM: SECRETS.zoom,
      INLET_SECRET_META: SECRETS.meta,
      INLET_SECRET_SENDGRID: publicKey.toString('base64'),
      INLET_CONFIG_META_VERIFY_TOKEN: 'typed-by-me',
    }
    gateway = await startGateway({ command: COMMAND, cwd: folder.path, env })
  })
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  function send(source: string, init: RequestInit = {}, query = ''): Promise<Response> {
    return fetch(`${gateway.url}/hooks/${source}${query}`, { method: 'POST', ...init })
  }

  /** Signs a body as the provider would at this moment, and sends it. */
  function deliver(
    source: string,
    { provider = source, secret, body }: { provider?: string; secret: string; body: string },
  ): Promise<Response> {
    const row = CATALOGUE.get(provider)
    if (row === undefined) throw new Error(`no row ${provider}`)
    const now = systemClock.now()
    const bytes = new TextEncoder().encode(body)
    const sample = signSample(row, { secret, type: 'any', eventId: 'e', now, body: bytes })
    return send(source, { headers: sample.headers, body: sample.body })
  }

  function pair(source: string) {
    const { port } = new URL(gateway.adminUrl)
    return Bun.spawnSync([...COMMAND, 'source', 'pair', source], {
      cwd: folder.path,
      env: { PATH: process.env['PATH'] ?? '', INLET_ADMIN_PORT: port },
    })
  }

  function published(topic: string): readonly { value: string; headers: Record<string, string> }[] {
    const text = readFileSync(join(folder.path, `data/topics/${topic}.ndjson`), 'utf8')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { value: string; headers: Record<string, string> })
  }

  test('sends Slack its challenge back, and only Slack', async () => {
    const body = JSON.stringify({ type: 'url_verification', challenge: '3eZbrw1aB', token: 't' })
    const answer = await deliver('slack', { secret: SECRETS.slack, body })
    const forged = await deliver('slack', { secret: 'another-secret-0123456789', body })

    expect([answer.status, await answer.text()]).toEqual([200, '3eZbrw1aB'])
    expect(answer.headers.get('content-type')).toStartWith('text/plain')
    expect(forged.status).toBe(401)
  })

  test('shows X and Zoom that it knows their secret', async () => {
    const crc = await send('x', { method: 'GET' }, '?crc_token=MTM5ZDMxNjQtMDk3')
    const plainToken = 'qgg8vlvZRS6UYooatFL8Aw'
    const body = JSON.stringify({ event: 'endpoint.url_validation', payload: { plainToken } })
    const zoom = await deliver('zoom', { secret: SECRETS.zoom, body })

    expect(await crc.json()).toEqual({
      response_token: `sha256=${mac(SECRETS.x, 'MTM5ZDMxNjQtMDk3', 'base64')}`,
    })
    expect(await zoom.json()).toEqual({
      plainToken,
      encryptedToken: mac(SECRETS.zoom, plainToken, 'hex'),
    })
  })

  test('confirms to Meta what was configured, and nothing else', async () => {
    const ask = (token: string) =>
      send(
        'meta',
        { method: 'GET' },
        `?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`,
      )
    const right = await ask('typed-by-me')

    expect([right.status, await right.text()]).toEqual([200, '1158201444'])
    expect(right.headers.get('x-content-type-options')).toBe('nosniff')
    expect((await ask('guessed')).status).toBe(403)
    expect((await send('slack', { method: 'GET' })).status).toBe(405)
  })

  test('learns the secret of Asana while somebody waits for it, and only then', async () => {
    const hello = (secret: string) => send('asana', { headers: { 'x-hook-secret': secret } })
    const body = '{"events":[{"action":"added","resource":{"gid":"1"}}]}'
    expect((await hello(LEARNT)).status).toBe(403)
    expect((await deliver('asana', { secret: LEARNT, body })).status).toBe(401)

    expect(pair('asana').stdout.toString()).toContain('Waiting for the secret of "asana" until')
    const echo = await hello(LEARNT)

    expect([echo.status, echo.headers.get('x-hook-secret')]).toEqual([200, LEARNT])
    // In use once the answer is out: Asana sends its first event at once.
    expect((await deliver('asana', { secret: LEARNT, body })).status).toBe(200)
    expect((await hello('of-an-attacker-0123456789')).status).toBe(403)
    const file = join(folder.path, 'data/secrets/asana')
    expect(readFileSync(file, 'utf8')).toBe(`${LEARNT}\n`)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(JSON.stringify(gateway.log)).not.toContain(LEARNT)
  })

  test('says why a source cannot be paired', () => {
    const configured = pair('slack')
    expect(configured.stdout.toString()).toContain('"slack" learns no secret')
    expect(configured.exitCode).toBe(1)
    expect(pair('unknown').stdout.toString()).toContain('no source of this name')
  })

  test('stores of a batch that comes again only what is new', async () => {
    const der = sendgridKeys.privateKey.export({ type: 'pkcs8', format: 'der' })
    const event = (id: number) =>
      `{"email":"a@example.com", "timestamp":1513299569,"event":"processed","sg_event_id":"e${id}"}`
    const sendBatch = (...ids: readonly number[]) =>
      deliver('sendgrid', {
        secret: der.toString('base64'),
        body: `[${ids.map(event).join(',\r\n')}]\r\n`,
      })

    expect((await sendBatch(1, 2)).status).toBe(202)
    expect((await sendBatch(2, 3, 1)).status).toBe(202)
    const known = await sendBatch(3, 2)
    expect([known.status, known.headers.get('inlet-duplicate')]).toEqual([200, '1'])

    await gateway.drained(DRAIN_MS_MAX)
    const records = published('webhooks.sendgrid')
    expect(records.map(({ value }) => value)).toEqual([1, 2, 3].map(event))
    expect(records.map(({ headers }) => headers['ce_id'])).toEqual(['e1', 'e2', 'e3'])
  })
})
