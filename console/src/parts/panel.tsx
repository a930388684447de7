import type { ComponentChildren } from 'preact';
import { useEffect, useId } from 'preact/hooks';

/** A part of a page, with a heading. */
export function Panel(props: { title: string; aside?: ComponentChildren; children: ComponentChildren }) {
  const { title, aside, children } = props;
  const id = useId();
  return (
    <section class="panel" aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** The head of a page: its title, which is the window's, too, and what can be done. */
export function PageHead(props: { title: ComponentChildren; name: string; children?: ComponentChildren }) {
  const { title, name, children } = props;
  useEffect(() => {
    document.title = `${name} · Maskline`;
  }, [name]);
  return (
    <header class="page-head">
      <h1 tabIndex={-1}>{title}</h1>
      <div class="actions">{children}</div>
    </header>
  );
}
