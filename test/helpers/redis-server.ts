export { RedisServer } from '../../sandbox/redis-server.js';
