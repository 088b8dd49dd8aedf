/** Asks the admin API. Its types are those of the routes that answer. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { Session } from '../admin-api/admin-api.ts'
import { systemClock } from '../clock.ts'
import { makeStore } from './store.ts'

/** Why there is no answer, in words for people. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Whether this browser may see anything; null until it is known. */
export const session = makeStore<Session | null>(null)

/** @throws ApiError, whatever the reason. */
export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return ask<T>(path, signal === undefined ? {} : { signal })
}

/** @throws ApiError, whatever the reason. */
export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return ask<T>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, { ...init, credentials: 'same-origin' }).catch(() => {
    throw new ApiError(0, 'UNREACHABLE', 'The gateway does not answer.')
  })
  const text = await response.text().catch(() => '')
  if (response.ok) return (text === '' ? undefined : parse(text)) as T
  const problem = parse(text) as { code?: string; title?: string; detail?: string } | undefined
  if (response.status === 401 && path !== '/api/login') {
    session.set({ needsToken: true, isOperator: false })
  }
  const said = [problem?.title, problem?.detail].filter((part) => part !== undefined)
  const message = said.length === 0 ? `The gateway answered ${response.status}.` : said.join(' ')
  throw new ApiError(response.status, problem?.code ?? '', message)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What was asked for, as far as it is here. */
export interface Loaded<T> {
  /** What came last, also while something newer is on its way. */
  readonly data: T | undefined
  readonly error: ApiError | undefined
  readonly isLoading: boolean
  readonly reload: () => void
}

interface State<T> {
  readonly path: string | null
  readonly data: T | undefined
  readonly error: ApiError | undefined
}

/** Asks when the component appears, when `path` changes, and then every `everyMs`. */
export function useApi<T>(path: string | null, everyMs = 0): Loaded<T> {
  const [state, setState] = useState<State<T>>({ path: null, data: undefined, error: undefined })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    const stop = new AbortController()
    if (path !== null) void follow<T>({ path, everyMs, signal: stop.signal }, setState)
    return () => stop.abort()
  }, [path, everyMs, turn])
  return {
    data: state.data,
    error: state.error,
    isLoading: state.path !== path,
    reload: useCallback(() => setTurn((last) => last + 1), []),
  }
}

interface Question {
  readonly path: string
  readonly everyMs: number
  readonly signal: AbortSignal
}

async function follow<T>(
  { path, everyMs, signal }: Question,
  setState: (update: (last: State<T>) => State<T>) => void,
): Promise<void> {
  let isAsked = false
  do {
    // Nobody looks: a tab that is forgotten costs nothing more.
    if (!isAsked || !document.hidden) {
      isAsked = true
      const update = await get<T>(path, signal).then(
        (data) => () => ({ path, data, error: undefined }),
        (error: unknown) => (last: State<T>) => ({
          path,
          // What was seen stays: a gateway that restarts is back in a second.
          data: last.path === path ? last.data : undefined,
          error: asApiError(error),
        }),
      )
      if (signal.aborted) return
      setState(update)
    }
    await systemClock.sleep(everyMs, signal)
  } while (everyMs > 0 && !signal.aborted)
}

/** What a promise of ours was rejected with. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, '', String(error))
}
