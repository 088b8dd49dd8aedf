import { createRoute } from '@hono/zod-openapi'
import { HTTPException } from 'hono/http-exception'
import { Login, Session } from '../../src/admin-api/admin-api.ts'
import { tokenRefused, tooManyGuesses } from '../guard.ts'
import type { Operators } from '../operator.ts'
import { answering, openResource } from './resource.ts'

const read = createRoute({
  method: 'get',
  path: '/api/session',
  summary: 'Whether a token is needed, and whether this request has it.',
  responses: answering(Session, 'Who asks.'),
})

const login = createRoute({
  method: 'post',
  path: '/api/login',
  summary: 'Begins the session of a browser, in a cookie.',
  request: { body: { content: { 'application/json': { schema: Login } }, required: true } },
  responses: answering(Session, 'Logged in.', ['RATE_LIMITED']),
})

const logout = createRoute({
  method: 'post',
  path: '/api/logout',
  summary: 'Ends it.',
  responses: answering(Session, 'Logged out.'),
})

export function sessionRoutes(operators: Operators) {
  const { needsToken } = operators
  const app = openResource()
  app.openapi(read, (c) => c.json({ needsToken, isOperator: c.env.isOperator }, 200))
  app.openapi(login, (c) => {
    const outcome = operators.login(c.req.valid('json').token, c.req.raw.headers, c.env.peer)
    if (outcome === 'wrong') throw new HTTPException(401, { res: tokenRefused() })
    if ('waitMs' in outcome) throw new HTTPException(429, { res: tooManyGuesses(outcome) })
    c.header('set-cookie', outcome.cookie)
    return c.json({ needsToken, isOperator: true }, 200)
  })
  app.openapi(logout, (c) => {
    c.header('set-cookie', operators.logout(c.req.raw.headers))
    return c.json({ needsToken, isOperator: !needsToken }, 200)
  })
  return app
}
