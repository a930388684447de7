import { render } from 'preact';

import { App } from './app.js';
import { followAddress } from './state/route.js';
import { followTheme } from './state/theme.js';

followTheme();
followAddress();
const root = document.getElementById('console');
if (root !== null) render(<App />, root);
