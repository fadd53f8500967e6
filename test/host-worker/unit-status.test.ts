/** Against what `systemctl show` of systemd 252 printed. */
import { endOf, isActive, parseShow } from '../../host-worker/systemd/unit-status.js';

const running = `Result=success
NRestarts=0
ExecMainCode=0
ExecMainStatus=0
Id=ssh.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
ActiveEnterTimestamp=Mon 2026-11-23 23:00:32 UTC
NeedDaemonReload=no
InvocationID=4a4905b11bf04dcda1998a242788c5fa
MainPID=4711
`;
const unknown = `Result=success
NRestarts=0
ExecMainCode=0
ExecMainStatus=0
Id=nothing.service
LoadState=not-found
ActiveState=inactive
SubState=dead
UnitFileState=
ActiveEnterTimestamp=
NeedDaemonReload=no
InvocationID=
`;
const looping = `Result=exit-code
NRestarts=3
ExecMainCode=1
ExecMainStatus=203
Id=maestro-a.service
LoadState=loaded
ActiveState=activating
SubState=auto-restart
UnitFileState=disabled
ActiveEnterTimestamp=
NeedDaemonReload=yes
InvocationID=aa
`;
const killed = running.replace('ExecMainCode=0', 'ExecMainCode=2').replace('ExecMainStatus=0', 'ExecMainStatus=9').replace('ActiveState=active', 'ActiveState=failed').replace('Result=success', 'Result=oom-kill');

describe('systemctl show', () => {
  it('is read unit by unit, in the order asked for', () => {
    expect(parseShow([running, unknown, looping].join('\n'))).toEqual([
      { load_state: 'loaded', active_state: 'active', sub_state: 'running', enabled: true, needs_daemon_reload: false, exit_code: 0, killed: false, restarts: 0,
        invocation: '4a4905b11bf04dcda1998a242788c5fa', result: 'success', started_at: '2026-11-23T23:00:32Z', main_pid: 4711 },
      { load_state: 'not-found', active_state: 'inactive', sub_state: 'dead', enabled: false, needs_daemon_reload: false, exit_code: 0, killed: false, restarts: 0,
        invocation: '', result: 'success', started_at: null, main_pid: 0 },
      { load_state: 'loaded', active_state: 'activating', sub_state: 'auto-restart', enabled: false, needs_daemon_reload: true, exit_code: 203, killed: false, restarts: 3,
        invocation: 'aa', result: 'exit-code', started_at: null, main_pid: 0 },
    ]);
  });

  it('tells an end by a signal from an exit', () => {
    expect(parseShow(killed)[0]).toMatchObject({ killed: true, exit_code: 9, result: 'oom-kill' });
    expect(parseShow(looping)[0]).toMatchObject({ killed: false, exit_code: 203 });
  });

  it('says how a unit ended', () => {
    const of = (text: string): string => parseShow(text).map(endOf).join();
    expect(of(killed)).toBe('was ended by signal 9 (out of memory)');
    expect(of(looping)).toBe('exited with code 203 (its command cannot be executed)');
    expect(of(looping.replace('ExecMainStatus=203', 'ExecMainStatus=0'))).toBe('exited with code 0');
    expect(of(unknown)).toBe('exited with code 0');
    expect(of(looping.replace('SubState=auto-restart', 'SubState=start').replace('ExecMainStatus=203', 'ExecMainStatus=0'))).toBe('is activating (exit-code)');
  });

  it('of nothing is nothing', () => expect(parseShow('\n')).toEqual([]));

  it('knows what is up', () => {
    expect(parseShow([running, unknown, looping, killed].join('\n')).map(isActive)).toEqual([true, false, false, false]);
  });
});
