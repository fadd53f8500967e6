export { isSecretPath, secretPath } from './secret-path.js';
export { deleteSecret, getSecret, listSecrets, secretsSeen, setSecret, valueBytesMax, type SecretVersionView, type SecretView } from './services.js';
export { latestSecrets, pinSecrets, pinsOfContent, secretsOfContent, type ContentPins, type SecretPins } from './pins.js';
export { digestKey } from './digest-key.js';
export { Vault, type Secret, type Secrets, type SecretVersion } from './vault.js';
export { vaultKeys, type VaultKeys } from './vault-key.js';
