/** The part of modesl 1.2.1 that is used: its wire parser. The package ships no types. */
declare module 'modesl' {
  export class Parser {
    constructor(source: { on(event: 'data' | 'end', listener: (chunk: Buffer) => void): unknown });
    /** Bytes that have not been parsed yet. */
    protected buffer: Buffer;
    /** Length of the body that is being awaited, in bytes; 0 while headers are read. */
    protected bodyLen: number;
    protected _onData(chunk: Buffer): void;
    /** Where the header block at the beginning of the buffer ends; -1 when it has not come yet. */
    protected _indexOfHeaderEnd(): number;
    protected _parseHeaderText(text: string): Record<string, string | number>;
    protected _parseEvent(headers: Record<string, string | number>, body?: string): void;
  }
  const modesl: { Parser: typeof Parser };
  export default modesl;
}
