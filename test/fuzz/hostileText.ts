/**
 * Descriptions that mean harm: OME-XML, ImageJ's lines, the shape line of tifffile.
 * @module
 */
import type { Random } from "./random";

/** A text and what is wrong with it. */
export interface HostileText {
  readonly text: string;
  readonly what: string;
}

const NUMBERS = [
  "0",
  "-1",
  "1",
  "2",
  "7",
  "4294967296",
  "1e9",
  "999999999999",
  "NaN",
  "Infinity",
  "0x10",
  "",
  "2.5",
  "２",
];
const OUTSIDE = [
  "../../etc/passwd",
  "/etc/passwd",
  "\\\\\\\\server\\\\share\\\\a.tif",
  "C:\\\\a.tif",
  ".",
  "",
  "other.tif",
];

const ome = (inside: string, before = ""): string =>
  `<?xml version="1.0"?>${before}<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">${inside}</OME>`;

const image = (attributes: string, inside: string): string =>
  `<Image ID="Image:0"><Pixels ID="P" DimensionOrder="XYZCT" Type="uint8" SizeX="24" SizeY="18" ${attributes}>${inside}</Pixels></Image>`;

const BOMB =
  '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">' +
  Array.from(
    { length: 12 },
    (_, i) => `<!ENTITY b${i} "${`&${i === 0 ? "a" : `b${i - 1}`};`.repeat(10)}">`,
  ).join("") +
  "]>";

const MAKERS: readonly ((old: string, random: Random) => HostileText)[] = [
  (old, random) => {
    const numbers = [...old.matchAll(/-?\d+(\.\d+)?/g)];
    if (numbers.length === 0)
      return { text: `ImageJ=1.53c\nimages=${random.pick(NUMBERS)}\n`, what: "images" };
    const hit = random.pick(numbers);
    const value = random.pick(NUMBERS);
    const text = old.slice(0, hit.index) + value + old.slice(hit.index + hit[0].length);
    return { text, what: `${hit[0]} at ${hit.index} became ${JSON.stringify(value)}` };
  },
  (old, random) => ({ text: old.slice(0, random.below(old.length + 1)), what: "cut" }),
  (_old, random) => {
    const lines = ["images", "channels", "slices", "frames"].map((key) => `${key}=${random.pick(NUMBERS)}`);
    return {
      text: `ImageJ=1.53c\n${lines.join("\n")}\nspacing=${random.pick(NUMBERS)}\nunit=\\u00B5m\n`,
      what: lines.join(),
    };
  },
  (_old, random) => {
    const shape = Array.from({ length: 1 + random.below(6) }, () =>
      random.pick(["1", "2", "18", "24", "1e300", "-1", "4294967296"]),
    );
    return { text: `{"shape": [${shape.join(", ")}], "axes": "TZCYXQ"}`, what: `shape ${shape.join()}` };
  },
  (_old, random) => {
    const sizes = ["Z", "C", "T"].map((axis) => `Size${axis}="${random.pick(NUMBERS)}"`).join(" ");
    return { text: ome(image(sizes, "<TiffData/>")), what: sizes };
  },
  (_old, random) => {
    const parts = Array.from({ length: 1 + random.below(5) }, () => {
      const name = (key: string): string => `${key}="${random.pick(NUMBERS)}"`;
      return `<TiffData ${["IFD", "PlaneCount", "FirstZ", "FirstC", "FirstT"].map(name).join(" ")}/>`;
    });
    return { text: ome(image('SizeZ="2" SizeC="1" SizeT="2"', parts.join(""))), what: parts.join("") };
  },
  (_old, random) => {
    const file = random.pick(OUTSIDE);
    const inside = ["a", file].map(
      (name) => `<TiffData><UUID FileName="${name}">urn:uuid:${name}</UUID></TiffData>`,
    );
    return {
      text: ome(image('SizeZ="2" SizeC="1" SizeT="1"', inside.join(""))),
      what: `names the file ${file}`,
    };
  },
  (_old, random) => {
    const file = random.pick(OUTSIDE);
    return {
      text: ome(`<BinaryOnly MetadataFile="${file}" UUID="urn:uuid:2"/>`),
      what: `stands in the file ${file}`,
    };
  },
  () => ({ text: ome(image('SizeZ="1" SizeC="1" SizeT="1"', "&b11;"), BOMB), what: "entities of entities" }),
  (_old, random) => {
    const depth = random.pick([50, 2000, 20_000]);
    return { text: ome("<a>".repeat(depth)), what: `${depth} elements inside each other` };
  },
  (_old, random) => {
    const many = random.pick([100, 5000]);
    return {
      text: ome(image(Array.from({ length: many }, (_, i) => `a${i}="1"`).join(" "), "")),
      what: `${many} attributes`,
    };
  },
  (old, random) => {
    const at = random.below(old.length + 1);
    const odd = random.pick([
      "<",
      ">",
      "&",
      '"',
      "\0",
      "]]>",
      "<!--",
      "\ud800",
      "\n",
      "&#x110000;",
      "__proto__",
    ]);
    return { text: old.slice(0, at) + odd + old.slice(at), what: `${JSON.stringify(odd)} at ${at}` };
  },
  () => ({
    text: ome(
      `<__proto__ a="1"/><constructor/>${image('SizeZ="1" SizeC="1" SizeT="1" __proto__="1"', "<toString/>")}`,
    ),
    what: "names that objects have",
  }),
];

/** Makes something bad of a description. */
export function hostileText(old: string, random: Random): HostileText {
  return random.pick(MAKERS)(old, random);
}
