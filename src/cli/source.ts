import { z } from 'zod'
import { messageOf } from '../faults/faults.ts'
import { askGateway } from './admin.ts'
import { parseArguments } from './arguments.ts'
import { UsageError, type Command } from './command.ts'

const Waiting = z.object({ provider: z.string(), expiresAt: z.string(), file: z.string() })
const Problem = z.object({ title: z.string(), detail: z.string() })

export const source: Command = {
  name: 'source',
  summary: 'Let a source learn its secret from its provider.',
  actions: ['pair'],
  help: `Usage: inlet source pair <name>

For providers that hand over the secret of a webhook themselves, while it is registered (Asana,
Notion): tells the running gateway to take the secret of this source from the next request that
brings one. Within 10 minutes, register the webhook at the provider. The secret is kept in
<INLET_DATA_DIR>/secrets/<name>, for the gateway's user alone, and is in use at once.

Such a source needs no INLET_SECRET_<NAME>: INLET_SOURCES=asana is enough. Run it again for each
further webhook that the provider sends to the same URL. A restart of the gateway ends the wait.`,
  async run({ args, env, print }) {
    const { positionals } = parseArguments(args, {})
    const [action, name, ...rest] = positionals
    if (action !== 'pair' || rest.length > 0) throw new UsageError('say `pair`, then a source')
    if (name === undefined) throw new UsageError('name the source to pair')
    const path = `/api/sources/${encodeURIComponent(name)}/pair`
    let answer: Response
    try {
      answer = await askGateway(env, path, 'POST')
    } catch (error) {
      print(`The gateway does not answer on its admin port: ${messageOf(error)}`)
      return 1
    }
    const body: unknown = await answer.json().catch(() => undefined)
    if (!answer.ok) {
      const { data } = Problem.safeParse(body)
      print(data === undefined ? `The gateway answers ${answer.status}` : describe(data))
      return 1
    }
    const { provider, expiresAt, file } = Waiting.parse(body)
    print(`Waiting for the secret of "${name}" until ${expiresAt}.

Now register the webhook at the provider (${provider}) with the URL
  ${env['INLET_URL'] || 'https://<your gateway>'}/hooks/${name}
It sends its secret while you do, and it is kept in ${file}.
The log says \`pairing.finished\` then; the first request that brings a secret ends the waiting.`)
    return 0
  },
}

function describe({ title, detail }: z.infer<typeof Problem>): string {
  return `${title} ${detail}`
}
