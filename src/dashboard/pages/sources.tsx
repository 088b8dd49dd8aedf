import type { SourceRow } from '../../admin-api/admin-api.ts'
import { useApi } from '../api.ts'
import { count } from '../format.ts'
import { Ago, Badge, Nothing, Problem, Table } from '../parts.tsx'
import { Rejected } from '../rejected.tsx'
import { Heard } from '../heard.tsx'

const EVERY_MS = 5_000

const HEAD = [
  'Source',
  'Provider',
  'Last verified',
  'Last heard of',
  { ofNumbers: 'Refused' },
  { ofNumbers: 'Secrets' },
  'Handler',
]

/** Who sends us events, and whether that works. */
export function Sources() {
  const { data, error } = useApi<{ sources: SourceRow[] }>('/api/sources', EVERY_MS)
  return (
    <>
      <Problem error={error} />
      {data?.sources.length === 0 && (
        <Nothing>
          No source is configured: set <code>INLET_SOURCES</code> and their secrets.
        </Nothing>
      )}
      {data !== undefined && data.sources.length > 0 && (
        <Table label="Sources" head={HEAD}>
          {data.sources.map((source) => (
            <Row key={source.name} source={source} />
          ))}
        </Table>
      )}
      {data !== undefined && <Rejected />}
    </>
  )
}

function Row({ source }: { readonly source: SourceRow }) {
  const { name, provider, file, unsigned, secrets, lastVerifiedAt } = source
  const refused = Object.values(source.refused).reduce((sum, each) => sum + each, 0)
  return (
    <tr>
      <th scope="row">
        <a data-row href={`/sources/${name}`}>
          {name}
        </a>
      </th>
      <td>{provider}</td>
      <td>
        <Ago at={lastVerifiedAt} />
      </td>
      <td>
        <Heard source={source} />
      </td>
      <td class="number">
        {refused === 0 ? '0' : <Badge state="refused">{count(refused)}</Badge>}
      </td>
      <td class="number">{unsigned ? <Badge state="stopped">unsigned</Badge> : secrets.length}</td>
      <td>{file === null ? <span class="dim">none</span> : <code>{file}</code>}</td>
    </tr>
  )
}
