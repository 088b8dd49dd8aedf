/** The examples, each by the one command that its README names, on the real Kafka. */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { describeWithKafka } from '../support/servers.ts'

setDefaultTimeout(90_000)
const EXAMPLES = join(import.meta.dir, '../../examples')

describeWithKafka('an example that runs', (brokers) => {
  /** What it prints, line by line. */
  async function run(name: string): Promise<readonly unknown[]> {
    const child = Bun.spawn([process.execPath, join(EXAMPLES, name, 'run.ts')], {
      env: { ...process.env, KAFKA_BROKERS: brokers },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [said, complained] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    expect({ code: await child.exited, complained }).toEqual({ code: 0, complained: '' })
    return said
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
  }

  test('the feed of a CI dashboard has the workflow runs that ended', async () => {
    const runs = await run('ci-feed')
    expect(runs.length).toBeGreaterThan(0)
    for (const each of runs) {
      expect(each).toMatchObject({
        repository: expect.stringContaining('/'),
        workflow: expect.any(String),
        isGreen: expect.any(Boolean),
      })
    }
  })

  test('orders are enriched through an outage of the service that is asked', async () => {
    const [first, totals] = await run('enrichment')
    expect(first).toMatchObject({ name: expect.stringMatching(/^Customer c\d/), country: 'NZ' })
    const { orders, calls, atOnceMost } = totals as Record<string, number>
    expect(orders).toBe(40)
    // Each order once in effect, the ten failures, and not many calls on top.
    expect(calls).toBe(50)
    expect(atOnceMost).toBeLessThanOrEqual(4)
  })

  test('each customer whose payments keep failing is one alert', async () => {
    const alerts = await run('failed-payments')
    const expected = { failures: 3, amount: 3_000, currency: 'eur', since: expect.any(String) }
    const of = (customer: string) => ({ customer, ...expected })
    expect(alerts).toHaveLength(2)
    expect(alerts).toContainEqual(of('cus_1'))
    expect(alerts).toContainEqual(of('cus_3'))
  })
})
