import { expect, spyOn, test } from 'bun:test'
import { attempt, type TortureOptions } from './torture.ts'

const options: TortureOptions = {
  command: [],
  brokers: () => Promise.reject(new Error('there is no Kafka')),
  seed: 1,
  cycles: undefined,
  form: 'short',
  part: 0,
}

test('a torture that breaks off has proven nothing, and lets the others run', async () => {
  using said = spyOn(console, 'error').mockImplementation(() => undefined)
  const run = () => Promise.reject(new Error('not drained within 60000 ms'))

  const row = await attempt({ promise: 'order', parts: 1, run }, options)

  expect(row).toMatchObject({ cases: 0, held: false, controlCaught: false })
  expect(said).toHaveBeenCalledWith('broke off: not drained within 60000 ms')
})
