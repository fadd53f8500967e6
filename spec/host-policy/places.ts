/**
 * Places on a host that are not a deploy's to have. Paths are absolute and normalised. Links are not looked through here: a
 * host writes through no link that is not its own, and what Docker mounts is what stands in the document.
 */
import type { Permission } from './permissions.js';

/** Maestro's own: whoever writes there is the host worker. */
const own = [
  '/var/lib/maestro', '/etc/maestro', '/opt/maestro-host', '/opt/maestro-worker', '/run/maestro-host', '/run/maestro', '/usr/local/bin/maestro-host', '/opt/maestro/.releases',
  '/etc/systemd/system/maestro-host.service', '/etc/systemd/system/maestro-host-upgrade.service', '/etc/systemd/system/maestro-host.service.d', '/etc/systemd/system/maestro-host-upgrade.service.d',
];

const sockets = ['/run/docker.sock', '/run/containerd', '/run/docker'];

/** Where rights come from, and what root runs by itself. */
const rightsAndStarts = [
  '/etc/sudoers', '/etc/sudoers.d', '/etc/sudo.conf', '/etc/ssh', '/etc/pam.d', '/etc/pam.conf', '/etc/security', '/etc/passwd', '/etc/shadow', '/etc/group', '/etc/gshadow', '/etc/subuid', '/etc/subgid',
  '/etc/crontab', '/etc/cron.d', '/etc/cron.hourly', '/etc/cron.daily', '/etc/cron.weekly', '/etc/cron.monthly', '/etc/anacrontab', '/var/spool/cron', '/var/spool/at',
  '/etc/systemd', '/lib/systemd', '/usr/lib/systemd', '/usr/local/lib/systemd', '/run/systemd', '/etc/init.d', '/etc/rc.local', '/etc/udev', '/etc/polkit-1', '/etc/dbus-1',
  '/etc/ld.so.preload', '/etc/ld.so.conf', '/etc/ld.so.conf.d', '/etc/environment', '/etc/profile', '/etc/profile.d', '/etc/bash.bashrc', '/etc/nsswitch.conf', '/etc/modprobe.d', '/etc/modules-load.d', '/etc/sysctl.d', '/etc/sysctl.conf',
  '/etc/docker', '/etc/apparmor.d', '/etc/logrotate.d', '/etc/apt', '/etc/fstab',
];
const systemPrograms = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/usr/bin', '/usr/sbin', '/usr/lib', '/usr/lib64', '/usr/libexec', '/boot', '/root'];
const kernel = ['/proc', '/sys'];
const stores = ['/var/lib/docker', '/var/lib/containerd', '/var/lib/kubelet', '/etc/kubernetes'];

const inside = (path: string, folder: string): boolean => path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
const inOne = (path: string, folders: readonly string[]): boolean => folders.some((folder) => inside(path, folder));
/** The folder itself, what is in it, and what it is in. */
const touches = (path: string, folders: readonly string[]): boolean => folders.some((folder) => inside(path, folder) || inside(folder, path));

/** /var/run is /run on every system with systemd. */
const plain = (path: string): string => (inside(path, '/var/run') ? `/run${path.slice('/var/run'.length)}` : path);

const hasSshKeys = (path: string): boolean => path.split('/').includes('.ssh');

/** Several can be needed for one mount. null: none is. */
export function mountNeeds(source: string): Permission | 'never' | null {
  const path = plain(source);
  if (inOne(path, own)) return 'never';
  // What holds the socket and nothing else that is dangerous is not a folder of the system.
  if (inOne(path, sockets) || path === '/run') return 'docker_socket';
  if (inside(path, '/dev')) return 'host_devices';
  if (hasSshKeys(path) || inOne(path, [...kernel, ...systemPrograms, ...rightsAndStarts, ...stores])) return 'host_mounts';
  return ['/home', '/var/lib', '/var/spool'].includes(path) || touches(path, [...own, ...sockets, ...kernel, ...systemPrograms, ...rightsAndStarts, ...stores]) ? 'host_mounts' : null;
}

/** For files that are written and links that are made. */
export function destNeeds(dest: string): Permission | 'never' | null {
  const path = plain(dest);
  if (inOne(path, own) || inOne(path, [...kernel, '/dev', ...stores])) return 'never';
  return hasSshKeys(path) || inOne(path, [...rightsAndStarts, ...systemPrograms, ...sockets]) ? 'system_files' : null;
}

const ownUnits = /^maestro-host(-upgrade|-worker)?\.service$/;
const systemUnits: ReadonlySet<string> = new Set([
  'dbus', 'dbus-broker', 'docker', 'containerd', 'ssh', 'sshd', 'cron', 'crond', 'atd', 'console-getty', 'networking', 'network', 'firewalld', 'ufw', 'nftables',
  'iptables', 'ip6tables', 'netfilter-persistent', 'auditd', 'rsyslog', 'syslog', 'polkit', 'polkitd', 'udev', 'apparmor', 'chrony', 'chronyd', 'ntp', 'ntpd',
  'emergency', 'rescue', 'debug-shell', 'kmod', 'multipathd', 'iscsi', 'iscsid', 'unattended-upgrades', 'qemu-guest-agent', 'ModemManager', 'rc-local', 'quotaon',
  'fail2ban',
]);
const systemUnitFamilies: readonly string[] = [
  'systemd-', 'sshd@', 'ssh@', 'getty@', 'serial-getty@', 'user@', 'user-runtime-dir@', 'NetworkManager', 'selinux-', 'lvm2-', 'snapd', 'cloud-', 'apt-daily', 'dracut-',
  'initrd-',
];

export function unitNeeds(name: string): Permission | 'never' | null {
  if (ownUnits.test(name)) return 'never';
  if (!name.endsWith('.service')) return null;
  const base = name.slice(0, -'.service'.length);
  return systemUnits.has(base) || systemUnitFamilies.some((family) => base.startsWith(family)) ? 'system_units' : null;
}
