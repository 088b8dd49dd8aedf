// Tries the compiled binary as a user would: in an empty folder, with nothing but a handlers folder
// beside it.
import { join } from 'node:path'
import { sign } from '@octokit/webhooks-methods'
import { systemClock } from '../src/clock.ts'
import { randomSecret, randomUuid } from '../src/ids.ts'
import { startGateway, type GatewayProcess } from '../test/support/gateway-process.ts'
import { makeTempDir } from '../test/support/temp.ts'

const BINARY = join(import.meta.dir, '..', 'dist', 'inlet')
const DRAIN_MS_MAX = 10_000

const HANDLER = `
import { defineSource, on, z } from 'inlet'

const Push = z.object({ ref: z.string() })

export default defineSource('github', {
  provider: 'github',
  events: { push: on(Push, ({ data }) => ({ topic: 'webhooks.github', key: data.ref })) },
})
`
const BODY = '{"ref":"refs/heads/main",  "count":12345678901234567890}'

const secret = randomSecret()
const deliveryId = randomUuid()

let failures = 0

/** Runs one step and tells how it went. Steps after a failed one run as well. */
async function step(name: string, run: () => Promise<void> | void): Promise<void> {
  try {
    await run()
    console.log(`ok   ${name}`)
  } catch (error) {
    failures += 1
    console.log(`FAIL ${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function expectEqual(actual: unknown, expected: unknown): void {
  if (!Bun.deepEquals(actual, expected)) {
    throw new Error(`expected ${Bun.inspect(expected)}, got ${Bun.inspect(actual)}`)
  }
}

function print(...args: string[]): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync([BINARY, ...args])
  if (exitCode !== 0)
    throw new Error(`inlet ${args.join(' ')} ended with ${exitCode}: ${stderr.toString()}`)
  return stdout.toString()
}

async function deliver(url: string, signature: string): Promise<number> {
  const answer = await fetch(`${url}/hooks/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': deliveryId,
      'x-hub-signature-256': signature,
    },
    body: BODY,
  })
  return answer.status
}

async function tryGateway(gateway: GatewayProcess, folder: string): Promise<void> {
  const signature = await sign(secret, BODY)
  await step('a signed delivery is accepted', async () => {
    expectEqual(await deliver(gateway.url, signature), 202)
  })
  await step('its redelivery is a duplicate', async () => {
    expectEqual(await deliver(gateway.url, signature), 200)
  })
  await step('a wrong signature is refused', async () => {
    expectEqual(await deliver(gateway.url, await sign('another secret', BODY)), 401)
  })
  await step('the record is in the topic once', async () => {
    await gateway.drained(DRAIN_MS_MAX)
    const topic = Bun.file(join(folder, 'data', 'topics', 'webhooks.github.ndjson'))
    const lines = (await topic.text()).trimEnd().split('\n')
    expectEqual(lines.length, 1)
    expectEqual(lines[0]?.includes(deliveryId), true)
  })
  await step('the dashboard is in it', async () => {
    const page = await (await fetch(gateway.adminUrl)).text()
    const [script = ''] = /\/assets\/[^"]+\.js/.exec(page) ?? []
    const answer = await fetch(`${gateway.adminUrl}${script}`)
    expectEqual(answer.headers.get('content-type'), 'text/javascript; charset=utf-8')
    const events = await fetch(`${gateway.adminUrl}/api/events`)
    expectEqual((await events.text()).includes(deliveryId), true)
  })
  await step('SIGTERM ends it in order', async () => {
    expectEqual(await gateway.end('SIGTERM'), 0)
  })
}

await step('version', () => expectEqual(/^inlet \d+\.\d+\.\d+ /.test(print('version')), true))
await step('--help', () => expectEqual(print('--help').includes('serve'), true))

await using folder = await makeTempDir()
await Bun.write(join(folder.path, 'handlers', 'github.ts'), HANDLER)
const start = systemClock.monotonicMs()
await step('serve', async () => {
  await using gateway = await startGateway({
    command: [BINARY],
    cwd: folder.path,
    env: { INLET_SINK: 'file', INLET_SECRET_GITHUB: secret },
  })
  console.log(`     ready after ${Math.round(systemClock.monotonicMs() - start)} ms`)
  await tryGateway(gateway, folder.path)
})
process.exitCode = failures === 0 ? 0 : 1
