import { useState } from 'preact/hooks'
import type { Session } from '../../admin-api/admin-api.ts'
import { asApiError, post, session, type ApiError } from '../api.ts'
import { Problem } from '../parts.tsx'

/** Asks for the token; the page that was asked for comes after it. */
export function Login() {
  const [token, setToken] = useState('')
  const [error, setError] = useState<ApiError | undefined>()
  const [isBusy, setBusy] = useState(false)
  async function logIn() {
    setBusy(true)
    try {
      session.set(await post<Session>('/api/login', { token }))
    } catch (reason) {
      setError(asApiError(reason))
      setBusy(false)
    }
  }
  return (
    <form
      class="login"
      onSubmit={(event) => {
        event.preventDefault()
        void logIn()
      }}
    >
      <p>
        This gateway asks for the token that is set as <code>INLET_ADMIN_TOKEN</code>.
      </p>
      <label>
        Token
        <input
          type="password"
          autocomplete="current-password"
          required
          autofocus
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      <Problem error={error} />
      <button type="submit" class="primary" disabled={isBusy}>
        Log in
      </button>
    </form>
  )
}
