import type { Environment } from '../config.ts'
import { messageOf } from '../errors.ts'
import { refuseArguments } from './arguments.ts'
import type { Command } from './command.ts'

/** A healthy gateway answers within a few ms, one under full load within tens. */
const ANSWER_MS_MAX = 2_000

export const health: Command = {
  name: 'health',
  summary: 'Ask a running gateway whether it takes events.',
  help: `Usage: inlet health

Asks /readyz of the gateway that runs with the same environment, and prints its answer. Exits with 0
where it takes events, with 1 where it does not or does not answer: for the health check of a
container without a shell.`,
  async run({ args, env, print }) {
    refuseArguments(args)
    const token = env['INLET_ADMIN_TOKEN']
    try {
      const answer = await fetch(`${adminUrl(env)}/readyz`, {
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      })
      print(await answer.text())
      return answer.ok ? 0 : 1
    } catch (error) {
      print(`no answer: ${messageOf(error)}`)
      return 1
    }
  },
}

/** Where the admin port is from within this machine: an address that means any means loopback. */
function adminUrl(env: Environment): string {
  const host = env['INLET_ADMIN_HOST'] || '127.0.0.1'
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${near.includes(':') ? `[${near}]` : near}:${env['INLET_ADMIN_PORT'] || '8081'}`
}
