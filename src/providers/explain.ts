/** What a row says, in sentences: for `inlet providers show` and for docs/providers. */
import { HASH_ID_VALID_MS } from '../limits/limits.ts'
import { evidenceOf, provenBy, type Evidence } from './evidence.ts'
import { describeScheme, signsUrl } from './explain-scheme.ts'
import { splitReference } from './engine/reference.ts'
import type { HandshakeRule } from './answers.ts'
import type { BatchSelector, ProviderRow } from './row.ts'

/** One thing to know about a provider; code stands in backticks. */
export interface Explained {
  readonly title: string
  /** One or more lines. */
  readonly text: string
}

/** Everything about a row that its operator should know, in the order in which they need it. */
export function explain(row: ProviderRow): Explained[] {
  const { ack } = row
  const unconfirmed = ack.verified ? '' : ' (not confirmed)'
  return [
    { title: 'URL to paste', text: urlOf(row) },
    { title: 'Where the secret is', text: row.setUp },
    ...lines('Settings', Object.entries(row.config ?? {}).map(describeSetting)),
    { title: 'What is verified', text: row.schemes.map(describeScheme).join('\n') },
    { title: 'What is not signed', text: row.notSigned },
    { title: 'Event id', text: idOf(row) },
    { title: 'Event type', text: typeOf(row) },
    { title: 'Partition key', text: orderOf(row) },
    ...lines('Handshakes', row.handshakes?.map(describeHandshake) ?? []),
    {
      title: 'Deadline',
      text: ack.timeoutSeconds === null ? 'unknown' : `${ack.timeoutSeconds} s${unconfirmed}`,
    },
    { title: 'Retries', text: ack.retries === 'unknown' ? 'unknown' : ack.retries + unconfirmed },
    { title: 'Good to know', text: row.notes },
    { title: 'Evidence', text: `${EVIDENCE[evidenceOf(row)]}${proofOf(row)}` },
    { title: 'Read in', text: row.sources.join('\n') },
  ]
}

const EVIDENCE: Readonly<Record<Evidence, string>> = {
  proven: 'proven',
  sdk: 'read in the provider’s own code; not proven by a published delivery or another library',
  docs: 'read in the provider’s documentation; not proven by a published delivery or another library',
  repo: 'read in other people’s code; not proven by a published delivery or another library',
  search: 'read in an excerpt only; not proven by a published delivery or another library',
  memory: 'not verified by anything: it has to be asked for, see the settings',
}

function proofOf({ key }: ProviderRow): string {
  const proofs = provenBy(key)
  return proofs.length === 0 ? '' : ` by ${proofs.join(', ')}`
}

function lines(title: string, items: readonly string[]): Explained[] {
  return items.length === 0 ? [] : [{ title, text: items.join('\n') }]
}

function urlOf(row: ProviderRow): string {
  const query = row.schemes.some((scheme) => scheme.kind === 'token' && scheme.at === 'query:token')
  const url = `\`https://<your host>/hooks/<source>${query ? '?token=<token>' : ''}\``
  if (!row.schemes.some(signsUrl)) return url
  return `${url}, and \`INLET_URL\` is \`https://<your host>\`: the URL is a part of what is signed.`
}

function describeSetting([field, { default: preset, description, required }]: readonly [
  string,
  NonNullable<ProviderRow['config']>[string],
]): string {
  const fallback = preset === '' ? '' : ` Default: \`${preset}\`.`
  const must = required === true ? ' Required.' : ''
  return `\`INLET_CONFIG_<SOURCE>_${field.toUpperCase()}\`: ${description}${fallback}${must}`
}

function describeHandshake({ name, when, unsigned, learn }: HandshakeRule): string {
  const proof = unsigned === true ? ', which is not signed' : ''
  const secret =
    learn === undefined ? '' : ' It brings the secret, while a registration is pending.'
  return `\`${when.method ?? 'POST'}\` ${name}${proof}: answered, and no event.${secret}`
}

/** What names a whole request. */
function requestId(row: ProviderRow): string {
  const signed = row.schemes.flatMap((scheme) =>
    'idHeader' in scheme && scheme.idHeader !== undefined
      ? [`header \`${scheme.idHeader}\`, which is signed`]
      : [],
  )
  const isSigned = row.schemes.every((scheme) => 'timestamp' in scheme && scheme.timestamp)
  const isDated = isSigned || row.bodiesAreDated === true
  const forgets = isDated ? '' : ` for ${HASH_ID_VALID_MS / 60_000} minutes`
  const isNew = row.identicalAreDistinct === true
  const hash = isNew ? 'nothing: each delivery is new' : `a hash of the delivery${forgets}`
  return [...new Set(signed), ...row.id.map(describeSelector), hash].join(', else ')
}

function idOf(row: ProviderRow): string {
  const { batch } = row
  if (batch === undefined) return requestId(row)
  const place = [batch.at]
    .flat()
    .map((at) => (at === '$' ? 'the body, a list,' : `\`${at}\``))
    .join(' or of ')
  const own = [...batch.id.map(describeSelector), 'its place in the request'].join(', else ')
  return `Each element of ${place} is an event: ${own}.\nThe request: ${requestId(row)}.`
}

function typeOf({ batch, type }: ProviderRow): string {
  const found = [...(batch?.type ?? []), ...type].map(describeSelector)
  return found.length === 0 ? 'None: it is `unknown`.' : found.join(', else ')
}

function orderOf({ batch, order }: ProviderRow): string {
  const found = [...(batch?.order ?? []), ...order].map(describeSelector)
  return [...found, 'the event id'].join(', else ')
}

/** `['header:x-event', 'json:action']` → "header `x-event` and `action`". */
function describeSelector(selector: BatchSelector): string {
  const references: readonly string[] = [selector].flat()
  return references.map(describeReference).join(' and ')
}

function describeReference(reference: string): string {
  const [place, name] = splitReference(reference)
  const bare = `\`${name.replaceAll('\\.', '.')}\``
  switch (place) {
    case 'header':
      return `header ${bare}`
    case 'query':
      return `parameter ${bare}`
    case 'proof':
      return `claim ${bare}`
    case 'envelope':
      return `${bare} of the whole body`
    case 'jsonKey':
      return name.startsWith('!') ? `the member beside \`${name.slice(1)}\`` : `the member ${bare}`
    default:
      return bare
  }
}
