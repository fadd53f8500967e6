/** One thread of the fuzz: gets cases, answers with its report; `progress` holds its beats and the case under way. */
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { checkCases, kinds } from './batch.js';
import { plantCanary } from './guarantees.js';

const casesSchema = z.object({ kind: z.enum(kinds), seed: z.number(), from: z.number(), to: z.number() });
const { progress } = z.object({ progress: z.instanceof(Int32Array) }).parse(workerData);

const beat = (index: number): void => {
  Atomics.store(progress, 1, index);
  Atomics.add(progress, 0, 1);
};

plantCanary();
parentPort?.on('message', (message: unknown) => {
  void checkCases(casesSchema.parse(message), beat).then((report) => parentPort?.postMessage(report));
});
