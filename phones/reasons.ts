/** Why a phone is not registered, and the cure. `response` is FreeSWITCH's refusal, if it gave one. */
export function registrationProblem(response: { status_code: number } | null, cause: string): string {
  const status = response?.status_code ?? 0;
  if (status === 401 || status === 403) {
    return 'FreeSWITCH refuses the password. Was SOFTPHONE_PASSWORD or SOFTPHONE_NUMBERS changed in .env? Then run npm start, and load this page again.';
  }
  if (status >= 300) return `FreeSWITCH refuses to register this phone (${status}).`;
  return `This phone could not register (${cause}).`;
}

/** How a call ended. `cause` is one of JsSIP's words. */
export function endingOf(byThisPhone: boolean, cause: string, connected: boolean): string {
  if (connected) return byThisPhone ? 'You hung up.' : 'The other side hung up.';
  if (byThisPhone) return cause === 'Rejected' ? 'You rejected the call.' : 'You gave up.';
  switch (cause) {
    case 'Busy':
      return 'The other phone is busy.';
    case 'Canceled':
      return 'The caller gave up.';
    case 'Rejected':
      return 'The other phone rejected the call.';
    case 'Unavailable':
      return 'The other phone does not answer, or is not registered.';
    case 'Not Found':
      return 'No such virtual number. Dial one of the list.';
    case 'WebRTC Error':
    case 'User Denied Media Access':
      return 'The browser could not set the audio up. Load this page again.';
    case 'Connection Error':
    case 'Request Timeout':
      return 'FreeSWITCH does not answer.';
    default:
      return 'The call was not connected. Is there a session on this number between these phones?';
  }
}
