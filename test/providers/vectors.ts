import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A delivery that was published with its signature, in `vectors/<provider>.json`. */
export interface Vector {
  readonly name: string
  readonly expect: 'accept' | 'reject'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly secrets: readonly string[]
  /** When it was signed, in ms since 1970; 0 where nothing dates it. */
  readonly now: number
  /** The URL that it was sent to, where that is signed. */
  readonly url?: string
  readonly config?: Readonly<Record<string, string>>
  /** Where it was published. */
  readonly source: string
}

const FOLDER = join(import.meta.dir, 'vectors')

/** Every vector, with its provider's key. */
export function readVectors(): readonly (Vector & { readonly provider: string })[] {
  return readdirSync(FOLDER).flatMap((file) => {
    const vectors = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as readonly Vector[]
    return vectors.map((vector) => ({ ...vector, provider: file.replace('.json', '') }))
  })
}
