import { useEffect, useRef, useState } from 'preact/hooks';

import { PAGE_TITLES, PageOf } from '../pages/pages.js';
import { useConsole } from '../state/console-context.js';
import { hrefOf, PAGES, type PageName } from '../state/address.js';
import { route } from '../state/route.js';
import { followShortcuts, isHelpOpen } from '../state/shortcuts.js';
import { useStore } from '../state/store.js';
import { ConnectionBanner, ConnectionState } from './connection.js';
import { HelpDialog } from './help.js';
import { Icon } from './icon.js';
import { NoticeLine } from './notice-line.js';
import { ThemeSwitch } from './theme-switch.js';

/** What is around every page: navigation, state of the connection, and what just happened. */
export function Frame() {
  const { session, logOut } = useConsole();
  const here = useStore(route);
  const isHelpShown = useStore(isHelpOpen);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const pages = PAGES.filter((page) => page !== 'phones' || session.sandbox);

  useEffect(() => followShortcuts(() => pages), [session]);
  useEffect(() => {
    setMenuOpen(false);
    // Whoever works by keyboard or ear begins at the new page's head.
    if (!isFirst.current) main.current?.querySelector('h1')?.focus();
    isFirst.current = false;
    scrollTo(0, 0);
  }, [here.page, here.id]);

  return (
    <div class="frame">
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The hash is the page's address.
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the page
      </a>
      <header class="top">
        <button
          type="button"
          class="button quiet square menu-button"
          aria-label="Menu"
          aria-expanded={isMenuOpen}
          aria-controls="navigation"
          onClick={() => setMenuOpen(!isMenuOpen)}
        >
          <Icon name={isMenuOpen ? 'close' : 'menu'} />
        </button>
        <a class="brand" href={hrefOf('overview')}>
          Maskline
        </a>
        {session.sandbox ? <span class="tag">sandbox</span> : null}
        <div class="top-right">
          <ConnectionState />
          <ThemeSwitch />
          <button
            type="button"
            class="button quiet"
            aria-label="Keyboard shortcuts"
            onClick={() => isHelpOpen.set(true)}
          >
            <kbd>?</kbd>
          </button>
          <button type="button" class="button quiet" onClick={logOut}>
            Log out
          </button>
        </div>
      </header>
      <nav id="navigation" class={`side ${isMenuOpen ? 'open' : ''}`} aria-label="Pages">
        <ul>
          {pages.map((page) => (
            <li key={page}>
              <NavLink page={page} isHere={page === here.page} />
            </li>
          ))}
          {session.softphones ? (
            <li>
              <a href="../phones/">Browser phones</a>
            </li>
          ) : null}
        </ul>
        <p class="version">Version {session.version}</p>
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        <ConnectionBanner />
        <PageOf page={here.page === 'phones' && !session.sandbox ? 'overview' : here.page} id={here.id} />
      </main>
      <NoticeLine />
      {isHelpShown ? <HelpDialog pages={pages} onClose={() => isHelpOpen.set(false)} /> : null}
    </div>
  );
}

function NavLink({ page, isHere }: { page: PageName; isHere: boolean }) {
  return (
    <a href={hrefOf(page)} {...(isHere ? { 'aria-current': 'page' as const } : {})}>
      {PAGE_TITLES[page]}
    </a>
  );
}
