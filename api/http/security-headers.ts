/**
 * Response headers. Pages: scripts and style sheets from here, or written into the page with the nonce of this one answer, and
 * everything else only from here. Attributes of style are allowed, since components place themselves with them. API answers:
 * nothing may be loaded or framed at all.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

type Source = string | ((request: IncomingMessage, response: ServerResponse) => string);
type Directives = Record<string, Source[]>;

const nonceBytes = 16;

const pageDirectives = (nonce: Source): Directives => ({
  scriptSrc: ["'self'", nonce],
  scriptSrcAttr: ["'none'"],
  defaultSrc: ["'self'"],
  styleSrc: ["'self'", nonce],
  styleSrcAttr: ["'unsafe-inline'"],
  imgSrc: ["'self'", 'data:', 'blob:'],
  fontSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  workerSrc: ["'self'", 'blob:'],
  objectSrc: ["'none'"],
  baseUri: ["'self'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
});

const dataDirectives = { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] };

/** TLS ends in a proxy, or there is none: whether HTTPS is for ever is not ours to promise. */
const common = { strictTransportSecurity: false, xFrameOptions: { action: 'deny' } } as const;

const withDirectives = (directives: Directives): RequestHandler => helmet({ ...common, contentSecurityPolicy: { useDefaults: false, directives } });

/** The page learns its nonce by headers of the request, and whatever a client has sent under their names is replaced. */
export function pageHeaders(): RequestHandler {
  const helmeted = withDirectives(pageDirectives((request) => `'nonce-${String(request.headers['x-nonce'])}'`));
  return (request, response, next) => {
    const nonce = randomBytes(nonceBytes).toString('base64');
    request.headers['x-nonce'] = nonce;
    request.headers['content-security-policy'] = `script-src 'nonce-${nonce}'`;
    delete request.headers['content-security-policy-report-only'];
    helmeted(request, response, next);
  };
}

export const dataHeaders = (): RequestHandler => withDirectives(dataDirectives);
