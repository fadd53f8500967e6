/**
 * Migration files reach the database whole. The adapters cut a script at every semicolon, also inside a function body,
 * and may run the pieces on different connections, where BEGIN and COMMIT mean nothing.
 */
import { DriverAdapterError, type SqlDriverAdapter, type SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';

/** `run` sends a script in one piece over one connection, and leaves no transaction open when it throws. */
export function withWholeScripts(factory: SqlMigrationAwareDriverAdapterFactory, run: (script: string) => Promise<unknown>): SqlMigrationAwareDriverAdapterFactory {
  const whole = (adapter: SqlDriverAdapter): SqlDriverAdapter => Object.assign(adapter, { executeScript: (script: string) => runScript(script, run) });
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => whole(await factory.connect()),
    connectToShadowDb: () => factory.connectToShadowDb(),
  };
}

/** The engine shows only errors of this class; any other becomes "external error". */
async function runScript(script: string, run: (script: string) => Promise<unknown>): Promise<void> {
  try {
    await run(script);
  } catch (error) {
    const { message, code } = describe(error);
    throw new DriverAdapterError({ kind: 'postgres', code, severity: 'ERROR', message, detail: undefined, column: undefined, hint: undefined, originalCode: code, originalMessage: message });
  }
}

function describe(error: unknown): { message: string; code: string } {
  const message = error instanceof Error ? error.message : String(error);
  const code = typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : 'XX000';
  return { message, code };
}
