import { isPassingTrouble } from '../../host-worker/source/git.js';

test.each([
  'GnuTLS recv error (-110): The TLS connection was non-properly terminated.', 'OpenSSL SSL_read: OpenSSL/3.0.15: error:0A000126:SSL routines::unexpected eof while reading, errno 0', 'OpenSSL SSL_read: SSL_ERROR_SYSCALL, errno 104',
  'Recv failure: Connection reset by peer', 'transfer closed with 8 bytes remaining to read', 'Empty reply from server', 'The requested URL returned error: 503', 'early EOF', 'fatal: the remote end hung up unexpectedly',
])('git is asked again after "%s"', (said) => { expect(isPassingTrouble(`fatal: unable to access 'https://git.test/app.git/': ${said}`)).toBe(true); });

test.each([
  'The requested URL returned error: 403', 'Authentication failed', "repository 'https://git.test/app.git/' not found", 'server certificate verification failed. CAfile: none CRLfile: none', 'fatal: remote error: upload-pack: not our ref ffff',
])('git is believed when it says "%s"', (said) => { expect(isPassingTrouble(said)).toBe(false); });
