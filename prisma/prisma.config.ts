import { defineConfig } from 'prisma/config';

/** For people with the native engine (`prisma migrate deploy`, `prisma studio`); Maestro itself migrates by migrate.ts. */
export default defineConfig({
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  // A placeholder keeps `generate` and `validate` working where no database is configured.
  datasource: { url: process.env['DATABASE_URL'] ?? 'postgresql://localhost:5432/maestro' },
});
