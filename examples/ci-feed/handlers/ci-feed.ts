/** What a CI dashboard shows: one small record for each workflow run that has ended. */
import { defineConsumer, onRecord, z } from 'inlet'

const WorkflowRun = z.object({
  repository: z.object({ full_name: z.string() }),
  workflow_run: z.object({
    name: z.string(),
    head_branch: z.string().nullable(),
    head_sha: z.string(),
    conclusion: z.string().nullable(),
    html_url: z.url(),
  }),
})

export default defineConsumer('ci-feed', {
  topics: ['ci-feed.github'],
  events: {
    'workflow_run.completed': onRecord(WorkflowRun, ({ data, id }) => {
      const { name, head_branch, head_sha, conclusion, html_url } = data.workflow_run
      const repository = data.repository.full_name
      return {
        topic: 'ci-feed.runs',
        // The runs of a repository stay in order.
        key: repository,
        value: {
          repository,
          workflow: name,
          branch: head_branch,
          commit: head_sha.slice(0, 7),
          isGreen: conclusion === 'success',
          url: html_url,
          delivery: id,
        },
      }
    }),
  },
})
