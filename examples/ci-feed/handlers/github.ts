/** Every event of GitHub goes to one topic, bytes unchanged; consumers pick what they need. */
import { defineSource } from 'inlet'

export default defineSource('github', {
  provider: 'github',
  events: { '*': { topic: 'ci-feed.github' } },
})
