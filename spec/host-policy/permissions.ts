/**
 * What a document may ask of a host only where an administrator has allowed it for that node. The language has no words for
 * privileged containers, other namespaces than the network's, devices and capabilities, so these need no permission: they
 * cannot be asked for, and a host refuses to create a container that has them (see check-body.ts).
 */
export const permissions = ['host_network', 'docker_socket', 'host_devices', 'host_mounts', 'system_files', 'system_units', 'setuid_files'] as const;
export type Permission = (typeof permissions)[number];
export const isPermission = (word: string): word is Permission => (permissions as readonly string[]).includes(word);

/** For people: what each of them gives to whoever may deploy to the node. */
export const permissionMeanings: Record<Permission, string> = {
  host_network: 'containers in the network of the host (`networks: [host]`), where they reach what listens on 127.0.0.1 alone',
  docker_socket: 'mounts that hold the socket of Docker or containerd, by which a container can start any other: as good as root',
  host_devices: 'mounts from /dev: disks, memory, kernel interfaces',
  host_mounts: 'mounts of folders of the system (/, /etc, /usr, /var/lib/docker, /root …) and of what holds them',
  system_files: 'files by which others get rights or programs get started: sudoers, ssh keys, cron, PAM, units, passwd, programs of the system',
  system_units: 'a unit under the name of one of the system (ssh.service, docker.service, systemd-*.service …)',
  setuid_files: 'files with the setuid or setgid bit',
};

/** `never`: not even where everything is allowed. `what` follows after "asks for". */
export interface Demand { needs: Permission | 'never'; what: string; at: DemandPlace }
export type DemandPlace =
  | { kind: 'network'; name: string }
  | { kind: 'volume'; source: string }
  | { kind: 'unit' }
  | { kind: 'dest'; path: string }
  | { kind: 'directory' }
  | { kind: 'source' };

export const refusedDemands = (demands: readonly Demand[], allowed: readonly Permission[]): Demand[] =>
  demands.filter(({ needs }) => needs === 'never' || !allowed.includes(needs));
