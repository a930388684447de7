export { sparePort as freeTcpPort } from '../../sandbox/spare-port.js';
