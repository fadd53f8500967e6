export { authenticate, type Presented } from './authenticate.js';
export { createKey, deleteKey, listKeys, type KeyRequest, type KeyView } from './keys.js';
export { changeUser, deleteUser, getUser, inviteUser, listUsers, resetPassword, type OneTimePassword, type UserChange } from './manage-users.js';
export { idleMs, sessionLifetimeMs } from './session-age.js';
export { endSession, listSessions, login, logout, type SessionOrigin, type SessionView, type SignedIn } from './sessions.js';
export { setupCode, type SetupCode } from './setup-code.js';
export { changePassword, createUser, needsSetup, setupAdmin } from './users.js';
export { type Credentials, type UserView } from './user-view.js';
export { requireRight, systemActor, type Actor } from '../actor.js';
