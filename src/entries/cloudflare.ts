/** Inlet on Cloudflare Workers: what `wrangler.toml` names as `main`. */
import { handlers } from 'inlet/handlers'
import { d1Batches, type D1 } from '../../db/portable/d1.ts'
import { messageOf } from '../faults/faults.ts'
import { problem } from '../../routes/problem.ts'
import { variablesOf } from './bindings.ts'
import { openEdge, type Edge } from './edge.ts'

/** Variables and secrets by their names, and the database that wrangler.toml binds. */
interface Bindings {
  readonly DB: D1
  readonly [variable: string]: unknown
}

interface Context {
  /** Keeps the invocation alive after its answer, up to 30 s. */
  waitUntil(work: Promise<unknown>): void
}

let opened: Promise<Edge> | undefined

/** One for all requests of this isolate; where it cannot be opened, the next one tries again. */
function edgeOf(bindings: Bindings): Promise<Edge> {
  opened ??= open(bindings).catch((error: unknown) => {
    opened = undefined
    throw error
  })
  return opened
}

async function open(bindings: Bindings): Promise<Edge> {
  return openEdge(variablesOf(bindings), {
    batches: d1Batches(bindings.DB),
    handlers,
    // oxlint-disable-next-line no-console -- it is where the log of a Worker is read
    print: (line) => console.log(line.trimEnd()),
  })
}

export default {
  async fetch(request: Request, bindings: Bindings, context: Context): Promise<Response> {
    const answering = answer(request, bindings)
    // From the start: a sender that goes away would end the invocation where it stands, and what it
    // holds of this isolate, a key or room at the door, would never be given back.
    context.waitUntil(answering.then(({ finish }) => finish()))
    const { response } = await answering
    return response
  },
  async scheduled(_event: unknown, bindings: Bindings): Promise<void> {
    const edge = await edgeOf(bindings)
    await edge.onSchedule()
  },
}

/** What is answered, and what is to be done after it. Never rejects. */
interface Answered {
  readonly response: Response
  readonly finish: () => Promise<void>
}

async function answer(request: Request, bindings: Bindings): Promise<Answered> {
  try {
    const edge = await edgeOf(bindings)
    const response = await edge.answer(request, peerOf(request))
    return { response, finish: () => (response.ok ? edge.afterAnswer() : Promise.resolve()) }
  } catch (error) {
    // oxlint-disable-next-line no-console -- as above, before there is a log
    console.error(messageOf(error))
    const response = problem('STORAGE_FAILED', 'the event is not stored: send it again')
    return { response, finish: () => Promise.resolve() }
  }
}

/** The sender's address: Cloudflare writes it, whatever the sender wrote. */
function peerOf(request: Request): string {
  return request.headers.get('cf-connecting-ip') ?? 'unknown'
}
