// Compiles the program for this machine: `bun run build` makes dist/inlet.
import { join } from 'node:path'
import { compile } from './compile.ts'

const OUTFILE = join(import.meta.dir, '..', 'dist', 'inlet')

await compile({ outfile: OUTFILE })
const megabytes = (Bun.file(OUTFILE).size / 1e6).toFixed(1)
console.log(`dist/inlet ${megabytes} MB`)
