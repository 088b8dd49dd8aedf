import { useMemo, useState } from 'preact/hooks'
import { bytes, counted } from './format.ts'
import { hexDump, prettyJson, utf8, type Piece } from './payload.ts'

const VIEWS = ['Pretty', 'Raw', 'Hex'] as const
type View = (typeof VIEWS)[number]

/** Above it a browser takes noticeably long to colour or to lay out: 200 ms for 256 kB. */
const SHOWN_BYTES_MAX = 256 * 1024

export interface BodyProps {
  readonly label: string
  readonly base64: string
  /** Where all of it can be had. */
  readonly download?: string
}

/** The exact bytes of a body: as JSON over several lines, as they are, or as numbers. */
export function Body({ label, base64, download }: BodyProps) {
  const all = useMemo(() => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)), [base64])
  const isCut = all.length > SHOWN_BYTES_MAX
  const shown = isCut ? all.subarray(0, SHOWN_BYTES_MAX) : all
  // A cut may be in the middle of a character.
  const text = useMemo(() => (isCut ? new TextDecoder().decode(shown) : utf8(shown)), [shown])
  const pretty = useMemo(() => (text === undefined || isCut ? undefined : prettyJson(text)), [text])
  const possible = VIEWS.filter(
    (view) => (view !== 'Pretty' || pretty !== undefined) && (view !== 'Raw' || text !== undefined),
  )
  const [chosen, choose] = useState<View | undefined>()
  const view = chosen ?? possible[0] ?? 'Hex'
  return (
    <section class="body-view" aria-label={label}>
      <div class="bar">
        <h2>{label}</h2>
        <span class="dim" title={counted(all.length, 'byte')}>
          {bytes(all.length)}
        </span>
        <div class="switch" role="group" aria-label="How it is shown">
          {possible.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === view}
              onClick={() => choose(each)}
            >
              {each}
            </button>
          ))}
        </div>
        {download !== undefined && (
          <a href={download} download>
            Download
          </a>
        )}
      </div>
      {text === undefined && <p class="dim">This is no UTF-8 text.</p>}
      {isCut && <p class="dim">The first {bytes(SHOWN_BYTES_MAX)} of it. Download all of it.</p>}
      <pre tabIndex={0} aria-label={`${label}, ${view}`}>
        {view === 'Pretty' && pretty !== undefined && <Json pieces={pretty} />}
        {view === 'Raw' && text}
        {view === 'Hex' && hexDump(shown)}
      </pre>
    </section>
  )
}

function Json({ pieces }: { readonly pieces: readonly Piece[] }) {
  return (
    <>
      {pieces.map(({ kind, text }, index) =>
        kind === 'mark' ? (
          text
        ) : (
          <span key={index} class={kind}>
            {text}
          </span>
        ),
      )}
    </>
  )
}
