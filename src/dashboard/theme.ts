/** Light or dark: as the system says, until somebody chooses. */
import { makeStore } from './store.ts'

const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEY = 'inlet-theme'

export const theme = makeStore<Theme>(remembered())

/** Shows the theme that was chosen last, and from now on every one that is chosen. */
export function startTheme(): void {
  const show = () => {
    const chosen = theme.get()
    if (chosen === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = chosen
  }
  theme.follow(show)
  show()
}

export function nextTheme(): void {
  const next = THEMES[(THEMES.indexOf(theme.get()) + 1) % THEMES.length] ?? 'system'
  theme.set(next)
  // A browser that keeps nothing forgets this as well.
  try {
    localStorage.setItem(KEY, next)
  } catch {}
}

function remembered(): Theme {
  try {
    return THEMES.find((each) => each === localStorage.getItem(KEY)) ?? 'system'
  } catch {
    return 'system'
  }
}
