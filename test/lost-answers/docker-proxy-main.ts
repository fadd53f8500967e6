import { main } from './docker-proxy.js';

main(process.argv.slice(2));
