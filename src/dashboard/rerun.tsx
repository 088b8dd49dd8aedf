/** Sending stored events again: first what it would do, then doing it. */
import { useEffect, useState } from 'preact/hooks'
import type { Plan, Rerun } from '../admin-api/reruns.ts'
import { asApiError, post, type ApiError } from './api.ts'
import { Dialog } from './dialog.tsx'
import { count } from './format.ts'
import { Problem } from './parts.tsx'
import { navigate } from './router.ts'

const PER_SECOND = 100

const VERBS = {
  replay: 'Replay',
  republish: 'Republish',
  redrive: 'Redrive',
  reconsume: 'Replay',
} as const satisfies Record<Rerun['kind'], string>

export interface RerunProps {
  readonly kind: Rerun['kind']
  readonly query: Rerun['query']
  readonly label: string
}

/** A button that shows the plan, and does nothing before that is confirmed. */
export function RerunButton(props: RerunProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        {props.label}
      </button>
      {isOpen && <RerunDialog {...props} onClose={() => setOpen(false)} />}
    </>
  )
}

function RerunDialog({ kind, query, label, onClose }: RerunProps & { onClose: () => void }) {
  const [plan, setPlan] = useState<Plan | undefined>()
  const [error, setError] = useState<ApiError | undefined>()
  const [perSecond, setPerSecond] = useState(PER_SECOND)
  const [isBusy, setBusy] = useState(false)
  useEffect(() => {
    post<Plan>('/api/reruns/plan', { kind, query }).then(setPlan, (reason: unknown) =>
      setError(asApiError(reason)),
    )
  }, [])
  async function start() {
    setBusy(true)
    try {
      await post<Rerun>('/api/reruns', { kind, query, perSecond, by: 'the dashboard' })
      navigate('/reruns')
    } catch (reason) {
      setError(asApiError(reason))
      setBusy(false)
    }
  }
  return (
    <Dialog title={label.replace('…', '')} onClose={onClose}>
      <div class="plan" role="status">
        {plan === undefined && error === undefined && <p class="dim">Counting…</p>}
        {plan !== undefined && <PlanText plan={plan} />}
      </div>
      <Problem error={error} />
      <form
        method="dialog"
        onSubmit={(event) => {
          if (event.submitter?.getAttribute('value') !== 'start') return
          event.preventDefault()
          void start()
        }}
      >
        <label class="inline">
          At most{' '}
          <input
            type="number"
            min={1}
            max={10_000}
            required
            value={perSecond}
            onInput={(event) => setPerSecond(event.currentTarget.valueAsNumber)}
          />{' '}
          a second
        </label>
        <div class="buttons">
          <button
            type="submit"
            value="start"
            class="primary"
            disabled={isBusy || plan === undefined || plan.events + plan.records === 0}
          >
            {VERBS[kind]}
          </button>
          <button type="submit" formNoValidate>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function PlanText({ plan }: { readonly plan: Plan }) {
  return (
    <>
      <p>
        <b>{plan.text}</b>
      </p>
      <ul>
        {plan.topics.map(({ topic, records: ofTopic }) => (
          <li key={topic}>
            <code>{topic}</code> {count(ofTopic)}
          </li>
        ))}
      </ul>
    </>
  )
}
