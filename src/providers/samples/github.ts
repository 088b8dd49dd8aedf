import type { SampleBody } from '../row.ts'

const OWNER = 'harbour-labs'
const BEFORE = '3f1c6f0f9c4be0c6d4a1b7f2e85a0d9c1b6e7a42'
const AFTER = '9a4d2e7b1f6035c8e2b19d70f4c3a58e6d12b0f7'

const sender = {
  login: 'noor-bakker',
  id: 48_210_977,
  node_id: 'MDQ6VXNlcjQ4MjEwOTc3',
  avatar_url: 'https://avatars.githubusercontent.com/u/48210977?v=4',
  url: 'https://api.github.com/users/noor-bakker',
  html_url: 'https://github.com/noor-bakker',
  type: 'User',
  site_admin: false,
}

const repository = {
  id: 716_204_553,
  node_id: 'R_kgDOKrB2CQ',
  name: 'tide-tables',
  full_name: `${OWNER}/tide-tables`,
  private: true,
  owner: {
    login: OWNER,
    id: 90_117_264,
    type: 'Organization',
    url: `https://api.github.com/orgs/${OWNER}`,
    html_url: `https://github.com/${OWNER}`,
  },
  html_url: `https://github.com/${OWNER}/tide-tables`,
  description: 'High and low water for small harbours',
  fork: false,
  url: `https://api.github.com/repos/${OWNER}/tide-tables`,
  created_at: '2023-11-09T08:21:40Z',
  updated_at: '2026-03-02T16:05:11Z',
  pushed_at: '2026-03-04T09:12:58Z',
  clone_url: `https://github.com/${OWNER}/tide-tables.git`,
  size: 1_204,
  stargazers_count: 12,
  language: 'TypeScript',
  archived: false,
  open_issues_count: 3,
  topics: ['tides', 'calendar'],
  visibility: 'private',
  default_branch: 'main',
}

const organization = { login: OWNER, id: 90_117_264, url: `https://api.github.com/orgs/${OWNER}` }

const push: SampleBody = ({ now }) => {
  const author = { name: 'Noor Bakker', email: 'noor@example.com', username: 'noor-bakker' }
  const commit = {
    id: AFTER,
    tree_id: 'c2b8a7e4d1f09365b7c8e9d0a1f2b3c4d5e6f708',
    distinct: true,
    message: 'Correct the summer offset for Den Helder',
    timestamp: new Date(now).toISOString(),
    url: `https://github.com/${OWNER}/tide-tables/commit/${AFTER}`,
    author,
    committer: author,
    added: [],
    removed: [],
    modified: ['src/offsets.ts', 'test/offsets.test.ts'],
  }
  return {
    ref: 'refs/heads/main',
    before: BEFORE,
    after: AFTER,
    repository,
    pusher: { name: author.username, email: author.email },
    organization,
    sender,
    created: false,
    deleted: false,
    forced: false,
    base_ref: null,
    compare: `${repository.html_url}/compare/${BEFORE.slice(0, 12)}...${AFTER.slice(0, 12)}`,
    commits: [commit],
    head_commit: commit,
  }
}

const pullRequestOpened: SampleBody = ({ now }) => {
  const at = new Date(now).toISOString()
  const url = `https://github.com/${OWNER}/tide-tables/pull/87`
  return {
    action: 'opened',
    number: 87,
    pull_request: {
      id: 1_650_338_214,
      node_id: 'PR_kwDOKrB2Cc5iXk5m',
      url: `https://api.github.com/repos/${OWNER}/tide-tables/pulls/87`,
      html_url: url,
      diff_url: `${url}.diff`,
      number: 87,
      state: 'open',
      locked: false,
      title: 'Show spring tides in the calendar',
      user: sender,
      body: 'Marks the two days after a full or a new moon.\n\nCloses #81.',
      created_at: at,
      updated_at: at,
      closed_at: null,
      merged_at: null,
      merge_commit_sha: null,
      assignees: [],
      requested_reviewers: [],
      labels: [{ id: 5_811_902_216, name: 'calendar', color: '0e8a16', default: false }],
      draft: false,
      head: { label: `${OWNER}:spring-tides`, ref: 'spring-tides', sha: AFTER, user: sender },
      base: { label: `${OWNER}:main`, ref: 'main', sha: BEFORE, user: sender },
      author_association: 'MEMBER',
      merged: false,
      mergeable: null,
      comments: 0,
      commits: 1,
      additions: 42,
      deletions: 7,
      changed_files: 3,
    },
    repository,
    organization,
    sender,
  }
}

const ping: SampleBody = ({ now }) => {
  const at = new Date(now).toISOString()
  return {
    zen: 'Anything added dilutes everything else.',
    hook_id: 402_118_336,
    hook: {
      type: 'Repository',
      id: 402_118_336,
      name: 'web',
      active: true,
      events: ['pull_request', 'push'],
      config: {
        content_type: 'json',
        insecure_ssl: '0',
        url: 'https://hooks.example.com/hooks/github',
      },
      created_at: at,
      updated_at: at,
    },
    repository,
    sender,
  }
}

export const githubSamples: Record<string, SampleBody> = {
  push,
  'pull_request.opened': pullRequestOpened,
  ping,
}
