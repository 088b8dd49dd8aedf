/** How people call this program: as what it is installed, or as the script of a checkout. */
export function programName(): string {
  return Bun.isStandaloneExecutable ? 'inlet' : './scripts/inlet'
}
