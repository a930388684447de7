import { SimBed } from '../helpers/sim-bed.js';
import { callsWithoutRedis } from '../scenarios/without-redis.js';

callsWithoutRedis((options) => SimBed.start(options));
