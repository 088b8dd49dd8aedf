import { defineConfig } from 'drizzle-kit'

/**
 * `bunx drizzle-kit generate` writes the next migration; db/migrate.ts lists,
 * embeds and applies them.
 */
export default defineConfig({
  dialect: 'sqlite',
  schema: './db/schema.ts',
  out: './db/migrations',
})
