import { mkdtemp, rm } from 'node:fs/promises';
import { fork } from 'node:child_process';
import { jest } from '@jest/globals';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Environment, readConfig } from '../../host-worker/config.js';
import { faultsFrom } from '../../host-worker/faults.js';
import { lockState } from '../../host-worker/state-lock.js';

describe('the settings', () => {
  it('have defaults where they can', () => {
    expect(readConfig({})).toEqual({ stateFolder: '/var/lib/maestro', logLevel: 'info' });
    expect(readConfig({ MAESTRO_STATE: '/srv/state//', MAESTRO_LOG_LEVEL: 'debug' })).toEqual({ stateFolder: '/srv/state', logLevel: 'debug' });
  });

  it.each([['MAESTRO_STATE', 'state'], ['MAESTRO_STATE', '/'], ['MAESTRO_LOG_LEVEL', 'loud']])('%s=%s is refused by name, without its value', (name, value) => {
    const problem = (() => { try { readConfig({ [name]: value }); } catch (error) { return String(error); } return ''; })();
    expect(problem).toContain(name);
    expect(problem).not.toContain(`${value} `);
  });
});

describe('the lock on the state folder', () => {
  let folder: string;
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'state-')); });
  afterEach(async () => { await rm(folder, { recursive: true, force: true }); });

  it('keeps a second worker out, however it spells the folder, and lets it in afterwards', async () => {
    const first = await lockState(folder, 0);
    await expect(lockState(`${folder}/../${folder.split('/').at(-1) ?? ''}`, 300)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('another host worker') });
    const other = await mkdtemp(join(tmpdir(), 'state-'));
    (await lockState(other, 0)).close();
    await rm(other, { recursive: true });
    setTimeout(() => first.close(), 200);
    (await lockState(folder, 5_000)).close();
  });

  it('is gone with a process that was killed', async () => {
    const holder = fork('-e', [`
      const { createHash } = require('node:crypto');
      const name = '\\0maestro-host-worker-' + createHash('sha256').update(process.argv[1]).digest('hex').slice(0, 32);
      require('node:net').createServer().listen(name, () => process.send('held'));
    `, folder], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await new Promise((resolve) => holder.once('message', resolve));
    await expect(lockState(folder, 0)).rejects.toMatchObject({ code: 'conflict' });
    holder.kill('SIGKILL');
    (await lockState(folder, 5_000)).close();
  });
});

describe('fault injection', () => {
  const killed = (env: Environment, point: string): boolean => {
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => true);
    try {
      void faultsFrom(env)(point);
      return kill.mock.calls.length > 0;
    } finally {
      kill.mockRestore();
    }
  };

  it('needs both variables, and hits only its point', () => {
    const fault = { MAESTRO_FAULT: 'before:container.create:kill' };
    expect(killed(fault, 'before:container.create')).toBe(false);
    expect(killed({ ...fault, MAESTRO_TEST_FAULTS: '1' }, 'after:container.create')).toBe(false);
    expect(killed({ ...fault, MAESTRO_TEST_FAULTS: '1' }, 'before:container.create')).toBe(true);
    expect(killed({ MAESTRO_TEST_FAULTS: '1' }, 'before:container.create')).toBe(false);
    expect(() => faultsFrom({ MAESTRO_FAULT: 'x:explode', MAESTRO_TEST_FAULTS: '1' })).toThrow('only action');
  });
});
