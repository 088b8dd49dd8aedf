/** What a page of Markdown claims, so that tests can see whether it still holds. */

/** A fenced block of code: its language, its text without the fence's indentation. */
export interface CodeBlock {
  readonly language: string
  /** Line of the page on which the code begins, counted from 1. */
  readonly line: number
  readonly code: string
}

/** A command of `inlet` that a page names, with the words behind it up to the end of the code. */
export interface CommandMention {
  readonly command: string
  readonly words: readonly string[]
}

const FENCE = /^([ \t]*)```([\w-]*)[^\n]*\n([\s\S]*?)^\1```[ \t]*$/gm

/** The fenced blocks of a page, also those within a list. */
export function codeBlocks(text: string): CodeBlock[] {
  return [...text.matchAll(FENCE)].map(
    ({ 1: indent = '', 2: language = '', 3: body = '', index }) => ({
      language,
      line: text.slice(0, index).split('\n').length + 1,
      code: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  )
}

/** The anchors that GitHub gives the headings of a page. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, title = ''] of text.replaceAll(FENCE, '').matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const words = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = words.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-')
    let anchor = slug
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`
    anchors.add(anchor)
  }
  return anchors
}

/** Links with an anchor: the path as it is written, empty for the page itself, and the anchor. */
export function anchorLinks(text: string): { readonly path: string; readonly anchor: string }[] {
  return [...text.matchAll(/\]\(([^)\s#:]*)#([^)\s]+)\)/g)].map(([, path = '', anchor = '']) => ({
    path,
    anchor,
  }))
}

/** Each `inlet <command> …`; with `BUN_BE_BUN=1` the program is Bun, whose commands are its own. */
export function commandMentions(text: string): CommandMention[] {
  // In front of it may be `dist/` or `scripts/`, but no other path.
  const start = /(?<!BUN_BE_BUN=1 |[\w.-]|(?<!dist|scripts)\/)inlet[ \n]/
  const mentions = new RegExp(`${start.source}([a-z]+)\\b([^\`\\n|#;&)]*)`, 'g')
  return [...text.matchAll(mentions)].map(([, command = '', rest = '']) => ({
    command,
    words: rest.split(/\s+/).filter((word) => word !== ''),
  }))
}
