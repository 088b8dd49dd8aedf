// GitHub's own example deliveries go in, signed; the feed of a CI dashboard comes out.
import { githubExamples, SECRETS } from '../../test/e2e/providers-at-work.ts'
import { runExample } from '../run-example.ts'

await runExample(
  {
    directory: import.meta.dir,
    topics: ['ci-feed.github', 'ci-feed.runs'],
    env: { INLET_SECRET_GITHUB: SECRETS.github },
  },
  async (example) => {
    const deliveries = (await githubExamples()).filter(({ type }) => /^(workflow|push)/.test(type))
    for (const delivery of deliveries) await example.deliver(delivery)
    const ended = deliveries.filter(({ type }) => type === 'workflow_run.completed')
    for (const { value } of await example.records('ci-feed.runs', ended.length)) {
      console.log(value.toString())
    }
  },
)
