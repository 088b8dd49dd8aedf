/** What a scrape says, read by the rules of Prometheus' text format and not by ours. */
export interface Scrape {
  /** By name: its kind. */
  readonly kinds: ReadonlyMap<string, string>
  /** By name with labels, as `name{a="b"}`. */
  readonly samples: ReadonlyMap<string, number>
}

const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/

/** Reads the text of a scrape. Throws where Prometheus would refuse it. */
export function readScrape(text: string): Scrape {
  if (!text.endsWith('\n')) throw new Error('the last line is not ended')
  const kinds = new Map<string, string>()
  const samples = new Map<string, number>()
  let current = ''
  for (const line of text.trimEnd().split('\n')) {
    const [, name = '', kind = ''] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? []
    if (name !== '') {
      if (kinds.has(name)) throw new Error(`${name} comes twice`)
      kinds.set(name, kind)
      current = name
    } else if (!line.startsWith('# HELP ')) {
      const [, series = '', labels = '', value = ''] = SAMPLE.exec(line) ?? []
      const suffix = series.slice(current.length)
      const isOwn = series.startsWith(current) && /^(_bucket|_sum|_count)?$/.test(suffix)
      if (!isOwn || Number.isNaN(Number(value.replace('+Inf', 'Infinity')))) {
        throw new Error(`that is no sample of ${current}: ${line}`)
      }
      if (samples.has(series + labels)) throw new Error(`${series}${labels} comes twice`)
      samples.set(series + labels, Number(value))
    }
  }
  return { kinds, samples }
}
