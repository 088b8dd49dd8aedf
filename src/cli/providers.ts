import { nearestOf } from '../nearest.ts'
import { CATALOGUE } from '../providers/catalogue.ts'
import { explain } from '../providers/explain.ts'
import { schemeName } from '../providers/explain-scheme.ts'
import { evidenceOf, provenBy } from '../providers/evidence.ts'
import type { ProviderRow } from '../providers/row.ts'
import { parseArguments } from './arguments.ts'
import { UsageError, type Command } from './command.ts'
import { table } from './table.ts'

const OPTIONS = { json: { type: 'boolean', default: false } } as const

export const providers: Command = {
  name: 'providers',
  summary: 'List the third parties that Inlet verifies, and explain one.',
  actions: ['list', 'show'],
  options: OPTIONS,
  help: `Usage: inlet providers [list] [--json]
       inlet providers show <name> [--json]

Lists every provider with how it proves itself and how sure that is, or explains one: the URL to
paste, where its secret is, what is verified and what is not signed, what names an event.

  inlet providers
  inlet providers show shopify
  inlet providers --json | jq '.[] | select(.category == "payments") | .key'

  --json   All of it as one JSON document, for scripts.

Evidence: proven is confirmed by a published vector or by the provider's own or another independent
library; sdk, docs, repo and search say where the row was read; memory is not verified at all, and
such a provider has to be asked for.`,
  run({ args, print }) {
    const { values, positionals } = parseArguments(args, OPTIONS)
    const [action = 'list', name, ...rest] = positionals
    if (rest.length > 0) throw new UsageError('too many arguments')
    if (action === 'show') {
      if (name === undefined) throw new UsageError('name a provider')
      const row = rowNamed(name)
      if (values.json) print(JSON.stringify(summaryOf(row), null, 2))
      else print(toText(row))
      return Promise.resolve(0)
    }
    if (action !== 'list' || name !== undefined)
      throw new UsageError(`"${action}" is not list or show`)
    const rows = [...CATALOGUE.values()]
    if (values.json) print(JSON.stringify(rows.map(summaryOf), null, 2))
    else print(toTable(rows))
    return Promise.resolve(0)
  },
}

/** The row of a key, or of a name as people write it. */
function rowNamed(name: string): ProviderRow {
  const key = name.toLowerCase().replaceAll(/[\s.-]+/g, '_')
  const row = CATALOGUE.get(key)
  if (row !== undefined) return row
  const nearest = nearestOf(key, CATALOGUE.keys())
  throw new UsageError(
    nearest === undefined
      ? `there is no provider "${name}": \`inlet providers\` lists them`
      : `there is no provider "${name}": did you mean ${nearest}?`,
  )
}

/** What scripts get of a row. */
function summaryOf(row: ProviderRow) {
  const { key, name, category, level, sources } = row
  const evidence = evidenceOf(row)
  return {
    key,
    name,
    category,
    scheme: schemeName(row),
    evidence,
    provenBy: provenBy(key),
    level,
    sources,
    samples: Object.keys(row.samples),
    explanation: Object.fromEntries(explain(row).map(({ title, text }) => [title, text])),
  }
}

function toTable(rows: readonly ProviderRow[]): string {
  const lines = rows.map((row) => ({
    provider: row.key,
    name: row.name,
    category: row.category,
    scheme: schemeName(row),
    evidence: evidenceOf(row),
  }))
  const proven = lines.filter(({ evidence }) => evidence === 'proven').length
  return `${table(['provider', 'name', 'category', 'scheme', 'evidence'], lines)}

${rows.length} providers, ${proven} of them proven by published vectors or independent libraries.`
}

function toText(row: ProviderRow): string {
  const paragraphs = explain(row).map(({ title, text }) => `${title}\n${indent(text)}`)
  return [`${row.name} (${row.key})`, ...paragraphs].join('\n\n')
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ')
}
