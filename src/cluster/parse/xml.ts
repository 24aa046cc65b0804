import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { excerpt } from './excerpt.ts';

/** An XML element; text between elements is not kept, no source of ours uses it. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
}

const attributesKey = ':@';

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  // Pacemaker writes line ends in values as numeric entities.
  htmlEntities: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

/**
 * Parses a document and returns its root element. Warnings that a tool printed before or after
 * the document are skipped.
 * @throws Error when there is no well-formed document.
 */
export function parseXml(text: string): XmlElement {
  const start = text.search(/^</m);
  const end = text.lastIndexOf('>');
  if (start === -1 || end < start) throw new Error(`no XML: ${excerpt(text)}`);
  const document = text.slice(start, end + 1);
  const valid = XMLValidator.validate(document);
  if (valid !== true) throw new Error(`broken XML: ${valid.err.msg} (line ${valid.err.line})`);
  const root = elementsOf(parser.parse(document))[0];
  if (root === undefined) throw new Error(`no XML: ${excerpt(text)}`);
  return root;
}

function elementsOf(ordered: unknown): XmlElement[] {
  if (!Array.isArray(ordered)) return [];
  return ordered.flatMap((entry: Record<string, unknown>) => {
    const name = Object.keys(entry).find((key) => key !== attributesKey);
    if (name === undefined || name === '#text') return [];
    const attributes = (entry[attributesKey] ?? {}) as Record<string, string>;
    return [{ name, attributes, children: elementsOf(entry[name]) }];
  });
}

/** The children of an element with one of these names. */
export const childrenOf = (element: XmlElement | undefined, ...names: string[]): XmlElement[] =>
  element === undefined ? [] : element.children.filter(({ name }) => names.includes(name));

/** The first child with that name. */
export const childOf = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element?.children.find((child) => child.name === name);

/** All elements below (and including) this one, in document order. */
export const everyElement = (element: XmlElement): XmlElement[] => [
  element,
  ...element.children.flatMap(everyElement),
];

/** The attribute's truth value in any of Pacemaker's spellings; `missing` when it is not there. */
export function flag(element: XmlElement, name: string, missing = false): boolean {
  const value = element.attributes[name];
  return value === undefined ? missing : /^(true|yes|on|y|1)$/i.test(value);
}
