import { SandboxDialplanError } from './errors.js';
import { atoi, expand, isTrue } from './text.js';
import { readFreeswitchXml, type XmlNode } from './xml.js';

/** One step that the dialplan gives a channel. `data` is expanded when it is executed. */
export interface Action {
  readonly application: string;
  readonly data: string;
}

/** What matched: `name` of the (first) extension and the actions of all that matched. */
export interface Extension {
  readonly name: string;
  readonly actions: readonly Action[];
}

/** The channel as the dialplan sees it while it hunts. */
export interface Hunter {
  /** Field of the caller profile that is being hunted for, or undefined. */
  field(name: string): string | undefined;
  /** Variable, profile field or global, as `${name}` finds it. */
  variable(name: string): string | undefined;
  setVariable(name: string, value: string | readonly string[] | undefined): void;
  /** Runs an inline action at once. */
  inline(action: Action): void;
}

export interface DialplanOptions {
  /** Applications that can run. */
  readonly applications: ReadonlySet<string>;
  /** Applications that can run inline (SAF_ROUTING_EXEC in mod_dptools.c). */
  readonly inlineApplications: ReadonlySet<string>;
  /** Refuses the data of an action that could never work, by throwing. */
  readonly check?: (action: Action) => void;
}

type Break = 'on-false' | 'on-true' | 'always' | 'never';

interface Condition {
  readonly field: string | undefined;
  readonly expression: string;
  readonly break: Break;
  readonly actions: readonly LoadedAction[];
  readonly antiActions: readonly LoadedAction[];
  readonly nested: readonly Condition[];
  readonly requireNested: boolean;
}

interface LoadedAction extends Action {
  readonly inline: boolean;
}

interface LoadedExtension {
  readonly name: string;
  readonly continues: boolean;
  readonly conditions: readonly Condition[];
}

/** Fields of a caller profile that a condition may name without `${}` (switch_caller.c). */
export const PROFILE_FIELDS: ReadonlySet<string> = new Set([
  'dialplan',
  'caller_id_name',
  'caller_id_number',
  'orig_caller_id_name',
  'orig_caller_id_number',
  'callee_id_name',
  'callee_id_number',
  'ani',
  'aniii',
  'network_addr',
  'rdnis',
  'destination_number',
  'uuid',
  'source',
  'transfer_source',
  'context',
  'chan_name',
  'username',
]);

/**
 * An interpreter of FreeSWITCH's XML dialplan (mod_dialplan_xml.c, parse_exten and dialplan_hunt).
 *
 * Loading fails loudly for everything that it does not know, so that the simulation cannot drift
 * from the file that a real FreeSWITCH runs.
 */
export class Dialplan {
  readonly #contexts = new Map<string, readonly LoadedExtension[]>();

  private constructor(contexts: readonly XmlNode[], options: DialplanOptions) {
    const loader = new Loader(options);
    for (const context of contexts) {
      const name = context.attributes['name'] ?? '';
      if (this.#contexts.has(name)) throw new SandboxDialplanError(`context ${name} stands there twice`);
      this.#contexts.set(name, loader.context(context));
    }
  }

  /**
   * Loads a dialplan file.
   *
   * @param globals what `$${name}` gives; X-PRE-PROCESS adds to it.
   * @throws SandboxDialplanError naming what is wrong or not simulated.
   */
  static load(file: string, globals: Map<string, string>, options: DialplanOptions): Dialplan {
    return Dialplan.of(readFreeswitchXml(file, globals), options);
  }

  /** A dialplan of elements that have been read already. */
  static of(nodes: readonly XmlNode[], options: DialplanOptions): Dialplan {
    const contexts = contextsIn(nodes);
    if (contexts.length === 0) throw new SandboxDialplanError('the file holds no context');
    return new Dialplan(contexts, options);
  }

  has(context: string): boolean {
    return this.#contexts.has(context);
  }

  /**
   * Finds what a channel in `context` has to do: every condition is evaluated now, before any of the
   * actions runs. Null when nothing matched.
   */
  hunt(context: string, hunter: Hunter): Extension | null {
    const extensions = this.#contexts.get(context) ?? this.#contexts.get('global');
    if (extensions === undefined) return null;
    const found: Found = { name: null, actions: [] };
    for (const extension of extensions) {
      const matched = evaluate(extension.conditions, extension.name, hunter, found);
      if (matched && !extension.continues) break;
    }
    return found.name === null ? null : { name: found.name, actions: found.actions };
  }
}

interface Found {
  name: string | null;
  actions: Action[];
}

function evaluate(conditions: readonly Condition[], name: string, hunter: Hunter, found: Found): boolean {
  let proceed = false;
  for (const condition of conditions) {
    const match = test(condition, hunter);
    const passed = match !== null;
    proceed = passed;
    const captures = passed && condition.field !== undefined && condition.expression.includes('(');
    if (captures)
      hunter.setVariable(
        'DP_MATCH',
        [...match].map((group) => group),
      );
    const actions = passed ? condition.actions : condition.antiActions;
    if (actions.length > 0) {
      found.name ??= name;
      // An anti-action counts as a match of its extension.
      proceed = true;
    }
    for (const action of actions) {
      const data = captures ? substitute(action.data, match) : action.data;
      const step = { application: action.application, data };
      if (action.inline) hunter.inline(step);
      else found.actions.push(step);
    }
    if (condition.break === 'always' || condition.break === (passed ? 'on-true' : 'on-false')) break;
    if (proceed && condition.nested.length > 0) {
      proceed = evaluate(condition.nested, name, hunter, found) || !condition.requireNested;
      if (!proceed && condition.break !== 'never') break;
    }
  }
  return proceed;
}

function test(condition: Condition, hunter: Hunter): readonly string[] | null {
  if (condition.field === undefined) return [];
  const lookUp = (name: string): string | undefined => hunter.variable(name);
  const value = condition.field.includes('$')
    ? expand(condition.field, lookUp)
    : (hunter.field(condition.field) ?? '');
  const match = regexOf(expand(condition.expression, lookUp)).exec(value);
  return match === null ? null : [...match].map((group: string | undefined) => group ?? '');
}

/** A pattern, with flags when it is written as /pattern/flags (switch_regex_perform). */
export function regexOf(expression: string): RegExp {
  const delimited = /^\/(.*)\/([a-z]*)$/s.exec(expression);
  return delimited === null
    ? new RegExp(expression)
    : new RegExp(delimited[1] ?? '', (delimited[2] ?? '').replace(/[^ims]/g, ''));
}

function substitute(data: string, groups: readonly string[]): string {
  return data.replace(/\$(\d{1,2})/g, (whole, digits: string) => groups[Number(digits)] ?? whole);
}

function contextsIn(nodes: readonly XmlNode[]): XmlNode[] {
  return nodes.flatMap((node) => {
    switch (node.name) {
      case 'context':
        return [node];
      case 'include':
      case 'document':
      case 'section':
        return contextsIn(node.children);
      default:
        throw new SandboxDialplanError(`<${node.name}> is not simulated`);
    }
  });
}

/** Turns elements into conditions and refuses what the interpreter does not know. */
class Loader {
  readonly #options: DialplanOptions;

  constructor(options: DialplanOptions) {
    this.#options = options;
  }

  context(node: XmlNode): LoadedExtension[] {
    onlyAttributes(node, ['name']);
    return node.children.map((child) => {
      if (child.name !== 'extension') throw unknown(child);
      onlyAttributes(child, ['name', 'continue']);
      const name = child.attributes['name'] ?? 'UNKNOWN';
      return {
        name,
        continues: isTrue(child.attributes['continue']),
        conditions: child.children.map((condition) => this.#condition(condition, name)),
      };
    });
  }

  #condition(node: XmlNode, extension: string): Condition {
    if (node.name !== 'condition') throw unknown(node);
    onlyAttributes(node, ['field', 'expression', 'break', 'require-nested']);
    const { field, expression } = node.attributes;
    if (field !== undefined && !field.includes('$') && !PROFILE_FIELDS.has(field)) {
      throw new SandboxDialplanError(`extension ${extension}: the field ${field} is not simulated`);
    }
    if (field !== undefined) checkReferences(field, extension);
    const nodes = (name: string): XmlNode[] => node.children.filter((child) => child.name === name);
    const known = ['action', 'anti-action', 'condition', 'expression'];
    for (const child of node.children) if (!known.includes(child.name)) throw unknown(child);
    const pattern = nodes('expression')[0]?.text ?? expression ?? '';
    if (!pattern.includes('${')) checkPattern(pattern, extension);
    return {
      field,
      expression: pattern,
      break: breakOf(node.attributes['break'], extension),
      actions: nodes('action').flatMap((action) => this.#action(action, extension)),
      antiActions: nodes('anti-action').flatMap((action) => this.#action(action, extension)),
      nested: nodes('condition').map((nested) => this.#condition(nested, extension)),
      requireNested:
        node.attributes['require-nested'] === undefined || isTrue(node.attributes['require-nested']),
    };
  }

  #action(node: XmlNode, extension: string): LoadedAction[] {
    onlyAttributes(node, ['application', 'data', 'inline', 'loop']);
    const application = node.attributes['application'] ?? '';
    if (!this.#options.applications.has(application)) {
      throw new SandboxDialplanError(
        `extension ${extension}: the application ${application} is not simulated`,
      );
    }
    const inline = isTrue(node.attributes['inline']);
    if (inline && !this.#options.inlineApplications.has(application)) {
      throw new SandboxDialplanError(`extension ${extension}: ${application} cannot run inline`);
    }
    const data = node.text === '' ? (node.attributes['data'] ?? '') : node.text;
    checkReferences(data, extension);
    const action = { application, data, inline };
    try {
      this.#options.check?.(action);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SandboxDialplanError(`extension ${extension}: ${application}: ${why}`, { cause });
    }
    const loop = node.attributes['loop'];
    return Array.from({ length: loop === undefined ? 1 : atoi(loop) }, () => action);
  }
}

function breakOf(text: string | undefined, extension: string): Break {
  switch (text) {
    case undefined:
      return 'on-false';
    case 'on-false':
    case 'on-true':
    case 'always':
    case 'never':
      return text;
    default:
      throw new SandboxDialplanError(`extension ${extension}: break="${text}" is none of FreeSWITCH's`);
  }
}

function checkReferences(text: string, extension: string): void {
  if (/\$\{[^}]*[ (]/.test(text)) {
    throw new SandboxDialplanError(`extension ${extension}: a call of an API in \${} is not simulated`);
  }
}

function checkPattern(pattern: string, extension: string): void {
  try {
    regexOf(pattern);
  } catch (cause) {
    throw new SandboxDialplanError(`extension ${extension}: a pattern that JavaScript cannot read`, {
      cause,
    });
  }
}

function onlyAttributes(node: XmlNode, known: readonly string[]): void {
  const strange = Object.keys(node.attributes).find((name) => !known.includes(name));
  if (strange !== undefined) {
    throw new SandboxDialplanError(`<${node.name}>: the attribute ${strange} is not simulated`);
  }
}

function unknown(node: XmlNode): SandboxDialplanError {
  return new SandboxDialplanError(`<${node.name}> is not simulated here`);
}
