import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** A ref, and the width in pixels of what it is put on, followed; `first` until it is known. */
export function useWidth<T extends Element>(first = 640) {
  const ref = useRef<T>(null);
  const [width, setWidth] = useState(first);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const measure = (): void => setWidth(Math.max(1, Math.round(element.clientWidth)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}
