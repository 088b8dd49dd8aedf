/** Numbers, sizes and times as people read them. */

const COUNT = new Intl.NumberFormat('en')
const DAY_MS = 86_400_000

const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
const DATE_TIME = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})
const MINUTE = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

/** 1,234,567. */
export function count(value: number): string {
  return COUNT.format(value)
}

/** `1 event`, `2 events`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** 0 B, 4.2 kB, 1.3 GB: thousands, as disks are sold. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let rest = value
  let unit = 0
  while (rest >= 1000 && unit < units.length - 1) {
    rest /= 1000
    unit += 1
  }
  return `${unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${units[unit] ?? ''}`
}

/** 3.2 ms, 45 s, 12 min, 3 h 20 min, 4 d. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`
  const hours = Math.floor(ms / 3_600_000)
  if (hours < 10) return `${hours} h ${Math.round((ms % 3_600_000) / 60_000)} min`
  return ms < 3 * DAY_MS ? `${hours} h` : `${Math.round(ms / DAY_MS)} d`
}

/** The time of day, with the date where it is not today's. */
export function localTime(iso: string, nowMs: number): string {
  const at = new Date(iso)
  const isToday = at.toDateString() === new Date(nowMs).toDateString()
  return (isToday ? TIME : DATE_TIME).format(at)
}

/** 14:03. */
export function localMinute(iso: string): string {
  return MINUTE.format(new Date(iso))
}

/** `2026-11-23T14:03:22` for an input of that kind, in local time. */
export function toInput(iso: string): string {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return ''
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

/** The other way round; empty where it is no time. */
export function fromInput(local: string): string {
  const at = new Date(local)
  return Number.isNaN(at.getTime()) ? '' : at.toISOString()
}
