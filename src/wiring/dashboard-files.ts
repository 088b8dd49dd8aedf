import { join } from 'node:path'

/** Set by the build: what scripts/dashboard-files.ts prints. A checkout runs it. */
declare const INLET_DASHBOARD: string | undefined

/**
 * The files of the dashboard, text by the path that it is served at. Asked for once somebody looks:
 * a gateway that nobody watches never reads them.
 */
export async function dashboardFiles(): Promise<ReadonlyMap<string, string>> {
  const json = typeof INLET_DASHBOARD === 'string' ? INLET_DASHBOARD : await bundle()
  return new Map(Object.entries(JSON.parse(json) as Record<string, string>))
}

/** In a process of its own: it takes 30 ms of CPU, and intake must not wait for it. */
async function bundle(): Promise<string> {
  const script = join(import.meta.dir, '../../scripts/dashboard-files.ts')
  const child = Bun.spawn([process.execPath, script], { stdout: 'pipe', stderr: 'pipe' })
  const [json, complaint] = await Promise.all([child.stdout.text(), child.stderr.text()])
  if ((await child.exited) !== 0) throw new Error(`the dashboard is not made: ${complaint}`)
  return json
}
