import { SETTINGS, SOURCE_SETTINGS } from '../config.ts'

/** Every environment variable with its meaning and default, for `--help`. */
export function settingsHelp(): string {
  const rows = Object.entries(SETTINGS).map(([name, schema]) => ({
    name,
    text: `${schema.description ?? ''}${defaultOf(schema)}`,
  }))
  const perSource = Object.entries(SOURCE_SETTINGS).map(([prefix, text]) => ({
    name: `${prefix}<SOURCE>`,
    text,
  }))
  const lines = [...perSource, ...rows].map(({ name, text }) => `  ${name}\n      ${text}`)
  return `Environment:\n${lines.join('\n')}`
}

function defaultOf(schema: { readonly def: object }): string {
  if (!('defaultValue' in schema.def)) return ''
  return ` Default: ${String(schema.def.defaultValue)}.`
}
