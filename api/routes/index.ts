/** The one table of routes. */
import type { Route } from '../route.js';
import { applyRoutes } from './apply.js';
import { artifactRoutes } from './artifacts.js';
import { auditRoutes } from './audit.js';
import { authorityRoutes } from './authority.js';
import { authRoutes } from './auth.js';
import { componentRollbackRoutes } from './component-rollback.js';
import { componentRoutes } from './components.js';
import { deployRoutes } from './deploys.js';
import { describeRoutes } from './describe.js';
import { downloadRoutes } from './downloads.js';
import { enrollmentRoutes } from './enrollments.js';
import { fileKeyRoutes } from './file-keys.js';
import { healthRoutes } from './health.js';
import { hostTagRoutes } from './host-tags.js';
import { keyRoutes } from './keys.js';
import { logRoutes } from './logs.js';
import { nodeRoutes } from './nodes.js';
import { observedRoutes } from './observed.js';
import { rolloutRoutes } from './rollouts.js';
import { secretRoutes } from './secrets.js';
import { sessionRoutes } from './sessions.js';
import { userRoutes } from './users.js';
import { temporalCodecRoutes } from './temporal-codec.js';
import { validateRoutes } from './validate.js';

export const routes: readonly Route[] = [
  ...healthRoutes, ...describeRoutes, ...authRoutes, ...keyRoutes, ...deployRoutes, ...validateRoutes, ...applyRoutes, ...rolloutRoutes, ...componentRoutes, ...nodeRoutes, ...enrollmentRoutes,
  ...componentRollbackRoutes, ...secretRoutes, ...observedRoutes, ...logRoutes, ...artifactRoutes, ...downloadRoutes, ...userRoutes, ...sessionRoutes, ...hostTagRoutes, ...auditRoutes, ...temporalCodecRoutes, ...authorityRoutes, ...fileKeyRoutes,
];
