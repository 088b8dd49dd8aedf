/**
 * The files of the dashboard, bundled for a browser. The build puts them into the binary; in a
 * checkout the gateway runs this file, which prints them as one JSON object.
 */
import { basename, join } from 'node:path'

const ENTRY = join(import.meta.dir, '../src/dashboard/index.html')

/**
 * Text by the path that it is served at: `/` is the page, and `/assets/*` what it loads, each named
 * after a hash of what it holds. Throws where a module does not resolve.
 */
export async function dashboardFiles(): Promise<Readonly<Record<string, string>>> {
  const { outputs } = await Bun.build({
    entrypoints: [ENTRY],
    target: 'browser',
    publicPath: '/assets/',
    naming: '[name]-[hash].[ext]',
    minify: true,
  })
  const files = outputs.map(async (output) => {
    const path = output.path.endsWith('.html') ? '/' : `/assets/${basename(output.path)}`
    return [path, await output.text()] as const
  })
  return Object.fromEntries(await Promise.all(files))
}

if (import.meta.main) process.stdout.write(JSON.stringify(await dashboardFiles()))
