/** Cuts `header:x-y` in two. */
export function splitReference(reference: string): readonly [place: string, name: string] {
  const at = reference.indexOf(':')
  return [reference.slice(0, at), reference.slice(at + 1)]
}

/**
 * Compiles a path such as `data.object.id`; `\.` is a dot within a name, a number an index. Reads
 * own properties only.
 */
export function compilePath(path: string): (data: unknown) => unknown {
  const steps = path.split(/(?<!\\)\./).map((step) => step.replaceAll('\\.', '.'))
  return (data) => {
    let value = data
    for (const step of steps) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
        return undefined
      value = (value as Readonly<Record<string, unknown>>)[step]
    }
    return value
  }
}
