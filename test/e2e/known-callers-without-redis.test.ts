import { callsWithoutRedis } from '../scenarios/without-redis.js';
import { RealBed } from './helpers/real-bed.js';

callsWithoutRedis(({ environment, ...options }) =>
  RealBed.start({ ...options, lanes: 6, controllerEnvironment: environment }),
);
