/**
 * The documented deploy: HAProxy with `deploy/haproxy.cfg` in front of the binary, which is
 * restarted under load. Nobody outside may notice. The control leaves out what holds a request:
 * it must notice.
 */
import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { restartUnderLoad, withoutRetries } from '../torture/deploy.ts'
import { builtCommand } from '../support/gateway-process.ts'
import { haproxy } from '../support/proxy-server.ts'
import { describeWithKafka } from '../support/servers.ts'

setDefaultTimeout(60_000)
const RESTARTS = 5

describe.skipIf(haproxy === null)('behind the proxy of deploy/', () => {
  describeWithKafka('a restart', (brokers) => {
    let command: readonly string[]
    beforeAll(() => {
      command = builtCommand()
    })

    for (const [size, load] of [
      ['small', { keys: 30 }],
      ['large', { keys: 8, padBytes: 300_000 }],
    ] as const) {
      test(`fails no request and loses nothing: ${size} bodies`, async () => {
        const outcome = await restartUnderLoad({ ...load, brokers, command, restarts: RESTARTS })

        expect(outcome.acked).toBeGreaterThan(100)
        expect(outcome).toMatchObject({ refusals: [], lost: 0, inversions: 0, cutOff: 0 })
      })
    }

    test('is noticed where the proxy does not try again', async () => {
      const load = { keys: 30, restarts: RESTARTS }
      const outcome = await restartUnderLoad({ ...load, brokers, command, change: withoutRetries })

      expect(outcome.refusals).toContain('503')
      expect(outcome.lost).toBe(0)
    })
  })
})
