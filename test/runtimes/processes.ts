/** Gateways in processes of their own, for suites that hold on every runtime. */
import { join } from 'node:path'
import { HANDLERS_DIRECTORY, type HttpTarget, type OpenHttp } from '../conformance/http-setup.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { makeTempDir } from '../support/temp.ts'

interface Started {
  readonly command: () => readonly string[]
  /** Where it is started; default: where its data is. */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Opens gateways that a command starts, each with a folder of its own, without Kafka. */
export function openingProcesses({ command, cwd, env: further }: Started): OpenHttp {
  return async (env) => {
    await using opened = new AsyncDisposableStack()
    const { path } = opened.use(await makeTempDir())
    const own = {
      INLET_SINK: 'file',
      INLET_HANDLERS_DIR: HANDLERS_DIRECTORY,
      INLET_DATA_DIR: join(path, 'data'),
    }
    const options = { cwd: cwd ?? path, env: { ...env, ...further, ...own } }
    const start = () => startGateway({ command: command(), ...options })
    let gateway: GatewayProcess = await start()
    opened.defer(() => gateway[Symbol.asyncDispose]())
    const resources = opened.move()
    const target: HttpTarget = {
      get url() {
        return gateway.url
      },
      async crash() {
        await gateway.end('SIGKILL')
        gateway = await start()
      },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    }
    return target
  }
}
