export { sparePort as freeTcpPort } from '../../sandbox/redis-server.js';
