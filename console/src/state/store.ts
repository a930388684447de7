import { useEffect, useState } from 'preact/hooks';

/** A value that pages share. Listeners hear of every change. */
export class Store<T> {
  private readonly listeners = new Set<(value: T) => void>();

  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }

  set(value: T): void {
    if (Object.is(value, this.current)) return;
    this.current = value;
    for (const listener of [...this.listeners]) listener(value);
  }

  /** Gives the function that ends it. */
  subscribe(listener: (value: T) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** The store's value; the component is drawn again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, draw] = useState(0);
  const drawn = store.value;
  useEffect(() => {
    const end = store.subscribe(() => draw((count) => count + 1));
    // It may have changed between the drawing and now.
    if (!Object.is(drawn, store.value)) draw((count) => count + 1);
    return end;
  }, [store]);
  return drawn;
}
