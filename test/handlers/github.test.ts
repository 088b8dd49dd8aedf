import { expect, test } from 'bun:test'
import { simulate } from 'inlet'
import github from '../../handlers/github.ts'

const opened = {
  action: 'opened',
  number: 7,
  pull_request: {
    title: 'Keep the lights on',
    html_url: 'https://github.com/acme/lamp/pull/7',
    draft: false,
    user: { login: 'mona' },
  },
  repository: { id: 4711, full_name: 'acme/lamp' },
}

test('an opened pull request becomes a review and the unchanged body', async () => {
  const records = await simulate(github, { type: 'pull_request.opened', data: opened })

  expect(records).toEqual([
    {
      topic: 'code.reviews',
      key: 4711,
      value: {
        repository: 'acme/lamp',
        number: 7,
        title: 'Keep the lights on',
        author: 'mona',
        url: 'https://github.com/acme/lamp/pull/7',
        draft: false,
      },
    },
    { topic: 'webhooks.github' },
  ])
})

test('any other event passes unchanged', async () => {
  expect(await simulate(github, { type: 'star.created' })).toEqual([{ topic: 'webhooks.github' }])
})

test('a pull request without a number does not match the schema', async () => {
  const withoutNumber = { ...opened, number: undefined }

  const simulated = simulate(github, { type: 'pull_request.opened', data: withoutNumber })

  await expect(simulated).rejects.toThrow('number')
})
