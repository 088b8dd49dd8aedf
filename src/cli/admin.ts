import type { Environment } from '../config.ts'

/** A healthy gateway answers within a few ms, one under full load within tens. */
const ANSWER_MS_MAX = 2_000

/** Asks the admin port of the gateway that runs with the same environment. */
export function askGateway(env: Environment, path: string, method = 'GET'): Promise<Response> {
  const token = env['INLET_ADMIN_TOKEN']
  return fetch(`${adminUrl(env)}${path}`, {
    method,
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
}

/** Where the admin port is from within this machine: an address that means any means loopback. */
function adminUrl(env: Environment): string {
  const host = env['INLET_ADMIN_HOST'] || '127.0.0.1'
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${near.includes(':') ? `[${near}]` : near}:${env['INLET_ADMIN_PORT'] || '8081'}`
}
