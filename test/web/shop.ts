/** A deploy of a database and an API on two hosts, and what its hosts say. */
import type { PlanHost } from '../../control/plans/index.js';
import type { PlacementPlan } from '../../spec/plan.js';

export const shop = (tag: string): string => `api_version: maestro/v1
project: shop
description: A database and the API in front of it
hosts:
  db-01: {}
  api-01: {}
components:
  db:
    source: { type: docker, image: postgres, tag: "16" }
    run: { type: docker, container_name: shop-db, ports: ["5432:5432"] }
    healthcheck: { type: tcp, port: 5432 }
  api:
    source: { type: docker, image: ghcr.io/acme/api, tag: "${tag}" }
    run: { type: docker, container_name: shop-api, ports: ["8080:8080"] }
    depends_on: [db]
    healthcheck: { type: http, url: "http://localhost:8080/healthz" }
deployment:
  - host: db-01
    components: [db]
  - host: api-01
    components: [api]
`;

const placement = (told: Partial<PlacementPlan> & Pick<PlacementPlan, 'component' | 'action'>): PlacementPlan => ({
  restart: false, downtime: false, reasons: [], fields: [], files: [], operations: [], observed_state: 'healthy', needs_prepare: false, ...told,
});

/** The database as it should be; the API to be replaced. */
export const planOf = (from: string, to: string): PlanHost[] => [
  { host: 'db-01', reachable: true, detail: '', components: [placement({ component: 'db', action: 'unchanged', reasons: ['db runs as this version has it'] })] },
  {
    host: 'api-01', reachable: true, detail: '',
    components: [placement({
      component: 'api', action: 'update', restart: true, downtime: true, needs_prepare: true,
      reasons: [`the image changes from ghcr.io/acme/api:${from} to ghcr.io/acme/api:${to}`],
      fields: [{ field: 'image', kind: 'desired', from: `ghcr.io/acme/api:${from}`, to: `ghcr.io/acme/api:${to}` }],
      files: [{ path: '/etc/shop/api.conf', kind: 'changed', old_sha256: 'a'.repeat(64), new_sha256: 'b'.repeat(64), note: null, unified_diff: '--- /etc/shop/api.conf\n+++ /etc/shop/api.conf\n@@ -1,1 +1,1 @@\n-level: info\n+level: debug\n' }, { path: '/etc/shop/key.conf', kind: 'desired', old_sha256: 'c'.repeat(64), new_sha256: 'd'.repeat(64), note: 'secret', unified_diff: null }],
      operations: [{ op: 'pull_image', image: `ghcr.io/acme/api:${to}` }, { op: 'replace_container', name: 'shop-api' }, { op: 'check_health' }],
    })],
  },
];
