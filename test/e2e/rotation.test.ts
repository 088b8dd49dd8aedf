/**
 * The real gateway while the secret of a source is rotated the wrong way round: what an operator
 * sees of it on the command line and in a scrape, before and after it is mended.
 */
import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Overview, RejectedRow, SourceRow } from '../../src/admin-api/admin-api.ts'
import { systemClock } from '../../src/clock.ts'
import { METRICS } from '../../src/metrics/metrics.ts'
import { readScrape } from '../support/exposition.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

setDefaultTimeout(30_000)
const COMMAND = [process.execPath, join(import.meta.dir, '../../src/main.ts')]
const OLD = 'old-webhook-secret-0123456789'
const NEW = 'new-webhook-secret-0123456789'
const TOKEN = 'made-up-admin-token-0123456789'

describe('a rotation', () => {
  let folder: TempDir
  let gateway: GatewayProcess

  beforeAll(async () => {
    folder = await makeTempDir()
    writeFileSync(join(folder.path, 'github.secret'), OLD)
    gateway = await startGateway({
      command: COMMAND,
      cwd: folder.path,
      env: {
        INLET_SINK: 'file',
        INLET_DATA_DIR: 'data',
        INLET_SOURCES: 'github',
        INLET_SECRET_GITHUB_FILE: 'github.secret',
        INLET_ADMIN_TOKEN: TOKEN,
        INLET_URL: 'https://hooks.example.com',
      },
    })
  })
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  async function deliver(secret: string, id: string, source = 'github'): Promise<number> {
    const body = JSON.stringify({ zen: id })
    const signature = createHmac('sha256', secret).update(body).digest('hex')
    const response = await fetch(`${gateway.url}/hooks/${source}`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'push',
        'x-github-delivery': id,
        'x-hub-signature-256': `sha256=${signature}`,
      },
    })
    return response.status
  }

  /** A command, run as an operator would beside the gateway. */
  async function run(args: readonly string[]) {
    const child = Bun.spawn([...COMMAND, ...args], {
      cwd: folder.path,
      env: {
        PATH: process.env['PATH'] ?? '',
        INLET_ADMIN_TOKEN: TOKEN,
        INLET_ADMIN_PORT: new URL(gateway.adminUrl).port,
      },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [said, complaint] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    return { code: await child.exited, said, complaint }
  }

  /** What it prints. */
  async function inlet(...args: string[]): Promise<string> {
    const { code, said, complaint } = await run(args)
    expect([code, complaint]).toEqual([0, ''])
    return said
  }

  /** What it complains of, where it cannot be done like that. */
  async function inletFails(...args: string[]): Promise<string> {
    const { code, complaint } = await run(args)
    expect(code).toBe(2)
    return complaint
  }

  const ask = (path: string, token = TOKEN) =>
    fetch(`${gateway.adminUrl}${path}`, { headers: { authorization: `Bearer ${token}` } })

  test('that the provider began is seen at once, with why and what came', async () => {
    expect(await deliver(OLD, 'a')).toBe(202)
    expect(await deliver(NEW, 'b')).toBe(401)
    expect(await deliver(NEW, 'c', 'gitlab')).toBe(404)

    expect(await inletFails('rejected', 'gihub')).toContain('no source "gihub": github?')
    expect(await inletFails('tail', 'gihub')).toContain('no source "gihub": github?')
    const [table, jsonLines, full] = await Promise.all([
      inlet('rejected', '(unknown)'),
      inlet('rejected', 'github', '--json'),
      inlet('rejected', '--headers'),
    ])
    expect(table).toMatch(/\(unknown\) +127\.0\.0\.1 +SOURCE_UNKNOWN/)
    expect(full).toMatch(/github +127\.0\.0\.1 +mismatch +SIGNATURE_MISMATCH/)
    expect(full).toContain('\n  x-github-delivery: b\n')
    const [json = '', ...others] = jsonLines.trim().split('\n')
    expect(others).toEqual([])
    const { headers, bodyBase64 } = RejectedRow.parse(JSON.parse(json))
    expect(headers).toMatchObject({ 'x-github-event': 'push', 'x-github-delivery': 'b' })
    expect(headers['x-hub-signature-256']).toMatch(/^sha256=[0-9a-f]{4}… \(71 characters\)$/)
    expect(bodyBase64).toBeNull()
  })

  test('is over once both secrets are there, and the old one stands still', async () => {
    const reloads = () => gateway.log.filter(({ message }) => message === 'reload.finished').length
    const before = reloads()
    writeFileSync(join(folder.path, 'github.secret'), `${NEW}\n${OLD}\n`)
    while (reloads() === before) await systemClock.sleep(20)
    expect(await deliver(NEW, 'b')).toBe(202)
    expect(await deliver(NEW, 'd')).toBe(202)

    const [table, json] = await Promise.all([inlet('sources'), inlet('sources', '--json')])
    const row = SourceRow.parse(JSON.parse(json))
    expect(row.secrets).toMatchObject([
      { place: 1, deliveries: 2 },
      { place: 2, deliveries: 1 },
    ])
    expect(row.url).toBe('https://hooks.example.com/hooks/github')
    expect(row.refused).toEqual({ mismatch: 1 })
    expect(table).toMatch(/1: 2, last .*; 2: 1, last .* mismatch 1 /)
  })

  test('is in the scrape, which only operators see', async () => {
    expect((await ask('/metrics', 'wrong-token-0123456789')).status).toBe(401)
    expect((await fetch(`${gateway.adminUrl}/metrics`)).status).toBe(401)
    const scrape = async () => readScrape(await (await ask('/metrics')).text())
    let seen = await scrape()
    while (seen.samples.get('inlet_published_records_total') !== 3) seen = await scrape()
    const { samples, kinds } = seen

    expect(kinds.size).toBe(METRICS.length)
    expect(Object.fromEntries(samples)).toMatchObject({
      'inlet_deliveries_total{source="github",outcome="accepted"}': 3,
      'inlet_deliveries_total{source="github",outcome="refused"}': 1,
      'inlet_deliveries_total{source="(unknown)",outcome="refused"}': 1,
      'inlet_events_total{source="github",state="accepted"}': 3,
      'inlet_verification_failures_total{source="github",step="mismatch"}': 1,
      'inlet_secret_deliveries_total{source="github",place="1"}': 2,
      inlet_ack_seconds_count: 3,
      inlet_published_records_total: 3,
      'inlet_outbox_entries{status="pending"}': 0,
      inlet_kafka_up: 1,
    })
    for (const name of ['inlet_sync_seconds_count', 'inlet_database_bytes', 'inlet_wal_bytes']) {
      expect(samples.get(name)).toBeGreaterThan(0)
    }
    const overview = Overview.parse(await (await ask('/api/overview')).json())
    expect(overview.sources).toMatchObject([{ name: 'github', accepted: 3, refused: 1 }])
    expect(overview.alarms).toEqual([])
  })
})
