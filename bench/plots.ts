/** Bars as SVG, to be read on a light and on a dark page. */

export interface Bar {
  readonly label: string
  readonly value: number
  /** What stands behind the bar; default: the value. */
  readonly note?: string
  /** Ours stand out. */
  readonly isOurs: boolean
}

const WIDTH = 720
const LABEL_WIDTH = 250
const NOTE_WIDTH = 110
const ROW = 26
const TOP = 34

const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600 }
    .other { fill: #8c959f }
    .ours { fill: #0969da }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .other { fill: #6e7681 }
      .ours { fill: #4493f8 }
    }
  `

/** A bar a row, the longest as long as there is room. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const longest = Math.max(...bars.map(({ value }) => value))
  const room = WIDTH - LABEL_WIDTH - NOTE_WIDTH
  const rows = bars.map(({ label, value, note, isOurs }, row) => {
    const y = TOP + row * ROW
    const width = Math.max(1, (value / longest) * room).toFixed(1)
    const shown = note ?? Math.round(value).toLocaleString('en')
    const end = LABEL_WIDTH + Number(width) + 8
    const base = `y="${y + 13}"`
    const box = `x="${LABEL_WIDTH}" y="${y}" width="${width}" height="17" rx="2"`
    return `  <text x="${LABEL_WIDTH - 8}" ${base} text-anchor="end">${escapeXml(label)}</text>
  <rect class="${isOurs ? 'ours' : 'other'}" ${box}/>
  <text x="${end.toFixed(1)}" ${base}>${escapeXml(shown)}</text>`
  })
  const height = TOP + bars.length * ROW
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">
  <title>${escapeXml(title)}</title>
  <style>${STYLE}</style>
  <text class="title" x="0" y="18">${escapeXml(title)}</text>
${rows.join('\n')}
</svg>
`
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
