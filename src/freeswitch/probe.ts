import { EslConnection, type ConnectionOptions } from './connection.js';

/** Milliseconds that a node may take. */
const LIMIT_MS = 1_500;

/**
 * Whether a node would be supervised from here: it is there, lets this host in, and takes the password. Never rejects.
 */
export async function letsIn(
  node: Pick<ConnectionOptions, 'host' | 'port' | 'password' | 'log'>,
): Promise<boolean> {
  const connection = new EslConnection({ ...node, connectTimeoutMs: LIMIT_MS });
  try {
    await connection.open();
    return true;
  } catch {
    return false;
  } finally {
    connection.close();
  }
}
