// A host worker in a process of its own, to be killed in the middle of an activate. Plain JavaScript: it is started by node.
//   node mortal-host.mjs <temporal address> <host> <component>
// Says `activating` when it has begun, then heartbeats for ever.
import { Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

const [address, host, component] = process.argv.slice(2);
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });

const plan = {
  component, action: 'create', restart: false, downtime: false, reasons: [], fields: [], files: [], operations: [{ op: 'check_health' }],
  observed_state: 'missing', needs_prepare: false,
};
const activities = {
  observe: async () => ({ facts: { docker: true, systemd: true, missing: [] }, placements: [plan] }),
  activate: async () => {
    const context = Context.current();
    setInterval(() => context.heartbeat(), 500);
    context.heartbeat();
    process.stdout.write('activating\n');
    return new Promise(() => {});
  },
};

const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({ connection, taskQueue: `host-${host}`, activities, identity: 'workflow-tests' });
await worker.run();
