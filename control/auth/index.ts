export { authenticate, type Presented } from './authenticate.js';
export { createKey, deleteKey, listKeys, type KeyRequest, type KeyView } from './keys.js';
export { login, logout, sessionLifetimeMs, type SignedIn } from './sessions.js';
export { changePassword, createUser, needsSetup, setupAdmin, type Credentials, type UserView } from './users.js';
export { requireRight, systemActor, type Actor } from '../actor.js';
