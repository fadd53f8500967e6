import { containerOptions, endpoint, furtherNetworks } from '../../host-worker/docker/container-options.js';
import { dockerRun, placement } from './placements.js';

const options = (over: Parameters<typeof dockerRun>[0]) => containerOptions(placement({ version: 7 }), dockerRun(over));

describe('what Docker is asked to create', () => {
  it('has nothing but the image, the restart policy and the mark when nothing else is asked for', () => {
    const { hash } = placement({ version: 7 });
    expect(options({})).toEqual({
      Image: 'demo/web:1', Env: [], ExposedPorts: {},
      Labels: { 'maestro.deploy': 'dpl_aaaaaaaaaaaaaaaa', 'maestro.component': 'web', 'maestro.version': '7', 'maestro.hash': hash },
      HostConfig: { PortBindings: {}, Binds: [], RestartPolicy: { Name: 'unless-stopped' }, Memory: 0, NanoCpus: 0 },
    });
  });

  it.each(['no', 'on-failure', 'always', 'unless-stopped'] as const)('keeps the restart policy %s', (restart) => {
    expect(options({ restart }).HostConfig?.RestartPolicy).toEqual({ Name: restart });
  });

  it('publishes each port with its address and protocol, several hosts ports for one, and 0 as any', () => {
    const { ExposedPorts, HostConfig } = options({
      ports: [
        { ip: '0.0.0.0', host_port: 80, container_port: 8080, protocol: 'tcp' }, { ip: '127.0.0.1', host_port: 81, container_port: 8080, protocol: 'tcp' },
        { ip: '::1', host_port: 53, container_port: 53, protocol: 'udp' }, { ip: '0.0.0.0', host_port: 0, container_port: 9000, protocol: 'tcp' },
      ],
    });
    expect(ExposedPorts).toEqual({ '8080/tcp': {}, '53/udp': {}, '9000/tcp': {} });
    expect(HostConfig?.PortBindings).toEqual({
      '8080/tcp': [{ HostIp: '0.0.0.0', HostPort: '80' }, { HostIp: '127.0.0.1', HostPort: '81' }],
      '53/udp': [{ HostIp: '::1', HostPort: '53' }],
      '9000/tcp': [{ HostIp: '0.0.0.0', HostPort: '' }],
    });
  });

  it('mounts folders of the host and named volumes, read-only where asked', () => {
    const volumes = [
      { kind: 'bind' as const, source: '/srv/app', target: '/etc/app', read_only: true }, { kind: 'volume' as const, source: 'data', target: '/data', read_only: false },
      { kind: 'volume' as const, source: 'seed', target: '/seed', read_only: true },
    ];
    expect(options({ volumes }).HostConfig?.Binds).toEqual(['/srv/app:/etc/app:ro', 'data:/data', 'seed:/seed:ro']);
  });

  it('passes the environment in a fixed order, with whatever is in the values', () => {
    expect(options({ env: { B: 'x=y', A: '', C: 'two\nlines "quoted" $HOME' } }).Env).toEqual(['A=', 'B=x=y', 'C=two\nlines "quoted" $HOME']);
  });

  it('passes the command as arguments, and leaves it to the image when there is none', () => {
    expect(options({ command: ['serve', '--port', '80 80'] }).Cmd).toEqual(['serve', '--port', '80 80']);
    expect(options({ command: null })).not.toHaveProperty('Cmd');
    expect(options({ command: [] }).Cmd).toEqual([]);
  });

  it('limits memory in bytes and processors in billionths', () => {
    expect(options({ resources: { memory_bytes: 268_435_456, cpus: 1.5 } }).HostConfig).toMatchObject({ Memory: 268_435_456, NanoCpus: 1_500_000_000 });
    expect(options({ resources: { memory_bytes: null, cpus: 0.1 } }).HostConfig).toMatchObject({ Memory: 0, NanoCpus: 100_000_000 });
  });

  it('joins the first network at creation, known there by the container\'s and the component\'s name; others follow', () => {
    const run = dockerRun({ networks: ['front', 'back', 'third'], container_name: 'shop-web' });
    const created = containerOptions(placement(), run);
    expect(created.HostConfig?.NetworkMode).toBe('front');
    expect(created.NetworkingConfig).toEqual({ EndpointsConfig: { front: { Aliases: ['shop-web', 'web'] } } });
    expect(furtherNetworks(run)).toEqual(['back', 'third']);
    expect(endpoint({ component: 'web' }, dockerRun({ container_name: 'web' }))).toEqual({ Aliases: ['web'] });
  });

  it.each(['host', 'none', 'bridge'])('attaches to %s without an endpoint of its own', (network) => {
    const created = options({ networks: [network] });
    expect(created.HostConfig?.NetworkMode).toBe(network);
    expect(created).not.toHaveProperty('NetworkingConfig');
  });
});
