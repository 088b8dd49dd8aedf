/** Charts of the last hour, one point a minute. */
import { useState } from 'preact/hooks'
import { localMinute } from './format.ts'

export interface Series {
  readonly name: string
  /** A class that colours it. */
  readonly tone: string
  /** One a minute; null where nothing was measured. */
  readonly values: readonly (number | null)[]
}

export interface ChartProps {
  readonly title: string
  /** When each minute began, the oldest first. */
  readonly at: readonly string[]
  readonly series: readonly Series[]
  readonly shape: 'bars' | 'line'
  readonly format: (value: number) => string
}

const HEIGHT = 100

/** Stacked bars or lines, with what is under the pointer in words. */
export function Chart({ title, at, series, shape, format }: ChartProps) {
  const [under, setUnder] = useState<number | undefined>()
  const totals = at.map((_, minute) => top(series, shape, minute))
  const max = roundUp(Math.max(...totals, 0))
  const shown = under ?? at.length - 1
  function follow(event: PointerEvent) {
    const box = (event.currentTarget as Element).getBoundingClientRect()
    const minute = Math.floor(((event.clientX - box.left) / box.width) * at.length)
    setUnder(Math.min(Math.max(minute, 0), at.length - 1))
  }
  return (
    <figure class="chart">
      <figcaption>
        <span class="title">{title}</span>
        <span class="minute">{localMinute(at[shown] ?? '')}</span>
        <span class="legend">
          {series.map(({ name, tone, values }) => (
            <span key={name} class={tone}>
              {name} <b>{said(values[shown], format)}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div class="plot">
        <span class="max">{format(max)}</span>
        <svg
          viewBox={`0 0 ${at.length} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={summary(title, series, format)}
          onPointerMove={follow}
          onPointerLeave={() => setUnder(undefined)}
        >
          {under !== undefined && <rect class="under" x={under} y={0} width={1} height={HEIGHT} />}
          {shape === 'bars' ? bars(series, max) : lines(series, max)}
        </svg>
      </div>
      <div class="axis" aria-hidden="true">
        {[0, 15, 30, 45, 59].map((minute) => (
          <span key={minute}>{at[minute] === undefined ? '' : localMinute(at[minute])}</span>
        ))}
      </div>
    </figure>
  )
}

function top(series: readonly Series[], shape: ChartProps['shape'], minute: number): number {
  const values = series.map(({ values }) => values[minute] ?? 0)
  return shape === 'bars' ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values)
}

/** The next of 1, 2, 5, 10, 20 …: an axis that does not jump with every event. */
function roundUp(value: number): number {
  if (value <= 1) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5].find((step) => step * power >= value) ?? 10) * power
}

function bars(series: readonly Series[], max: number) {
  const below = new Map<number, number>()
  return series.map(({ name, tone, values }) => (
    <g key={name} class={tone}>
      {values.map((value, minute) => {
        if (value === null || value === 0) return null
        const height = (value / max) * HEIGHT
        const bottom = below.get(minute) ?? 0
        below.set(minute, bottom + height)
        const y = HEIGHT - bottom - height
        return <rect key={minute} x={minute + 0.1} y={y} width={0.8} height={height} />
      })}
    </g>
  ))
}

/** A gap where nothing was measured; a minute alone is a dash. */
function lines(series: readonly Series[], max: number) {
  return series.map(({ name, tone, values }) => {
    const path = values.map((value, minute) => {
      if (value === null) return ''
      const y = HEIGHT - (value / max) * HEIGHT
      const isStart = minute === 0 || values[minute - 1] === null
      return `${isStart ? `M${minute} ${y}` : ''}L${minute + 1} ${y}`
    })
    return <path key={name} class={tone} d={path.join('')} vector-effect="non-scaling-stroke" />
  })
}

function said(value: number | null | undefined, format: ChartProps['format']): string {
  return value === null || value === undefined ? '–' : format(value)
}

/** For those who do not see it. */
function summary(title: string, series: readonly Series[], format: ChartProps['format']): string {
  const parts = series.map(({ name, values }) => {
    const known = values.filter((value) => value !== null)
    return `${name} at most ${said(known.length === 0 ? null : Math.max(...known), format)}`
  })
  return `${title}, last hour: ${parts.join(', ')}`
}
