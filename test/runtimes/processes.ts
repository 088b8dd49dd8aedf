/** Gateways in processes of their own, for suites that hold on every runtime. */
import { HANDLERS_DIRECTORY, type HttpTarget, type OpenHttp } from '../conformance/http-setup.ts'
import { startGateway, type GatewayProcess } from '../support/gateway-process.ts'
import { makeTempDir } from '../support/temp.ts'

/** Opens gateways that a command starts, each in a folder of its own, without Kafka. */
export function openingProcesses(
  command: () => readonly string[],
  further: Readonly<Record<string, string>> = {},
): OpenHttp {
  return async (env) => {
    await using opened = new AsyncDisposableStack()
    const { path: cwd } = opened.use(await makeTempDir())
    const own = { ...further, INLET_SINK: 'file', INLET_HANDLERS_DIR: HANDLERS_DIRECTORY }
    const start = () => startGateway({ command: command(), cwd, env: { ...env, ...own } })
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
