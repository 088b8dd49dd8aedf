/**
 * GitHub: https://docs.github.com/webhooks/webhook-events-and-payloads Opened pull requests go to a
 * topic of their own, reduced to what reviewers need; everything else passes unchanged.
 */
import { defineSource, on, z } from 'inlet'

const PullRequest = z.object({
  number: z.int(),
  pull_request: z.object({
    title: z.string(),
    html_url: z.url(),
    draft: z.boolean().nullish(),
    user: z.object({ login: z.string() }),
  }),
  repository: z.object({ id: z.int(), full_name: z.string() }),
})

export default defineSource('github', {
  provider: 'github',
  events: {
    'pull_request.opened': on(PullRequest, ({ data }) => [
      {
        topic: 'code.reviews',
        // Reviews of one repository keep their order.
        key: data.repository.id,
        value: {
          repository: data.repository.full_name,
          number: data.number,
          title: data.pull_request.title,
          author: data.pull_request.user.login,
          url: data.pull_request.html_url,
          draft: data.pull_request.draft === true,
        },
      },
      // A record without a value is the received body, byte for byte.
      { topic: 'webhooks.github' },
    ]),
    // Everything else, bytes unchanged; the key is the repository id.
    '*': { topic: 'webhooks.github' },
  },
})
