import type { SampleBody } from '../row.ts'

const project = {
  id: 2_417,
  name: 'Ferry Timetable',
  description: 'Departures of the island ferries',
  web_url: 'https://gitlab.example.com/islands/ferry-timetable',
  git_ssh_url: 'git@gitlab.example.com:islands/ferry-timetable.git',
  git_http_url: 'https://gitlab.example.com/islands/ferry-timetable.git',
  namespace: 'Islands',
  visibility_level: 0,
  path_with_namespace: 'islands/ferry-timetable',
  default_branch: 'main',
}

const push: SampleBody = ({ now }) => {
  const after = '5d0c7f3e9a1b2846c0d1e2f3a4b5c6d7e8f90a1b'
  return {
    object_kind: 'push',
    event_name: 'push',
    before: '81b4e6d2c3f50a9178e6d4c2b0a1f3e5d7c9b8a6',
    after,
    ref: 'refs/heads/main',
    ref_protected: true,
    checkout_sha: after,
    user_id: 61,
    user_name: 'Ines Duarte',
    user_username: 'ines',
    user_email: '',
    project_id: project.id,
    project,
    commits: [
      {
        id: after,
        message: 'Add the Sunday departure\n',
        title: 'Add the Sunday departure',
        timestamp: new Date(now).toISOString(),
        url: `${project.web_url}/-/commit/${after}`,
        author: { name: 'Ines Duarte', email: '[REDACTED]' },
        added: [],
        modified: ['timetable/sunday.yaml'],
        removed: [],
      },
    ],
    total_commits_count: 1,
    push_options: {},
    repository: { name: project.name, url: project.git_ssh_url, homepage: project.web_url },
  }
}

const mergeRequestOpen: SampleBody = ({ now }) => ({
  object_kind: 'merge_request',
  event_type: 'merge_request',
  user: { id: 61, name: 'Ines Duarte', username: 'ines', email: '[REDACTED]' },
  project,
  object_attributes: {
    id: 90_314,
    iid: 23,
    title: 'Print the winter timetable',
    description: '',
    state: 'opened',
    action: 'open',
    source_branch: 'winter',
    target_branch: 'main',
    author_id: 61,
    created_at: new Date(now).toISOString(),
    updated_at: new Date(now).toISOString(),
    url: `${project.web_url}/-/merge_requests/23`,
  },
  labels: [],
  changes: {},
})

export const gitlabSamples: Record<string, SampleBody> = {
  push,
  'merge_request.open': mergeRequestOpen,
}
