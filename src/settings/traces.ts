import { z } from 'zod'

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/** `name=value`, separated by commas, both percent-encoded, as OpenTelemetry writes them. */
const headerList = z.string().transform((text, context) => {
  const headers: Record<string, string> = {}
  for (const pair of text.split(',')) {
    const [name, value] = decodePair(pair) ?? []
    if (name !== undefined && value !== undefined) headers[name] = value
    // The value is a credential more often than not: it is not shown.
    else context.addIssue('must be name=value, separated by commas, percent-encoded')
  }
  return headers
})

function decodePair(pair: string): readonly [name: string, value: string] | undefined {
  const [, name, value = ''] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*([\x20-\x7e]*)$/.exec(pair) ?? []
  if (name === undefined) return undefined
  try {
    return [name.toLowerCase(), decodeURIComponent(value.trim())]
  } catch {
    return undefined
  }
}

/**
 * Where traces go, and which; part of SETTINGS in config.ts. The names are OpenTelemetry's; those
 * of its many others that mean nothing here are left alone.
 */
export const TRACE_SETTINGS = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe(
      'Collector that takes OTLP over HTTP, `http://localhost:4318`: traces are posted as JSON to ' +
        '<endpoint>/v1/traces. Without it nothing is traced.',
    ),
  OTEL_EXPORTER_OTLP_HEADERS: headerList
    .optional()
    .describe('Headers of these requests, `name=value` separated by commas, percent-encoded.'),
  OTEL_SERVICE_NAME: z
    .string()
    .min(1)
    .max(256)
    .default('inlet')
    .describe('Name of this service in traces.'),
  OTEL_TRACES_SAMPLER: z
    .enum(SAMPLERS)
    .default('parentbased_traceidratio')
    .describe('Which deliveries are traced. `parentbased_*` follow a sender that has decided.'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0|1|[01]?\.\d+)$/, 'must be a number from 0 to 1')
    .transform(Number)
    .pipe(z.number().max(1))
    .default(1)
    .describe('Share of the deliveries that `traceidratio` traces, from 0 to 1.'),
} as const
