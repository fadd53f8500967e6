import type { PortMapping } from '../desired.js';

const pattern = /^(?:(\[[0-9a-fA-F:]+\]|\d{1,3}(?:\.\d{1,3}){3}):)?(\d+(?:-\d+)?):(\d+(?:-\d+)?)(?:\/(tcp|udp))?$/;
const maxRange = 256;

/** `80:80`, `127.0.0.1:80:8080`, `[::1]:80:80`, `8000-8003:9000-9003/udp`. Null when it is none of these. */
export function parsePorts(text: string): PortMapping[] | null {
  const [, ip = '', host = '', container = '', protocol = 'tcp'] = pattern.exec(text.trim()) ?? [];
  const hostPorts = range(host);
  const containerPorts = range(container);
  if (!ip.startsWith('[') && ip.split('.').some((part) => Number(part) > 255)) return null;
  if (hostPorts === null || containerPorts === null || hostPorts.length !== containerPorts.length) return null;
  return hostPorts.map((hostPort, index) => ({
    ip: ip.replace(/^\[|\]$/g, ''), host_port: hostPort, container_port: containerPorts[index] ?? hostPort, protocol: protocol === 'udp' ? 'udp' : 'tcp',
  }));
}

function range(text: string): number[] | null {
  if (text === '') return null;
  const [from = NaN, to = from] = text.split('-').map(Number);
  if (!(from >= 1 && to <= 65535 && from <= to && to - from < maxRange)) return null;
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
