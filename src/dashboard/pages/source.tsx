import { useState } from 'preact/hooks'
import type { Pairing, SourceRow } from '../../admin-api/admin-api.ts'
import { asApiError, post, useApi, type ApiError } from '../api.ts'
import { count, duration } from '../format.ts'
import { Heard } from '../heard.tsx'
import { Ago, Badge, Copy, Fact, Nothing, Problem, Table, Time } from '../parts.tsx'
import { Rejected } from '../rejected.tsx'
import { withQuery } from '../router.ts'

const EVERY_MS = 5_000

/** One source: where its provider sends to, by which secret it is proved, and what was refused. */
export function SourcePage({ name }: { readonly name: string }) {
  const { data, error, reload } = useApi<{ sources: SourceRow[] }>('/api/sources', EVERY_MS)
  const source = data?.sources.find((each) => each.name === name)
  return (
    <>
      <Problem error={error} />
      {data !== undefined && source === undefined && (
        <Nothing>
          No source of this name is served. <a href="/sources">All sources</a>
        </Nothing>
      )}
      {source !== undefined && (
        <>
          <Facts source={source} />
          {source.pairing !== null && <Pair source={source} onChange={reload} />}
          <Secrets source={source} />
        </>
      )}
      {data !== undefined && <Rejected source={name} />}
    </>
  )
}

function Facts({ source }: { readonly source: SourceRow }) {
  const { name, provider, url, file, usualGapMs, handshakes } = source
  const refused = Object.entries(source.refused)
  return (
    <section aria-label="Facts">
      <dl class="facts">
        <Fact name="URL to paste" isWide>
          <Copy text={url} what="the URL" />
        </Fact>
        <Fact name="Provider">{provider}</Fact>
        <Fact name="Handler">
          {file === null ? 'none: bytes pass unchanged' : <code>{file}</code>}
        </Fact>
        <Fact name="Last verified">
          <Ago at={source.lastVerifiedAt} />
        </Fact>
        <Fact name="Last heard of">
          <Heard source={source} />{' '}
          {usualGapMs !== null && (
            <span class="dim">pauses for {duration(usualGapMs)} at most</span>
          )}
        </Fact>
        <Fact name="Refused">
          {refused.length === 0 && <span class="dim">none</span>}
          {refused.map(([step, times]) => (
            <span key={step}>
              {step} <b>{count(times)}</b>{' '}
            </span>
          ))}
        </Fact>
        <Fact name="Handshakes">
          {handshakes.length === 0 && <span class="dim">none</span>}
          {handshakes.map(({ name: kind, at }) => (
            <span key={kind}>
              {kind} <Ago at={at} />{' '}
            </span>
          ))}
        </Fact>
        <Fact name="Events">
          <a href={withQuery('/events', { source: name })}>search</a> ·{' '}
          <a href={withQuery('/live', { source: name })}>live</a>
        </Fact>
      </dl>
    </section>
  )
}

interface PairProps {
  readonly source: SourceRow
  readonly onChange: () => void
}

/** Takes the secret that the provider hands over, where it does. */
function Pair({ source: { name, provider, pairing }, onChange }: PairProps) {
  const [error, setError] = useState<ApiError | undefined>()
  async function begin() {
    await post<Pairing>(`/api/sources/${name}/pair`).then(
      () => setError(undefined),
      (reason: unknown) => setError(asApiError(reason)),
    )
    onChange()
  }
  const waitsUntil = pairing?.waitsUntil ?? null
  return (
    <section>
      <h2>Pairing</h2>
      <Problem error={error} />
      {waitsUntil === null ? (
        <p>
          {provider} hands its secret to the URL above.{' '}
          <button type="button" onClick={() => void begin()}>
            Wait for it
          </button>
        </p>
      ) : (
        <p role="status">
          Waiting for the secret until <Time at={waitsUntil} />. Fill in the URL at {provider} now.
        </p>
      )}
    </section>
  )
}

function Secrets({ source }: { readonly source: SourceRow }) {
  const latest = source.secrets
    .flatMap(({ lastUsedAt }) => lastUsedAt ?? [])
    .toSorted()
    .at(-1)
  return (
    <section>
      <h2>Secrets</h2>
      {source.unsigned && (
        <p class="problem">Deliveries are not signed: whoever knows the URL can send events.</p>
      )}
      {source.secrets.length > 0 && (
        <>
          <p class="dim wide">
            Counted since this process started. After a rotation, the old one can go once it stands
            still.
          </p>
          <Table
            label="Secrets"
            head={['Slot', { ofNumbers: 'Deliveries' }, 'Last matched']}
            isNarrow
          >
            {source.secrets.map(({ place, deliveries, lastUsedAt }) => (
              <tr key={place}>
                <th scope="row">{place}</th>
                <td class="number">{count(deliveries)}</td>
                <td>
                  <Ago at={lastUsedAt} />{' '}
                  {lastUsedAt !== null && lastUsedAt === latest && (
                    <Badge state="verified">matched last</Badge>
                  )}
                </td>
              </tr>
            ))}
          </Table>
        </>
      )}
    </section>
  )
}
