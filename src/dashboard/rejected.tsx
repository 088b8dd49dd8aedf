import type { RejectedPage, RejectedRow } from '../admin-api/admin-api.ts'
import { useApi } from './api.ts'
import { Body } from './body.tsx'
import { bytes, counted } from './format.ts'
import { Badge, Fact, Nothing, Problem, Time } from './parts.tsx'
import { withQuery } from './router.ts'

const EVERY_MS = 5_000

/** Deliveries that were refused: of one source, or of all, also of those that do not exist. */
export function Rejected({ source }: { readonly source?: string }) {
  const path = withQuery('/api/rejected', { source })
  const { data, error } = useApi<RejectedPage>(path, EVERY_MS)
  return (
    <section>
      <h2>Refused deliveries</h2>
      <p class="dim wide">
        The latest, kept in memory and gone with a restart. Secrets in headers are masked.
        {data !== undefined &&
          data.dropped > 0 &&
          ` ${counted(data.dropped, 'older one')} dropped.`}
      </p>
      <Problem error={error} />
      {data?.rejected.length === 0 && <Nothing>None was refused.</Nothing>}
      {data?.rejected.map((row) => (
        <Refusal key={row.id} row={row} isNamed={source === undefined} />
      ))}
    </section>
  )
}

function Refusal({ row, isNamed }: { readonly row: RejectedRow; readonly isNamed: boolean }) {
  return (
    <details class="refusal">
      <summary data-row>
        <Time at={row.at} /> {isNamed && <b>{row.source}</b>}{' '}
        <Badge state="refused">{row.step ?? row.code}</Badge> {row.detail}
      </summary>
      <dl class="facts headers">
        <Fact name="From">{row.address}</Fact>
        <Fact name="Code">
          <code>{row.code}</code>
        </Fact>
        <Fact name="Method">{row.method}</Fact>
        <Fact name="Body">{row.bodyBytes === null ? 'not read' : bytes(row.bodyBytes)}</Fact>
        {Object.entries(row.headers).map(([name, value]) => (
          <Fact key={name} name={name}>
            <code>{value}</code>
          </Fact>
        ))}
      </dl>
      {row.bodyBase64 !== null && <Body label="Body" base64={row.bodyBase64} />}
    </details>
  )
}
