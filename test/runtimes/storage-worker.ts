/** What a Worker does that runs cases of the storage suite on its D1. */
import { MIGRATIONS } from '../../db/migrate.ts'
import { d1Batches, type D1 } from '../../db/portable/d1.ts'
import { STORAGE_CASES } from '../conformance/storage-cases.ts'
import { openPortableRig } from '../conformance/storage-portable.ts'

/** Answers `GET /<a binding>?<the name of a case>`: 200 where the case passes on that database. */
export async function runCase(
  request: Request,
  env: Readonly<Record<string, D1>>,
): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const name = decodeURIComponent(search.slice(1))
  const found = STORAGE_CASES.find((each) => each.name === name)
  const database = env[pathname.slice(1)]
  if (found === undefined || database === undefined) return new Response(name, { status: 404 })
  try {
    const batches = d1Batches(database)
    const statements = MIGRATIONS.flatMap(({ sql }) => sql.split('--> statement-breakpoint'))
    await batches.batch(statements.map((sql) => ({ sql, params: [] })))
    await using rig = await openPortableRig(() => ({ ...batches, close: () => undefined }))
    await found.run(rig)
    return new Response('passed')
  } catch (error) {
    return new Response(error instanceof Error ? error.stack : String(error), { status: 500 })
  }
}
