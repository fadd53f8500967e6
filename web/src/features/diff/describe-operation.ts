import type { Operation } from '../../../../spec/plan.js';

/** One thing a host does, as a person would say it. */
export function describeOperation(operation: Operation): string {
  switch (operation.op) {
    case 'pull_image': return `pull the image ${operation.image}`;
    case 'create_network': return `create the network ${operation.network}`;
    case 'write_file': return `write ${operation.path}`;
    case 'write_tree': return `write the folder ${operation.dest}`;
    case 'create_container': return `create the container ${operation.name}`;
    case 'replace_container': return `replace the container ${operation.name}`;
    case 'start_container': return `start the container ${operation.name}`;
    case 'restart_container': return `restart the container ${operation.name}`;
    case 'write_unit': return `write the unit ${operation.unit}`;
    case 'start_unit': return `start the unit ${operation.unit}`;
    case 'restart_unit': return `restart the unit ${operation.unit}`;
    case 'enable_unit': return `enable the unit ${operation.unit} at boot`;
    case 'remove_owned_file': return `remove ${operation.path}`;
    case 'check_health': return 'check its health';
  }
}
