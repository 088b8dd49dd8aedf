import type { z } from 'zod'
import { GatewayError } from '../../faults/faults.ts'
import type { ProviderRow } from '../row.ts'

/** The values of a row's config fields, defaults filled in. */
export type RowConfig = Readonly<Record<string, string>>

/** The row's defaults, with what the operator set. */
export function rowConfig(row: ProviderRow, set: RowConfig = {}): RowConfig {
  const config: Record<string, string> = {}
  for (const [name, field] of Object.entries(row.config ?? {})) config[name] = field.default
  return { ...config, ...set }
}

/** Replaces every `{config:name}`. */
export function fill(text: string, config: RowConfig): string {
  return text.replaceAll(/\{config:([a-z_]+)\}/g, (_, name: string) => config[name] ?? '')
}

/**
 * Reads a value that may be a `{config:name}`.
 *
 * @throws GatewayError CONFIG_INVALID, naming the field and not the value.
 */
export function setting<T>(schema: z.ZodType<T>, text: string, config: RowConfig): T {
  const parsed = schema.safeParse(fill(text, config))
  if (parsed.success) return parsed.data
  const field = /^\{config:(.+)\}$/.exec(text)?.[1] ?? text
  const message = parsed.error.issues[0]?.message ?? 'is not valid'
  throw new GatewayError('CONFIG_INVALID', `config field ${field}: ${message}`)
}
