/** What this host's journal and Docker's labels say that deploys have made here. Reads only. */
import type Dockerode from 'dockerode';
import type { DockerHere, OwnedPlacement } from '../../spec/prune.js';
import { isInstalled } from '../docker/client.js';
import { call } from '../docker/docker-call.js';
import { labels, ownershipOf } from '../docker/labels.js';
import { nameOf } from '../docker/own-containers.js';
import type { Journal } from '../journal/journal.js';

export async function ownedBy(journal: Journal, deployId: string): Promise<OwnedPlacement[]> {
  const components = await journal.components(deployId);
  return Promise.all(components.map((component) => journal.placement({ deploy_id: deployId, component })));
}

/** Throws PassingTrouble when a Docker that is installed does not answer: what cannot be seen must not be taken for gone. */
export async function dockerHere(docker: Dockerode): Promise<DockerHere> {
  if (!isInstalled(process.env)) return { containers: [], networks: [], volumes: [] };
  const marked = { label: [labels.deploy] };
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    call('list containers', () => docker.listContainers({ all: true })),
    call('list networks', () => docker.listNetworks({ filters: marked })),
    call('list volumes', () => docker.listVolumes({ filters: marked })),
  ]);
  return {
    containers: containers.map(({ Id, Names, Labels, NetworkSettings, Mounts }) => ({
      id: Id, name: nameOf(Names), owner: ownershipOf(Labels), networks: Object.keys(NetworkSettings?.Networks ?? {}), volumes: Mounts.flatMap(({ Name }) => (Name === undefined ? [] : [Name])),
    })),
    networks: networks.map(({ Id, Name, Labels }) => ({ id: Id, name: Name, owner: ownershipOf(Labels) })),
    volumes: volumes.map(({ Name, Labels }) => ({ name: Name, owner: ownershipOf(Labels) })),
  };
}
