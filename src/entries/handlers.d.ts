/** The handler files of the operator, which scripts/edge-handlers.ts lists for the bundle. */
declare module 'inlet/handlers' {
  // oxlint-disable-next-line typescript/consistent-type-imports -- it cannot import a file
  export const handlers: readonly import('../loading/handlers.ts').HandlerFile[]
}
