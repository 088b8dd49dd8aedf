import { join } from 'node:path'
import { describeHttp } from '../conformance/http.ts'
import { builtCommand } from '../support/gateway-process.ts'
import { openingProcesses } from './processes.ts'

const SOURCE = [process.execPath, join(import.meta.dir, '../../src/main.ts')]

describeHttp({ runtime: 'Bun' }, openingProcesses({ command: () => SOURCE }))
describeHttp({ runtime: 'binary' }, openingProcesses({ command: builtCommand }))
