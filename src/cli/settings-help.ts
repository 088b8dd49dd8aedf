import { SETTINGS, SOURCE_SETTINGS } from '../settings/config.ts'
import { CATALOGUE } from '../providers/catalogue.ts'

/** How variables name a source, and which providers there are. */
const PER_SOURCE = `In a variable a source is in capitals, with _ for -: INLET_SECRET_MY_SHOP is the
secret of my-shop, and INLET_SECRET_MY_SHOP_FILE a file that holds it.
\`inlet providers\` lists the ${CATALOGUE.size} providers.`

/** Every environment variable with its meaning and default, for `--help`. */
export function settingsHelp(): string {
  const rows = Object.entries(SETTINGS).map(([name, schema]) => ({
    name,
    text: `${schema.description ?? ''}${choicesOf(schema)}${defaultOf(schema)}`,
  }))
  const perSource = Object.entries(SOURCE_SETTINGS).map(([prefix, text]) => ({
    name: `${prefix}<SOURCE>`,
    text,
  }))
  const lines = [...perSource, ...rows].map(({ name, text }) => `  ${name}\n      ${text}`)
  return `${PER_SOURCE}\n\nEnvironment:\n${lines.join('\n')}`
}

function defaultOf(schema: { readonly def: object }): string {
  if (!('defaultValue' in schema.def)) return ''
  const value = String(schema.def.defaultValue) // of a list that is empty, too
  return value === '' ? '' : ` Default: ${value}.`
}

/** The values that a setting may have, where they are a list. */
function choicesOf(schema: { readonly def: object }): string {
  if ('innerType' in schema.def) {
    const { innerType } = schema.def
    return isSchema(innerType) ? choicesOf(innerType) : ''
  }
  if ('in' in schema.def) return isSchema(schema.def.in) ? choicesOf(schema.def.in) : ''
  const entries = 'entries' in schema.def ? schema.def.entries : undefined
  if (typeof entries !== 'object' || entries === null) return ''
  return ` One of ${Object.keys(entries).join(', ')}.`
}

function isSchema(value: unknown): value is { readonly def: object } {
  return typeof value === 'object' && value !== null && 'def' in value
}
