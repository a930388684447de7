import type { ComponentChildren } from 'preact';

import { cureOf } from '../api/failure.js';
import type { Resource } from '../state/resource.js';

/** What there is instead of something: why there is nothing, and what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children === undefined ? null : <p>{children}</p>}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p class="loading" role="status">
      Loading {what}…
    </p>
  );
}

/** What failed and its cure; `retry` asks again. */
export function Failure(props: {
  resource: Pick<Resource<unknown>, 'failure' | 'reload' | 'value'>;
  what: string;
}) {
  const { resource, what } = props;
  const { failure, reload, value } = resource;
  if (failure === null) return null;
  return (
    <div class="failure" role="alert">
      <p>
        <strong>
          {value === null ? `Could not load ${what}` : `Could not refresh ${what}`}: {failure.message}
        </strong>
      </p>
      <p>{cureOf(failure)}</p>
      <button type="button" class="button" onClick={reload}>
        Try again
      </button>
    </div>
  );
}

/** The resource's value drawn by `children`; until it is there, how it stands. */
export function Loaded<T>(props: {
  resource: Resource<T>;
  what: string;
  children: (value: T) => ComponentChildren;
}) {
  const { resource, what, children } = props;
  return (
    <>
      <Failure resource={resource} what={what} />
      {resource.value !== null ? children(resource.value) : null}
      {resource.value === null && resource.failure === null ? <Loading what={what} /> : null}
    </>
  );
}
