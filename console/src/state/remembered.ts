/** Keeps a choice in this browser. One that keeps nothing for us is no reason to stop: the choice lasts as long as the page. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Private windows refuse.
  }
}

/** What `remember` kept, or null. */
export function recalled(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
