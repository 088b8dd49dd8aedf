import { messageOf } from '../faults/faults.ts'
import { askGateway } from './admin.ts'
import { refuseArguments } from './arguments.ts'
import type { Command } from './command.ts'

export const health: Command = {
  name: 'health',
  summary: 'Ask a running gateway whether it takes events.',
  help: `Usage: inlet health

Asks /readyz of the gateway that runs with the same environment, and prints its answer. Exits with 0
where it takes events, with 1 where it does not or does not answer: for the health check of a
container without a shell.`,
  async run({ args, env, print }) {
    refuseArguments(args)
    try {
      const answer = await askGateway(env, '/readyz')
      print(await answer.text())
      return answer.ok ? 0 : 1
    } catch (error) {
      print(`no answer: ${messageOf(error)}`)
      return 1
    }
  },
}
