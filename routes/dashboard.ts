import { Hono } from 'hono'

export interface DashboardPorts {
  /** Text by the path that it is served at, `/` being the page. Asked for at most once. */
  readonly files: () => Promise<ReadonlyMap<string, string>>
}

/** What the page shows at its addresses, it decides itself: all of them begin with one file. */
const PAGES = [
  '/',
  '/live',
  '/events',
  '/events/:seq{[0-9]+}',
  '/dead-letters',
  '/reruns',
  '/reruns/:id',
  '/sources',
  '/sources/:name',
  '/consumers',
  '/system',
]

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/**
 * Nothing but our own files, nothing inline, no frames, and no text that becomes markup: payloads
 * are written by strangers.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

interface Asset {
  readonly plain: Uint8Array<ArrayBuffer>
  readonly gzipped: Uint8Array<ArrayBuffer>
}

/**
 * `/` and the other pages of the dashboard, `/assets/*` what they load. They hold nothing secret:
 * whoever has no token gets the form that asks for it.
 */
export function dashboardRoutes({ files }: DashboardPorts): Hono {
  const app = new Hono()
  let loading: Promise<ReadonlyMap<string, Asset>> | undefined
  function assets(): Promise<ReadonlyMap<string, Asset>> {
    loading ??= compressed(files)
    // What failed once is tried again: a checkout may have been in the middle of an edit.
    loading.catch(() => (loading = undefined))
    return loading
  }
  async function answer(request: Request, path: string, cacheControl: string): Promise<Response> {
    const asset = (await assets()).get(path)
    if (asset === undefined) return new Response(null, { status: 404, headers: HEADERS })
    const isZipped = request.headers.get('accept-encoding')?.includes('gzip') === true
    return new Response(isZipped ? asset.gzipped : asset.plain, {
      headers: {
        ...HEADERS,
        'content-type': TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'text/html; charset=utf-8',
        'cache-control': cacheControl,
        vary: 'accept-encoding',
        ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
      },
    })
  }
  for (const page of PAGES) app.get(page, (c) => answer(c.req.raw, '/', 'no-cache'))
  // Named after what they hold, so they never change.
  const forever = 'public, max-age=31536000, immutable'
  app.get('/assets/:name', (c) => answer(c.req.raw, c.req.path, forever))
  return app
}

/** Once, and kept: 30 kB. */
async function compressed(files: DashboardPorts['files']): Promise<ReadonlyMap<string, Asset>> {
  const encoder = new TextEncoder()
  return new Map(
    [...(await files())].map(([path, text]) => {
      const plain = encoder.encode(text)
      return [path, { plain, gzipped: Bun.gzipSync(plain, { level: 9 }) }] as const
    }),
  )
}
