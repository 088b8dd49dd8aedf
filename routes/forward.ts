import { Hono } from 'hono'
import { FORWARD_PATH } from '../src/forwarded.ts'
import type { AnswerDelivery, HooksBindings } from './hooks.ts'
import { problem } from './problem.ts'

/** Whose request it is, for the log: no source can have this name. */
export const EDGE_NAME = '(edge)'

/** `POST /forward`: the door for the intakes of our own that stand at the edge. */
export function forwardRoutes(answer: AnswerDelivery): Hono<{ Bindings: HooksBindings }> {
  const app = new Hono<{ Bindings: HooksBindings }>()
  app.post(FORWARD_PATH, (c) =>
    answer(c.req.raw, { peer: c.env.peer, parameters: { source: EDGE_NAME } }),
  )
  app.all(FORWARD_PATH, () =>
    problem('METHOD_NOT_ALLOWED', 'events are forwarded with POST', { allow: 'POST' }),
  )
  return app
}
