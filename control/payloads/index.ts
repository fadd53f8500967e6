export { decodePayloads, type Decoded } from './decode.js';
export { dataConverter, failureConverterPath, payloadCodec } from './data-converter.js';
export { payloadKeys, PayloadKeyRing, type PayloadKeys, type PayloadKeyView } from './payload-keys.js';
export { openPayload, sealPayload, type Payload, type PayloadPlace } from './sealed-payload.js';
