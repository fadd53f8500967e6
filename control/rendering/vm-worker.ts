/**
 * The thread that a template machine runs in. The machine ends by itself what takes long or much; what it cannot
 * interrupt (a search in a text of megabytes is one step to it) ends with the thread. Plain JavaScript in a text, so
 * that it starts alike from sources and from a bundle.
 *
 * Gets `{input, jobs: [placement, job][], files, totalMs}`; answers `{answers: string[], stopped: 'time' | 'total' | 'memory' | 'size' | null,
 * usable}`. `progress[0]` is the index of the job under way.
 */
export const workerSource = String.raw`
const { parentPort, workerData } = require('node:worker_threads');
const { getQuickJS } = require(workerData.quickjs);
const { program, nunjucks, jobMs, memoryBytes, answerBytes, progress } = workerData;

function run(quickjs, { input, jobs, files, totalMs }) {
  Atomics.store(progress, 0, 0);
  const end = Date.now() + totalMs;
  let deadline = Math.min(end, Date.now() + jobMs);
  const runtime = quickjs.newRuntime();
  runtime.setMemoryLimit(memoryBytes);
  runtime.setMaxStackSize(256 * 1024);
  runtime.setInterruptHandler(() => Date.now() > deadline);
  const machine = runtime.newContext();
  const evaluate = (code) => machine.unwrapResult(machine.evalCode(code)).dispose();
  const call = (name, ...args) => {
    const handles = args.map((arg) => (typeof arg === 'number' ? machine.newNumber(arg) : machine.newString(arg)));
    const callee = machine.getProp(machine.global, name);
    try {
      const result = machine.callFunction(callee, machine.undefined, ...handles);
      return machine.unwrapResult(result).consume((handle) => machine.dump(handle));
    } finally {
      for (const handle of [...handles, callee]) handle.dispose();
    }
  };
  const answers = [];
  let stopped = null;
  try {
    evaluate('var window = globalThis; var setTimeout = (f) => f();');
    evaluate(nunjucks);
    machine.newFunction('__read', (name) => {
      const text = files.get(machine.getString(name));
      return text === undefined ? machine.undefined : machine.newString(text);
    }).consume((handle) => machine.setProp(machine.global, '__read', handle));
    evaluate(program);
    call('begin', input);
    let bytes = 0;
    for (const [index, [placement, job]] of jobs.entries()) {
      Atomics.store(progress, 0, index);
      deadline = Math.min(end, Date.now() + jobMs);
      answers.push(String(call('answer', placement, job)));
      bytes += answers[index].length;
      if (bytes > answerBytes) { stopped = 'size'; break; }
    }
  } catch (error) {
    stopped = Date.now() > end ? 'total' : Date.now() > deadline ? 'time' : 'memory';
  }
  let usable = true;
  try {
    machine.dispose();
    runtime.dispose();
  } catch {
    usable = false;
  }
  return { answers, stopped, usable: usable && stopped === null };
}

getQuickJS().then((quickjs) => {
  parentPort.on('message', (request) => parentPort.postMessage(run(quickjs, request)));
  parentPort.postMessage('ready');
});
`;
