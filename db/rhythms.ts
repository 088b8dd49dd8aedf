import type { InletDatabase } from './open.ts'

/** What is known of the pauses of sources, kept beside what they sent. */
export interface Rhythms {
  /** Undefined in a new file. */
  read(): string | undefined
  /**
   * Keeps it. The next commit syncs it: a crash may lose the last one, and with it what was learnt
   * since the one before.
   */
  write(document: string): void
}

export function openRhythms(database: InletDatabase): Rhythms {
  const { client } = database
  return {
    read() {
      const row = client
        .query<{ value: string }, []>("SELECT value FROM meta WHERE name = 'rhythms'")
        .get()
      return row?.value
    },
    write(document) {
      database.write(() => {
        client.run(
          `INSERT INTO meta (name, value) VALUES ('rhythms', ?)
           ON CONFLICT DO UPDATE SET value = excluded.value`,
          [document],
        )
      })
    },
  }
}
