export { timestamp } from '../../masking/timestamp.js';
