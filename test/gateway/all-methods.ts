/** Every method of every service that Temporal's frontend has, from its own definitions, and some that others have. */
import proto from '@temporalio/proto';

/** At run time a service is its definition; the types know it as a client. */
function methodsOf(path: string, service: unknown): string[] {
  const methods: unknown = Reflect.get(service as object, 'methods');
  return Object.keys(methods as object).map((name) => `${path}/${name}`);
}

export const allMethods: readonly string[] = [
  ...methodsOf('/temporal.api.workflowservice.v1.WorkflowService', proto.temporal.api.workflowservice.v1.WorkflowService),
  ...methodsOf('/temporal.api.operatorservice.v1.OperatorService', proto.temporal.api.operatorservice.v1.OperatorService),
  ...['DescribeMutableState', 'ImportWorkflowExecution', 'DeleteWorkflowExecution', 'DescribeHistoryHost', 'CloseShard', 'GetShard', 'AddSearchAttributes', 'ListClusterMembers', 'GetDLQMessages', 'PurgeDLQMessages', 'RebuildMutableState']
    .map((name) => `/temporal.server.api.adminservice.v1.AdminService/${name}`),
  '/grpc.health.v1.Health/Check', '/grpc.health.v1.Health/Watch', '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
];
