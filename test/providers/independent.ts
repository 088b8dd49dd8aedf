export const INDEPENDENT: readonly { readonly provider: string; readonly library: string }[] = []
