// Schemas of the document, with what they refer to and what they are put together of in its place.

// A field of a field of a field is enough.
export const DEEPEST = 4;

// The parts of a schema, put together.
export function whole(schema, resolve) {
  const own = resolve(schema) ?? {};
  const parts = (own.allOf ?? []).map((part) => whole(part, resolve));
  const properties = Object.assign({}, ...parts.map((part) => part.properties), own.properties);
  const required = [...parts.flatMap((part) => part.required ?? []), ...(own.required ?? [])];
  return { ...Object.assign({}, ...parts), ...own, properties, required };
}

const isNull = (schema) => schema.type === "null";

// One of several, or the one beside null.
export const choices = (schema, resolve) => (schema.oneOf ?? schema.anyOf ?? [])
  .map((one) => whole(one, resolve)).filter((one) => !isNull(one));

// What it may be, in words.
export function kind(schema, resolve) {
  const among = choices(schema, resolve);
  if (among.length) return among.map((one) => kind(one, resolve)).join(" or ");
  if (schema.enum) return schema.enum.map((word) => `“${word}”`).join(", ");
  if (schema.type === "array") return `list of ${kind(whole(schema.items, resolve), resolve)}`;
  const types = [schema.type].flat().filter(Boolean).join(" or ") || "object";
  return schema.format ? `${types} (${schema.format})` : types;
}
