/** What is around every page: navigation, alarms, and which page it is. */
import type { ComponentChildren } from 'preact'
import { useEffect, useErrorBoundary, useRef } from 'preact/hooks'
import type { Alarm, Session } from '../admin-api/admin-api.ts'
import { asApiError, get, post, session, useApi } from './api.ts'
import { Dialog } from './dialog.tsx'
import { isHelpOpen, KEYS, PAGES_BY_KEY } from './keys.ts'
import { Consumers } from './pages/consumers.tsx'
import { DeadLetters } from './pages/dead-letters.tsx'
import { Event } from './pages/event.tsx'
import { Events } from './pages/events.tsx'
import { Live } from './pages/live.tsx'
import { Login } from './pages/login.tsx'
import { Overview } from './pages/overview.tsx'
import { Reruns } from './pages/reruns.tsx'
import { SourcePage } from './pages/source.tsx'
import { Sources } from './pages/sources.tsx'
import { System } from './pages/system.tsx'
import { Ago, Nothing, Problem } from './parts.tsx'
import { usePlace } from './router.ts'
import { useStore } from './store.ts'
import { nextTheme, theme } from './theme.ts'

const NAVIGATION = [
  ['/', 'Overview'],
  ['/live', 'Live'],
  ['/events', 'Events'],
  ['/dead-letters', 'Dead letters'],
  ['/reruns', 'Reruns'],
  ['/sources', 'Sources'],
  ['/consumers', 'Consumers'],
  ['/system', 'System'],
] as const

const ALARMS_EVERY_MS = 10_000

export function App() {
  const { path } = usePlace()
  const known = useStore(session)
  const isHelp = useStore(isHelpOpen)
  useEffect(() => void begin(), [])
  const mayCome = known?.isOperator === true
  // Before the page, so that it does not move once they are there.
  const { data, error } = useApi<{ alarms: Alarm[] }>(
    mayCome ? '/api/alarms' : null,
    ALARMS_EVERY_MS,
  )
  const isReady = mayCome && (data ?? error) !== undefined
  const { title, page } = pageAt(path)
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <Header path={path} session={known} />
      <div class="body">
        {mayCome && <Alarms alarms={data?.alarms ?? []} />}
        {isReady && <Main title={title}>{page}</Main>}
        {known?.isOperator === false && (
          <Main title="Log in">
            <Login />
          </Main>
        )}
      </div>
      {isHelp && <Help />}
    </>
  )
}

/** Where the gateway does not answer, the pages say so. */
async function begin(): Promise<void> {
  const unknown: Session = { needsToken: false, isOperator: true }
  session.set(await get<Session>('/api/session').catch(() => unknown))
}

function pageAt(path: string): { title: string; page: ComponentChildren } {
  // No name of ours needs to be escaped.
  const [, first = '', name] = path.split('/')
  switch (first) {
    case '':
      return { title: 'Overview', page: <Overview /> }
    case 'live':
      return { title: 'Live', page: <Live /> }
    case 'events':
      if (name === undefined) return { title: 'Events', page: <Events /> }
      return { title: `Event ${name}`, page: <Event key={name} seq={name} /> }
    case 'dead-letters':
      return { title: 'Dead letters', page: <DeadLetters /> }
    case 'reruns':
      return { title: 'Reruns', page: <Reruns /> }
    case 'sources':
      if (name === undefined) return { title: 'Sources', page: <Sources /> }
      return { title: `Source ${name}`, page: <SourcePage key={name} name={name} /> }
    case 'consumers':
      return { title: 'Consumers', page: <Consumers /> }
    case 'system':
      return { title: 'System', page: <System /> }
    default:
      return { title: 'Nothing here', page: <Nothing>There is no such page.</Nothing> }
  }
}

interface MainProps {
  readonly title: string
  readonly children: ComponentChildren
}

/** Tells those who cannot see it that the page is another: its heading takes the focus. */
function Main({ title, children }: MainProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  const last = useRef(title)
  // A bug of ours in one page leaves the way to the others open.
  const [bug, forget] = useErrorBoundary() as [unknown, () => void]
  useEffect(() => {
    forget()
    document.title = `${title} · Inlet`
    // Unless the page has a better place for it: its search, where that was asked for.
    const isTaken = document.activeElement instanceof HTMLInputElement
    if (last.current !== title && !isTaken) heading.current?.focus()
    last.current = title
  }, [title])
  return (
    <main id="main">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {bug === undefined ? children : <Problem error={asApiError(bug)} />}
    </main>
  )
}

function Header({ path, session: known }: { path: string; session: Session | null }) {
  const chosen = useStore(theme)
  async function logOut() {
    await post('/api/logout').catch(() => undefined)
    session.set({ needsToken: true, isOperator: false })
  }
  return (
    <header>
      <a class="logo" href="/">
        Inlet
      </a>
      <nav aria-label="Pages">
        {NAVIGATION.map(([href, name]) => {
          const isHere = href === '/' ? path === '/' : path.startsWith(href)
          return (
            <a
              key={href}
              href={href}
              title={keyOf(href)}
              {...(isHere && { 'aria-current': 'page' })}
            >
              {name}
            </a>
          )
        })}
      </nav>
      <div class="tools">
        <button type="button" class="quiet" onClick={nextTheme} title="System, light or dark">
          Theme: {chosen}
        </button>
        <button type="button" class="quiet" onClick={() => isHelpOpen.set(true)}>
          Keys <kbd>?</kbd>
        </button>
        {known?.needsToken === true && known.isOperator && (
          <button type="button" class="quiet" onClick={() => void logOut()}>
            Log out
          </button>
        )}
      </div>
    </header>
  )
}

function keyOf(href: string): string {
  const key = Object.keys(PAGES_BY_KEY).find((each) => PAGES_BY_KEY[each] === href) ?? ''
  return `g ${key}`
}

/** What needs a person, on every page; a new one is read out. */
function Alarms({ alarms }: { readonly alarms: readonly Alarm[] }) {
  return (
    <div class="alarms" role="status">
      {alarms.map(({ name, subject, since, text, hint }) => (
        <p key={`${name} ${subject}`} class="alarm">
          <b>{text}</b> <span class="hint">{hint}</span>{' '}
          <span class="since">
            since <Ago at={since} />
          </span>
        </p>
      ))}
    </div>
  )
}

function Help() {
  const close = () => isHelpOpen.set(false)
  return (
    <Dialog title="Keys" onClose={close}>
      <dl class="keys">
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </Dialog>
  )
}
