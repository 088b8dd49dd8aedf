import { describeHttp } from '../conformance/http.ts'
import { HANDLERS_DIRECTORY } from '../conformance/http-setup.ts'
import { startWorker } from '../support/worker.ts'

/** Nobody takes what is stored: nothing of the contract depends on that. */
const SINK = {
  INLET_SINK: 'forward',
  INLET_FORWARD_URL: 'http://127.0.0.1:9',
  INLET_FORWARD_SECRET: `whsec_${'A'.repeat(43)}=`,
}

describeHttp(
  {
    runtime: 'workerd',
    skips: {
      'a body that never ends is cut off: 408':
        'Cloudflare bounds how long a request may take to arrive, before the Worker and in it',
      'where it cannot be stored, it is said that it may come again: 503':
        'D1 has no disk to look at: what it refuses is answered 503 when it does, test/entries',
    },
  },
  (env) => startWorker({ handlersDirectory: HANDLERS_DIRECTORY, env: { ...env, ...SINK } }),
)
