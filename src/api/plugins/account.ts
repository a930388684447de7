import type { FastifyRequest } from 'fastify';

import { ApiError, TEXT } from '../errors.js';

/** Whom a request was made for: the account in its path, once its credentials were found to be right. */
export interface RequestAccount {
  /** `MA…`, or `SA…` of a subaccount. */
  readonly id: string;
  /** Whose credentials the request came with: the account's own, or the main one's. */
  readonly credentialId: string;
  /** The main account sees everything, a subaccount what is its own. */
  readonly isMain: boolean;
  /** Ids of the accounts whose resources it sees; null for all. */
  readonly sees: readonly string[] | null;
  /** `/v1/Account/<id>`. */
  readonly path: string;
  /** The same with PUBLIC_URL before it. */
  readonly url: string;
}

const ACCOUNT = Symbol('account');

type WithAccount = FastifyRequest & { [ACCOUNT]?: RequestAccount };

export function setAccount(request: FastifyRequest, account: RequestAccount): void {
  (request as WithAccount)[ACCOUNT] = account;
}

/** The account of a request below `/v1/Account/`. Throws TypeError for one that needs no credentials. */
export function accountOf(request: FastifyRequest): RequestAccount {
  const account = (request as WithAccount)[ACCOUNT];
  if (account === undefined) throw new TypeError('a request without an account was asked for it');
  return account;
}

/** Whether the request came with credentials that were found to be right. */
export function isKnown(request: FastifyRequest): boolean {
  return (request as WithAccount)[ACCOUNT] !== undefined;
}

/** Whether `account` sees what belongs to the account `ownerId`. */
export function sees(account: RequestAccount, ownerId: string): boolean {
  return account.sees === null || account.sees.includes(ownerId);
}

/** The account of the request. Throws ApiError 403 unless it is the main one. */
export function requireMain(request: FastifyRequest): RequestAccount {
  const account = accountOf(request);
  if (!account.isMain) throw new ApiError(403, TEXT.forbidden);
  return account;
}

/** `publicUrl` without a trailing slash. */
export function requestAccount(
  id: string,
  isMain: boolean,
  publicUrl: string,
  credentialId = id,
): RequestAccount {
  const path = `/v1/Account/${id}`;
  return { id, credentialId, isMain, sees: isMain ? null : [id], path, url: `${publicUrl}${path}` };
}

/** Whether `text` could be the id of a subaccount. */
export function isSubaccountId(text: string): boolean {
  return /^SA[A-Z0-9]{18}$/.test(text);
}

/** Whose resources a list holds that may be narrowed to `subaccount` ("" for no narrowing); null for all. */
export function accountIdsFor(account: RequestAccount, subaccount: string): readonly string[] | null {
  if (subaccount === '') return account.sees;
  return sees(account, subaccount) ? [subaccount] : [];
}
