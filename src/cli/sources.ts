import type { SourceRow } from '../admin-api/admin-api.ts'
import { askApi } from './admin.ts'
import { parseArguments } from './arguments.ts'
import { UsageError, type Command } from './command.ts'
import { table } from './table.ts'

const OPTIONS = {
  json: { type: 'boolean', default: false },
} as const

export const sources: Command = {
  name: 'sources',
  summary: 'List the sources: when each was last verified, and by which secret.',
  options: OPTIONS,
  help: `Usage: inlet sources [--json]

The sources that the running gateway serves: what to paste at the provider, when a delivery was last
verified, by which of the source's secrets (1 for the first in the configuration), and what was
refused, by the step that failed. In a rotation, the old secret can go once its time stands still.
Counts begin with the process.`,
  async run({ args, env, print }) {
    const { values, positionals } = parseArguments(args, OPTIONS)
    if (positionals.length > 0) throw new UsageError('too many arguments')
    const { Sources } = await import('../admin-api/admin-api.ts')
    const { sources: all } = await askApi(env, { path: '/api/sources', schema: Sources })
    if (values.json) for (const each of all) print(JSON.stringify(each))
    else print(all.length === 0 ? 'no source is served' : table(COLUMNS, all.map(toRow)))
    return 0
  },
}

const COLUMNS = ['name', 'provider', 'verified', 'secrets', 'refused', 'url'] as const

function toRow({ name, provider, unsigned, lastVerifiedAt, secrets, refused, url }: SourceRow) {
  return {
    name,
    provider,
    verified: unsigned ? 'unsigned' : (lastVerifiedAt ?? 'never'),
    secrets: secrets
      .map(({ place, deliveries, lastUsedAt }) =>
        lastUsedAt === null ? `${place}: never` : `${place}: ${deliveries}, last ${lastUsedAt}`,
      )
      .join('; '),
    refused: Object.entries(refused)
      .map(([step, count]) => `${step} ${count}`)
      .join(', '),
    url,
  }
}
