// What a form begins with, so that it can be sent as it is: the document's example of the body.

const NEXT_YEAR = new Date().getUTCFullYear() + 1;

// The year of a day or an instant, unless it is a birthday.
const DAY = /^20[2-9]\d(?=-\d\d-\d\d)/;

export const sampleOf = (content) => lasting(content.example);

// An instant of an example may have passed.
function lasting(value) {
  if (typeof value === "string") return value.replace(DAY, NEXT_YEAR);
  if (Array.isArray(value)) return value.map(lasting);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, lasting(one)]));
}
