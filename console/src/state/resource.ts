import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { RequestFailure } from '../api/failure.js';

/** Something of the controller's, as far as it is known. */
export interface Resource<T> {
  /** The newest that came; it stays while a newer one is asked for, and when that fails. */
  readonly value: T | null;
  readonly failure: RequestFailure | null;
  readonly isLoading: boolean;
  readonly reload: () => void;
  /** Puts in what is known by another way, such as the answer to a change. */
  readonly put: (value: T) => void;
}

/**
 * Asks `load` once, and again when `key` changes or on `reload`. An answer that is overtaken by a newer question is dropped.
 * `everyMs`: asked again so long after each answer, while the page is visible.
 */
export function useResource<T>(key: string, load: () => Promise<T>, everyMs?: number): Resource<T> {
  const [state, setState] = useState<{ key: string; value: T | null; failure: RequestFailure | null }>({
    ...{ key, value: null, failure: null },
  });
  const [isLoading, setLoading] = useState(true);
  const latest = useRef(load);
  latest.current = load;
  const asked = useRef(0);

  const ask = useCallback(async () => {
    const turn = ++asked.current;
    setLoading(true);
    try {
      const value = await latest.current();
      if (turn === asked.current) setState({ key, value, failure: null });
    } catch (error) {
      const failure = asFailure(error);
      if (turn === asked.current) {
        setState((before) => ({ key, value: before.key === key ? before.value : null, failure }));
      }
    }
    if (turn === asked.current) setLoading(false);
  }, [key]);

  useEffect(() => {
    void ask();
    return () => {
      asked.current++;
    };
  }, [ask]);

  useEffect(() => {
    if (everyMs === undefined || isLoading) return undefined;
    const again = (): void => {
      if (!document.hidden) void ask();
    };
    const timer = setTimeout(again, everyMs);
    document.addEventListener('visibilitychange', again);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', again);
    };
  }, [ask, everyMs, isLoading]);

  const isOther = state.key !== key;
  return {
    value: isOther ? null : state.value,
    failure: isOther ? null : state.failure,
    isLoading,
    reload: () => void ask(),
    put: (value) => setState({ key, value, failure: null }),
  };
}

/** What was thrown, as something that can be shown. */
export function asFailure(error: unknown): RequestFailure {
  if (error instanceof RequestFailure) return error;
  return new RequestFailure(0, 'The page met something unexpected.', '', null, { cause: error });
}
