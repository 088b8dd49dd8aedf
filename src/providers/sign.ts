/**
 * Signs deliveries as a provider would, from the same row that verifies them: for samples and for
 * tests.
 */
import { assert } from '../assert.ts'
import type { EpochMs } from '../clock.ts'
import { GatewayError } from '../faults/faults.ts'
import { fill, rowConfig, setting, type RowConfig } from './engine/config.ts'
import { activeSchemes } from './engine/prove.ts'
import { splitReference } from './engine/reference.ts'
import { acceptsSecret, takesSecret } from './engine/secrets.ts'
import type { BatchSelector, ProviderRow } from './row.ts'
import type { Scheme } from './schemes.ts'
import { HeaderName } from './values.ts'
import { startDraft } from './signing/draft.ts'
import { prove } from './signing/prove.ts'

export interface SampleOptions {
  /**
   * As the source has it; the private key (PEM, or `whsk_…`) where the source has the public one.
   * Undefined: an unsigned delivery.
   */
  readonly secret: string | undefined
  /** One of `sampleEvents`, or any type where a body is given. */
  readonly type: string
  readonly eventId: string
  readonly now: EpochMs
  readonly config?: RowConfig
  /** The URL that is registered with the provider, for those that sign it. */
  readonly url?: string | undefined
  /** Default: the row's sample of this type. */
  readonly body?: Uint8Array
}

export interface Sample {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** What follows the URL, with its `?`; absent for most. */
  readonly query?: string
  /**
   * Headers that carry the secret itself, lower case: not to be shown. A signature is good for one
   * request, a token or a password for all of them.
   */
  readonly credentials?: readonly string[]
}

/** The types of which the row has a sample body, the most telling first. */
export function sampleEvents(row: ProviderRow): string[] {
  return Object.keys(row.samples)
}

/**
 * Makes a delivery that the row's verifier takes.
 *
 * @throws GatewayError CONFIG_INVALID where the secret cannot sign.
 */
export function signSample(row: ProviderRow, options: SampleOptions): Sample {
  const { secret, eventId, now, url, body } = options
  const config = rowConfig(row, options.config)
  const content = body === undefined ? { data: sampleData(row, options) } : { bytes: body }
  const draft = startDraft({ row, url: url ?? 'http://localhost/', content, now })
  const types = naming(row.type[0] ?? row.batch?.type[0], config, options.type.split('.'))
  for (const [name, value] of types) draft.put(`header:${name}`, value)
  for (const [name, value] of naming(row.id[0] ?? row.batch?.id[0], config, [])) {
    if (!draft.has(`header:${name}`)) draft.put(`header:${name}`, value || eventId)
  }
  const scheme = secret === undefined ? undefined : schemeFor(row, secret, config)
  const before = new Set(Object.keys(draft.headers))
  if (scheme !== undefined && secret !== undefined) {
    prove(scheme, { draft, secret, config, url, eventId, type: options.type, now })
  }
  const isSecret = scheme?.kind === 'token' || scheme?.kind === 'basic'
  const query = draft.query()
  return {
    headers: draft.headers,
    body: draft.body(),
    ...(query === '' ? {} : { query }),
    credentials: isSecret ? Object.keys(draft.headers).filter((name) => !before.has(name)) : [],
  }
}

/** The scheme that a source with this secret and configuration is asked for. */
function schemeFor(row: ProviderRow, secret: string, config: RowConfig): Scheme {
  const scheme = activeSchemes(row, config).find(
    (each) => !takesSecret(each) || acceptsSecret(each, secret),
  )
  if (scheme !== undefined) return scheme
  throw new GatewayError('CONFIG_INVALID', `${row.key} has no scheme for a secret of this form`)
}

function sampleData(row: ProviderRow, options: SampleOptions): unknown {
  const make = row.samples[options.type]
  assert(make !== undefined, `${row.key} has a sample of ${options.type}`)
  return make(options)
}

/**
 * The headers of a selector, each with its part of the text; empty where the text has none for it.
 */
function naming(
  selector: ProviderRow['id'][number] | BatchSelector | undefined,
  config: RowConfig,
  parts: readonly string[],
): [name: string, value: string][] {
  const references: readonly string[] = selector === undefined ? [] : [selector].flat()
  return references.flatMap((reference, index) => {
    const [place, name] = splitReference(reference)
    if (place !== 'header' || fill(name, config) === '') return []
    const own = references.length === 1 ? parts.join('.') : (parts[index] ?? '')
    return [[setting(HeaderName, name, config), own] as [string, string]]
  })
}
