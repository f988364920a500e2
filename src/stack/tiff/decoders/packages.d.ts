/** What is used of codec packages that come without types. */

interface EmscriptenOptions {
  readonly wasmBinary: Uint8Array;
  /** What it would write to stdout and stderr. */
  readonly print: (line: string) => void;
  readonly printErr: (line: string) => void;
}

interface FrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
  readonly isSigned: boolean;
}

interface FrameDecoder {
  /** Memory for the stored bytes. */
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): FrameInfo;
  /** A view of the decoder's memory. */
  getDecodedBuffer(): Uint8Array;
  delete(): void;
}

declare module "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs" {
  const load: (
    options: EmscriptenOptions,
  ) => Promise<{ readonly JPEGDecoder: new () => FrameDecoder; readonly HEAPU8: Uint8Array }>;
  export = load;
}

declare module "@cornerstonejs/codec-openjpeg/decodewasmjs" {
  const load: (
    options: EmscriptenOptions,
  ) => Promise<{ readonly J2KDecoder: new () => FrameDecoder; readonly HEAPU8: Uint8Array }>;
  export = load;
}
