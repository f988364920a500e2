/**
 * OME-XML (schema 2016-06) for the stacks we write.
 * @module
 */
import type { Dtype } from "../../volume/pixels";
import type { ChannelFacts, StackLayout } from "../stack";

const TYPES: Record<Dtype, string> = {
  uint8: "uint8",
  int8: "int8",
  uint16: "uint16",
  int16: "int16",
  uint32: "uint32",
  int32: "int32",
  float32: "float",
  float64: "double",
};

/** Units the schema knows (UnitsLength), as far as microscopes use them. */
const UNITS: readonly string[] = ["m", "dm", "cm", "mm", "µm", "nm", "pm", "Å", "in", "pixel"];

/**
 * The OME-XML of a stack: one Image, pages in the order XYCZT (C fastest), ASCII only.
 *
 * @param layout not changed; a unit the schema does not know becomes `reference frame`
 */
export function formatOmeXml(layout: StackLayout): string {
  const lengthOf = (axis: string): number => {
    const at = layout.axes.indexOf(axis);
    return at < 0 ? 1 : layout.shape[at];
  };
  const [sizeZ, sizeC, sizeT] = ["Z", "C", "T"].map(lengthOf);
  const pixels = [
    'ID="Pixels:0"',
    'DimensionOrder="XYCZT"',
    `Type="${TYPES[layout.dtype]}"`,
    'BigEndian="false"',
    'Interleaved="false"',
    `SizeX="${lengthOf("X")}"`,
    `SizeY="${lengthOf("Y")}"`,
    `SizeC="${sizeC}"`,
    `SizeZ="${sizeZ}"`,
    `SizeT="${sizeT}"`,
    ...physicalSizes(layout),
  ];
  const channels = Array.from({ length: sizeC }, (_, i) => channelElement(i, layout.channels[i]));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" ',
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ',
    'xsi:schemaLocation="http://www.openmicroscopy.org/Schemas/OME/2016-06 ',
    'http://www.openmicroscopy.org/Schemas/OME/2016-06/ome.xsd" Creator="Tilewright">',
    '<Image ID="Image:0"><Pixels ',
    pixels.join(" "),
    ">",
    ...channels,
    `<TiffData IFD="0" PlaneCount="${sizeC * sizeZ * sizeT}"/>`,
    "</Pixels></Image></OME>",
  ].join("");
}

function physicalSizes(layout: StackLayout): string[] {
  const { pixelSize } = layout;
  if (pixelSize === null) return [];
  const unit = UNITS.includes(pixelSize.unit) ? pixelSize.unit : "reference frame";
  const sizes: readonly (readonly [string, number | null])[] = [
    ["X", pixelSize.x],
    ["Y", pixelSize.y],
    ["Z", pixelSize.z],
  ];
  return sizes.flatMap(([axis, size]) =>
    size === null || !(size > 0) || !Number.isFinite(size)
      ? []
      : [`PhysicalSize${axis}="${size}"`, `PhysicalSize${axis}Unit="${escapeXml(unit)}"`],
  );
}

function channelElement(index: number, facts: ChannelFacts | undefined): string {
  const name = facts?.name == null ? "" : ` Name="${escapeXml(facts.name)}"`;
  const color = facts?.color == null ? "" : ` Color="${omeColor(facts.color)}"`;
  return `<Channel ID="Channel:0:${index}" SamplesPerPixel="1"${name}${color}/>`;
}

/** `#rrggbb` as the signed 32-bit RGBA number of the schema, opaque. */
function omeColor(color: string): number {
  return (Number.parseInt(color.slice(1), 16) * 256 + 255) | 0;
}

/** Text for an attribute: markup escaped, other letters as numbers, what XML forbids as a blank. */
function escapeXml(text: string): string {
  return [...text]
    .map((letter) => {
      const code = letter.codePointAt(0)!;
      if (code < 32 || (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff) return " ";
      return code > 126 || "<>&\"'".includes(letter) ? `&#${code};` : letter;
    })
    .join("");
}
