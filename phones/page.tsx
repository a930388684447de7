import { useEffect, useState } from 'preact/hooks';
import type { VNode } from 'preact';

import { Api, Problem } from './api.js';
import type { Credentials } from './credentials.js';
import { Ear } from './ear.js';
import { Phone } from './phone.js';
import { PhoneCard } from './phone-card.js';
import { SessionsCard } from './sessions-card.js';
import { SignIn } from './sign-in.js';
import { Voice } from './voice.js';

interface Desk {
  readonly api: Api;
  readonly context: AudioContext;
  readonly phones: readonly Phone[];
  readonly numbers: readonly string[];
}

/** The two phones, once somebody has shown the account's credentials. */
export function Page(): VNode {
  const [desk, setDesk] = useState<Desk | null>(null);
  const [dialled, setDialled] = useState('');

  useEffect(() => {
    if (desk === null) return undefined;
    return () => {
      for (const phone of desk.phones) phone.stop();
      void desk.context.close();
    };
  }, [desk]);

  if (desk === null) {
    return (
      <SignIn
        open={async (credentials) => {
          const opened = await openDesk(credentials);
          setDialled(opened.numbers[0] ?? '');
          setDesk(opened);
        }}
      />
    );
  }
  const [first, second] = desk.phones;
  return (
    <>
      <header>
        <h1>Maskline phones</h1>
        <button type="button" onClick={() => setDesk(null)}>
          Disconnect
        </button>
      </header>
      <main>
        {first !== undefined && second !== undefined && (
          <SessionsCard api={desk.api} first={first.number} second={second.number} onReady={setDialled} />
        )}
        <div class="phones">
          {desk.phones.map((phone, index) => (
            <PhoneCard
              key={phone.number}
              phone={phone}
              name={index === 0 ? 'First phone' : 'Second phone'}
              numbers={desk.numbers}
              suggested={dialled}
              withMicrophone={index === 0}
            />
          ))}
        </div>
      </main>
    </>
  );
}

/** Called upon a click, without which a browser plays no sound. Throws Problem. */
async function openDesk(credentials: Credentials): Promise<Desk> {
  const api = new Api(credentials);
  const [accounts, numbers] = await Promise.all([api.accounts(), api.numbers()]);
  if (typeof RTCPeerConnection === 'undefined') {
    throw new Problem('This browser has no WebRTC, or it was switched off. Use another one.');
  }
  const context = new AudioContext();
  const phones = accounts.phones.slice(0, 2).map(
    (number) =>
      new Phone({
        url: accounts.url,
        number,
        password: accounts.password,
        voice: new Voice(context),
        ear: new Ear(context),
      }),
  );
  for (const phone of phones) phone.start();
  return { api, context, phones, numbers };
}
