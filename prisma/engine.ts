/**
 * Prisma's own schema engine, compiled to WASM: the same code that `prisma migrate` runs, without a native binary to
 * download. It is loaded by hand because its package imports the .wasm as an ES module, which Node 20 cannot do.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bindMigrationAwareSqlAdapterFactory, type SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import type * as Engine from '@prisma/schema-engine-wasm/schema_engine_bg';

export type SchemaEngine = Engine.SchemaEngine;
export const noFilters: Engine.SchemaFilter = { externalTables: [], externalEnums: [] };

interface Wasm { __wbindgen_start(): void }
const hasStart = (exports: object): exports is Wasm => '__wbindgen_start' in exports;

async function load(): Promise<typeof Engine> {
  const engine = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const code = await readFile(join(folder, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(code, { './schema_engine_bg.js': withoutLingering({ ...engine }) });
  if (!hasStart(instance.exports)) throw new Error('@prisma/schema-engine-wasm has another layout than the pinned version');
  engine.__wbg_set_wasm(instance.exports);
  // The engine calls this before it aborts; without it a panic is a silent "unreachable".
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: (message: string) => process.stderr.write(`schema engine: ${message}\n`) } });
  instance.exports.__wbindgen_start();
  return engine;
}

type Imported = Record<string, WebAssembly.ImportValue>;

/** The engine leaves the timers of its time-outs running (10 s); they must not keep a finished process alive. */
function withoutLingering(imports: object): Imported {
  return Object.fromEntries(Object.entries(imports).map(([name, value]: [string, WebAssembly.ImportValue]) => {
    if (!name.startsWith('__wbg_setTimeout') || typeof value !== 'function') return [name, value];
    return [name, (...given: unknown[]): unknown => unref(Reflect.apply(value, undefined, given))];
  }));
}

function unref(timer: unknown): unknown {
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function') timer.unref();
  return timer;
}

let loaded: Promise<typeof Engine> | undefined;

/** An engine for one database. `schema` is the text of a schema.prisma. Call `free()` when done. */
export async function openEngine(adapter: SqlMigrationAwareDriverAdapterFactory, schema: string): Promise<SchemaEngine> {
  loaded ??= load();
  const { SchemaEngine } = await loaded;
  const ignoreLog = (): void => undefined;
  return SchemaEngine.new({ datamodels: [['schema.prisma', schema]] }, ignoreLog, bindMigrationAwareSqlAdapterFactory(adapter));
}
